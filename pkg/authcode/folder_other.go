//go:build !unix

package authcode

import "io/fs"

// folderNumber returns 0: the number of a folder on its disk is not known.
func folderNumber(string) uint64 { return 0 }

// isPrivate returns true: files have no permissions, and are in a folder of the user's.
func isPrivate(fs.FileInfo) bool { return true }
