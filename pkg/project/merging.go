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
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// inherit gives installs what the manifest says of those at their paths: how they are
// merged, whose their files are, and where the user moved these.
func (s *Session) inherit(coming []install) ([]install, error) {
	out := slices.Clone(coming)
	for i := range out {
		want, entry := &out[i].want, s.entries[out[i].want.Path]
		want.Own, want.Moved, want.Strategy = entry.Own, entry.Moved, cmp.Or(want.Strategy, entry.Strategy)
		if err := out[i].move(); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// move puts the files of an install where the user moved them.
func (in *install) move() error {
	if len(in.want.Moved) == 0 {
		return nil
	}
	files := slices.Clone(in.files)
	locked := slices.Clone(in.locked.Files)
	to := map[string]string{} // all at once: a file may have been moved to where another one stood
	for i, f := range locked {
		if place, moved := in.want.Moved[f.Rendered()]; moved && place != f.Path {
			to[f.Path] = place
			locked[i].Path, locked[i].From = place, f.Rendered()
		}
	}
	for i, f := range files {
		files[i].Path = cmp.Or(to[f.Path], f.Path)
	}
	slices.SortFunc(locked, func(a, b lockfile.File) int { return strings.Compare(a.Path, b.Path) })
	var err error
	in.locked.Files = locked
	if in.files, err = fileset.New(files); err != nil {
		err = failure.Errorf(failure.Refused, "putting the files of %q where they were moved: %w", in.locked.Path, err).
			WithHint("move the file that was moved there to another place with ppm project move")
	}
	return err
}

// followRenames finds the files that upstream renamed and the user edited, moved or
// deleted: the edits go along, and what the user moved stays where it is.
func (s *Session) followRenames(ctx context.Context, in *plan.Input, lock *lockfile.Lock, coming []install, going []lockfile.Component, o commitOptions) ([]install, *lockfile.Lock, error) {
	in.Renamed = map[string]string{}
	again := false
	for i, inst := range coming {
		old, _ := s.lock.Component(inst.locked.Path)
		renamed, err := s.renamed(ctx, old, inst, *in)
		if err != nil {
			return nil, nil, err
		}
		for to, from := range renamed {
			f := old.Files[slices.IndexFunc(old.Files, func(f lockfile.File) bool { return f.Path == from })]
			next := inst.locked.Files[slices.IndexFunc(inst.locked.Files, func(f lockfile.File) bool { return f.Path == to })]
			if inst.want.Moved[f.From] != f.Path || f.From == next.Rendered() { // it stays not where the user moved it
				in.Renamed[to] = from
				continue
			}
			moved := maps.Clone(inst.want.Moved)
			delete(moved, f.From)
			moved[to] = f.Path
			coming[i].want.Moved, again = moved, true
		}
		if err := coming[i].move(); err != nil {
			return nil, nil, err
		}
	}
	if !again {
		return coming, lock, nil
	}
	next, lock, err := s.sides(coming, going, o)
	in.Theirs = next.Theirs
	return coming, lock, err
}

// renamed returns the files of an install that upstream renamed, each with where it stands
// now. Where nothing of the user's is at stake, those that were changed as well are not looked for.
func (s *Session) renamed(ctx context.Context, old lockfile.Component, next install, in plan.Input) (map[string]string, error) {
	had := map[string]bool{}
	gone := map[string]string{} // path by digest
	touched := false
	for _, f := range old.Files {
		had[f.Path] = true
		if _, stays := next.files.Lookup(f.Path); !stays {
			gone[f.Digest] = cmp.Or(gone[f.Digest], f.Path)
			touched = touched || f.From != "" || !in.Disk[f.Path].Same(in.Base[f.Path])
		}
	}
	come := slices.DeleteFunc(slices.Clone(next.locked.Files), func(f lockfile.File) bool { return had[f.Path] })
	if touched && len(come) > 0 {
		base, err := s.baseOrNote(ctx, old)
		return plan.Renames(base, next.files), err
	}
	delete(gone, fileset.Digest(nil)) // one empty file is as good as another
	out := map[string]string{}
	for _, f := range come {
		if from := gone[f.Digest]; from != "" {
			out[f.Path] = from
			delete(gone, f.Digest)
		}
	}
	return out, nil
}

// baseOrNote is base, but what cannot be proven is empty and said.
func (s *Session) baseOrNote(ctx context.Context, c lockfile.Component) (fileset.Set, error) {
	base, err := s.base(ctx, c)
	if failure.KindOf(err) == failure.Integrity {
		s.setup.Notify(err.Error() + "; without it, every difference of an edited file is a conflict")
		return nil, nil
	}
	return base, err
}

// merge makes the plan again with the contents of the files that were edited or added on both sides.
func (s *Session) merge(ctx context.Context, in plan.Input, contested []plan.Change, coming []install, style merge.Style) (plan.Plan, error) {
	in.Texts = map[string]plan.Texts{}
	large := map[string]bool{}
	var beside []string
	for _, inst := range coming {
		old, installed := s.lock.Component(inst.locked.Path)
		files := slices.DeleteFunc(slices.Clone(contested), func(c plan.Change) bool { return !concerns(c, in, old, inst) })
		if !installed || inst.want.Strategy == manifest.FastForward || len(files) == 0 { // what a new install brings is not merged
			continue
		}
		base, err := s.baseOrNote(ctx, old)
		if err != nil {
			return plan.Plan{}, err
		}
		how := merge.Options{
			Style: style, Favor: favors[inst.want.Strategy],
			Labels: merge.Labels{Base: old.Source.String(), Ours: "yours", Theirs: inst.locked.Source.String()},
		}
		for _, c := range files {
			ours, err := s.store.ReadFile(c.Ours())
			if errors.Is(err, apply.ErrTooLarge) {
				large[c.Path] = true
				continue
			}
			if err != nil {
				return plan.Plan{}, err
			}
			file, _ := base.Lookup(cmp.Or(c.From, c.Path))
			in.Texts[c.Path] = plan.Texts{Base: file.Data, Ours: ours, Merge: how}
			for _, side := range plan.Sides {
				beside = append(beside, c.Path+side)
			}
		}
	}
	disk, err := s.store.Scan(ctx, beside)
	if err != nil {
		return plan.Plan{}, err
	}
	maps.Copy(in.Disk, disk)
	p, err := plan.Make(in)
	for i, c := range p.Changes {
		if large[c.Path] {
			p.Changes[i].Reason += ", and is too large to merge"
		}
	}
	s.conflicts = stages(in, p)
	return p, err
}

// concerns reports whether a contested file was the install's already, or is new in its next version and no other's.
func concerns(c plan.Change, in plan.Input, old lockfile.Component, next install) bool {
	was := cmp.Or(c.From, c.Path)
	_, known := in.Base[was]
	_, comes := next.files.Lookup(c.Path)
	return !known && comes || slices.ContainsFunc(old.Files, func(f lockfile.File) bool { return f.Path == was })
}

// favors holds the strategies in which one side wins.
var favors = map[manifest.Strategy]merge.Favor{manifest.Ours: merge.FavorOurs, manifest.Theirs: merge.FavorTheirs}

// mark makes the lockfile remember which files of new installs were in the project
// already, so that removing an install gives back what was there before, and in which
// the user has a conflict to settle.
func (s *Session) mark(lock *lockfile.Lock, coming []install, in plan.Input, p plan.Plan) {
	already := map[string]bool{}
	for _, c := range p.Changes {
		_, installed := in.Base[c.Path]
		already[c.Path] = !installed && c.Old.Kind == plan.File && c.Old.Digest == c.New.Digest && c.Owner == "" && c.From == "" && c.Conflicts == 0
	}
	for _, c := range s.lock.Components {
		for _, f := range c.Files {
			already[f.Path] = already[f.Path] || f.Found
		}
	}
	conflicts := map[string]plan.Change{}
	for _, c := range p.Changes {
		if c.Conflicts > 0 {
			conflicts[c.Path] = c
		}
	}
	for _, inst := range coming {
		locked := inst.locked
		locked.Files = slices.Clone(locked.Files)
		for i, f := range locked.Files {
			f.Found, f.Conflict, f.Marker, f.Sides = already[f.Path], "", 0, false
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
