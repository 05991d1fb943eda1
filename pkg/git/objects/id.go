// Package objects reads and writes git objects: it opens the packs of bare repositories, stores packs that a server
// sends, and makes commits and trees in memory.
//
// Whatever it reads is compared with the id that it is known by. Sizes are checked before anything is inflated into
// memory, so that a malicious repository cannot use it up.
package objects

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// An ID is the SHA-1 of an object's type and content.
type ID = plumbing.Hash

// A Type is the type of an object.
type Type = plumbing.ObjectType

// The types of objects.
const (
	CommitType = plumbing.CommitObject
	TreeType   = plumbing.TreeObject
	BlobType   = plumbing.BlobObject
	TagType    = plumbing.TagObject
)

// Lengths of an id in hex digits.
const (
	FullHex = 40
	MinHex  = 7 // of an abbreviated commit id
)

// ParseID reads an id of 40 hex digits.
func ParseID(s string) (ID, error) {
	switch {
	case len(s) == 64 && IsHex(s):
		return ID{}, errors.New("repositories with SHA-256 ids are not supported")
	case len(s) != FullHex || !IsHex(s):
		return ID{}, errors.New("not a git object id")
	}
	return NewID(s), nil
}

// NewID reads an id that is known to be valid.
func NewID(hex string) ID { return plumbing.NewHash(hex) }

// IsHex reports whether s consists of lower-case hex digits.
func IsHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// Guard calls f and turns a panic of the git library, which malformed data may cause, into an error.
func Guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed git data: %v", p)
		}
	}()
	return f()
}
