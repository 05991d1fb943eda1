package fetch

import (
	"bytes"
	"errors"
	"io/fs"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// An entry is one line of a git tree.
type entry struct {
	name string
	mode mode
	id   plumbing.Hash
}

// A mode is a git file mode, the type of the entry in its upper bits.
type mode uint32

const (
	modeTree    mode = 0o040000
	modeFile    mode = 0o100644
	modeExec    mode = 0o100755
	modeGroup   mode = 0o100664 // written by git before 2005, and by some importers since
	modeLink    mode = 0o120000
	modeGitlink mode = 0o160000

	modeDigits = 6
)

// problem says why an entry of this mode cannot be installed; "" when it can.
func (m mode) problem() string {
	switch m {
	case modeTree, modeFile, modeExec, modeGroup:
		return ""
	case modeLink:
		return "it is a symbolic link"
	case modeGitlink:
		return "it is a submodule"
	}
	return "its mode is none that git gives to files"
}

func (m mode) perm() fs.FileMode {
	if m == modeExec {
		return fileset.Executable
	}
	return fileset.Regular
}

var errMalformedTree = errors.New("its list of names is malformed")

// parseTree reads the content of a git tree: for each entry the mode in octal digits, a space, the
// name, a zero byte and the id. What the names and modes are worth is for the caller to judge.
func parseTree(data []byte) ([]entry, error) {
	var entries []entry
	for len(data) > 0 {
		digits, rest, ok := bytes.Cut(data, []byte(" "))
		if !ok || len(digits) == 0 || len(digits) > modeDigits || digits[0] == '0' {
			return nil, errMalformedTree
		}
		var m mode
		for _, d := range digits {
			if d < '0' || d > '7' {
				return nil, errMalformedTree
			}
			m = m<<3 | mode(d-'0')
		}
		name, rest, ok := bytes.Cut(rest, []byte{0})
		if !ok || len(rest) < len(plumbing.Hash{}) {
			return nil, errMalformedTree
		}
		e := entry{name: string(name), mode: m}
		data = rest[copy(e.id[:], rest):]
		entries = append(entries, e)
	}
	return entries, nil
}

// lookup returns the index of the first entry of that name, or -1. Entries may be in any order.
func lookup(entries []entry, name string) int {
	for i := range entries {
		if entries[i].name == name {
			return i
		}
	}
	return -1
}
