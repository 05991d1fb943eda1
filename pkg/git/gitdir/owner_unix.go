//go:build !windows

package gitdir

import (
	"os"
	"syscall"
)

// isMine reports whether the file or folder at path belongs to the user of this process. Like git, ppm does not use
// the repositories of other users: a folder above a project may belong to anyone.
func isMine(path string) (bool, error) {
	info, err := os.Lstat(path)
	if err != nil {
		return false, err
	}
	stat, ok := info.Sys().(*syscall.Stat_t)
	return ok && int(stat.Uid) == os.Geteuid(), nil
}
