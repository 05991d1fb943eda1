//go:build !linux && !darwin

package apply

// isFAT reports whether a folder is on a FAT or exFAT file system, as far as that is known on this system.
func isFAT(string) bool { return false }
