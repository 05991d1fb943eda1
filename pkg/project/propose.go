package project

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"reflect"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// A request is what a verb wants to change, and what the transaction may do for it.
type request struct {
	command    string              // for the history
	components []install.Component // to install, in place of those at the same paths
	removed    []lockfile.Component
	project    *manifest.Project // the new [project]; nil leaves it
	name       bool              // write the project's name to [project] if it is missing

	force   bool        // replace files that are in the way
	upgrade bool        // an install may become another version of itself; files edited on both sides are merged
	style   merge.Style // of their conflicts
	// Lines of these files that differ only in the amount of white space are equal.
	ignoreSpaceChange bool
	adopt             bool        // the components are the base of what is there: no file changes
	recreate          bool        // files of the components that the user deleted are restored
	others            fileset.Set // files that no install of the request has, to be made if they are missing
}

// propose returns the transaction for a request.
func (p *Project) propose(ctx context.Context, r request) (*Transaction, error) {
	if err := p.checkResolved(r); err != nil {
		return nil, err
	}
	var err error
	if r.components, err = p.inherit(r.components); err != nil {
		return nil, err
	}
	disk, err := p.tree.Scan(ctx, p.paths(r))
	if err != nil {
		return nil, err
	}
	converted, err := p.tree.Convert(disk, p.lockedFiles())
	if err != nil {
		return nil, err
	}
	if err := p.checkCheckedOut(r, disk); err != nil {
		return nil, err
	}
	renamed := map[string]string{}
	if r.upgrade {
		if r.components, renamed, err = p.followRenames(ctx, r, disk); err != nil {
			return nil, err
		}
	}
	in, lock, err := p.sides(r)
	if err != nil {
		return nil, err
	}
	in.Disk, in.Renamed, in.Converted = disk, renamed, converted
	pl, err := p.makePlan(ctx, r, in)
	if err != nil {
		return nil, err
	}
	p.recordOutcome(lock, r.components, in.Base, pl)
	if err := lock.Check(); err != nil {
		return nil, err
	}
	if err := p.addRecords(&pl, lock, r); err != nil {
		return nil, err
	}
	t := newTransaction(pl, apply.Meta{Command: r.command}, lock)
	for _, c := range r.components {
		t.made = append(t.made, c.Locked)
	}
	if r.upgrade {
		t.moved = p.findMovedAway(ctx, pl, r.components)
	}
	return t, nil
}

// makePlan makes the plan for a request, as far as the files of installs are proven.
func (p *Project) makePlan(ctx context.Context, r request, in plan.Input) (plan.Plan, error) {
	if err := p.dropUnproven(ctx, r, in); err != nil {
		return plan.Plan{}, err
	}
	if r.recreate {
		maps.DeleteFunc(in.Base, func(name string, _ plan.State) bool { return in.Disk[name].Kind == plan.Absent })
	}
	if r.upgrade {
		in.Contents = &contents{ctx: ctx, project: p, request: r, base: in.Base}
	}
	pl, err := plan.Make(in)
	if err != nil {
		return pl, err
	}
	if err := p.checkProven(ctx, r, pl); err != nil {
		return pl, err
	}
	p.explainValues(pl, r.components)
	return pl, p.checkCollisions(pl, r)
}

// lockedFiles returns the files of all installs as the lockfile has them.
func (p *Project) lockedFiles() map[string]plan.State {
	out := map[string]plan.State{}
	for _, c := range p.Lock.Components {
		state.AddBase(out, c)
	}
	return out
}

// checkResolved returns an error when an install that is replaced or removed has unresolved conflicts.
func (p *Project) checkResolved(r request) error {
	touched := r.removed
	for _, c := range r.components {
		if old, ok := p.Lock.Component(c.Before()); ok {
			touched = append(slices.Clip(touched), old)
		}
	}
	return checkUnresolved(&lockfile.Lock{Components: touched})
}

// paths returns the paths that a request concerns.
func (p *Project) paths(r request) []string {
	installs := slices.Clone(r.removed)
	out := paths(r.others)
	for _, c := range r.components {
		installs = append(installs, c.Locked)
		if old, ok := p.Lock.Component(c.Before()); ok {
			installs = append(installs, old)
		}
	}
	for _, c := range installs {
		for _, f := range c.Files {
			out = append(out, f.Path)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func paths(files fileset.Set) []string {
	out := make([]string, len(files))
	for i, f := range files {
		out[i] = f.Path
	}
	return out
}

// addRecords adds the changes of the manifest and the lockfile to a plan.
func (p *Project) addRecords(pl *plan.Plan, lock *lockfile.Lock, r request) error {
	text, err := p.manifestAfter(r)
	if err != nil {
		return err
	}
	if !bytes.Equal(text, p.ManifestText) {
		pl.Write(state.ManifestName, p.ManifestText, text)
	}
	if lockText := p.lockText(lock); !bytes.Equal(lockText, p.LockText) {
		pl.Write(state.LockName, p.LockText, lockText)
	}
	return nil
}

// lockText returns the text of the lockfile for a new lock; nil when nothing is installed. It is the current text if
// that means the same, and has the line endings of the current text.
func (p *Project) lockText(lock *lockfile.Lock) []byte {
	text := lock.Format()
	switch {
	case p.LockText != nil && bytes.Equal(text, p.Lock.Format()) && !p.confirmed:
		return p.LockText
	case len(lock.Components) == 0:
		return nil
	}
	return merge.WithLineEndsOf(text, p.LockText)
}

// manifestAfter returns the text of the manifest after a request; nil when nothing is left of it.
func (p *Project) manifestAfter(r request) ([]byte, error) {
	text := p.ManifestText
	var err error
	if r.project != nil {
		if text, err = manifest.SetProject(state.ManifestName, text, *r.project); err != nil {
			return nil, err
		}
	}
	if text, err = p.nameProject(text, r); err != nil {
		return nil, err
	}
	for _, c := range r.removed {
		if _, wanted := p.Entries[c.Path]; !wanted { // the user has deleted the entry
			continue
		}
		if text, err = manifest.RemoveComponent(state.ManifestName, text, c.Path); err != nil {
			return nil, err
		}
	}
	if len(r.components) > 0 {
		wanted := make([]manifest.Component, len(r.components))
		for i, c := range r.components {
			wanted[i] = c.Want
			if _, listed := p.Entries[c.Replaces]; !listed {
				continue
			}
			if text, err = manifest.ReplaceComponent(state.ManifestName, text, c.Replaces, c.Want); err != nil {
				return nil, err
			}
		}
		if text, err = manifest.SetComponents(state.ManifestName, text, wanted...); err != nil {
			return nil, err
		}
	}
	if len(r.removed) == len(p.Lock.Components) && len(r.components) == 0 && len(r.removed) > 0 {
		if text, err = manifest.RemoveName(state.ManifestName, text, filepath.Base(p.setup.Dir)); err != nil {
			return nil, err
		}
	}
	if len(bytes.TrimSpace(text)) == 0 && len(r.removed) > 0 {
		return nil, nil
	}
	return text, nil
}

// checkCollisions returns the error that lists what keeps a plan from being applied, or nil.
func (p *Project) checkCollisions(pl plan.Plan, r request) error {
	err := pl.Err()
	if i := slices.IndexFunc(pl.Collisions(), isSparse); i >= 0 {
		return errSparse("writing files", pl.Collisions()[i].Path, p.Quote)
	}
	if err == nil || !r.upgrade {
		return err
	}
	for _, next := range r.components {
		needsMerge := func(c plan.Change) bool {
			_, ours := next.Files.Lookup(c.Path)
			return ours && c.Old.Kind == plan.File
		}
		if next.Want.Strategy == manifest.FastForward && slices.ContainsFunc(pl.Collisions(), needsMerge) {
			return failure.Errorf(failure.Refused, "upgrading %q, whose strategy is %s: %w",
				next.Locked.Path, manifest.FastForward, err).
				WithHint("revert your edits, or merge them with --strategy merge")
		}
	}
	for _, c := range pl.Collisions() {
		if _, _, installed := p.Lock.Owner(c.Path); installed {
			return failure.Errorf(failure.Refused, "%w", err).
				WithHint("keep it with ppm project own %s mine, or move it away; then run the command again. "+
					"ppm project sync restores what was moved away", p.Quote(c.Path))
		}
	}
	return failure.Errorf(failure.Refused, "%w", err).
		WithHint("move or remove what is in the way, then run the command again")
}

func isSparse(c plan.Change) bool { return c.Old.Kind == plan.Sparse }

// sides returns what a plan compares, without the disk, and the lockfile that it leads to.
func (p *Project) sides(r request) (plan.Input, *lockfile.Lock, error) {
	lock := p.Lock.Clone()
	in := plan.Input{
		Base: map[string]plan.State{}, Own: map[string]plan.Own{}, Force: r.force, Owner: p.otherOwners(r),
	}
	for name, own := range p.Ownership() {
		in.Own[name] = planOwn[own]
	}
	for _, c := range r.removed {
		lock.Remove(c.Path)
		c.Files = slices.DeleteFunc(slices.Clone(c.Files), func(f lockfile.File) bool { return f.Found })
		state.AddBase(in.Base, c)
	}
	for _, c := range r.components {
		if old, ok := lock.Component(c.Before()); ok {
			if !r.force && !r.upgrade {
				if err := p.checkReplaceable(old, c.Locked); err != nil {
					return in, nil, err
				}
			}
			state.AddBase(in.Base, old)
			lock.Remove(old.Path)
		}
		if r.adopt {
			state.AddBase(in.Base, c.Locked)
		}
		lock.Put(c.Locked)
	}
	theirs, err := joinFiles(r.components)
	if err != nil {
		return in, nil, err
	}
	all := fileset.Set(theirs)
	for _, f := range r.others {
		if _, ok := all.Lookup(f.Path); !ok {
			theirs = append(theirs, f)
			delete(in.Owner, f.Path)
		}
	}
	if in.Theirs, err = fileset.New(theirs); err == nil {
		err = fileset.CheckCollisions(paths(in.Theirs))
	}
	if err != nil {
		err = failure.Errorf(failure.Refused, "combining the files of all installs: %w", err).
			WithHint("place one of the installs elsewhere with ppm project move or --located-path")
	}
	return in, lock, err
}

var planOwn = map[manifest.Ownership]plan.Own{manifest.Once: plan.Once, manifest.Mine: plan.Mine}

// joinFiles returns the files of installs, sorted by path. Installs may share a file that is the same in each of them.
func joinFiles(components []install.Component) ([]fileset.File, error) {
	var out []fileset.File
	owner := map[string]install.Component{}
	for _, c := range components {
		for _, f := range c.Files {
			first, shared := owner[f.Path]
			if !shared {
				owner[f.Path] = c
				out = append(out, f)
				continue
			}
			if other, _ := first.Files.Lookup(f.Path); !bytes.Equal(other.Data, f.Data) || other.Mode != f.Mode {
				return nil, failure.Errorf(failure.Refused, "%q and %q both install %q, with different content",
					first.Locked.Source, c.Locked.Source, f.Path).
					WithHint("place one of them elsewhere with --located-path")
			}
		}
	}
	slices.SortFunc(out, func(a, b fileset.File) int { return cmp.Compare(a.Path, b.Path) })
	return out, nil
}

// otherOwners returns, for the files of the installs that a request leaves alone, the paths of these installs.
func (p *Project) otherOwners(r request) map[string]string {
	out := map[string]string{}
	for _, c := range p.Lock.Components {
		if r.concerns(c.Path) {
			continue
		}
		for _, f := range c.Files {
			out[f.Path] = c.Path
		}
	}
	return out
}

// concerns reports whether a request replaces or removes the install at a path.
func (r request) concerns(path string) bool {
	return slices.ContainsFunc(r.removed, func(c lockfile.Component) bool { return c.Path == path }) ||
		slices.ContainsFunc(r.components, func(c install.Component) bool { return c.Before() == path })
}

// checkReplaceable returns an error unless one install may take the place of another: the same component with the same
// keys may, which brings an install of a branch up to date.
func (p *Project) checkReplaceable(old, next lockfile.Component) error {
	if old.Source == next.Source && old.URL == next.URL &&
		maps.EqualFunc(old.Values(), next.Values(), reflect.DeepEqual) {
		return nil
	}
	what := fmt.Sprintf("%q", old.Source)
	if old.Source == next.Source {
		what += " with other keys"
	}
	return failure.Errorf(failure.Refused, "%q is already installed from %s", old.Path, what).
		WithHint("change its version or keys with ppm project upgrade %s, place the new one elsewhere with "+
			"--located-path, "+
			"or replace it with --force", p.Quote(old.Path))
}

// findMovedAway returns the files that a plan leaves deleted although upstream changed them, with where they may
// have been moved to. A failure to find out is no reason to stop.
func (p *Project) findMovedAway(ctx context.Context, pl plan.Plan, components []install.Component) []movedHint {
	gone := map[string]string{}
	for _, c := range pl.Changes {
		if c.Action != plan.Keep || c.Old.Kind != plan.Absent {
			continue
		}
		was := cmp.Or(c.From, c.Path)
		_, f, installed := p.Lock.Owner(was)
		for _, next := range components {
			file, ok := next.Files.Lookup(c.Path)
			if installed && ok && p.Entries[next.Want.Path].Own[was] == "" && f.Digest != file.Digest() {
				gone[was] = f.Digest
			}
		}
	}
	sameContent, sameName, err := p.comparer().FindMoved(ctx, gone)
	if err != nil {
		return nil
	}
	var out []movedHint
	for _, name := range slices.Sorted(maps.Keys(gone)) {
		if to := cmp.Or(sameContent[name], sameName[name]); to != "" {
			out = append(out, movedHint{name, to})
		}
	}
	return out
}
