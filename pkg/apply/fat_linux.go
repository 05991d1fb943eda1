package apply

import "syscall"

// The types of file systems without modes, from linux/magic.h and the sources of their drivers.
const (
	fatMagic   = 0x4d44
	exfatMagic = 0x2011bab0
)

// isFAT reports whether a folder is on a FAT or exFAT file system.
func isFAT(dir string) bool {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return false
	}
	return uint32(s.Type) == fatMagic || uint32(s.Type) == exfatMagic
}
