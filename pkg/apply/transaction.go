package apply

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// Meta says what a plan is applied for. The history shows it.
type Meta struct {
	Command string // as the user typed it
	RunID   string // names what was started as one in several projects; empty for a project alone

	undoes int      // the number of the command that is taken back
	undone *journal // and what it did
}

// Undoes returns the number of the command that is taken back, or 0.
func (m Meta) Undoes() int { return m.undoes }

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
			WithHint("run ppm here again: it recovers by itself")
	}
	return err
}

// The new content of change i until it is put in its place, and what is moved out of its way.
func staged(i int) string { return fmt.Sprintf("%s/%snew-%d", stateDir, tempPrefix, i) }
func moved(i int) string  { return fmt.Sprintf("%s/%sold-%d", stateDir, tempPrefix, i) }

const draftName = stateDir + "/" + tempPrefix + "journal"

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
	removals := j.removals()
	for i, e := range j.Changes {
		if i == removals {
			if err := p.drop(j.Dropped); err != nil {
				return err
			}
		}
		touched[path.Dir(e.Path)] = true
		if done[e.Path] {
			continue
		}
		if err := p.perform(j, i, done != nil); err != nil {
			return ioError("writing", e.Path, err)
		}
	}
	if removals == len(j.Changes) {
		if err := p.drop(j.Dropped); err != nil {
			return err
		}
	}
	return p.syncAll(j, touched)
}

// drop removes the folders in which nothing is left.
func (p *Project) drop(folders []folder) error {
	for _, folder := range folders {
		kind, _, err := p.look(folder.Path)
		if err == nil && kind == plan.Folder {
			err = p.disk.Remove(folder.Path)
		}
		if err != nil && !vanished(err) {
			return ioError("removing", folder.Path, err)
		}
	}
	return nil
}

// perform makes change i. What stands at its path is moved out of the way before it is compared with what
// the plan was made for, and nothing is ever replaced: so no byte that somebody writes meanwhile is lost.
func (p *Project) perform(j *journal, i int, resumed bool) error {
	e := j.Changes[i]
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
	if err := p.makeFolders(e.Path, j.Made); err != nil {
		return err
	}
	return p.place(staged(i), e.Path)
}

func (p *Project) moveOut(i int, e entry) error {
	if kind, _, err := p.lstat(moved(i)); err != nil {
		return err
	} else if kind == plan.File { // two names of one file, after the power went: renaming one to the other does nothing
		if err := p.disk.Remove(moved(i)); err != nil {
			return err
		}
	}
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

// makeFolders makes the folders above name that do not exist. Of the known ones it sets the permissions.
func (p *Project) makeFolders(name string, known []folder) error {
	for _, at := range ancestors(name) {
		kind, info, err := p.lstat(at)
		bits := fs.FileMode(find(known, at).Perm)
		switch {
		case err != nil:
			return err
		case kind == plan.Absent:
			err = p.disk.Mkdir(at, cmp.Or(bits, 0o777))
			if errors.Is(err, fs.ErrExist) {
				err = changed(at)
			}
		case kind != plan.Folder:
			err = changed(at)
		case info.Mode().Perm() == bits:
			continue
		}
		if err == nil && bits != 0 { // of which the umask may have taken some
			err = p.disk.Chmod(at, bits)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// vanished reports whether a folder could not be removed because it is not there or not empty: either is fine.
func vanished(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
}

// syncAll makes the names in the folders durable, and in those above the folders that the journal makes or drops.
func (p *Project) syncAll(j *journal, folders map[string]bool) error {
	for _, f := range slices.Concat(j.Made, j.Dropped) {
		folders[path.Dir(f.Path)] = true
	}
	for _, folder := range slices.Sorted(maps.Keys(folders)) {
		kind, _, err := p.look(folder)
		if err == nil && kind == plan.Folder { // else it was dropped, or is the user's now
			err = ioError("writing", folder, p.disk.Sync(folder))
		}
		if err != nil {
			return err
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
