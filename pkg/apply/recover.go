package apply

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// copyName is where an old content is staged before it is restored.
const copyName = stateDir + "/" + tempPrefix + "copy"

// A Recovery says what was done about a command that was killed.
type Recovery struct {
	Command   string
	Completed bool     // else it was rolled back
	Kept      []string // files that the user changed since, which were left as they are
}

// recover completes a killed command if each of its files is either done or still in its old state; otherwise it rolls
// the command back. It can be interrupted at any point and run again.
func (p *Project) recover() (*Recovery, error) {
	if _, err := p.root.Lstat(rollbackName); err == nil {
		return p.completeRollBack()
	}
	a, err := p.openJournal(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		p.cleanUp()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j := a.journal
	if err := a.Close(); err != nil {
		return nil, errIO("reading", journalName, err)
	}
	if err := p.checkUnfinished(journalName, j); err != nil {
		return nil, err
	}
	done := make(map[string]bool)
	for i, e := range j.Changes {
		isDone, ready, err := p.progress(j, i)
		if err != nil {
			return nil, err
		}
		if !isDone && !ready {
			return p.rollBack()
		}
		done[e.Path] = isDone
	}
	if err := p.execute(j, done); errors.Is(err, failure.Refused) { // something else is in the way now
		return p.rollBack()
	} else if err != nil {
		return nil, err
	}
	kept, err := p.unexpectedFiles(j, j.CreatedDirs, func(e fileChange) plan.State { return e.New })
	if err != nil {
		return nil, err
	}
	return &Recovery{Command: j.Command, Completed: true, Kept: kept}, p.finish(journalName, j.Number)
}

// checkUnfinished returns an error if the history has the command of a journal: then somebody has copied its entry.
func (p *Project) checkUnfinished(name string, j *journal) error {
	if _, err := p.root.Lstat(undoName(j.Number)); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return failure.Errorf(failure.Integrity,
		"reading the journal %q: the history already has this command, in %q", name, undoName(j.Number)).
		WithHint("remove the one that came with a clone or an archive")
}

// progress reports whether change i is done, and if not, whether it can be made now.
func (p *Project) progress(j *journal, i int) (done, ready bool, err error) {
	e := j.Changes[i]
	if above, err := p.nonDirAbove(e.Path); err != nil || above != "" && !j.removes(above) {
		return e.New.Kind != plan.File, false, err // without a folder there is nothing to remove
	}
	out, _, err := p.state(asideName(i))
	if err != nil || out.Kind != plan.Absent && !out.Same(e.Old) { // it was being written when it was moved
		return false, false, err
	}
	now, info, err := p.state(e.Path)
	if err != nil {
		return false, false, err
	}
	if e.New.Kind != plan.File {
		inTheWay := now.Kind != plan.Absent && now.Kind != plan.Dir && containsDir(j.CreatedDirs, e.Path)
		return !now.Same(e.Old) && !inTheWay, now.Same(e.Old), nil
	}
	if now.Same(e.New) {
		return true, false, nil
	}
	if isPlaced, err := p.isPlaced(i, info); err != nil || isPlaced { // and possibly edited since
		return isPlaced && now.Kind != plan.Absent && !now.Same(e.Old), false, err
	}
	free := now.Same(e.Old) || now.Kind == plan.Absent || now.Kind == plan.Dir && containsDir(j.RemovedDirs, e.Path)
	next, _, err := p.state(stagedName(i))
	return false, next.Same(e.New) && free, err
}

// isPlaced reports whether the file at the path of change i, described by info, is the one that was staged for it.
func (p *Project) isPlaced(i int, info fs.FileInfo) (bool, error) {
	kind, next, err := p.lstat(stagedName(i))
	if err != nil || kind == plan.Absent { // renamed, as there are no hard links
		return err == nil, err
	}
	return info != nil && os.SameFile(info, next), nil
}

// rollBack restores the old state of each file that the command has written or removed, in reverse order. Once it has
// started, the command can no longer be completed.
func (p *Project) rollBack() (*Recovery, error) {
	err := p.disk.Rename(journalName, rollbackName)
	if err == nil {
		err = p.disk.Sync(stateDir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, errIO("writing", rollbackName, err)
	}
	return p.completeRollBack()
}

// completeRollBack rolls back the command whose journal was renamed for it.
func (p *Project) completeRollBack() (*Recovery, error) {
	a, err := p.openJournal(rollbackName)
	if errors.Is(err, fs.ErrNotExist) { // the command has changed nothing
		p.cleanUp()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if err := p.checkUnfinished(rollbackName, a.journal); err != nil {
		return nil, cmp.Or(err, a.Close())
	}
	kept, err := p.restoreAll(a)
	if err = cmp.Or(err, a.Close()); err != nil {
		return nil, err
	}
	r := &Recovery{Command: a.Command, Kept: kept}
	if len(kept) > 0 { // keep the old contents of these files in the history
		return r, p.finish(rollbackName, a.Number)
	}
	if err := p.disk.Remove(rollbackName); err != nil {
		return nil, errIO("removing", rollbackName, err)
	}
	if err := p.disk.Sync(stateDir); err != nil { // the journal, which needs its code, can come back
		return r, errIO("writing", stateDir, err)
	}
	p.cleanUp()
	return r, nil
}

// restoreAll reverses the steps of execute. It returns the files that are not in their old state.
func (p *Project) restoreAll(a *journalReader) ([]string, error) {
	touched := make(map[string]bool)
	removals := a.removals()
	for i, e := range slices.Backward(a.Changes) {
		if i == removals-1 {
			if err := p.restoreDirs(a); err != nil {
				return nil, err
			}
		}
		touched[path.Dir(e.Path)] = true
		if err := p.restore(a, i, e); err != nil {
			return nil, errIO("restoring", e.Path, err)
		}
	}
	if removals == 0 {
		if err := p.restoreDirs(a); err != nil {
			return nil, err
		}
	}
	if err := p.syncAll(a.journal, touched); err != nil {
		return nil, err
	}
	return p.unexpectedFiles(a.journal, a.RemovedDirs, func(e fileChange) plan.State { return e.Old })
}

// restoreDirs removes the folders that were created and recreates those that were removed.
func (p *Project) restoreDirs(a *journalReader) error {
	made := slices.Clone(a.CreatedDirs)
	slices.Reverse(made)
	if err := p.removeDirs(made); err != nil {
		return err
	}
	for _, dir := range slices.Backward(a.RemovedDirs) {
		if err := p.recreateDir(dir); err != nil {
			return errIO("restoring", dir.Path, err)
		}
	}
	return nil
}

// restore reverses change i, unless the user has changed the file since.
func (p *Project) restore(a *journalReader, i int, e fileChange) error {
	now, info, err := p.state(e.Path)
	if err != nil {
		return err
	}
	if e.New.Kind == plan.File && now.Same(e.New) {
		if isPlaced, err := p.isPlaced(i, info); err != nil || !isPlaced { // the same content in a different file
			return err
		}
		if err := p.disk.Remove(e.Path); err != nil {
			return err
		}
		now = plan.State{}
	}
	if e.Old.Kind != plan.File || now.Kind != plan.Absent {
		return nil
	}
	if above, err := p.nonDirAbove(e.Path); err != nil || above != "" {
		return err
	}
	if kind, _, err := p.lstat(asideName(i)); err != nil {
		return err
	} else if kind == plan.Absent { // lost in a power failure, or removed by the user
		return p.restoreCopy(a, e)
	}
	if err := p.makeDirs(e.Path, a.RemovedDirs); err != nil {
		return err
	}
	return p.moveIntoPlace(asideName(i), e.Path)
}

// restoreCopy restores the old content from the copy in the journal.
func (p *Project) restoreCopy(a *journalReader, e fileChange) error {
	if err := p.disk.Remove(copyName); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an interrupted attempt
		return err
	}
	err := write(p.disk, copyName, fs.FileMode(e.Perm), true,
		func(w io.Writer) error { return a.copyOldContent(w, e) })
	if err == nil {
		err = p.makeDirs(e.Path, a.RemovedDirs)
	}
	if err != nil {
		return err
	}
	return p.moveIntoPlace(copyName, e.Path)
}

// recreateDir recreates a folder that was removed.
func (p *Project) recreateDir(f dirRecord) error {
	if above, err := p.nonDirAbove(f.Path); err != nil || above != "" {
		return err
	}
	if kind, _, err := p.lstat(f.Path); err != nil || kind != plan.Absent {
		return err
	}
	return p.makeDirs(f.Path+"/", []dirRecord{f})
}

// unexpectedFiles returns the paths that are not in the wanted state, except for folders in dirs.
func (p *Project) unexpectedFiles(j *journal, dirs []dirRecord, want func(fileChange) plan.State) ([]string, error) {
	var out []string
	for _, e := range j.Changes {
		now, _, err := p.state(e.Path)
		if err != nil {
			return nil, err
		}
		if !now.Same(want(e)) && !(now.Kind == plan.Dir && containsDir(dirs, e.Path)) {
			out = append(out, e.Path)
		}
	}
	return out, nil
}

// cleanUp removes temporary files. A failure is left to the next command.
func (p *Project) cleanUp() {
	names, _ := p.stateFiles()
	for _, name := range names {
		if isTemporary(name) {
			_ = p.disk.Remove(name)
		}
	}
}

// isTemporary reports whether a file of .ppm exists only during a command.
func isTemporary(name string) bool { return strings.HasPrefix(name, stateDir+"/"+tempPrefix) }
