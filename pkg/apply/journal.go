package apply

import (
	"archive/zip"
	"bufio"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strconv"

	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// journalVersion is the version of the journal's format. Journals of newer versions are refused.
const journalVersion = 1

// The members of a journal file. The old content of a file is in "old/PATH".
const (
	journalMember = "journal.json"
	codeMember    = "journal.code"
)

// A journal records what one command changes. On disk it is a zip file. Its first member, journal.json, is this
// struct; the second, journal.code, is the authentication code of the first; the others are the files that the command
// replaces or removes, uncompressed, as "old/PATH". Their digests are in the first.
type journal struct {
	Version int    `json:"version"`
	Number  int    `json:"number"`           // of the command in the history
	Command string `json:"command"`          // as the user typed it
	RunID   string `json:"run,omitempty"`    // as in Meta
	Undoes  int    `json:"undoes,omitempty"` // the number of the command that this one undoes
	// in the order of execution: deletions, writes, then the project's records
	Changes     []fileChange `json:"changes"`
	CreatedDirs []dirRecord  `json:"made,omitempty"`    // folders that did not exist, outer before inner
	RemovedDirs []dirRecord  `json:"dropped,omitempty"` // folders that the command leaves empty, inner before outer
}

// removals returns how many changes are deletions that make room for the others. They come first.
func (j *journal) removals() int {
	n := slices.IndexFunc(j.Changes, func(e fileChange) bool { return e.Record || e.New.Kind == plan.File })
	if n < 0 {
		return len(j.Changes)
	}
	return n
}

// removes reports whether the command removes the file at path.
func (j *journal) removes(path string) bool {
	return slices.ContainsFunc(j.Changes,
		func(e fileChange) bool { return e.Path == path && e.New.Kind == plan.Absent })
}

// A fileChange is one file that is written or removed.
type fileChange struct {
	Path   string     `json:"path"`
	Record bool       `json:"record,omitempty"`
	Old    plan.State `json:"old"`
	New    plan.State `json:"new"`
	Perm   perm       `json:"perm,omitempty"` // of the old file, or of the file that moves here
}

// A dirRecord is a folder that is created or removed.
type dirRecord struct {
	Path string `json:"path"`
	Perm perm   `json:"perm,omitempty"` // 0: the default under the user's umask
}

func containsDir(dirs []dirRecord, path string) bool { return findDir(dirs, path).Path != "" }

// findDir returns the folder at path, or the zero value.
func findDir(dirs []dirRecord, path string) dirRecord {
	for _, f := range dirs {
		if f.Path == path {
			return f
		}
	}
	return dirRecord{}
}

// perm is the permission bits of a file. In JSON it is octal, as in chmod(1).
type perm fs.FileMode

func (p perm) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(p)), nil }

func (p *perm) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 32)
	if err == nil && n > 0o777 {
		err = fmt.Errorf("%q has bits other than permissions", text)
	}
	*p = perm(n)
	return err
}

func memberName(path string) string { return "old/" + path }

// writeJournal writes the journal, with the old contents of the files it replaces, to the file name.
// It fails if one of them is not what the plan was made for.
func (p *Project) writeJournal(j *journal, name string) error {
	text, err := json.MarshalIndent(j, "", "\t")
	if err != nil {
		return err
	}
	// 0600: old contents may be secrets.
	err = write(p.disk, name, 0o600, false, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		z := zip.NewWriter(buffered)
		if err := p.writeAuthenticated(z, text); err != nil {
			return err
		}
		for _, e := range j.Changes {
			if e.Old.Kind != plan.File {
				continue
			}
			member, err := z.CreateHeader(&zip.FileHeader{Name: memberName(e.Path)})
			if err != nil {
				return err
			}
			if err := p.copyCurrent(member, e); err != nil {
				return err
			}
		}
		if err := z.Close(); err != nil {
			return err
		}
		return buffered.Flush()
	})
	if err != nil {
		return err
	}
	return p.writePendingCode(text)
}

// pendingName has the authentication code of the command in progress, for another purpose than that of an entry of the
// history. It is removed when the command is done, so that a copy of its entry cannot take the place of a journal.
const pendingName = stateDir + "/" + tempPrefix + "pending"

// writePendingCode durably writes the code of a journal with this text, if this user has a key.
func (p *Project) writePendingCode(text []byte) error {
	code, err := p.keys.Code(p.root.Name(), pendingName, text)
	if err != nil {
		return nil
	}
	fill := func(w io.Writer) error {
		_, err := io.WriteString(w, code)
		return err
	}
	err = write(p.disk, pendingName, 0o600, false, fill)
	if errors.Is(err, fs.ErrExist) { // of an interrupted attempt to trust the journal
		if err = p.disk.Remove(pendingName); err == nil {
			err = write(p.disk, pendingName, 0o600, false, fill)
		}
	}
	return err
}

// writeAuthenticated writes the first member of a journal file, and its authentication code if this user has a key.
func (p *Project) writeAuthenticated(z *zip.Writer, text []byte) error {
	members := []struct {
		name string
		data []byte
	}{{journalMember, text}}
	if code, err := p.keys.Code(p.root.Name(), journalMember, text); err == nil {
		members = append(members, members[0])
		members[1].name, members[1].data = codeMember, []byte(code)
	}
	for _, m := range members {
		w, err := z.CreateHeader(&zip.FileHeader{Name: m.name})
		if err == nil {
			_, err = w.Write(m.data)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// copyCurrent copies the current content of the file to w. It fails if that is not the old content of the change.
func (p *Project) copyCurrent(w io.Writer, e fileChange) error {
	kind, info, err := p.lookup(e.Path)
	if err != nil {
		return err
	}
	if kind != plan.File {
		return errChanged(e.Path)
	}
	f, err := p.openFile(e.Path, info)
	if err != nil {
		return err
	}
	digest, err := copyHash(w, f)
	if err = cmp.Or(err, f.Close()); err != nil {
		return errIO("reading", e.Path, err)
	}
	if digest != e.Old.Digest {
		return errChanged(e.Path)
	}
	return nil
}
