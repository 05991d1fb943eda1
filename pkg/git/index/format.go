package index

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// An index is the content of an index file, with every byte that it may not lose.
//
// Entries are kept as they stand in the file, times of files and all flags included: a changed one would make git
// read the file again, or forget what the user told it. That is why no library decodes them.
type index struct {
	version    uint32
	entries    []entry // sorted by name and stage
	extensions []byte  // those that stay true when an entry gets other stages
	unsigned   bool    // the file ends with zeros for a checksum, as index.skipHash asks for
}

// An entry is one stage of one file: head is its bytes up to the name, without padding.
type entry struct {
	head []byte // 40 bytes of file status, the id of the blob, 2 bytes of flags, and 2 more when extended
	name string // relative to the work tree
}

// Offsets in an entry's head, and bits of what stands there.
const (
	modeAt     = 24
	idAt       = 40
	flagsAt    = idAt + sha1.Size
	shortHead  = flagsAt + 2
	longHead   = shortHead + 2
	extended   = 0x4000
	nameLength = 0x0fff // of the name, or this when it is longer

	modeFile       = 0o100644
	modeExecutable = 0o100755
)

const (
	signature  = "DIRC"
	headerSize = len(signature) + 8
)

// Extensions that hold what the user or git would miss: undone conflicts, and what is untracked. All others that
// are optional speak of positions in the file or of whole folders, and git makes them again.
var kept = []string{"REUC", "UNTR"}

var errDamaged = errors.New("it is damaged, or of a newer git")

func newEntry(name string, stage int, id [sha1.Size]byte, executable bool) entry {
	e := entry{make([]byte, shortHead), name}
	mode := uint32(modeFile)
	if executable {
		mode = modeExecutable
	}
	binary.BigEndian.PutUint32(e.head[modeAt:], mode)
	copy(e.head[idAt:], id[:])
	binary.BigEndian.PutUint16(e.head[flagsAt:], uint16(stage<<12|min(len(name), nameLength)))
	return e
}

func (e entry) flags() uint16 { return binary.BigEndian.Uint16(e.head[flagsAt:]) }
func (e entry) stage() int    { return int(e.flags() >> 12 & 3) }
func (e entry) id() []byte    { return e.head[idAt:flagsAt] }
func (e entry) mode() uint32  { return binary.BigEndian.Uint32(e.head[modeAt:]) }

func (e entry) executable() bool { return e.mode() == modeExecutable }

// regular reports whether the entry is a file, and no link, submodule or folder.
func (e entry) regular() bool { return e.mode() == modeFile || e.mode() == modeExecutable }

// valid reports whether the head, which may come from elsewhere, is that of a file of stage 0 with this name.
func (e entry) valid() bool {
	if len(e.head) != shortHead && len(e.head) != longHead {
		return false
	}
	return e.regular() && e.stage() == 0 && (e.flags()&extended != 0) == (len(e.head) == longHead) &&
		int(e.flags()&nameLength) == min(len(e.name), nameLength)
}

// parse reads an index file of a repository whose ids are SHA-1.
func parse(data []byte) (*index, error) {
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

// parseExtensions keeps what can be kept. An extension whose name does not begin with a capital letter
// changes what the entries mean, as those of a split and of a sparse index do.
func (x *index) parseExtensions(data []byte) error {
	for len(data) > 0 {
		if len(data) < 8 {
			return errDamaged
		}
		name, size := string(data[:4]), uint64(binary.BigEndian.Uint32(data[4:]))+8
		if size > uint64(len(data)) {
			return errDamaged
		}
		if name[0] < 'A' || name[0] > 'Z' {
			return fmt.Errorf("it has the extension %q, as a split or a sparse index", name)
		}
		if slices.Contains(kept, name) {
			x.extensions = append(x.extensions, data[:size]...)
		}
		data = data[size:]
	}
	return nil
}

// format returns the index file.
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

func compare(a, b entry) int {
	return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.stage(), b.stage()))
}

// varint reads a number as git's packs write offsets, and returns how many bytes it has; 0 for none.
func varint(data []byte) (value uint64, n int) {
	for n < min(len(data), 8) {
		b := data[n]
		n++
		value = value<<7 | uint64(b&0x7f)
		if b&0x80 == 0 {
			return value, n
		}
		value++
	}
	return 0, 0
}

func appendVarint(out []byte, value uint64) []byte {
	buf := []byte{byte(value & 0x7f)}
	for value >>= 7; value > 0; value >>= 7 {
		value--
		buf = append(buf, 0x80|byte(value&0x7f))
	}
	slices.Reverse(buf)
	return append(out, buf...)
}
