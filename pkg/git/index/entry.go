package index

import (
	"cmp"
	"crypto/sha1"
	"encoding/binary"
	"strings"
)

// An entry is one stage of one file.
type entry struct {
	// up to the name: 40 bytes of file status, the id of the blob, 2 bytes of flags, and 2 more if extended
	head []byte
	name string // relative to the work tree
}

// Offsets in the head of an entry.
const (
	modeAt    = 24
	idAt      = 40
	flagsAt   = idAt + sha1.Size
	shortHead = flagsAt + 2
	longHead  = shortHead + 2
)

// Bits of the flags of an entry.
const (
	extended   = 0x4000
	stageShift = 12
	stageMask  = 3
	nameLength = 0x0fff // of the name, or this when it is longer

	skipWorktree = 0x4000 // of the second two bytes
)

// Modes of entries.
const (
	modeFile       = 0o100644
	modeExecutable = 0o100755
	modeDir        = 0o040000 // in a sparse index
)

func newEntry(name string, stage int, id [sha1.Size]byte, executable bool) entry {
	e := entry{make([]byte, shortHead), name}
	mode := uint32(modeFile)
	if executable {
		mode = modeExecutable
	}
	binary.BigEndian.PutUint32(e.head[modeAt:], mode)
	copy(e.head[idAt:], id[:])
	binary.BigEndian.PutUint16(e.head[flagsAt:], uint16(stage<<stageShift|min(len(name), nameLength)))
	return e
}

func (e entry) flags() uint16 { return binary.BigEndian.Uint16(e.head[flagsAt:]) }
func (e entry) stage() int    { return int(e.flags() >> stageShift & stageMask) }
func (e entry) id() []byte    { return e.head[idAt:flagsAt] }
func (e entry) mode() uint32  { return binary.BigEndian.Uint32(e.head[modeAt:]) }

// isSkipped reports whether git leaves the entry out of the work tree.
func (e entry) isSkipped() bool {
	return e.flags()&extended != 0 && binary.BigEndian.Uint16(e.head[shortHead:])&skipWorktree != 0
}

func (e entry) isExecutable() bool { return e.mode() == modeExecutable }

// isFile reports whether the entry is a file, and not a link, submodule or folder.
func (e entry) isFile() bool { return e.mode() == modeFile || e.mode() == modeExecutable }

// isValid reports whether the head, which may come from outside, is that of a file of stage 0 with this name.
func (e entry) isValid() bool {
	if len(e.head) != shortHead && len(e.head) != longHead {
		return false
	}
	return e.isFile() && e.stage() == 0 && (e.flags()&extended != 0) == (len(e.head) == longHead) &&
		int(e.flags()&nameLength) == min(len(e.name), nameLength)
}

// compare orders entries by name and stage.
func compare(a, b entry) int {
	return cmp.Or(strings.Compare(a.name, b.name), cmp.Compare(a.stage(), b.stage()))
}
