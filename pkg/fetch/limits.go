package fetch

import (
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Limits bounds what a repository can make ppm take in. Going over one is an error of kind
// Refused that names what was too large and the limit.
type Limits struct {
	Refs       int   // refs that a repository lists
	PackBytes  int64 // bytes of one response of a server
	Objects    int   // git objects in one response
	Unpacked   int64 // bytes of all objects of one response, once inflated
	Files      int   // files and folders of one component
	FileBytes  int64 // bytes of one file, or of any other single git object
	TotalBytes int64 // bytes of all files of one component
	Depth      int   // folders inside each other in one component

	Commits      int   // commits that are looked at for one history
	HistoryBytes int64 // bytes of one response of a server with a history
}

// DefaultLimits lets through every pack that a person would call one. FileBytes is above the
// 100 MB that the large forges allow for one file, so that a big file next to a component does no harm.
var DefaultLimits = Limits{
	Refs:       1_000_000,
	PackBytes:  2 << 30,
	Objects:    2_000_000,
	Unpacked:   8 << 30,
	Files:      20_000,
	FileBytes:  128 << 20,
	TotalBytes: 512 << 20,
	Depth:      64,

	Commits:      100_000,
	HistoryBytes: 256 << 20,
}

// overLimit returns the error for an object that has n of something where max are allowed.
func overLimit[N int | int64](object string, n N, what string, max N) error {
	return failure.Errorf(failure.Refused, "reading %s: %s, and ppm takes at most %d", object, fmt.Sprintf("%d %s", n, what), max).
		WithHint("ask the author of the pack for a smaller one")
}
