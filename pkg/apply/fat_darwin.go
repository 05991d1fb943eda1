package apply

import "syscall"

// isFAT reports whether a folder is on a FAT or exFAT file system.
func isFAT(dir string) bool {
	var s syscall.Statfs_t
	if syscall.Statfs(dir, &s) != nil {
		return false
	}
	var name []byte
	for _, c := range s.Fstypename {
		if c == 0 {
			break
		}
		name = append(name, byte(c))
	}
	return string(name) == "msdos" || string(name) == "exfat"
}
