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
	"os"
	"slices"
	"strconv"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// journalVersion is the version of the journal's format. Newer ones are refused, unchanged.
const journalVersion = 1

// A journal says what one command does. On the disk it is a zip file whose first member, journal.json,
// is this struct; then come the files that the command replaces or removes, uncompressed, as "old/PATH".
type journal struct {
	Version int      `json:"version"`
	Command string   `json:"command"`           // as the user typed it
	Run     string   `json:"run,omitempty"`     // what commands in several projects have in common that were started as one
	Undoes  int      `json:"undoes,omitempty"`  // the number of the command that this one takes back
	Changes []entry  `json:"changes"`           // in the order of execution: what goes, what comes, the records
	Made    []folder `json:"made,omitempty"`    // folders that did not exist, outer before inner
	Dropped []folder `json:"dropped,omitempty"` // folders that the command leaves empty, inner before outer
}

// removals returns how many changes, the first ones, remove files to make room for the others.
func (j *journal) removals() int {
	n := slices.IndexFunc(j.Changes, func(e entry) bool { return e.Record || e.New.Kind == plan.File })
	if n < 0 {
		return len(j.Changes)
	}
	return n
}

func (j *journal) removes(path string) bool {
	return slices.ContainsFunc(j.Changes, func(e entry) bool { return e.Path == path && e.New.Kind == plan.Absent })
}

// An entry is one file that is written or removed.
type entry struct {
	Path   string     `json:"path"`
	Record bool       `json:"record,omitempty"`
	Old    plan.State `json:"old"`
	New    plan.State `json:"new"`
	Perm   perm       `json:"perm,omitempty"` // of the old file, or of the one that is moved here
}

// A folder is one that is made or removed.
type folder struct {
	Path string `json:"path"`
	Perm perm   `json:"perm,omitempty"` // 0 = what the user's umask leaves
}

func has(folders []folder, path string) bool { return find(folders, path).Path != "" }

// find returns the folder at path, or the zero folder.
func find(folders []folder, path string) folder {
	for _, f := range folders {
		if f.Path == path {
			return f
		}
	}
	return folder{}
}

// perm is the permission bits of a file, in JSON octal as in chmod(1).
type perm fs.FileMode

func (p perm) MarshalText() ([]byte, error) { return fmt.Appendf(nil, "%04o", uint32(p)), nil }

func (p *perm) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 32)
	if err == nil && n > 0o777 {
		err = fmt.Errorf("%q has other bits than permissions", text)
	}
	*p = perm(n)
	return err
}

func oldName(path string) string { return "old/" + path }

// save writes the journal as the file name, with the old contents that it needs.
// It fails when one of them is no longer what the plan was made for.
func (p *Project) save(j *journal, name string) error {
	// 0600: the old contents may be secrets.
	return write(p.disk, name, 0o600, false, func(w io.Writer) error {
		buffered := bufio.NewWriterSize(w, 1<<16)
		z := zip.NewWriter(buffered)
		text, err := json.MarshalIndent(j, "", "\t")
		if err != nil {
			return err
		}
		member, err := z.CreateHeader(&zip.FileHeader{Name: "journal.json"})
		if err == nil {
			_, err = member.Write(text)
		}
		if err != nil {
			return err
		}
		for _, e := range j.Changes {
			if e.Old.Kind != plan.File {
				continue
			}
			member, err := z.CreateHeader(&zip.FileHeader{Name: oldName(e.Path)})
			if err != nil {
				return err
			}
			if err := p.copyOld(member, e); err != nil {
				return err
			}
		}
		return cmp.Or(z.Close(), buffered.Flush())
	})
}

func (p *Project) copyOld(w io.Writer, e entry) error {
	kind, info, err := p.look(e.Path)
	if err != nil {
		return err
	}
	if kind != plan.File {
		return changed(e.Path)
	}
	f, err := p.openFile(e.Path, info)
	if err != nil {
		return err
	}
	digest, err := copyHash(w, f)
	if err = cmp.Or(err, f.Close()); err != nil {
		return ioError("reading", e.Path, err)
	}
	if digest != e.Old.Digest {
		return changed(e.Path)
	}
	return nil
}

// An archive is an open journal.
type archive struct {
	*journal
	name string
	file *os.File
	size int64 // bounds each member: nothing in it is compressed
	zip  *zip.Reader
}

// load opens the journal in the file name. It believes no path in it: a repository
// could bring a .ppm of its own.
func (p *Project) load(name string) (*archive, error) {
	kind, info, err := p.lstat(name)
	switch {
	case err != nil:
		return nil, err
	case kind == plan.Absent:
		return nil, ioError("reading", name, fs.ErrNotExist)
	case kind != plan.File:
		return nil, failure.Errorf(failure.Refused, "reading the journal %q: it is not a regular file", name).WithHint("remove %s", name)
	}
	f, err := p.openFile(name, info)
	if err != nil {
		return nil, err
	}
	a := &archive{journal: new(journal), name: name, file: f}
	if err := a.read(); err != nil {
		_ = f.Close()
		var known *failure.Error
		if errors.As(err, &known) {
			return nil, err
		}
		return nil, failure.Errorf(failure.Integrity, "reading the journal %q: %w", name, err).
			WithHint("check the files of the project, then remove %s", name)
	}
	return a, nil
}

func (a *archive) Close() error { return a.file.Close() }

func (a *archive) read() error {
	info, err := a.file.Stat()
	if err != nil {
		return err
	}
	a.size = info.Size()
	if a.zip, err = zip.NewReader(a.file, a.size); err != nil {
		return err
	}
	r, err := a.zip.Open("journal.json")
	if err != nil {
		return err
	}
	text, err := io.ReadAll(io.LimitReader(r, a.size))
	if err = cmp.Or(err, r.Close()); err != nil {
		return err
	}
	if err := json.Unmarshal(text, a.journal); err != nil {
		return err
	}
	if a.Version != journalVersion {
		return failure.Errorf(failure.Refused, "reading the journal %q: its version is %d, this ppm knows %d", a.name, a.Version, journalVersion).
			WithHint("use the version of ppm that wrote it, or a newer one")
	}
	return a.check()
}

func (a *archive) check() error {
	var paths []string
	for _, f := range slices.Concat(a.Made, a.Dropped) {
		paths = append(paths, f.Path)
	}
	for _, e := range a.Changes {
		paths = append(paths, e.Path)
		if e.Old.Kind != plan.File && e.Old.Kind != plan.Absent || e.New.Kind != plan.File && e.New.Kind != plan.Absent {
			return fmt.Errorf("%q is neither a file nor nothing", e.Path)
		}
	}
	for _, path := range paths {
		if err := fileset.CheckPath(path); err != nil {
			return err
		}
	}
	return nil
}

// old copies the old content of e to w.
func (a *archive) old(w io.Writer, e entry) error {
	r, err := a.zip.Open(oldName(e.Path))
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
