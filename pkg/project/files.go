package project

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// MoveResult is what Move moves.
type MoveResult struct {
	Moved   []MovedFile `json:"moved"`
	Changes []Change    `json:"changes"`
	DryRun  bool        `json:"dry_run"`
}

// A MovedFile is a file of an install and where it is now.
type MovedFile struct {
	From string `json:"from"`
	To   string `json:"to"`
}

// Move makes manifest and lockfile follow files that the user moved, so that upgrades find them. Files that are still
// at their old path are moved as well, with their edits. Old and new are files or folders: an install, a part of one,
// or a folder with several.
func (p *Project) Move(ctx context.Context, old, new string) (*MoveResult, *Transaction, error) {
	if err := checkUnresolved(p.Lock); err != nil {
		return nil, nil, err
	}
	m, err := p.newMove(old, new)
	if err != nil {
		return nil, nil, err
	}
	lock, text, err := m.records(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	if len(m.files) == 0 {
		return nil, nil, p.ErrNoFile(old)
	}
	if err := lock.Check(); err != nil {
		return nil, nil, err
	}
	pl, err := m.plan(ctx, p)
	if err != nil {
		return nil, nil, err
	}
	pl.Write(state.ManifestName, p.ManifestText, text)
	pl.Write(state.LockName, p.LockText, p.lockText(lock))
	t := newTransaction(pl, apply.Meta{Command: "move " + m.old + " " + m.new}, lock)
	return &MoveResult{Moved: m.files, Changes: t.Changes}, t, nil
}

// A move renames a path, with all files at or below it.
type move struct {
	old, new string
	files    []MovedFile
}

func (p *Project) newMove(old, new string) (*move, error) {
	var clean [2]string
	for i, typed := range []string{old, new} {
		at, err := p.Location.Path(typed)
		if err != nil {
			return nil, err
		}
		if clean[i], err = manifest.CleanPath(at); err != nil {
			return nil, err
		}
		if clean[i] == "." {
			return nil, failure.Errorf(failure.Usage, "moving %q to %q: the project's folder itself does not move",
				old, new).
				WithHint("name a file or a folder inside the project")
		}
	}
	if state.IsAtOrBelow(clean[1], clean[0]) {
		return nil, failure.Errorf(failure.Usage, "moving %q to %q: the new path is the old one, or inside it",
			old, new).
			WithHint("name a path outside of %q", old)
	}
	return &move{old: clean[0], new: clean[1]}, nil
}

// path returns where a path is after the move.
func (m *move) path(p string) string {
	if state.IsAtOrBelow(p, m.old) {
		return m.new + strings.TrimPrefix(p, m.old)
	}
	return p
}

// records returns the lockfile and the manifest's text after the move.
func (m *move) records(ctx context.Context, p *Project) (*lockfile.Lock, []byte, error) {
	lock, text := &lockfile.Lock{}, p.ManifestText
	for _, c := range p.Lock.Components {
		old, want := c.Path, p.Wanted(c)
		files, err := m.component(p.Lock, c)
		if err != nil {
			return nil, nil, err
		}
		if m.path(old) != old || !slices.Equal(files, c.Files) {
			if err := p.checkNotWrong(ctx, c); err != nil {
				return nil, nil, err
			}
			c.Path, c.Files = m.path(c.Path), files
			if c.Path != old && m.isTaken(p, c.Path) {
				return nil, nil, failure.Errorf(failure.Refused, "moving %q: another install is at %q", m.old, c.Path).
					WithHint("choose another path")
			}
			want.Path, want.Moved, want.Own = c.Path, map[string]string{}, m.own(want.Own)
			for _, f := range c.Files {
				if f.From != "" {
					want.Moved[f.From] = f.Path
				}
			}
			if text, err = manifest.ReplaceComponent(state.ManifestName, text, old, want); err != nil {
				return nil, nil, err
			}
		}
		lock.Put(c)
	}
	return lock, text, nil
}

// isTaken reports whether an install that does not move is at a path, or is wanted there.
func (m *move) isTaken(p *Project, path string) bool {
	_, installed := p.Lock.Component(path)
	_, wanted := p.Entries[path]
	return (installed || wanted) && m.path(path) == path
}

// component returns the files of an install after the move, and notes those that move. When the install
// moves as a whole, so does the place to which it is rendered.
func (m *move) component(lock *lockfile.Lock, c lockfile.Component) ([]lockfile.File, error) {
	files := slices.Clone(c.Files)
	for i, f := range files {
		rendered := f.Rendered()
		if state.IsAtOrBelow(c.Path, m.old) {
			rendered = m.path(c.Path) + strings.TrimPrefix(rendered, c.Path)
		}
		to := m.path(f.Path)
		if f.License && f.From == "" && c.Path == m.old { // it can be beside an install that is a file
			to = rendered
		}
		files[i].Path, files[i].From = to, rendered
		if to == rendered {
			files[i].From = ""
		}
		if other, _, taken := lock.Owner(to); taken && to != f.Path && m.path(to) == to {
			return nil, failure.Errorf(failure.Refused, "moving %q: the install %q has a file at %q",
				f.Path, other.Path, to).
				WithHint("choose another path")
		}
		isListed := func(o MovedFile) bool { return o.From == f.Path }
		if to != f.Path && !slices.ContainsFunc(m.files, isListed) { // installs may share a file
			m.files = append(m.files, MovedFile{f.Path, to})
		}
	}
	return files, nil
}

func (m *move) own(old map[string]manifest.Ownership) map[string]manifest.Ownership {
	out := make(map[string]manifest.Ownership, len(old))
	for p, own := range old {
		out[m.path(p)] = own
	}
	return out
}

// plan moves those files that the user has not moved yet.
func (m *move) plan(ctx context.Context, p *Project) (plan.Plan, error) {
	var all []string
	for _, f := range m.files {
		all = append(all, f.From, f.To)
	}
	disk, err := p.tree.Scan(ctx, all)
	if err != nil {
		return plan.Plan{}, err
	}
	if i := slices.IndexFunc(all, func(name string) bool { return disk[name].Kind == plan.Sparse }); i >= 0 {
		return plan.Plan{}, errSparse("moving "+shell.Quote(m.old), all[i], p.Quote)
	}
	in, moved := plan.Input{Base: map[string]plan.State{}, Disk: disk}, []fileset.File{}
	for _, f := range m.files {
		from, to := disk[f.From], disk[f.To]
		switch {
		case from.Kind == plan.Absent && to.Kind == plan.File: // moved already
		case from.Kind == plan.Absent: // deleted locally
		case from.Kind != plan.File:
			return plan.Plan{}, failure.Errorf(failure.Refused, "moving %q: it is %s now, and not the file that "+
				"was installed",
				f.From, from.Kind.Describe()).
				WithHint("move it yourself, then run the command again")
		case to.Kind != plan.Absent:
			return plan.Plan{}, failure.Errorf(failure.Refused, "moving %q: both it and %q exist", f.From, f.To).
				WithHint("remove one of them, then run the command again")
		default:
			data, err := p.tree.ReadFile(f.From)
			if err != nil {
				return plan.Plan{}, err
			}
			in.Base[f.From] = from
			moved = append(moved, fileset.File{Path: f.To, Mode: from.Mode, Data: data})
		}
	}
	exists := func(f MovedFile) bool { return disk[f.From].Kind == plan.File || disk[f.To].Kind == plan.File }
	if !slices.ContainsFunc(m.files, exists) {
		return plan.Plan{}, failure.Errorf(failure.Usage, "moving %q: neither it nor %q exists", m.old, m.new).
			WithHint("name its current path")
	}
	if in.Theirs, err = fileset.New(moved); err != nil {
		return plan.Plan{}, err
	}
	pl, err := plan.Make(in)
	if err != nil {
		return plan.Plan{}, err
	}
	for i, c := range pl.Changes {
		switch c.Action {
		case plan.Create:
			pl.Changes[i].Reason = "moved here"
			moved := slices.IndexFunc(m.files, func(f MovedFile) bool { return f.To == c.Path })
			pl.Changes[i].From = m.files[moved].From
		case plan.Delete:
			pl.Changes[i].Reason = "moved away"
		}
	}
	return pl, pl.Err()
}

// OwnResult is what Own changes.
type OwnResult struct {
	Files   []OwnedFile `json:"files"`
	Changes []Change    `json:"changes"`
	DryRun  bool        `json:"dry_run"`
}

// An OwnedFile is a file and who owns it: merge, once or mine.
type OwnedFile struct {
	Path string `json:"path"`
	Own  string `json:"own"`
}

// Own changes who owns the files of installs at or below a path. It writes only the manifest: it takes effect
// at the next upgrade, sync or remove.
func (p *Project) Own(ctx context.Context, name string, to manifest.Ownership) (*OwnResult, *Transaction, error) {
	path, err := p.PathBelow(name)
	if err == nil {
		path, err = manifest.CleanPath(path)
	}
	if err != nil {
		return nil, nil, err
	}
	result := &OwnResult{Files: []OwnedFile{}, Changes: []Change{}}
	text := p.ManifestText
	for _, c := range p.Lock.Components {
		want := p.Wanted(c)
		names := ownable(c, want.Own, path)
		if len(names) == 0 {
			continue
		}
		if err := p.checkNotWrong(ctx, c); err != nil {
			return nil, nil, err
		}
		own := map[string]manifest.Ownership{}
		maps.Copy(own, want.Own)
		for _, name := range names {
			if to == manifest.Merged && own[name] != "" {
				p.setup.Notify(fmt.Sprintf("%s: upstream changes made while you owned the file count as reverted "+
					"by you; see ppm project diff",
					name))
			}
			own[name] = to
			result.Files = append(result.Files, OwnedFile{name, string(to)})
		}
		want.Own = own
		if text, err = manifest.SetComponents(state.ManifestName, text, want); err != nil {
			return nil, nil, err
		}
	}
	if len(result.Files) == 0 {
		return nil, nil, p.ErrNoFile(name)
	}
	var pl plan.Plan
	if !bytes.Equal(text, p.ManifestText) {
		pl.Write(state.ManifestName, p.ManifestText, text)
	}
	t := newTransaction(pl, apply.Meta{Command: "own " + path + " " + string(to)}, p.Lock)
	result.Changes = t.Changes
	return result, t, nil
}

// ownable returns the files of an install at or below a path, also those that it has no more and the manifest names.
func ownable(c lockfile.Component, own map[string]manifest.Ownership, path string) []string {
	var names []string
	for _, f := range filesBelow(c, path) {
		names = append(names, f.Path)
	}
	for name := range own {
		if state.IsAtOrBelow(name, path) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// filesBelow returns the files of an install at or below a path.
func filesBelow(c lockfile.Component, path string) []lockfile.File {
	isOutside := func(f lockfile.File) bool { return !state.IsAtOrBelow(f.Path, path) }
	return slices.DeleteFunc(slices.Clone(c.Files), isOutside)
}
