package index

import (
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
)

// Tracked is the files of a work tree that git tracks, as its index lists them. The zero value has none.
type Tracked struct {
	files      map[string]bool // relative to the project, with whether git has not checked them out
	executable map[string]bool // those of the files that are executable
	dirs       map[string]bool // of a sparse index, which are not checked out
	unknown    bool            // the checkout is sparse, and its index cannot be read
}

// ReadTracked reads the index of the work tree that the folder dir is in, also in a repository of another user. It
// needs no lock: git replaces the index as a whole. Outside of a work tree there are no tracked files.
func ReadTracked(dir string) Tracked {
	dirs, err := gitdir.Locate(dir)
	if err != nil {
		return Tracked{}
	}
	x, err := readSparseIndex(filepath.Join(dirs.Git, indexName))
	if err != nil {
		return Tracked{unknown: !errors.Is(err, fs.ErrNotExist) && isSparseCheckout(dirs)}
	}
	t := Tracked{files: map[string]bool{}, executable: map[string]bool{}, dirs: map[string]bool{}}
	prefix := ""
	if below := filepath.ToSlash(dirs.Below); below != "." {
		prefix = below + "/"
	}
	for _, e := range x.entries {
		name, inProject := strings.CutPrefix(e.name, prefix)
		switch {
		case !inProject:
		case e.mode() == modeDir:
			t.dirs[strings.TrimSuffix(name, "/")] = true
		default:
			t.files[name] = e.isSkipped()
			t.executable[name] = e.isExecutable()
		}
	}
	return t
}

// Has reports whether git is known to track the file at the path.
func (t Tracked) Has(name string) bool {
	_, ok := t.files[name]
	return ok
}

// HasBelow reports whether git is known to track a file in the folder.
func (t Tracked) HasBelow(dir string) bool {
	for name := range t.files {
		if strings.HasPrefix(name, dir+"/") {
			return true
		}
	}
	return false
}

// IsExecutable reports whether git is known to track the file at the path as an executable one.
func (t Tracked) IsExecutable(name string) bool { return t.executable[name] }

// IsSparse reports whether git may track a file at the path that it has not checked out: with the skip-worktree bit,
// or below a folder of a sparse index. If the checkout is configured to be sparse and its index cannot be read, each
// file may be one.
func (t Tracked) IsSparse(name string) bool {
	if t.unknown || t.files[name] {
		return true
	}
	for dir := path.Dir(name); len(t.dirs) > 0 && dir != "."; dir = path.Dir(dir) {
		if t.dirs[dir] {
			return true
		}
	}
	return false
}

// Sparse returns the files that git is known to track and has not checked out, and the folders of a sparse index with
// a slash at the end, sorted.
func (t Tracked) Sparse() []string {
	var names []string
	for name, isSparse := range t.files {
		if isSparse {
			names = append(names, name)
		}
	}
	for dir := range t.dirs {
		names = append(names, dir+"/")
	}
	slices.Sort(names)
	return names
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

// SparsePatterns returns the patterns of the sparse checkout that the folder dir is in, in the format of .gitignore,
// and the path of the folder from the root of the work tree. ok is false in a full checkout.
func SparsePatterns(dir string) (text []byte, below string, ok bool) {
	dirs, err := gitdir.Locate(dir)
	if err != nil || !isSparseCheckout(dirs) {
		return nil, "", false
	}
	text, err = configfile.Read(filepath.Join(dirs.Git, "info", "sparse-checkout"))
	return text, filepath.ToSlash(dirs.Below), err == nil
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
