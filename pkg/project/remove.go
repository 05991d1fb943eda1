package project

import (
	"context"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// RemoveOptions say what to remove.
type RemoveOptions struct {
	Names  []string // each a placement, a component's name or a whole reference
	DryRun bool
}

// RemoveResult is what Remove did, or with DryRun would do.
type RemoveResult struct {
	Removed []Install `json:"removed"`
	Changes []Change  `json:"changes"`
	Kept    []string  `json:"kept,omitempty"` // edited files that were left in place and are the user's own now
	DryRun  bool      `json:"dry_run"`
}

// Remove takes installs out of the project: files that still are what was installed
// are deleted, edited ones are kept and listed.
func (s *Session) Remove(ctx context.Context, o RemoveOptions) (result *RemoveResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)

	var going []lockfile.Component
	for _, name := range o.Names {
		c, err := s.find(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(going, func(g lockfile.Component) bool { return g.Path == c.Path }) {
			going = append(going, c)
		}
	}
	changes, err := s.commit(ctx, nil, going, commitOptions{command: "remove " + strings.Join(o.Names, " "), dryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	result = &RemoveResult{Changes: changes, DryRun: o.DryRun}
	for _, c := range going {
		result.Removed = append(result.Removed, describe(c))
	}
	for _, c := range changes {
		if c.Action == "keep" {
			result.Kept = append(result.Kept, c.Path)
		}
	}
	return result, nil
}

// find returns the one install that a user means by its placement, its reference or its component's name.
func (s *Session) find(name string) (lockfile.Component, error) {
	clean := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if c, ok := s.lock.Component(clean); ok {
		return c, nil
	}
	var matches []lockfile.Component
	var paths, known []string
	for _, c := range s.lock.Components {
		known = append(known, c.Path)
		if c.Source.String() == name || c.Source.Component == name {
			matches = append(matches, c)
			paths = append(paths, c.Path)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(matches) > 1:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%q is installed at %s", name, strings.Join(paths, " and ")).
			WithHint("name one of the paths")
	case len(known) == 0:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q: nothing is installed in this project", errNoInstall, name).
			WithHint("add a component with ppm add REFERENCE")
	}
	return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q in this project", errNoInstall, name).
		WithHint("%s", suggest.Hint("install", name, known))
}
