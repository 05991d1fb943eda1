package project

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"slices"
	"strings"

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

// inherit gives installs what the manifest says of those at their paths: how they are merged, who owns their files,
// and where the user moved these.
func (p *Project) inherit(components []install.Component) ([]install.Component, error) {
	out := slices.Clone(components)
	for i := range out {
		want, entry := &out[i].Want, p.Entries[out[i].Before()]
		want.Own, want.Moved, want.Strategy = entry.Own, entry.Moved, cmp.Or(want.Strategy, entry.Strategy)
		var err error
		if out[i], err = placeMoved(out[i]); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// placeMoved returns an install with its files where the user moved them.
func placeMoved(c install.Component) (install.Component, error) {
	if len(c.Want.Moved) == 0 {
		return c, nil
	}
	files := slices.Clone(c.Files)
	locked := slices.Clone(c.Locked.Files)
	to := map[string]string{} // all at once: a file may have been moved to where another one was
	for i, f := range locked {
		if target, moved := c.Want.Moved[f.Rendered()]; moved && target != f.Path {
			to[f.Path] = target
			locked[i].Path, locked[i].From = target, f.Rendered()
		}
	}
	for i, f := range files {
		files[i].Path = cmp.Or(to[f.Path], f.Path)
	}
	slices.SortFunc(locked, func(a, b lockfile.File) int { return strings.Compare(a.Path, b.Path) })
	c.Locked.Files = locked
	var err error
	if c.Files, err = fileset.New(files); err != nil {
		err = failure.Errorf(failure.Refused, "placing the moved files of %q: %w", c.Locked.Path, err).
			WithHint("move the file that was moved there to another place with ppm project move")
	}
	return c, err
}

// followRenames finds the files that upstream renamed. It returns them as plan.Input.Renamed has them, and the
// installs with those files where the user has moved them: what the user moved stays there.
func (p *Project) followRenames(
	ctx context.Context, r request, disk plan.Disk,
) ([]install.Component, map[string]string, error) {
	components := slices.Clone(r.components)
	out := map[string]string{}
	for i, c := range components {
		old, _ := p.Lock.Component(c.Before())
		renamed, err := p.findRenames(ctx, old, c, disk, r.recreate)
		if err != nil {
			return nil, nil, err
		}
		moved := maps.Clone(c.Want.Moved)
		for to, from := range renamed {
			f := fileAt(old.Files, from)
			next := fileAt(c.Locked.Files, to)
			if c.Want.Moved[f.From] != f.Path || f.From == next.Rendered() { // it is not where the user moved it
				out[to] = from
				continue
			}
			delete(moved, f.From)
			moved[to] = f.Path
		}
		components[i].Want.Moved = moved
		if components[i], err = placeMoved(components[i]); err != nil {
			return nil, nil, err
		}
	}
	return components, out, nil
}

// fileAt returns the file at a path, which is one of them.
func fileAt(files []lockfile.File, path string) lockfile.File {
	return files[slices.IndexFunc(files, func(f lockfile.File) bool { return f.Path == path })]
}

// findRenames returns the files of an install that upstream renamed, each with its path so far. Files that were
// changed as well are looked for only when the user edited, moved or deleted one that is gone, or has it with other
// line endings.
func (p *Project) findRenames(
	ctx context.Context, old lockfile.Component, next install.Component, disk plan.Disk, recreate bool,
) (map[string]string, error) {
	base := map[string]plan.State{}
	state.AddBase(base, old)
	gone := map[string]string{} // path by digest
	touched := false
	for _, f := range old.Files {
		if _, stays := next.Files.Lookup(f.Path); !stays {
			gone[f.Digest] = cmp.Or(gone[f.Digest], f.Path)
			recreated := recreate && disk[f.Path].Kind == plan.Absent
			touched = touched || f.From != "" || !recreated && !disk[f.Path].Same(base[f.Path])
		}
	}
	added := slices.DeleteFunc(slices.Clone(next.Locked.Files), func(f lockfile.File) bool {
		_, had := base[f.Path]
		return had
	})
	if touched && len(added) > 0 {
		base, err := p.base(ctx, old)
		return plan.Renames(base.Files, next.Files), err
	}
	delete(gone, fileset.Digest(nil)) // any two empty files are equal
	out := map[string]string{}
	for _, f := range added {
		if from := gone[f.Digest]; from != "" {
			out[f.Path] = from
			delete(gone, f.Digest)
		}
	}
	return out, nil
}

// contents reads the files that an upgrade merges, for plan.Make.
type contents struct {
	ctx     context.Context
	project *Project
	request request
	base    map[string]plan.State
}

// Scan implements plan.Contents.
func (c *contents) Scan(paths []string) (plan.Disk, error) { return c.project.tree.Scan(c.ctx, paths) }

// Texts implements plan.Contents. What a new install brings is not merged, nor what an install brings whose strategy
// is to fast-forward.
func (c *contents) Texts(change plan.Change) (plan.Texts, bool, error) {
	for _, next := range slices.Backward(c.request.components) { // of installs that share a file, the last one counts
		old, installed := c.project.Lock.Component(next.Before())
		if !installed || next.Want.Strategy == manifest.FastForward || !c.belongs(change, old, next) {
			continue
		}
		base, err := c.project.base(c.ctx, old)
		if err != nil {
			return plan.Texts{}, false, err
		}
		ours, err := c.project.tree.ReadFile(change.Ours())
		if errors.Is(err, apply.ErrTooLarge) {
			return plan.Texts{TooLarge: true}, true, nil
		}
		file, _ := base.Files.Lookup(cmp.Or(change.From, change.Path))
		return plan.Texts{Base: file.Data, Ours: ours, Merge: merge.Options{
			Style: c.request.style, Favor: favors[next.Want.Strategy],
			Labels: merge.Labels{Base: old.Source.String(), Ours: "yours", Theirs: next.Locked.Source.String()},
			IgnoreSpaceChange: c.request.ignoreSpaceChange ||
				c.project.Layers.Merging.IgnoresSpaceChange(change.Path),
		}}, true, err
	}
	return plan.Texts{}, false, nil
}

// favors holds the strategies in which one side wins.
var favors = map[manifest.Strategy]merge.Favor{manifest.Ours: merge.FavorOurs, manifest.Theirs: merge.FavorTheirs}

// belongs reports whether a file was the install's already, or is new in its next version and no other's.
func (c *contents) belongs(change plan.Change, old lockfile.Component, next install.Component) bool {
	was := cmp.Or(change.From, change.Path)
	_, known := c.base[was]
	_, isNew := next.Files.Lookup(change.Path)
	return !known && isNew || slices.ContainsFunc(old.Files, func(f lockfile.File) bool { return f.Path == was })
}

// recordOutcome makes the lockfile remember which files of new installs were in the project already, so that removing
// an install restores what was there before it, and which files have conflicts.
func (p *Project) recordOutcome(
	lock *lockfile.Lock, components []install.Component, base map[string]plan.State, pl plan.Plan,
) {
	found := map[string]bool{}
	conflicts := map[string]plan.Change{}
	for _, c := range pl.Changes {
		_, installed := base[c.Path]
		found[c.Path] = !installed && c.Old.Kind == plan.File && c.Old.Digest == c.New.Digest &&
			c.Owner == "" && c.From == "" && c.Conflicts == 0
		if c.Conflicts > 0 {
			conflicts[c.Path] = c
		}
	}
	for _, c := range p.Lock.Components {
		for _, f := range c.Files {
			found[f.Path] = found[f.Path] || f.Found
		}
	}
	for _, c := range components {
		locked := c.Locked
		locked.Files = slices.Clone(locked.Files)
		for i, f := range locked.Files {
			f.Found, f.Conflict, f.Marker, f.Sides = found[f.Path], "", 0, false
			if c, ok := conflicts[f.Path]; ok {
				f.Conflict, f.Sides = c.New.Digest, c.Sides
				if c.Marker != merge.DefaultMarkerSize {
					f.Marker = c.Marker
				}
			}
			locked.Files[i] = f
		}
		lock.Put(locked)
	}
}
