package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// Meta says what a plan is applied for. The history shows it.
type Meta struct {
	Command string // as the user typed it

	undoes int      // the number of the command that is taken back
	made   []string // the folders that it made: no other is removed
}

// Apply carries out pl, all of it or nothing. It fails with kind Refused when the plan has
// collisions or a file is not what the plan was made for, and with the context's error when
// it ends before the journal is durable; after that it takes no notice of the context.
// When nothing changes, nothing is written.
func (p *Project) Apply(ctx context.Context, pl plan.Plan, m Meta) error {
	if err := check(pl); err != nil {
		return err
	}
	if pl.Empty() {
		return nil
	}
	if p.lock == nil {
		return failure.Errorf(failure.Other, "writing to the project %q: it is open for reading only", p.root.Name())
	}
	j, err := p.prepare(ctx, pl, m)
	if err != nil {
		p.cleanUp()
		return err
	}
	err = p.commit()
	if err == nil {
		err = p.execute(j, nil)
	}
	if err == nil {
		err = p.finish(journalName)
	}
	if err == nil {
		return nil
	}
	if _, failed := p.rollBack(); failed != nil {
		return failure.Errorf(failure.LocalIO, "%w; taking the command back: %w", err, failed).
			WithHint("run ppm here again: it takes the rest of the command back")
	}
	return err
}

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
		if c.Action == plan.Create || c.Action == plan.Update {
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
	case plan.Delete:
		after = plan.Absent
	case plan.Update:
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

// The new content of change i until it is put in its place, and what is moved out of its way.
func staged(i int) string { return fmt.Sprintf("%s/%snew-%d", stateDir, tempPrefix, i) }
func moved(i int) string  { return fmt.Sprintf("%s/%sold-%d", stateDir, tempPrefix, i) }

const draftName = stateDir + "/" + tempPrefix + "journal"

// prepare checks what the plan was made for, and writes all that the command
// needs to .ppm, durable. It touches nothing else.
func (p *Project) prepare(ctx context.Context, pl plan.Plan, m Meta) (*journal, error) {
	j := &journal{Version: journalVersion, Command: m.Command, Undoes: m.undoes}
	var data [][]byte
	for _, c := range pl.Changes {
		if !c.Writes() {
			continue
		}
		e, err := p.inspect(c, j)
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
	for i, e := range j.Changes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if e.New.Kind == plan.File {
			if err := p.stage(i, e, data[i]); err != nil {
				return nil, ioError("writing", e.Path, err)
			}
		}
	}
	if err := p.save(j, draftName); err != nil {
		return nil, ioError("writing", journalName, err)
	}
	return j, ctx.Err()
}

// inspect returns the entry of c, and adds to j the folders that it needs. The digest
// of what is replaced is compared when it is copied to the journal.
func (p *Project) inspect(c plan.Change, j *journal) (entry, error) {
	e := entry{Path: c.Path, Record: c.Record, Old: c.Old, New: c.New}
	kind, info, err := p.look(c.Path)
	if err != nil {
		return e, err
	}
	if kind != c.Old.Kind {
		return e, changed(c.Path)
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
	for _, folder := range ancestors(c.Path) {
		kind, _, err := p.lstat(folder)
		switch {
		case err != nil:
			return e, err
		case kind == plan.Folder || slices.Contains(j.Made, folder):
		case kind == plan.Absent || kind == plan.File && j.removes(folder): // nothing, or a file that becomes a folder
			j.Made = append(j.Made, folder)
		default:
			return e, changed(folder)
		}
	}
	return e, nil
}

func (j *journal) removes(path string) bool {
	return slices.ContainsFunc(j.Changes, func(e entry) bool { return e.Path == path && e.New.Kind == plan.Absent })
}

// emptied returns the folders in which nothing is left, inner before outer, except
// those that were there before ppm wrote its first file into them.
func (p *Project) emptied(j *journal, m Meta) ([]folder, error) {
	var candidates []string
	gone, needed := make(map[string]bool), make(map[string]bool)
	for _, e := range j.Changes {
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
		if needed[name] || theirs[name] || m.undoes != 0 && !slices.Contains(m.made, name) {
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

// stage writes the new content of change i to .ppm. A new file gets the permissions that the user's
// umask leaves; one that is replaced keeps what it had, but for the executable bits.
func (p *Project) stage(i int, e entry, data []byte) error {
	bits, exact := fs.FileMode(0o666), false
	if e.Old.Kind == plan.File {
		bits, exact = fs.FileMode(e.Perm), true
	}
	switch {
	case e.New.Mode == fileset.Executable:
		bits |= bits & 0o444 >> 2
	case e.New.Mode == fileset.Regular:
		bits &^= 0o111
	}
	return write(p.disk, staged(i), bits, exact, func(w io.Writer) error {
		if e.New.Digest == e.Old.Digest { // only the mode changes
			return p.copyOld(w, e)
		}
		_, err := w.Write(data)
		return err
	})
}

// commit makes the journal durable under its name.
func (p *Project) commit() error {
	if err := p.disk.Rename(draftName, journalName); err != nil {
		return ioError("writing", journalName, err)
	}
	if numbers, err := p.numbers(); err != nil {
		return err
	} else if len(numbers) == 0 { // .ppm itself may be new
		if err := p.disk.Sync("."); err != nil {
			return ioError("writing", stateDir, err)
		}
	}
	return ioError("writing", stateDir, p.disk.Sync(stateDir))
}

// execute does what the journal says, in its order. Done, when not nil, holds
// the paths at which an earlier attempt has done it already.
func (p *Project) execute(j *journal, done map[string]bool) error {
	touched := make(map[string]bool)
	for i, e := range j.Changes {
		touched[path.Dir(e.Path)] = true
		if done[e.Path] {
			continue
		}
		if err := p.perform(i, e, done != nil); err != nil {
			return ioError("writing", e.Path, err)
		}
	}
	for _, folder := range j.Made {
		touched[path.Dir(folder)] = true
	}
	for _, folder := range j.Dropped {
		if err := p.disk.Remove(folder.Path); err != nil && !vanished(err) {
			return ioError("removing", folder.Path, err)
		}
		touched[path.Dir(folder.Path)] = true
	}
	return p.syncAll(touched)
}

// perform makes change i. What stands at its path is moved out of the way before it is compared with what
// the plan was made for, and nothing is ever replaced: so no byte that somebody writes meanwhile is lost.
func (p *Project) perform(i int, e entry, resumed bool) error {
	kind, _, err := p.look(e.Path)
	switch {
	case err != nil:
		return err
	case kind == plan.Absent && (e.Old.Kind == plan.Absent || resumed):
	case kind != plan.File || e.Old.Kind == plan.Absent:
		return changed(e.Path)
	default:
		if err := p.moveOut(i, e); err != nil {
			return err
		}
	}
	if e.New.Kind != plan.File {
		return nil
	}
	if err := p.makeFolders(e.Path); err != nil {
		return err
	}
	return p.place(staged(i), e.Path)
}

func (p *Project) moveOut(i int, e entry) error {
	if err := p.disk.Rename(e.Path, moved(i)); err != nil {
		return err
	}
	if above, err := p.blocker(e.Path); err != nil || above != "" { // a folder became a link at that very moment
		return cmp.Or(err, p.disk.Link(moved(i), e.Path), changed(e.Path))
	}
	if out, _, err := p.state(moved(i)); err != nil || !out.Same(e.Old) {
		return cmp.Or(err, changed(e.Path))
	}
	return nil
}

// place puts a file of .ppm at a path where there is nothing. Its first name stays, until the
// command is done, as the proof of whose file it is; but not every file system has hard links.
func (p *Project) place(from, to string) error {
	switch err := p.disk.Link(from, to); {
	case err == nil:
		return p.checkPlaced(from, to)
	case errors.Is(err, fs.ErrExist):
		return changed(to)
	}
	switch kind, _, err := p.lstat(to); {
	case err != nil:
		return err
	case kind != plan.Absent:
		return changed(to)
	}
	return p.disk.Rename(from, to)
}

// checkPlaced takes a new name back that did not come to stand where it should,
// because a folder above it became a link at that very moment.
func (p *Project) checkPlaced(from, to string) error {
	_, want, err := p.lstat(from)
	if err != nil {
		return err
	}
	_, got, err := p.look(to)
	if err != nil || got != nil && os.SameFile(want, got) {
		return err
	}
	if kind, elsewhere, err := p.lstat(to); err == nil && kind == plan.File && os.SameFile(want, elsewhere) {
		if err := p.disk.Remove(to); err != nil {
			return err
		}
	}
	return changed(to)
}

// makeFolders makes the folders above name that do not exist.
func (p *Project) makeFolders(name string) error {
	for _, folder := range ancestors(name) {
		switch kind, _, err := p.lstat(folder); {
		case err != nil:
			return err
		case kind == plan.Absent:
			err := p.disk.Mkdir(folder, 0o777)
			if errors.Is(err, fs.ErrExist) {
				err = changed(folder)
			}
			if err != nil {
				return err
			}
		case kind != plan.Folder:
			return changed(folder)
		}
	}
	return nil
}

// vanished reports whether a folder could not be removed because it is not there or not empty: either is fine.
func vanished(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
}

// syncAll makes the names in the folders durable; one that is gone has none.
func (p *Project) syncAll(folders map[string]bool) error {
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		err := p.disk.Sync(folder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, syscall.ENOTDIR) {
			return ioError("writing", folder, err)
		}
	}
	return nil
}

// finish turns the journal into an entry of the history. From here on the command is done.
func (p *Project) finish(name string) error {
	numbers, err := p.numbers()
	if err != nil {
		return err
	}
	next := 1
	if len(numbers) > 0 {
		next = numbers[len(numbers)-1] + 1
	}
	if err := p.disk.Rename(name, undoName(next)); err != nil {
		return ioError("writing", undoName(next), err)
	}
	// Should this fail, all files are durable all the same, and the next command finds a journal of which nothing is left to do.
	_ = p.disk.Sync(stateDir)
	p.prune(append(numbers, next))
	p.cleanUp()
	return nil
}
