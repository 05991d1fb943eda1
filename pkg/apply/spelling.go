package apply

import (
	"path"
	"runtime"
	"slices"
	"strings"
)

// A spellingChecker compares the spelling of names with the disk's, if the disk ignores case or Unicode normalization.
type spellingChecker struct {
	p           *Project
	probed      bool
	insensitive bool
	names       map[string][]string // by folder
}

// isExact reports whether the last element of name, where something was found, is spelled as on disk.
func (s *spellingChecker) isExact(name string) bool {
	if !s.probed {
		s.probe(name)
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

// probe finds out whether the disk is insensitive, from the first name that contains a letter: it then finds the name
// in another spelling, which its folder does not list. The numbers of the files say nothing: some disks, such as exFAT
// with FUSE, give each spelling a number of its own, and one file can have both names.
func (s *spellingChecker) probe(name string) {
	dir, base := path.Split(name)
	other := strings.ToUpper(base)
	if other == base {
		other = strings.ToLower(base)
	}
	// Unicode normalization is ignored even where case is not
	if s.insensitive = runtime.GOOS == "darwin"; s.insensitive {
		s.probed = true
	} else if other != base {
		s.probed = true
		if _, err := s.p.root.Lstat(dir + other); err == nil {
			names, err := s.p.readDir(path.Dir(name))
			_, listed := slices.BinarySearch(names, other)
			s.insensitive = err == nil && !listed
		}
	}
	if s.insensitive {
		s.names = make(map[string][]string)
	}
}
