package index

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
)

// An index is the content of an index file, with every byte that must not be lost.
//
// Entries are kept as they are in the file, with file times and all flags: otherwise git would read the files again,
// or lose flags that the user has set. That is why no library decodes them.
type index struct {
	version    uint32
	entries    []entry // sorted by name and stage
	extensions []byte  // those that stay valid when an entry gets other stages
	unsigned   bool    // the file ends with zeros instead of a checksum, as with index.skipHash
	sparse     bool    // entries may be folders
}

const (
	signature  = "DIRC"
	headerSize = len(signature) + 8
	maxIndex   = 1 << 30 // bytes; of some ten million files
)

// keptExtensions hold what the user or git would miss: resolved conflicts, and what is untracked. All others that are
// optional contain positions in the file or data about whole folders, and git makes them again.
var keptExtensions = []string{"REUC", "UNTR"}

var errDamaged = errors.New("it is damaged, or of a newer git")

// parse reads an index file of a repository whose ids are SHA-1. A sparse index is an error.
func parse(data []byte) (*index, error) {
	x, err := parseSparse(data)
	if err == nil && x.sparse {
		return nil, errExtension(sparseExtension)
	}
	return x, err
}

// parseSparse is parse for an index that may be sparse.
func parseSparse(data []byte) (*index, error) {
	if len(data) < headerSize+sha1.Size || string(data[:4]) != signature {
		return nil, errDamaged
	}
	body, sum := data[:len(data)-sha1.Size], data[len(data)-sha1.Size:]
	x := &index{version: binary.BigEndian.Uint32(body[4:]), unsigned: bytes.Equal(sum, make([]byte, sha1.Size))}
	if want := sha1.Sum(body); !x.unsigned && !bytes.Equal(want[:], sum) {
		return nil, errDamaged
	}
	if x.version < 2 || x.version > 4 {
		return nil, fmt.Errorf("its version %d is not known", x.version)
	}
	count, rest := binary.BigEndian.Uint32(body[8:]), body[headerSize:]
	last, names := "", 0
	for range count {
		e, after, err := x.parseEntry(rest, last)
		if err != nil {
			return nil, err
		}
		if names += len(e.name); names > maxIndex { // shortened names can be far longer than the file
			return nil, errDamaged
		}
		x.entries, rest, last = append(x.entries, e), after, e.name
	}
	if err := x.parseExtensions(rest); err != nil {
		return nil, err
	}
	for i, e := range x.entries {
		if e.name == "" || i > 0 && compare(x.entries[i-1], e) >= 0 {
			return nil, errDamaged
		}
	}
	return x, nil
}

// parseEntry reads the entry at the start of data. last is the name of the entry before it.
func (x *index) parseEntry(data []byte, last string) (_ entry, rest []byte, err error) {
	if len(data) < longHead {
		return entry{}, nil, errDamaged
	}
	e := entry{head: data[:shortHead:shortHead]}
	if e.flags()&extended != 0 {
		e.head = data[:longHead:longHead]
	}
	rest = data[len(e.head):]
	prefix := ""
	if x.version == 4 {
		cut, n := varint(rest)
		if n == 0 || cut > uint64(len(last)) {
			return entry{}, nil, errDamaged
		}
		prefix, rest = last[:len(last)-int(cut)], rest[n:]
	}
	end := bytes.IndexByte(rest, 0)
	if end < 0 {
		return entry{}, nil, errDamaged
	}
	e.name = prefix + string(rest[:end])
	if int(e.flags()&nameLength) != min(len(e.name), nameLength) {
		return entry{}, nil, errDamaged
	}
	skip := end + 1
	if x.version < 4 {
		skip = padded(len(e.head)+end) - len(e.head)
	}
	if skip > len(rest) {
		return entry{}, nil, errDamaged
	}
	return e, rest[skip:], nil
}

// padded returns the size in the file of an entry of n bytes: at least one zero follows, up to a multiple of eight.
func padded(n int) int { return n/8*8 + 8 }

const sparseExtension = "sdir"

func errExtension(name string) error {
	return fmt.Errorf("it has the extension %q, such as a split or sparse index", name)
}

// parseExtensions keeps keptExtensions. An extension whose name does not begin with a capital letter changes the
// meaning of the entries: of these, only that of a sparse index is not an error.
func (x *index) parseExtensions(data []byte) error {
	for len(data) > 0 {
		if len(data) < 8 {
			return errDamaged
		}
		name, size := string(data[:4]), uint64(binary.BigEndian.Uint32(data[4:]))+8
		if size > uint64(len(data)) {
			return errDamaged
		}
		switch {
		case name == sparseExtension:
			x.sparse = true
		case name[0] < 'A' || name[0] > 'Z':
			return errExtension(name)
		}
		if slices.Contains(keptExtensions, name) {
			x.extensions = append(x.extensions, data[:size]...)
		}
		data = data[size:]
	}
	return nil
}

// format returns the content of the index file.
func (x *index) format() []byte {
	version := x.version
	if version == 2 && slices.ContainsFunc(x.entries, func(e entry) bool { return len(e.head) == longHead }) {
		version = 3
	}
	out := binary.BigEndian.AppendUint32([]byte(signature), version)
	out = binary.BigEndian.AppendUint32(out, uint32(len(x.entries)))
	last := ""
	for _, e := range x.entries {
		out = append(out, e.head...)
		if version < 4 {
			out = append(out, e.name...)
			n := len(e.head) + len(e.name)
			out = append(out, make([]byte, padded(n)-n)...)
			continue
		}
		shared := 0
		for shared < min(len(last), len(e.name)) && last[shared] == e.name[shared] {
			shared++
		}
		out = append(appendVarint(out, uint64(len(last)-shared)), e.name[shared:]...)
		out, last = append(out, 0), e.name
	}
	out = append(out, x.extensions...)
	var sum [sha1.Size]byte
	if !x.unsigned {
		sum = sha1.Sum(out)
	}
	return append(out, sum[:]...)
}

// search returns the position of the first entry of that name, or the position to insert it at.
func (x *index) search(name string) int {
	byName := func(e entry, name string) int { return cmp.Compare(e.name, name) }
	i, _ := slices.BinarySearchFunc(x.entries, name, byName)
	return i
}
