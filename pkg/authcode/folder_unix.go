//go:build unix

package authcode

import (
	"io/fs"
	"os"
	"syscall"
)

// folderNumber returns the number of a folder on its disk, which a new name does not change, or 0. The number of the
// disk is not used: it can change when the machine starts.
func folderNumber(dir string) uint64 {
	info, err := os.Stat(dir)
	if err != nil {
		return 0
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return 0
	}
	return uint64(stat.Ino)
}

// isPrivate reports whether a file belongs to this user and no one else can read or write it.
func isPrivate(info fs.FileInfo) bool {
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid() && info.Mode().Perm()&0o077 == 0
}
