package configfile

import (
	"path/filepath"
	"strings"
)

// InHome returns a path in the home folder. It is empty when home is not absolute: the folder that the process runs in
// must not be used instead.
func InHome(home string, path ...string) string {
	if !filepath.IsAbs(home) {
		return ""
	}
	return filepath.Join(home, filepath.Join(path...))
}

// ExpandHome replaces a leading "~/" by the home folder, as InHome does.
func ExpandHome(path, home string) string {
	if rest, ok := strings.CutPrefix(path, "~/"); ok {
		return InHome(home, rest)
	}
	return path
}
