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

// Meta describes the command that a plan is applied for. The history records it.
type Meta struct {
	Command string // as the user typed it
	RunID   string // common to all projects that one workspace command changes; else empty

	undoes int      // the number of the command that is undone
	undone *journal // the journal of that command
}

// Undoes returns the number of the command that is undone, or 0.
func (m Meta) Undoes() int { return m.undoes }

// Apply carries out pl, completely or not at all. It writes nothing if nothing changes, except that the history
// records that a command is undone. The error is of kind Refused
// if the plan has collisions or a file is not in the state that the plan was made for. Apply returns the context's
// error if the context ends before the journal is durable; later it ignores the context.
func (p *Project) Apply(ctx context.Context, pl plan.Plan, m Meta) error {
	if err := checkPlan(pl); err != nil {
		return err
	}
	if pl.Empty() && m.undoes == 0 {
		return nil
	}
	if p.lock == nil {
		return failure.Errorf(failure.Other, "writing to the project %q: it is open read-only", p.root.Name())
	}
	j, err := p.prepare(ctx, pl, m)
	if err != nil {
		p.cleanUp()
		return err
	}
	err = p.commitJournal()
	if err == nil {
		err = p.execute(j, nil)
	}
	if err == nil {
		err = p.finish(journalName, j.Number)
	}
	if err == nil {
		return nil
	}
	if _, failed := p.rollBack(); failed != nil {
		return failure.Errorf(failure.LocalIO, "%w; rolling back the command: %w", err, failed).
			WithHint("some files may be changed until then: run ppm here again to complete the rollback")
	}
	return err
}

// stagedName is the file with the new content of change i; asideName is where its old file is moved.
func stagedName(i int) string { return fmt.Sprintf("%s/%snew-%d", stateDir, tempPrefix, i) }
func asideName(i int) string  { return fmt.Sprintf("%s/%sold-%d", stateDir, tempPrefix, i) }

const draftName = stateDir + "/" + tempPrefix + "journal"

// commitJournal moves the journal to its final name and makes it durable.
func (p *Project) commitJournal() error {
	if err := p.disk.Rename(draftName, journalName); err != nil {
		return errIO("writing", journalName, err)
	}
	if numbers, err := p.entryNumbers(); err != nil {
		return err
	} else if len(numbers) == 0 { // .ppm itself may be new
		if err := p.disk.Sync("."); err != nil {
			return errIO("writing", stateDir, err)
		}
	}
	return errIO("writing", stateDir, p.disk.Sync(stateDir))
}

// execute performs the changes of the journal, in order. Done, if not nil, has the paths that an earlier attempt has
// completed.
func (p *Project) execute(j *journal, done map[string]bool) error {
	touched := make(map[string]bool)
	removals := j.removals()
	for i, e := range j.Changes {
		if i == removals {
			if err := p.removeDirs(j.RemovedDirs); err != nil {
				return err
			}
		}
		touched[path.Dir(e.Path)] = true
		if done[e.Path] {
			continue
		}
		if err := p.performChange(j, i, done != nil); err != nil {
			return errIO("writing", e.Path, err)
		}
	}
	if removals == len(j.Changes) {
		if err := p.removeDirs(j.RemovedDirs); err != nil {
			return err
		}
	}
	return p.syncAll(j, touched)
}

// removeDirs removes the given folders, as far as they are empty.
func (p *Project) removeDirs(dirs []dirRecord) error {
	for _, dir := range dirs {
		kind, _, err := p.lookup(dir.Path)
		if err == nil && kind == plan.Dir {
			err = p.disk.Remove(dir.Path)
		}
		if err != nil && !isMissingOrNotEmpty(err) {
			return errIO("removing", dir.Path, err)
		}
	}
	return nil
}

// performChange makes change i. It moves the current file aside before it compares its content with the plan, and
// never replaces a file, so that a concurrent write to it is not lost.
func (p *Project) performChange(j *journal, i int, resumed bool) error {
	e := j.Changes[i]
	kind, _, err := p.lookup(e.Path)
	switch {
	case err != nil:
		return err
	case kind == plan.Absent && (e.Old.Kind == plan.Absent || resumed):
	case kind != plan.File || e.Old.Kind == plan.Absent:
		return errChanged(e.Path)
	default:
		if err := p.moveAside(i, e); err != nil {
			return err
		}
	}
	if e.New.Kind != plan.File {
		return nil
	}
	if err := p.makeDirs(e.Path, j.CreatedDirs); err != nil {
		return err
	}
	return p.moveIntoPlace(stagedName(i), e.Path)
}

// moveAside moves the old file of change i to .ppm, and checks that it is the file that the plan was made for.
func (p *Project) moveAside(i int, e fileChange) error {
	if kind, _, err := p.lstat(asideName(i)); err != nil {
		return err
	} else if kind == plan.File { // after a power loss one file can have both names, and renaming it would do nothing
		if err := p.disk.Remove(asideName(i)); err != nil {
			return err
		}
	}
	if err := p.disk.Rename(e.Path, asideName(i)); err != nil {
		return err
	}
	if above, err := p.nonDirAbove(e.Path); err != nil || above != "" { // a folder has just become a link
		linkErr := p.disk.Link(asideName(i), e.Path) // move the file back
		return cmp.Or(err, linkErr, errChanged(e.Path))
	}
	if out, _, err := p.state(asideName(i)); err != nil || !out.Same(e.Old) {
		return cmp.Or(err, errChanged(e.Path))
	}
	return nil
}

// moveIntoPlace moves a file of .ppm to a path that must not exist. If the file system has hard links, the old name
// remains until the end of the command, so that isPlaced can identify the file.
func (p *Project) moveIntoPlace(from, to string) error {
	switch err := p.disk.Link(from, to); {
	case err == nil:
		return p.checkPlaced(from, to)
	case errors.Is(err, fs.ErrExist):
		return errChanged(to)
	}
	switch kind, _, err := p.lstat(to); {
	case err != nil:
		return err
	case kind != plan.Absent:
		return errChanged(to)
	}
	return p.disk.Rename(from, to)
}

// checkPlaced checks that a new link is where it should be. If a folder above it was replaced by a symbolic link
// meanwhile, it removes the link and returns an error.
func (p *Project) checkPlaced(from, to string) error {
	_, want, err := p.lstat(from)
	if err != nil {
		return err
	}
	_, got, err := p.lookup(to)
	if err != nil || got != nil && os.SameFile(want, got) {
		return err
	}
	if kind, elsewhere, err := p.lstat(to); err == nil && kind == plan.File && os.SameFile(want, elsewhere) {
		if err := p.disk.Remove(to); err != nil {
			return err
		}
	}
	return errChanged(to)
}

// makeDirs creates the missing folders above name, those in known with their permissions. It never changes the
// permissions of a folder that exists.
func (p *Project) makeDirs(name string, known []dirRecord) error {
	for _, at := range ancestors(name) {
		kind, _, err := p.lstat(at)
		switch {
		case err != nil:
			return err
		case kind == plan.Dir:
			continue
		case kind != plan.Absent:
			return errChanged(at)
		}
		if err := p.makeDir(at, fs.FileMode(findDir(known, at).Perm)); err != nil {
			return err
		}
	}
	return nil
}

// newDirName is where a folder gets its permissions before it is moved into place.
const newDirName = stateDir + "/" + tempPrefix + "dir"

// makeDir creates a folder, with the default permissions if bits is 0. It never has other permissions, not even
// briefly.
func (p *Project) makeDir(name string, bits fs.FileMode) error {
	if bits == 0 {
		err := p.disk.Mkdir(name, 0o777)
		if errors.Is(err, fs.ErrExist) {
			return errChanged(name)
		}
		return err
	}
	if err := p.disk.Remove(newDirName); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an interrupted attempt
		return err
	}
	err := p.disk.Mkdir(newDirName, bits)
	if err == nil {
		err = p.disk.Chmod(newDirName, bits) // the umask may have removed some
	}
	if err != nil {
		return err
	}
	switch kind, _, err := p.lstat(name); {
	case err != nil:
		return err
	case kind != plan.Absent:
		return errChanged(name)
	}
	return p.disk.Rename(newDirName, name)
}

// isMissingOrNotEmpty reports whether removing a folder failed because it does not exist or is not empty.
func isMissingOrNotEmpty(err error) bool {
	return errors.Is(err, fs.ErrNotExist) || errors.Is(err, fs.ErrExist)
}

// syncAll flushes the given folders and the parents of the folders that the journal creates or removes.
func (p *Project) syncAll(j *journal, dirs map[string]bool) error {
	for _, f := range slices.Concat(j.CreatedDirs, j.RemovedDirs) {
		dirs[path.Dir(f.Path)] = true
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) {
		kind, _, err := p.lookup(dir)
		if err == nil && kind == plan.Dir { // else it was removed or replaced
			err = errIO("writing", dir, p.disk.Sync(dir))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// finish turns the journal of a command with this number into an entry of the history, which ends the command.
func (p *Project) finish(name string, number int) error {
	if err := p.disk.Rename(name, undoName(number)); err != nil {
		return errIO("writing", undoName(number), err)
	}
	// If this fails, all files are durable anyway. After a power loss, the journal can come back with nothing left to
	// do, and needs its code.
	synced := p.disk.Sync(stateDir) == nil
	p.prune()
	if synced {
		p.cleanUp()
	}
	return nil
}
