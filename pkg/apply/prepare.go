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

// checkPlan returns an error unless pl is valid. The plan may come from a file.
func checkPlan(pl plan.Plan) error {
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
			return failure.Errorf(failure.Refused, "writing %q: the plan changes it twice", c.Path).
				WithHint("make the plan again")
		}
		seen[c.Path] = true
		if c.Action == plan.Create || c.Action == plan.Update || c.Action == plan.Merge {
			written = append(written, c.Path)
		}
		if err := checkChange(c); err != nil {
			return failure.Errorf(failure.Refused, "writing %q: the plan is invalid: %w", c.Path, err).
				WithHint("make the plan again")
		}
	}
	return fileset.CheckCollisions(written)
}

func checkChange(c plan.Change) error {
	before, after := plan.File, plan.File
	switch c.Action {
	case plan.Create:
		before = plan.Absent
		if c.Old.Kind == plan.Dir { // that becomes empty
			before = plan.Dir
		}
	case plan.Delete:
		after = plan.Absent
	case plan.Update, plan.Merge:
		if c.Old == c.New {
			return errors.New("the update changes nothing")
		}
	case plan.Keep, plan.Unchanged:
		return nil
	default:
		return fmt.Errorf("unknown action %q", c.Action)
	}
	if c.Old.Kind != before || c.New.Kind != after {
		return fmt.Errorf("%s turns %s into %s", c.Action, c.Old.Kind, c.New.Kind)
	}
	if after == plan.File && c.New.Digest != c.Old.Digest && fileset.Digest(c.Data) != c.New.Digest {
		return errors.New("the content does not match its digest")
	}
	return nil
}

// prepare checks that the files are in the state that the plan was made for, and stages the new contents and the
// journal in .ppm. It changes nothing else.
func (p *Project) prepare(ctx context.Context, pl plan.Plan, m Meta) (*journal, error) {
	number, err := p.nextNumber()
	if err != nil {
		return nil, err
	}
	j := &journal{Version: journalVersion, Number: number, Command: m.Command, RunID: m.RunID, Undoes: m.undoes}
	var data [][]byte
	changes := slices.DeleteFunc(slices.Clone(pl.Changes), func(c plan.Change) bool { return !c.Writes() })
	slices.SortStableFunc(changes, func(a, b plan.Change) int { return rank(a) - rank(b) })
	for _, c := range changes {
		e, err := p.prepareChange(c, j, m)
		if err != nil {
			return nil, err
		}
		j.Changes = append(j.Changes, e)
		data = append(data, c.Data)
	}
	if j.RemovedDirs, err = p.dirsLeftEmpty(j, m); err != nil {
		return nil, err
	}
	if err := p.stageAll(ctx, j, m, data); err != nil {
		return nil, err
	}
	if err := p.writeJournal(j, draftName); err != nil {
		return nil, errIO("writing", journalName, err)
	}
	return j, ctx.Err()
}

// rank orders changes for execution: deletions make room for writes, and the project's records come last.
func rank(c plan.Change) int {
	switch {
	case c.Record:
		return 2
	case c.Action == plan.Delete:
		return 0
	}
	return 1
}

// prepareChange returns the journal's record of c, and adds to j the folders that c creates. The digest of the old
// content is checked when it is copied to the journal.
func (p *Project) prepareChange(c plan.Change, j *journal, m Meta) (fileChange, error) {
	e := fileChange{Path: c.Path, Record: c.Record, Old: c.Old, New: c.New}
	kind, info, err := p.lookup(c.Path)
	if err != nil {
		return e, err
	}
	if kind != c.Old.Kind {
		return e, errChanged(c.Path)
	}
	if kind == plan.Dir {
		e.Old = plan.State{} // it is removed before the file is written
	}
	if kind == plan.File {
		e.Perm = perm(info.Mode().Perm())
		if !(plan.State{Kind: kind, Digest: c.Old.Digest, Mode: p.modeOf(info)}).Same(c.Old) {
			return e, errChanged(c.Path)
		}
	}
	if c.New.Kind != plan.File {
		return e, nil
	}
	if c.From != "" && kind != plan.File { // a file that moves keeps its permissions
		if kind, info, err := p.lookup(c.From); err == nil && kind == plan.File {
			e.Perm = perm(info.Mode().Perm())
		}
	}
	for _, dir := range ancestors(c.Path) {
		kind, _, err := p.lstat(dir)
		switch {
		case err != nil:
			return e, err
		case kind == plan.Dir || containsDir(j.CreatedDirs, dir):
		case kind == plan.Absent || kind == plan.File && j.removes(dir): // missing, or a file that becomes a folder
			j.CreatedDirs = append(j.CreatedDirs, m.newDir(dir))
		default:
			return e, errChanged(dir)
		}
	}
	return e, nil
}

// dirsLeftEmpty returns the folders that the command leaves empty, inner before outer, except for those that existed
// before ppm wrote its first file there.
func (p *Project) dirsLeftEmpty(j *journal, m Meta) ([]dirRecord, error) {
	var candidates []string
	removed, needed, replaced := make(map[string]bool), make(map[string]bool), make(map[string]bool)
	for _, e := range j.Changes {
		replaced[e.Path] = true
		if e.New.Kind == plan.Absent {
			removed[e.Path] = true
			candidates = append(candidates, ancestors(e.Path)...)
			continue
		}
		for _, dir := range ancestors(e.Path) {
			needed[dir] = true
		}
	}
	if len(candidates) == 0 {
		return nil, nil
	}
	preexisting := p.preexistingDirs(removed)
	slices.SortFunc(candidates, func(a, b string) int { return strings.Compare(b, a) }) // inner first
	var out []dirRecord
	for _, name := range slices.Compact(candidates) {
		keep := preexisting[name] || m.undone != nil && !containsDir(m.undone.CreatedDirs, name)
		if needed[name] || keep && !replaced[name] {
			continue
		}
		entries, err := p.readDir(name)
		if err != nil {
			return nil, errIO("reading", name, err)
		}
		if slices.ContainsFunc(entries, func(e string) bool { return !removed[name+"/"+e] }) {
			continue
		}
		_, info, err := p.lstat(name)
		if err != nil {
			return nil, err
		}
		removed[name] = true
		out = append(out, dirRecord{name, perm(info.Mode().Perm())})
	}
	return out, nil
}

// maxParallelWrites is how many files are staged in parallel. Most of the time is spent waiting for the disk, which
// flushes many files about as fast as one.
const maxParallelWrites = 8

// stageAll writes the new contents to .ppm.
func (p *Project) stageAll(ctx context.Context, j *journal, m Meta, data [][]byte) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(maxParallelWrites)
	for i, e := range j.Changes {
		if e.New.Kind != plan.File {
			continue
		}
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := p.stage(i, e, m, data[i]); err != nil {
				return errIO("writing", e.Path, err)
			}
			return nil
		})
	}
	return group.Wait()
}

// stage writes the new content of change i to .ppm.
func (p *Project) stage(i int, e fileChange, m Meta, data []byte) error {
	bits, exact := m.filePerm(e)
	return write(p.disk, stagedName(i), bits, exact, func(w io.Writer) error {
		if e.New.Digest == e.Old.Digest { // only the mode changes
			return p.copyCurrent(w, e)
		}
		_, err := w.Write(data)
		return err
	})
}

// filePerm returns the permission bits of the file that e writes, and whether they are exact or subject to the umask.
// A replaced or moved file keeps its bits except for the executable ones. A file that an undo restores gets its old
// bits.
func (m Meta) filePerm(e fileChange) (bits fs.FileMode, exact bool) {
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

// newDir returns the record of the folder to create at path, with its old permissions if an undo restores it.
func (m Meta) newDir(path string) dirRecord {
	if m.undone != nil && containsDir(m.undone.RemovedDirs, path) {
		return findDir(m.undone.RemovedDirs, path)
	}
	return dirRecord{Path: path}
}
