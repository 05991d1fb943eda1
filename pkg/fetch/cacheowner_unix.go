//go:build unix

package fetch

import (
	"io/fs"
	"syscall"
)

// hasOwners says that files have owners and permissions.
const hasOwners = true

// ownerOf returns the owner of a file.
func ownerOf(info fs.FileInfo) (uid int, known bool) {
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0, false
	}
	return int(stat.Uid), true
}
