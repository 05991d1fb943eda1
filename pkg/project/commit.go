package project

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A Change is what happens to one file, and why.
type Change struct {
	Path   string `json:"path"`
	Action string `json:"action"` // create, update, delete, keep or unchanged
	Reason string `json:"reason"`
	Record bool   `json:"record,omitempty"` // ppm.toml or ppm.lock

	From      string `json:"from,omitempty"`      // where the file stood until it was moved, by upstream or by ppm project move
	Conflicts int    `json:"conflicts,omitempty"` // places of a merged file that are left for the user
	Sides     bool   `json:"sides,omitempty"`     // the file is no text, and the versions stand beside it
}

// writes reports whether the change alters a file.
func (c Change) writes() bool {
	return c.Action != string(plan.Unchanged) && c.Action != string(plan.Keep)
}

// commitOptions say how far a transaction may go.
type commitOptions struct {
	command string // for the history
	force   bool
	dryRun  bool
	upgrade bool        // an install may become another version of itself; files edited on both sides are merged
	style   merge.Style // how conflicts are written into them
	adopt   bool        // what comes is taken for the base of what is there: no file is touched
	remake  bool        // what the user deleted of installs that come is made again
	restore fileset.Set // files of installs that stay, to be made again
}

// commit brings installs in and takes others out, as one transaction: the files, then
// the manifest, then the lockfile. It returns what happened to each file.
func (s *Session) commit(ctx context.Context, coming []install, going []lockfile.Component, o commitOptions) ([]Change, error) {
	p, err := s.propose(ctx, coming, going, o)
	if err != nil {
		return nil, err
	}
	var notes []string
	if o.upgrade {
		notes = s.looksMoved(ctx, p, coming, o.dryRun) // before new files stand there
	}
	changes, err := s.carryOut(ctx, p, apply.Meta{Command: o.command}, o.dryRun)
	if err == nil {
		for _, note := range notes {
			s.setup.Notify(note)
		}
	}
	return changes, err
}

// propose returns the plan of a transaction.
func (s *Session) propose(ctx context.Context, coming []install, going []lockfile.Component, o commitOptions) (plan.Plan, error) {
	s.conflicts = nil
	if err := s.finished(coming, going); err != nil {
		return plan.Plan{}, err
	}
	coming, err := s.inherit(coming)
	if err != nil {
		return plan.Plan{}, err
	}
	in, lock, err := s.sides(coming, going, o)
	if err != nil {
		return plan.Plan{}, err
	}
	if in.Disk, err = s.store.Scan(ctx, slices.Concat(slices.Collect(maps.Keys(in.Base)), paths(in.Theirs))); err != nil {
		return plan.Plan{}, err
	}
	if o.remake {
		maps.DeleteFunc(in.Base, func(name string, _ plan.State) bool { return in.Disk[name].Kind == plan.Absent })
	}
	if o.upgrade {
		if coming, lock, err = s.followRenames(ctx, &in, lock, coming, going, o); err != nil {
			return plan.Plan{}, err
		}
	}
	p, err := plan.Make(in)
	if err != nil {
		return plan.Plan{}, err
	}
	if files := p.Contested(); o.upgrade && len(files) > 0 {
		if p, err = s.merge(ctx, in, files, coming, o.style); err != nil {
			return plan.Plan{}, err
		}
	}
	if err := s.acceptable(p, coming, o); err != nil {
		return plan.Plan{}, err
	}
	s.mark(lock, coming, in, p)
	if err := lock.Check(); err != nil {
		return plan.Plan{}, err
	}
	return p, s.record(&p, lock, coming, going)
}

// record adds to a plan what becomes of the manifest and the lockfile.
func (s *Session) record(p *plan.Plan, lock *lockfile.Lock, coming []install, going []lockfile.Component) error {
	text, err := s.rewrite(coming, going)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, s.text) {
		p.Write(ManifestName, s.text, text)
	}
	var lockText []byte
	if len(lock.Components) > 0 {
		lockText = lock.Format()
	}
	if !bytes.Equal(lockText, s.lockText) {
		p.Write(LockName, s.lockText, lockText)
	}
	return nil
}

// acceptable returns nil, or the error that lists what keeps a plan from being carried out.
func (s *Session) acceptable(p plan.Plan, coming []install, o commitOptions) error {
	err := p.Err()
	if err == nil || !o.upgrade {
		return err
	}
	for _, inst := range coming {
		forward := func(c plan.Change) bool {
			_, ours := inst.files.Lookup(c.Path)
			return ours && c.Old.Kind == plan.File
		}
		if inst.want.Strategy == manifest.FastForward && slices.ContainsFunc(p.Collisions(), forward) {
			return failure.Errorf(failure.Refused, "upgrading %q, whose strategy is %s: %w", inst.locked.Path, manifest.FastForward, err).
				WithHint("take your edits out, or merge them with --strategy merge")
		}
	}
	for _, c := range p.Collisions() {
		if _, _, installed := s.lock.Owner(c.Path); installed {
			return failure.Errorf(failure.Refused, "%w", err).
				WithHint("take it for your own with ppm project own %s mine, or move it away; then run the command again. What was moved away comes back with ppm project sync", shellQuote(c.Path))
		}
	}
	return failure.Errorf(failure.Refused, "%w", err).WithHint("move or remove what is in the way, then run the command again")
}

// carryOut applies a plan, unless it is a dry run, and returns what happens to each file.
func (s *Session) carryOut(ctx context.Context, p plan.Plan, m apply.Meta, dryRun bool) ([]Change, error) {
	m.RunID = s.setup.Run
	if !dryRun && s.setup.Proposal == nil && !p.Empty() {
		if err := s.store.Apply(ctx, p, m); err != nil {
			return nil, err
		}
		s.changed = true
		s.tellGit(ctx, p, m)
	}
	changes := make([]Change, len(p.Changes))
	for i, c := range p.Changes {
		changes[i] = Change{Path: c.Path, From: c.From, Action: string(c.Action), Reason: c.Reason, Record: c.Record, Conflicts: c.Conflicts, Sides: c.Sides}
	}
	if s.setup.Proposal != nil {
		return changes, s.setup.Proposal.take(s, p, m, changes)
	}
	return changes, nil
}

// sides returns what the plan compares, the disk left out, and the lockfile that the plan leads to.
func (s *Session) sides(coming []install, going []lockfile.Component, o commitOptions) (plan.Input, *lockfile.Lock, error) {
	lock := s.lock.Clone()
	in := plan.Input{Base: map[string]plan.State{}, Owner: map[string]string{}, Own: map[string]plan.Own{}, Force: o.force}
	for name, own := range s.ownership() {
		in.Own[name] = owns[own]
	}
	for _, c := range going {
		lock.Remove(c.Path)
		c.Files = slices.DeleteFunc(slices.Clone(c.Files), func(f lockfile.File) bool { return f.Found })
		addBase(in.Base, c)
	}
	var theirs []fileset.File
	owner := map[string]install{}
	for _, inst := range coming {
		if old, ok := lock.Component(inst.locked.Path); ok {
			if !o.force && !o.upgrade {
				if err := replaceable(old, inst.locked); err != nil {
					return in, nil, err
				}
			}
			addBase(in.Base, old)
		}
		if o.adopt {
			addBase(in.Base, inst.locked)
		}
		for _, f := range inst.files {
			if first, twice := owner[f.Path]; twice {
				if other, _ := first.files.Lookup(f.Path); !bytes.Equal(other.Data, f.Data) || other.Mode != f.Mode {
					return in, nil, failure.Errorf(failure.Refused, "both %q and %q bring %q, with different content", first.locked.Source, inst.locked.Source, f.Path).
						WithHint("place one of them elsewhere with --located-path")
				}
				continue
			}
			owner[f.Path] = inst
			theirs = append(theirs, f)
		}
		lock.Put(inst.locked)
	}
	for _, c := range s.lock.Components {
		moving := slices.ContainsFunc(going, func(g lockfile.Component) bool { return g.Path == c.Path }) ||
			slices.ContainsFunc(coming, func(i install) bool { return i.locked.Path == c.Path })
		if moving {
			continue
		}
		for _, f := range c.Files {
			in.Owner[f.Path] = c.Path
		}
	}
	for _, f := range o.restore {
		if _, coming := owner[f.Path]; !coming {
			theirs = append(theirs, f)
			delete(in.Owner, f.Path)
		}
	}
	var err error
	in.Theirs, err = fileset.New(theirs)
	if err == nil {
		err = fileset.CheckCollisions(paths(in.Theirs))
	}
	if err != nil {
		err = failure.Errorf(failure.Refused, "bringing the files of all installs together: %w", err).
			WithHint("place one of the installs elsewhere with ppm project move or --located-path")
	}
	return in, lock, err
}

// ownership returns whose the files are of which the manifest says it. A file that installs share is the user's when one of them says so.
func (s *Session) ownership() map[string]manifest.Own {
	out := map[string]manifest.Own{}
	for _, c := range s.own.Components {
		maps.Copy(out, c.Own)
	}
	return out
}

var owns = map[manifest.Own]plan.Own{manifest.Once: plan.Once, manifest.Mine: plan.Mine}

// replaceable reports whether one install may take the place of another: the same
// component with the same keys may, which at a moving version brings it up to date.
func replaceable(old, new lockfile.Component) error {
	if old.Source == new.Source && old.URL == new.URL && maps.EqualFunc(old.Keys, new.Keys, reflect.DeepEqual) {
		return nil
	}
	what := fmt.Sprintf("%q", old.Source)
	if old.Source == new.Source {
		what += " with other keys"
	}
	return failure.Errorf(failure.Refused, "at %q stands an install of %s", old.Path, what).
		WithHint("change its version or keys with ppm project upgrade %s, place the new one elsewhere with --located-path, or replace it with --force", shellQuote(old.Path))
}

func addBase(base map[string]plan.State, c lockfile.Component) {
	for _, f := range c.Files {
		mode, err := fileset.ParseMode(f.Mode)
		if err != nil {
			mode = 0 // the lockfile was checked when it was read
		}
		base[f.Path] = plan.State{Kind: plan.File, Digest: f.Digest, Mode: mode}
	}
}

// rewrite returns the text of the manifest after the change; nil when nothing is left of it.
func (s *Session) rewrite(coming []install, going []lockfile.Component) ([]byte, error) {
	text := s.text
	var err error
	if s.project != nil {
		if text, err = manifest.SetProject(ManifestName, text, *s.project); err != nil {
			return nil, err
		}
	}
	for _, c := range going {
		if _, wanted := s.entries[c.Path]; !wanted { // the user took it out
			continue
		}
		if text, err = manifest.RemoveComponent(ManifestName, text, c.Path); err != nil {
			return nil, err
		}
	}
	wanted := make([]manifest.Component, len(coming))
	for i, inst := range coming {
		wanted[i] = inst.want
	}
	if len(wanted) > 0 {
		if text, err = manifest.SetComponents(ManifestName, text, wanted...); err != nil {
			return nil, err
		}
	}
	if len(bytes.TrimSpace(text)) == 0 && len(going) > 0 {
		return nil, nil
	}
	return text, nil
}

func paths(files fileset.Set) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = path.Clean(f.Path)
	}
	return out
}

// closing ends a session's hold on the project, and keeps the first error.
func closing(end func() error, err *error) {
	*err = errors.Join(*err, end())
}
