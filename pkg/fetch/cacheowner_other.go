//go:build !unix

package fetch

import "io/fs"

// hasOwners says that files have owners and permissions.
const hasOwners = false

// ownerOf returns the owner of a file.
func ownerOf(fs.FileInfo) (uid int, known bool) { return 0, false }
