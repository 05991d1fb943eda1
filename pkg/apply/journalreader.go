package apply

import (
	"archive/zip"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A journalReader reads a journal file.
type journalReader struct {
	*journal
	name string
	file *os.File
	size int64 // bounds each member, as none is compressed
	zip  *zip.Reader
}

// openJournal opens the journal in the file name. The error satisfies isForeign if this user did not write it in this
// folder. It validates every path in it all the same, because the user can trust a crafted one.
func (p *Project) openJournal(name string) (*journalReader, error) {
	kind, info, err := p.lstat(name)
	switch {
	case err != nil:
		return nil, err
	case kind == plan.Absent:
		return nil, errIO("reading", name, fs.ErrNotExist)
	case kind != plan.File:
		return nil, failure.Errorf(failure.Refused, "reading the journal %q: it is not a regular file", name).
			WithHint("remove %s", name)
	}
	f, err := p.openFile(name, info)
	if err != nil {
		return nil, err
	}
	a := &journalReader{journal: new(journal), name: name, file: f}
	if err := a.read(p); err != nil {
		_ = f.Close()
		if isForeign(err) {
			return nil, errForeign(name, err)
		}
		var known *failure.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, failure.Errorf(failure.Integrity, "reading the journal %q: %w", name, err).
			WithHint("check the files of the project, then remove %s", name)
	}
	return a, nil
}

func (a *journalReader) Close() error { return a.file.Close() }

func (a *journalReader) read(p *Project) error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	a.size = info.Size()
	if a.zip, err = zip.NewReader(a.file, a.size); err != nil {
		return err
	}
	text, err := a.member(journalMember)
	if err != nil {
		return err
	}
	if !p.trust {
		code, err := a.member(codeMember)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		err = p.keys.Check(string(code), p.root.Name(), journalMember, text)
		if err == nil && isPending(a.name) {
			err = a.checkPendingCode(p, text)
		}
		if err != nil {
			return err
		}
	}
	if err := json.Unmarshal(text, a.journal); err != nil {
		return err
	}
	if a.Version != journalVersion {
		return failure.Errorf(failure.Refused,
			"reading the journal %q: it has version %d, but this ppm supports version %d", a.name,
			a.Version, journalVersion).
			WithHint("use the version of ppm that wrote it, or a newer one")
	}
	return a.checkJournal()
}

// checkPendingCode returns an error that satisfies isForeign unless this user has left a command with this journal
// unfinished in this folder. The error is errReplaced if another process has just finished the command.
func (a *journalReader) checkPendingCode(p *Project, text []byte) error {
	code, err := p.ReadFile(pendingName)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	wrong := p.keys.Check(string(code), p.root.Name(), pendingName, text)
	if wrong == nil {
		return nil
	}
	_, now, err := p.lstat(a.name)
	if err != nil {
		return err
	}
	if opened, err := a.file.Stat(); err != nil || now == nil || !os.SameFile(opened, now) {
		return cmp.Or(err, errChanged(a.name))
	}
	return fmt.Errorf("%w as the journal of an interrupted command", wrong)
}

// member returns the content of a member of the file.
func (a *journalReader) member(name string) ([]byte, error) {
	r, err := a.zip.Open(name)
	if err != nil {
		return nil, err
	}
	text, err := io.ReadAll(io.LimitReader(r, a.size))
	return text, cmp.Or(err, r.Close())
}

func (a *journalReader) checkJournal() error {
	if number, isEntry := entryNumber(a.name); a.Number < 1 || a.Number > maxNumber || isEntry && number != a.Number {
		return fmt.Errorf("it is of the command with the number %d", a.Number)
	}
	var paths []string
	for _, f := range slices.Concat(a.CreatedDirs, a.RemovedDirs) {
		paths = append(paths, f.Path)
	}
	for _, e := range a.Changes {
		paths = append(paths, e.Path)
		if e.Old.Kind != plan.File && e.Old.Kind != plan.Absent || e.New.Kind != plan.File &&
			e.New.Kind != plan.Absent {
			return fmt.Errorf("%q has a state other than a file or nothing", e.Path)
		}
	}
	for _, path := range paths {
		if err := fileset.CheckPath(path); err != nil {
			return err
		}
	}
	return nil
}

// copyOldContent copies the old content of e to w.
func (a *journalReader) copyOldContent(w io.Writer, e fileChange) error {
	r, err := a.zip.Open(memberName(e.Path))
	if err != nil {
		return err
	}
	digest, err := copyHash(w, io.LimitReader(r, a.size))
	if err = cmp.Or(err, r.Close()); err != nil {
		return err
	}
	if digest != e.Old.Digest {
		return failure.Errorf(failure.Integrity, "reading the old content of %q: it is damaged", e.Path).
			WithHint("restore the file from your version control, then remove %s", a.name)
	}
	return nil
}
