package fetch

import (
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// Limits bounds what a repository can make ppm take in. Going over one is an error of kind
// Refused that names what was too large and the limit. Over Time, it is one of kind Network.
type Limits struct {
	Time       time.Duration // of waiting for the answers of one repository's server, as long as a client is open
	Refs       int           // refs that a repository lists
	PackBytes  int64         // bytes of one response of a server
	Objects    int           // git objects in one response
	Unpacked   int64         // bytes of all objects of one response, inflated
	Files      int           // files and folders of one component
	FileBytes  int64         // bytes of one file, or of any other single git object
	TotalBytes int64         // bytes of all files of one component
	Depth      int           // nested folders of one component

	Commits      int   // commits that are read for one history
	HistoryBytes int64 // bytes of one response of a server with a history
}

// DefaultLimits are above every realistic pack. FileBytes is above the 100 MB that the large forges allow for one
// file, so that a big file next to a component is not a problem.
var DefaultLimits = Limits{
	Time:       30 * time.Minute,
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

// response returns the limits of one response of a server.
func (l Limits) response() objects.Limits {
	return objects.Limits{PackBytes: l.PackBytes, Objects: l.Objects, Unpacked: l.Unpacked, ObjectBytes: l.FileBytes}
}
