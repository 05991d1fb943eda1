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

// copyName is where an old content is written before it is put in its place.
const copyName = stateDir + "/" + tempPrefix + "copy"

// A Recovery says what became of a command that was killed.
type Recovery struct {
	Command   string
	Completed bool     // else it was taken back
	Kept      []string // files that the user has changed since, and that were left so
}

// recover completes a killed command when each of its files is either done or still as
// the command found it; else it takes the command back. It can be interrupted at any point
// and started again.
func (p *Project) recover() (*Recovery, error) {
	if _, err := p.root.Lstat(abortName); err == nil {
		return p.rollBack()
	}
	a, err := p.load(journalName)
	if errors.Is(err, fs.ErrNotExist) {
		p.cleanUp()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	j := a.journal
	if err := a.Close(); err != nil {
		return nil, ioError("reading", journalName, err)
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
	if err := p.execute(j, done); errors.Is(err, failure.Refused) { // the user has put something in the way
		return p.rollBack()
	} else if err != nil {
		return nil, err
	}
	kept, err := p.differing(j, j.Made, func(e entry) plan.State { return e.New })
	if err != nil {
		return nil, err
	}
	return &Recovery{Command: j.Command, Completed: true, Kept: kept}, p.finish(journalName)
}

// progress reports whether change i was made, and else whether it can be made now.
func (p *Project) progress(j *journal, i int) (done, ready bool, err error) {
	e := j.Changes[i]
	if above, err := p.blocker(e.Path); err != nil || above != "" && !j.removes(above) {
		return e.New.Kind != plan.File, false, err // where no folder is, nothing is left to remove
	}
	out, _, err := p.state(moved(i))
	if err != nil || out.Kind != plan.Absent && !out.Same(e.Old) { // the user was writing it when it was moved
		return false, false, err
	}
	now, info, err := p.state(e.Path)
	if err != nil {
		return false, false, err
	}
	if e.New.Kind != plan.File {
		inTheWay := now.Kind != plan.Absent && now.Kind != plan.Folder && has(j.Made, e.Path)
		return !now.Same(e.Old) && !inTheWay, now.Same(e.Old), nil
	}
	if now.Same(e.New) {
		return true, false, nil
	}
	if placed, err := p.placed(i, info); err != nil || placed { // and edited since
		return placed && now.Kind != plan.Absent && !now.Same(e.Old), false, err
	}
	free := now.Same(e.Old) || now.Kind == plan.Absent || now.Kind == plan.Folder && has(j.Dropped, e.Path)
	next, _, err := p.state(staged(i))
	return false, next.Same(e.New) && free, err
}

// placed reports whether what stands at the path of change i, which info is about, is the file that was staged for it.
func (p *Project) placed(i int, info fs.FileInfo) (bool, error) {
	kind, next, err := p.lstat(staged(i))
	if err != nil || kind == plan.Absent { // renamed, where there are no hard links
		return err == nil, err
	}
	return info != nil && os.SameFile(info, next), nil
}

// rollBack brings back the old state of each file that the command has written or removed, in
// reverse order. From its first step on the command can only be taken back.
func (p *Project) rollBack() (*Recovery, error) {
	err := p.disk.Rename(journalName, abortName)
	if err == nil {
		err = p.disk.Sync(stateDir)
	}
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, ioError("writing", abortName, err)
	}
	a, err := p.load(abortName)
	if errors.Is(err, fs.ErrNotExist) { // the command had not begun
		p.cleanUp()
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kept, err := p.restoreAll(a)
	if err = cmp.Or(err, a.Close()); err != nil {
		return nil, err
	}
	r := &Recovery{Command: a.Command, Kept: kept}
	if len(kept) > 0 { // the history takes the old contents of the files that were left
		return r, p.finish(abortName)
	}
	if err := p.disk.Remove(abortName); err != nil {
		return nil, ioError("removing", abortName, err)
	}
	p.cleanUp()
	return r, ioError("writing", stateDir, p.disk.Sync(stateDir))
}

// restoreAll does the steps of execute backwards.
func (p *Project) restoreAll(a *archive) ([]string, error) {
	touched := make(map[string]bool)
	removals := a.removals()
	for i, e := range slices.Backward(a.Changes) {
		if i == removals-1 {
			if err := p.restoreFolders(a); err != nil {
				return nil, err
			}
		}
		touched[path.Dir(e.Path)] = true
		if err := p.restore(a, i, e); err != nil {
			return nil, ioError("restoring", e.Path, err)
		}
	}
	if removals == 0 {
		if err := p.restoreFolders(a); err != nil {
			return nil, err
		}
	}
	if err := p.syncAll(a.journal, touched); err != nil {
		return nil, err
	}
	return p.differing(a.journal, a.Dropped, func(e entry) plan.State { return e.Old })
}

// restoreFolders removes the folders that were made and brings back those that were dropped.
func (p *Project) restoreFolders(a *archive) error {
	made := slices.Clone(a.Made)
	slices.Reverse(made)
	if err := p.drop(made); err != nil {
		return err
	}
	for _, folder := range slices.Backward(a.Dropped) {
		if err := p.remake(folder); err != nil {
			return ioError("restoring", folder.Path, err)
		}
	}
	return nil
}

// restore takes change i back, unless the user has changed the file since.
func (p *Project) restore(a *archive, i int, e entry) error {
	now, info, err := p.state(e.Path)
	if err != nil {
		return err
	}
	if e.New.Kind == plan.File && now.Same(e.New) {
		if placed, err := p.placed(i, info); err != nil || !placed { // the same content, but somebody else's file
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
	if above, err := p.blocker(e.Path); err != nil || above != "" {
		return err
	}
	if kind, _, err := p.lstat(moved(i)); err != nil {
		return err
	} else if kind == plan.Absent { // lost with the power, or removed by the user
		return p.restoreCopy(a, e)
	}
	if err := p.makeFolders(e.Path, a.Dropped); err != nil {
		return err
	}
	return p.place(moved(i), e.Path)
}

// restoreCopy puts the copy of the old content in its place that is in the journal.
func (p *Project) restoreCopy(a *archive, e entry) error {
	if err := p.disk.Remove(copyName); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a killed attempt
		return err
	}
	err := write(p.disk, copyName, fs.FileMode(e.Perm), true, func(w io.Writer) error { return a.old(w, e) })
	if err == nil {
		err = p.makeFolders(e.Path, a.Dropped)
	}
	if err != nil {
		return err
	}
	return p.place(copyName, e.Path)
}

// remake brings back a folder that was removed.
func (p *Project) remake(f folder) error {
	if above, err := p.blocker(f.Path); err != nil || above != "" {
		return err
	}
	if kind, _, err := p.lstat(f.Path); err != nil || kind != plan.Absent {
		return err
	}
	return p.makeFolders(f.Path+"/", []folder{f})
}

// differing returns the paths that are neither as wanted nor among the folders, which a file became or had been.
func (p *Project) differing(j *journal, folders []folder, want func(entry) plan.State) ([]string, error) {
	var out []string
	for _, e := range j.Changes {
		now, _, err := p.state(e.Path)
		if err != nil {
			return nil, err
		}
		if !now.Same(want(e)) && !(now.Kind == plan.Folder && has(folders, e.Path)) {
			out = append(out, e.Path)
		}
	}
	return out, nil
}

// cleanUp removes what lives only during a command. What fails now is left to the next one.
func (p *Project) cleanUp() {
	names, _ := p.stateFiles()
	for _, name := range names {
		if isTemporary(name) {
			_ = p.disk.Remove(name)
		}
	}
}

// isTemporary reports whether a file of .ppm lives only during a command.
func isTemporary(name string) bool { return strings.HasPrefix(name, stateDir+"/"+tempPrefix) }
