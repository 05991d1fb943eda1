package apply

import (
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"strings"
)

// A spellingChecker compares the spelling of names with the disk's, if the disk insensitive case or Unicode
// normalization.
type spellingChecker struct {
	p           *Project
	probed      bool
	insensitive bool
	names       map[string][]string // by folder
}

// isExact reports whether the last element of name, where info was found, is spelled as on disk.
func (s *spellingChecker) isExact(name string, info fs.FileInfo) bool {
	if !s.probed {
		s.probe(name, info)
	}
	if !s.insensitive {
		return true
	}
	dir := path.Dir(name)
	names, ok := s.names[dir]
	if !ok {
		names, _ = s.p.readDir(dir) // nothing is written to a folder that cannot be read
		s.names[dir] = names
	}
	_, ok = slices.BinarySearch(names, path.Base(name))
	return ok
}

// probe finds out whether the disk is insensitive, from the first name that contains a letter.
func (s *spellingChecker) probe(name string, info fs.FileInfo) {
	other := strings.ToUpper(name)
	if other == name {
		other = strings.ToLower(name)
	}
	// Unicode normalization is ignored even where case is not
	if s.insensitive = runtime.GOOS == "darwin"; s.insensitive {
		s.probed = true
	} else if other != name {
		found, err := s.p.root.Lstat(other)
		s.probed, s.insensitive = true, err == nil && os.SameFile(info, found)
	}
	if s.insensitive {
		s.names = make(map[string][]string)
	}
}
