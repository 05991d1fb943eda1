package fetch

import (
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A Builtin is a pack inside the binary.
type Builtin struct {
	Name string
	// changes whenever the content does, so that unchanged content is not read at all
	Key      string
	Releases func() ([]Release, error) // in the order of their commits
}

// A Release is one tag of a built-in pack: a commit whose tree is exactly Files.
type Release struct {
	Tag     string
	Branch  string // the parent of the commit is the release before it on the same branch
	Date    time.Time
	Message string
	Files   fileset.Set
}
