package objects

import (
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"
)

// A DamagedError says that a repository does not have an object that it should have: the object is missing,
// unreadable, or not the one that its id names.
type DamagedError struct {
	ID  ID
	Err error
}

func (e *DamagedError) Error() string { return fmt.Sprintf("object %s: %v", e.ID, e.Err) }
func (e *DamagedError) Unwrap() error { return e.Err }

// Absent reports whether the object is missing, as opposed to unreadable.
func (e *DamagedError) Absent() bool { return isAbsent(e.Err) }

// IsAbsent reports whether err says that an object is missing.
func IsAbsent(err error) bool {
	var damage *DamagedError
	return errors.As(err, &damage) && damage.Absent()
}

var errWrongContent = errors.New("its content is not what its id says")

// ErrMalformedPack says that what a server sent is not a pack. It wraps the error of the git library.
var ErrMalformedPack = errors.New("malformed pack")

// A typeError says that an object does not have the expected type.
type typeError struct {
	id        ID
	want, got plumbing.ObjectType
}

func (e typeError) Error() string {
	return fmt.Sprintf("object %s is a %s, not a %s", e.id, e.got, e.want)
}
