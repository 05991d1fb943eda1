package apply

import (
	"archive/zip"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// isForeign reports whether an error says that this user did not write a file of .ppm in this folder.
func isForeign(err error) bool {
	return errors.Is(err, authcode.ErrForeign) || errors.Is(err, authcode.ErrElsewhere) ||
		errors.Is(err, authcode.ErrNoKey)
}

// errForeign returns the error about a file of .ppm that this user did not write in this folder. Err says why.
func errForeign(name string, err error) error {
	return failure.Errorf(failure.Integrity, "%q is not used: %w", name, err).
		WithHint("remove it if it came with a clone or an archive; if ppm has run here as another user, in a " +
			"container or before you copied the folder, see ppm project trust --dry-run")
}

// isPending reports whether a file of .ppm is the journal of a command that is not finished.
func isPending(name string) bool { return name == journalName || name == rollbackName }

// A ForeignFile is a file of .ppm that this user did not write in this folder.
type ForeignFile struct {
	Name    string // relative to the project
	Command string // of a journal: the command, as somebody typed it
	Changes int    // of a journal: number of files that the command writes or removes
	Pending bool   // the command was interrupted
	Reason  error  // ErrForeign, ErrElsewhere or ErrNoKey of package authcode
}

// ForeignFiles returns the files of .ppm that this user did not write in this folder, in the order of their names.
// The error is of kind Integrity or Refused if one of them is not what ppm writes.
func (p *Project) ForeignFiles() ([]ForeignFile, error) {
	names, err := p.stateFiles()
	if err != nil {
		return nil, err
	}
	var out []ForeignFile
	for _, name := range names {
		f := ForeignFile{Name: name, Pending: isPending(name)}
		_, isEntry := entryNumber(name)
		switch {
		case f.Pending || isEntry:
			f.Reason, err = p.readForeign(&f)
		case slices.Contains(authenticatedStates, name):
			if _, err := p.readState(name); isForeign(err) {
				f.Reason = err
			}
		}
		if err != nil {
			return nil, err
		}
		if f.Reason != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// readForeign returns why a journal is foreign, or nil, and sets what f says of its command.
func (p *Project) readForeign(f *ForeignFile) (reason, err error) {
	strict, trusting := *p, *p
	strict.trust, trusting.trust = false, true
	a, reason := strict.openJournal(f.Name)
	if reason == nil {
		return nil, a.Close()
	}
	if !isForeign(reason) {
		return nil, nil // it is damaged, which the command that needs it reports
	}
	if a, err = trusting.openJournal(f.Name); err != nil {
		return nil, err
	}
	f.Command, f.Changes = a.Command, len(a.Changes)
	return reason, a.Close()
}

// authenticateAll gives all foreign files authentication codes of this user. Without a key it does nothing.
func (p *Project) authenticateAll() error {
	list, err := p.ForeignFiles()
	if err != nil {
		return err
	}
	if _, err := p.keys.Code(p.root.Name(), journalMember, nil); err != nil {
		return nil
	}
	for _, f := range list {
		if slices.Contains(authenticatedStates, f.Name) {
			data, _ := p.readState(f.Name)
			err = p.writeState(f.Name, data)
		} else {
			err = p.authenticateJournal(f.Name)
		}
		if err != nil {
			return errIO("writing", f.Name, err)
		}
	}
	return nil
}

// authenticateJournal replaces a journal by one with an authentication code of this user.
func (p *Project) authenticateJournal(name string) error {
	a, err := p.openJournal(name)
	if err != nil {
		return err
	}
	text, err := a.member(journalMember)
	if err == nil && isPending(name) { // first, so that an interrupted attempt leaves a foreign journal
		err = p.writePendingCode(text)
	}
	if err != nil {
		return cmp.Or(err, a.Close())
	}
	temp := stateDir + "/" + tempPrefix + "trusted"
	if err := p.disk.Remove(temp); err != nil && !errors.Is(err, fs.ErrNotExist) { // of an interrupted attempt
		return cmp.Or(err, a.Close())
	}
	err = write(p.disk, temp, 0o600, false, func(w io.Writer) error { return p.copyAuthenticated(w, a, text) })
	if err = cmp.Or(err, a.Close()); err != nil {
		return err
	}
	if err := p.disk.Rename(temp, name); err != nil {
		return err
	}
	return p.disk.Sync(stateDir)
}

func (p *Project) copyAuthenticated(w io.Writer, a *journalReader, text []byte) error {
	z := zip.NewWriter(w)
	if err := p.writeAuthenticated(z, text); err != nil {
		return err
	}
	for _, member := range a.zip.File {
		if member.Name == journalMember || member.Name == codeMember {
			continue
		}
		if err := z.Copy(member); err != nil {
			return fmt.Errorf("copying %q: %w", member.Name, err)
		}
	}
	return z.Close()
}

// IndexState is the state with the entries of git's index that conflicts replaced.
const IndexState = "index"

// authenticatedStates are the files that WriteState writes.
var authenticatedStates = []string{stateDir + "/" + IndexState}

// splitState splits the file of a state into its authentication code and its data.
func splitState(file []byte) (code, data []byte) {
	code, data, _ = bytes.Cut(file, []byte("\n"))
	return code, data
}
