package objects

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"

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
// the id. Names and modes are not checked.
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
		entries = append(entries, e)
	}
	return entries, nil
}

// Lookup returns the index of the first entry of that name, or -1. Entries may be in any order.
func Lookup(entries []Entry, name string) int {
	return slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
}
