package project

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// AddOptions say what to install and how.
type AddOptions struct {
	Ref            ref.Ref
	Path           string   // placement; empty takes the pack's default
	Keys           []ref.KV // values for the pack's keys
	Force          bool     // replace files that are in the way; undo restores them
	DryRun         bool     // plan, and change nothing
	AllowUndefined bool     // render an undefined name as nothing
	AcceptMoved    []string // tags that may name another commit than the lockfile says
}

// AddResult is what Add did, or with DryRun would do.
type AddResult struct {
	Installs []Install `json:"installs"`        // what was asked for first, then what it depends on
	Changes  []Change  `json:"changes"`         // every file looked at, by path
	Requires []string  `json:"requires"`        // packages that the installed code needs, in its language's own form
	Setup    string    `json:"setup,omitempty"` // the command that installs Requires
	DryRun   bool      `json:"dry_run"`
}

// An Install is one component placed at one path.
type Install struct {
	Path   string         `json:"path"`
	Source string         `json:"source"`
	URL    string         `json:"url"`
	Ref    string         `json:"ref,omitempty"`
	Commit string         `json:"commit"`
	Tree   string         `json:"tree"`
	Keys   map[string]any `json:"keys,omitempty"` // each a string or a []string
	Files  []string       `json:"files"`
}

// Add installs a component, and those it depends on, as one transaction.
func (s *Session) Add(ctx context.Context, o AddOptions) (result *AddResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)

	b, err := s.newBatch(o.Keys)
	if err != nil {
		return nil, err
	}
	b.accept, b.undefined = o.AcceptMoved, o.AllowUndefined
	if err := b.find(ctx, o.Ref, o.Path); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	changes, err := s.commit(ctx, b.installs, nil, commitOptions{command: "add " + o.Ref.String(), force: o.Force, dryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	return b.result(changes, o.DryRun), nil
}
