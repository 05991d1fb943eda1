package apply

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// check proves that pl is a plan that may be applied, also when it comes from a file.
func check(pl plan.Plan) error {
	if err := pl.Err(); err != nil {
		return err
	}
	var written []string
	seen := make(map[string]bool)
	for _, c := range pl.Changes {
		if err := fileset.CheckPath(c.Path); err != nil {
			return err
		}
		if seen[c.Path] {
			return failure.Errorf(failure.Refused, "writing %q: the plan has two changes of it", c.Path).WithHint("make the plan again")
		}
		seen[c.Path] = true
		if c.Action == plan.Create || c.Action == plan.Update || c.Action == plan.Merge {
			written = append(written, c.Path)
		}
		if err := checkChange(c); err != nil {
			return failure.Errorf(failure.Refused, "writing %q: the plan is not sound: %w", c.Path, err).WithHint("make the plan again")
		}
	}
	return fileset.CheckCollisions(written)
}

func checkChange(c plan.Change) error {
	before, after := plan.File, plan.File
	switch c.Action {
	case plan.Create:
		before = plan.Absent
		if c.Old.Kind == plan.Folder { // that becomes empty
			before = plan.Folder
		}
	case plan.Delete:
		after = plan.Absent
	case plan.Update, plan.Merge:
		if c.Old.Same(c.New) {
			return errors.New("an update that changes nothing")
		}
	case plan.Keep, plan.Unchanged:
		return nil
	default:
		return fmt.Errorf("no such action %q", c.Action)
	}
	if c.Old.Kind != before || c.New.Kind != after {
		return fmt.Errorf("%s turns %s into %s", c.Action, c.Old.Kind, c.New.Kind)
	}
	if after == plan.File && c.New.Digest != c.Old.Digest && fileset.Digest(c.Data) != c.New.Digest {
		return errors.New("its content has another digest")
	}
	return nil
}

// prepare checks what the plan was made for, and writes all that the command
// needs to .ppm, durable. It touches nothing else.
func (p *Project) prepare(ctx context.Context, pl plan.Plan, m Meta) (*journal, error) {
	j := &journal{Version: journalVersion, Command: m.Command, Run: m.RunID, Undoes: m.undoes}
	var data [][]byte
	changes := slices.DeleteFunc(slices.Clone(pl.Changes), func(c plan.Change) bool { return !c.Writes() })
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return rank(a) - rank(b) })
	for _, c := range changes {
		e, err := p.inspect(c, j, m)
		if err != nil {
			return nil, err
		}
		j.Changes = append(j.Changes, e)
		data = append(data, c.Data)
	}
	var err error
	if j.Dropped, err = p.emptied(j, m); err != nil {
		return nil, err
	}
	if err := p.stageAll(ctx, j, m, data); err != nil {
		return nil, err
	}
	if err := p.save(j, draftName); err != nil {
		return nil, ioError("writing", journalName, err)
	}
	return j, ctx.Err()
}

// rank orders what is executed: what goes makes room for what comes, and the project's records come last.
func rank(c plan.Change) int {
	switch {
	case c.Record:
		return 2
	case c.Action == plan.Delete:
		return 0
	}
	return 1
}

// inspect returns the entry of c, and adds to j the folders that it needs. The digest
// of what is replaced is compared when it is copied to the journal.
func (p *Project) inspect(c plan.Change, j *journal, m Meta) (entry, error) {
	e := entry{Path: c.Path, Record: c.Record, Old: c.Old, New: c.New}
	kind, info, err := p.look(c.Path)
	if err != nil {
		return e, err
	}
	if kind != c.Old.Kind {
		return e, changed(c.Path)
	}
	if kind == plan.Folder {
		e.Old = plan.State{} // by the time that the file comes
	}
	if kind == plan.File {
		e.Perm = perm(info.Mode().Perm())
		if !(plan.State{Kind: kind, Digest: c.Old.Digest, Mode: modeOf(info)}).Same(c.Old) {
			return e, changed(c.Path)
		}
	}
	if c.New.Kind != plan.File {
		return e, nil
	}
	if c.From != "" && kind != plan.File { // a file that moves stays as secret as it was
		if kind, info, err := p.look(c.From); err == nil && kind == plan.File {
			e.Perm = perm(info.Mode().Perm())
		}
	}
	for _, folder := range ancestors(c.Path) {
		kind, _, err := p.lstat(folder)
		switch {
		case err != nil:
			return e, err
		case kind == plan.Folder || has(j.Made, folder):
		case kind == plan.Absent || kind == plan.File && j.removes(folder): // nothing, or a file that becomes a folder
			j.Made = append(j.Made, m.folder(folder))
		default:
			return e, changed(folder)
		}
	}
	return e, nil
}

// emptied returns the folders in which nothing is left, inner before outer, except
// those that were there before ppm wrote its first file into them.
func (p *Project) emptied(j *journal, m Meta) ([]folder, error) {
	var candidates []string
	gone, needed, replaced := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, e := range j.Changes {
		replaced[e.Path] = true
		if e.New.Kind == plan.Absent {
			gone[e.Path] = true
			candidates = append(candidates, ancestors(e.Path)...)
			continue
		}
		for _, folder := range ancestors(e.Path) {
			needed[folder] = true
		}
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	theirs := p.usersFolders(gone)
	slices.SortFunc(candidates, func(a, b string) int { return strings.Compare(b, a) }) // what is inside comes first
	var out []folder
	for _, name := range slices.Compact(candidates) {
		keep := theirs[name] || m.undone != nil && !has(m.undone.Made, name)
		if needed[name] || keep && !replaced[name] {
			continue
		}
		entries, err := p.readDir(name)
		if err != nil {
			return nil, ioError("reading", name, err)
		}
		if slices.ContainsFunc(entries, func(e string) bool { return !gone[name+"/"+e] }) {
			continue
		}
		_, info, err := p.lstat(name)
		if err != nil {
			return nil, err
		}
		gone[name] = true
		out = append(out, folder{name, perm(info.Mode().Perm())})
	}
	return out, nil
}

// stagers is how many files are written at once. Most of the time goes into waiting for
// the disk, which flushes many files about as fast as one.
const stagers = 8

// stageAll writes the new contents to .ppm.
func (p *Project) stageAll(ctx context.Context, j *journal, m Meta, data [][]byte) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(stagers)
	for i, e := range j.Changes {
		if e.New.Kind != plan.File {
			continue
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.stage(i, e, m, data[i]); err != nil {
				return ioError("writing", e.Path, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// stage writes the new content of change i to .ppm.
func (p *Project) stage(i int, e entry, m Meta, data []byte) error {
	bits, exact := m.perm(e)
	return write(p.disk, staged(i), bits, exact, func(w io.Writer) error {
		if e.New.Digest == e.Old.Digest { // only the mode changes
			return p.copyOld(w, e)
		}
		_, err := w.Write(data)
		return err
	})
}

// perm returns the permission bits of the file that e writes, and whether the umask must not touch them. A
// file that is replaced or moved keeps what it had, but for the executable bits; one that was removed gets back what it had.
func (m Meta) perm(e entry) (bits fs.FileMode, exact bool) {
	bits = 0o666
	if e.Old.Kind == plan.File || e.Perm != 0 {
		bits, exact = fs.FileMode(e.Perm), true
	} else if m.undone != nil {
		for _, was := range m.undone.Changes {
			if was.Path == e.Path && was.Old.Kind == plan.File {
				return fs.FileMode(was.Perm), true
			}
		}
	}
	switch e.New.Mode {
	case fileset.Executable:
		bits |= bits & 0o444 >> 2
	case fileset.Regular:
		bits &^= 0o111
	}
	return bits, exact
}

// folder returns the folder that is made at path: as it was, when it was removed.
func (m Meta) folder(path string) folder {
	if m.undone != nil && has(m.undone.Dropped, path) {
		return find(m.undone.Dropped, path)
	}
	return folder{Path: path}
}
