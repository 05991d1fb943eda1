package index

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
)

// A Sparse is the files of a work tree that git has and has not checked out: those with the skip-worktree bit, and
// those below a folder of a sparse index. The zero value has none.
type Sparse struct {
	files, dirs map[string]bool // relative to the project
	unknown     bool            // the checkout is sparse, and its index cannot be read: each file may be one of them
}

// ReadSparse reads the index of the work tree that the folder dir is in, also in a repository of another user. It
// needs no lock: git replaces the index as a whole. There are no such files outside of a work tree. If the index
// cannot be read, each file may be one of them if the checkout is configured to be sparse, and none otherwise.
func ReadSparse(dir string) Sparse {
	dirs, err := gitdir.Locate(dir)
	if err != nil {
		return Sparse{}
	}
	x, err := readSparseIndex(filepath.Join(dirs.Git, indexName))
	if err != nil {
		return Sparse{unknown: !errors.Is(err, fs.ErrNotExist) && isSparseCheckout(dirs)}
	}
	s := Sparse{files: map[string]bool{}, dirs: map[string]bool{}}
	prefix := ""
	if below := filepath.ToSlash(dirs.Below); below != "." {
		prefix = below + "/"
	}
	for _, e := range x.entries {
		name, inProject := strings.CutPrefix(e.name, prefix)
		switch {
		case !inProject || !e.isSkipped():
		case e.mode() == modeDir:
			s.dirs[strings.TrimSuffix(name, "/")] = true
		default:
			s.files[name] = true
		}
	}
	return s
}

// Has reports whether git may have a file at the path, relative to the project, that it has not checked out.
func (s Sparse) Has(name string) bool {
	if s.unknown || s.files[name] {
		return true
	}
	for dir := path.Dir(name); len(s.dirs) > 0 && dir != "."; dir = path.Dir(dir) {
		if s.dirs[dir] {
			return true
		}
	}
	return false
}

// readSparseIndex reads an index of files, or of files and folders.
func readSparseIndex(name string) (*index, error) {
	info, err := os.Lstat(name)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() || info.Size() > maxIndex {
		return nil, errDamaged
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return parseSparse(data)
}

// isSparseCheckout reports whether the work tree is configured as a sparse checkout.
func isSparseCheckout(dirs gitdir.Dirs) bool {
	var c config.Config
	for _, name := range []string{filepath.Join(dirs.Common, "config"), filepath.Join(dirs.Git, "config.worktree")} {
		if err := c.ReadFile(name); err != nil {
			return false
		}
	}
	return c.Bool("core", "sparsecheckout", false)
}
