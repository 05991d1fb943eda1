package objects

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// An Entry is one entry of a git tree.
type Entry struct {
	Name string
	Mode Mode
	ID   ID
}

// A Mode is a git file mode, with the type of the entry in its upper bits.
type Mode uint32

// The modes that git writes.
const (
	ModeTree    Mode = 0o040000
	ModeFile    Mode = 0o100644
	ModeExec    Mode = 0o100755
	ModeGroup   Mode = 0o100664 // written by git before 2005, and by some importers since
	ModeLink    Mode = 0o120000
	ModeGitlink Mode = 0o160000

	modeType   = 0o170000 // the bits of the type
	modeDigits = 6
)

// Perm returns the permissions of a file of this mode.
func (m Mode) Perm() fs.FileMode {
	if m == ModeExec {
		return fileset.Executable
	}
	return fileset.Regular
}

var errMalformedTree = errors.New("its list of names is malformed")

// ParseTree reads the content of a tree: for each entry the mode in octal digits, a space, the name, a zero byte and
// the id. It refuses the structures that git's fsck refuses, so that all tools read a tree in the same way: a mode
// with leading zeros, an empty name or one with a slash, an id of zeros, entries that are not sorted, and a name that
// occurs twice. Other names, and modes, are not checked.
func ParseTree(data []byte) ([]Entry, error) {
	var entries []Entry
	for len(data) > 0 {
		digits, rest, ok := bytes.Cut(data, []byte(" "))
		if !ok || len(digits) == 0 || len(digits) > modeDigits || digits[0] == '0' {
			return nil, errMalformedTree
		}
		var m Mode
		for _, d := range digits {
			if d < '0' || d > '7' {
				return nil, errMalformedTree
			}
			m = m<<3 | Mode(d-'0')
		}
		name, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok || len(rest) < len(ID{}) {
			return nil, errMalformedTree
		}
		e := Entry{Name: string(name), Mode: m}
		data = rest[copy(e.ID[:], rest):]
		if err := e.check(entries); err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// check returns an error about an entry that cannot follow the entries before it.
func (e Entry) check(before []Entry) error {
	switch {
	case e.Name == "":
		return errors.New("an entry has an empty name")
	case strings.Contains(e.Name, "/"):
		return fmt.Errorf("the name %q has a slash", e.Name)
	case e.ID == ID{}:
		return fmt.Errorf("the entry %q has an id of zeros", e.Name)
	case len(before) == 0:
		return nil
	}
	twice := e.Name == before[len(before)-1].Name
	if e.Mode&modeType == ModeTree && !twice { // a file of its name comes before files such as "name.txt"
		_, twice = slices.BinarySearchFunc(before, e.Name, func(e Entry, name string) int {
			return strings.Compare(e.sortKey(), name)
		})
	}
	if twice {
		return fmt.Errorf("the name %q occurs twice in its folder", e.Name)
	}
	if last := before[len(before)-1]; last.sortKey() > e.sortKey() {
		return fmt.Errorf("the entries are not sorted: %q is after %q", e.Name, last.Name)
	}
	return nil
}

// sortKey returns the text by which git sorts the entries of a tree: a folder has a slash at its end.
func (e Entry) sortKey() string {
	if e.Mode&modeType == ModeTree {
		return e.Name + "/"
	}
	return e.Name
}

// Lookup returns the index of the entry of that name, or -1.
func Lookup(entries []Entry, name string) int {
	return slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
}
