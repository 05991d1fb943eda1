package project

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// Current is the version that stands for the one that is installed: only keys change.
const Current = "current"

// UpgradeOptions say what to upgrade, and to what.
type UpgradeOptions struct {
	Names          []string // each a placement, a component's name or a whole reference; none means all installs
	To             string   // a version, or Current; empty takes the newest of the same prefix or range
	Keys           []ref.KV // new values for keys
	Style          merge.Style
	Strategy       manifest.Strategy // from now on; empty leaves it
	Step           bool              // stop at the first version that brings a conflict
	Summary        bool              // tell the upstream commits, and all of it as the text of a change request
	DryRun         bool
	AllowUndefined bool
	AcceptMoved    []string
	NoIndex        bool // mark no conflicts in git's index
}

// UpgradeResult is what Upgrade did, or with DryRun would do.
type UpgradeResult struct {
	Upgrades []Upgraded `json:"upgrades"` // the installs that have something to do
	Changes  []Change   `json:"changes"`
	Summary  string     `json:"summary,omitempty"` // Markdown
	DryRun   bool       `json:"dry_run"`
}

// An Upgraded is an install at its old and its new version.
type Upgraded struct {
	Path       string `json:"path"`
	From       string `json:"from"` // references, as the manifest has them
	To         string `json:"to"`
	FromCommit string `json:"from_commit"`
	ToCommit   string `json:"to_commit"`
	Same       bool   `json:"same"`            // the component's files are the same in both versions
	Stops      string `json:"stops,omitempty"` // the version that brings a conflict and that an upgrade in steps stops at

	Commits []UpstreamCommit `json:"commits,omitempty"` // that changed the component on the way, newest first; for a summary alone
}

// Upgrade moves installs to another version, or to new values of their keys. The
// user's edits are merged with what changed upstream. Where both changed the same
// lines, the file gets conflict markers and the error is of kind Conflicts, with the
// result there all the same; the upgrade is then finished by Continue, or taken back
// by Abort.
func (s *Session) Upgrade(ctx context.Context, o UpgradeOptions) (result *UpgradeResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	s.noIndex = o.NoIndex
	if err := s.settled(); err != nil {
		return nil, err
	}
	installs, err := s.chosen(o.Names)
	if err != nil {
		return nil, err
	}
	result = &UpgradeResult{Upgrades: []Upgraded{}, Changes: []Change{}, DryRun: o.DryRun}
	var coming []install
	for _, old := range installs {
		b, up, err := s.ascend(ctx, old, o)
		if err != nil {
			return nil, err
		}
		if b == nil {
			continue
		}
		coming = append(coming, b.installs...)
		result.Upgrades = append(result.Upgrades, up)
	}
	if len(coming) > 0 {
		result.Changes, err = s.commit(ctx, coming, nil, commitOptions{
			command: strings.TrimSpace("upgrade " + strings.Join(o.Names, " ")), upgrade: true, style: o.Style, dryRun: o.DryRun,
		})
		if err != nil {
			return nil, err
		}
	}
	if o.Summary {
		result.Summary = summary(result)
	}
	return result, left(result.Changes, o.DryRun)
}

// ascend prepares what an install becomes, or nothing when there is nothing to do. In
// steps that is the first version that brings a conflict, or else the last.
func (s *Session) ascend(ctx context.Context, old lockfile.Component, o UpgradeOptions) (b *batch, up Upgraded, err error) {
	versions, err := s.steps(ctx, old, o)
	if err != nil {
		return nil, up, err
	}
	stops := ""
	for i, version := range versions {
		o.To = version
		if b, err = s.successor(ctx, old, o); err != nil {
			return nil, up, err
		}
		if i == len(versions)-1 && !o.Step {
			break
		}
		p, err := s.propose(ctx, b.installs, nil, commitOptions{upgrade: true, style: o.Style})
		if err != nil {
			return nil, up, err
		}
		if slices.ContainsFunc(p.Changes, func(c plan.Change) bool { return c.Conflicts > 0 }) {
			stops = version
			break
		}
	}
	next, want := b.installs[0].locked, s.wanted(old) // what was found first is the install itself
	if sameInstall(old, next) && b.installs[0].want.Strategy == want.Strategy {
		return nil, up, nil
	}
	up = Upgraded{
		Path: old.Path, From: want.Source.String(), To: b.installs[0].want.Source.String(), FromCommit: old.Commit, ToCommit: next.Commit, Stops: stops,
		Same: slices.EqualFunc(old.Files, next.Files, func(a, b lockfile.File) bool { return a.Path == b.Path && a.Digest == b.Digest && a.Mode == b.Mode }),
	}
	if o.Summary && !up.Same {
		up.Commits, err = s.touchedOrNote(ctx, old, ref.Pin{URL: next.URL, Commit: next.Commit})
	}
	return b, up, err
}

// steps returns the versions that an upgrade goes through, of which the last is where it leads.
func (s *Session) steps(ctx context.Context, old lockfile.Component, o UpgradeOptions) ([]string, error) {
	r := s.wanted(old).Source
	last, err := s.target(ctx, r, o.To)
	if err != nil || !o.Step || r.Version.Kind() != ref.Exact {
		return []string{last.String()}, err
	}
	tags, err := s.newer(ctx, r)
	if i := slices.Index(tags, last.String()); i >= 0 {
		return tags[:i+1], err
	}
	return []string{last.String()}, err
}

// successor prepares what an install becomes: itself at the wanted version with the
// wanted keys, and then what that depends on and the project lacks.
func (s *Session) successor(ctx context.Context, old lockfile.Component, o UpgradeOptions) (*batch, error) {
	want := s.wanted(old)
	r := want.Source
	var err error
	if r.Version, err = s.target(ctx, r, o.To); err != nil {
		return nil, err
	}
	b, err := s.newBatch(o.Keys)
	if err != nil {
		return nil, err
	}
	keys := maps.Clone(want.Keys)
	if keys == nil {
		keys = map[string]string{}
	}
	maps.Copy(keys, b.keys.given)
	b.keys.given, b.undefined, b.accept = keys, o.AllowUndefined, o.AcceptMoved
	if err := b.find(ctx, r, old.Path); err != nil {
		return nil, err
	}
	if err := b.prepare(ctx); err != nil {
		return nil, err
	}
	b.installs[0].want.Strategy = cmp.Or(o.Strategy, want.Strategy)
	b.installs, err = s.inherit(b.installs)
	return b, err
}

// wanted returns the manifest's entry of an install, or what it would be when the user has deleted it.
func (s *Session) wanted(c lockfile.Component) manifest.Component {
	if want, ok := s.entries[c.Path]; ok {
		return want
	}
	return manifest.Component{Source: c.Typed(), Path: c.Path}
}

// target returns the version that an upgrade leads to.
func (s *Session) target(ctx context.Context, r ref.Ref, to string) (ref.Version, error) {
	if to == Current {
		return r.Version, nil
	}
	if to != "" {
		return ref.ParseVersion(to)
	}
	if r.Version.Kind() != ref.Exact {
		return r.Version, nil // a range, a glob or a branch says itself what is newest
	}
	tags, err := s.newer(ctx, r)
	if err != nil || len(tags) == 0 {
		return r.Version, err
	}
	return ref.ParseVersion(tags[len(tags)-1])
}

// newer returns the released tags after the one that r names, of the same prefix, oldest first.
func (s *Session) newer(ctx context.Context, r ref.Ref) ([]string, error) {
	repo, err := s.remote.Repo(s.registry.URL(r.Origin))
	if err != nil {
		return nil, err
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return nil, err
	}
	var tags []string
	for _, line := range refs {
		if tag, ok := strings.CutPrefix(line.Name, "refs/tags/"); ok {
			tags = append(tags, tag)
		}
	}
	return resolver.Newer(tags, r.Version.String()), nil
}

// sameInstall reports whether an upgrade leaves an install as the lockfile has it.
func sameInstall(a, b lockfile.Component) bool {
	a.Files, b.Files = slices.Clone(a.Files), slices.Clone(b.Files)
	for _, files := range [][]lockfile.File{a.Files, b.Files} {
		for i := range files {
			files[i].Found = false // of this the project alone decides
		}
	}
	before, after := lockfile.Lock{Components: []lockfile.Component{a}}, lockfile.Lock{Components: []lockfile.Component{b}}
	return bytes.Equal(before.Format(), after.Format())
}

// settled fails when an earlier upgrade has conflicts that are not settled yet.
func (s *Session) settled() error {
	return unfinished(s.lock)
}

// finished fails when one of the installs that come or go has such conflicts.
func (s *Session) finished(coming []install, going []lockfile.Component) error {
	for _, inst := range coming {
		if old, ok := s.lock.Component(inst.locked.Path); ok {
			going = append(slices.Clip(going), old)
		}
	}
	return unfinished(&lockfile.Lock{Components: going})
}

func unfinished(lock *lockfile.Lock) error {
	open := lock.Conflicts()
	if len(open) == 0 {
		return nil
	}
	return failure.Errorf(failure.Refused, "an earlier upgrade left conflicts in %s", quotedList(open)).
		WithHint("settle them and run ppm project continue, or take the upgrade back with ppm project abort")
}

func quotedList(files []lockfile.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return strings.Join(names, ", ")
}

// left returns the error that tells of conflicts left for the user, or nil.
func left(changes []Change, dryRun bool) error {
	var open []lockfile.File
	for _, c := range changes {
		if c.Conflicts > 0 {
			open = append(open, lockfile.File{Path: c.Path, Sides: c.Sides})
		}
	}
	if len(open) == 0 || dryRun {
		return nil
	}
	return failure.Errorf(failure.Conflicts, "conflicts are left in %s", quotedList(open)).
		WithHint("%s, then run ppm project continue; or take the upgrade back with ppm project abort", howToSettle(open))
}
