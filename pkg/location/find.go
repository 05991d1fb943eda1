package location

import (
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

const (
	manifestName = "ppm.toml"
	lockName     = "ppm.lock"
)

// interrupted are files of a command that was killed, which may have been about to write the first ppm.toml.
var interrupted = []string{".ppm/journal", ".ppm/rollback"}

// A Search says where to look for a project.
type Search struct {
	Home   string   // the user's home folder; may be empty
	Layers []string // files of the manifest's other layers, which are not a project's; a name may be empty
	Also   []string // names of files and folders that mark a project, too
	Skip   string   // a folder that does not count as a project's; may be empty
}

// Find returns the location with the nearest project of a folder, which is absolute. If there is none, found is false
// and the location's project is the folder itself.
//
// A folder with a ppm.toml or a ppm.lock is a project, except when its ppm.toml only describes a pack. The search goes
// up to the folder with .git, the root of the repository; outside a repository, it ends below the user's home folder
// and the root of the file system. It does not enter folders in which every user can create files, such as /tmp.
func (s Search) Find(current string) (l Location, found bool, err error) {
	l = Location{Current: current, Project: current}
	if info, err := os.Stat(current); err == nil && !info.IsDir() {
		return l, false, failure.Errorf(failure.LocalIO, "opening the project: %q is not a folder", current).
			WithHint("name a folder with --cwd")
	}
	if s.isProject(current) {
		return l, true, nil
	}
	real, err := filepath.EvalSymlinks(current)
	if err != nil {
		return l, false, failure.Errorf(failure.LocalIO, "opening the project: %w", err).
			WithHint("name an existing folder with --cwd")
	}
	for _, dir := range s.above(real) {
		if s.isProject(dir) {
			return Location{Current: real, Project: dir}, true, nil
		}
	}
	return l, false, nil
}

// above returns the folders above one in which a project is looked for, the nearest first.
func (s Search) above(dir string) []string {
	if slices.Contains(strings.Split(filepath.ToSlash(dir), "/"), ".git") {
		return nil // not a work tree
	}
	root, dirs, home := isRepository(dir), []string(nil), resolve(s.Home)
	if s.Home == "" {
		home = ""
	}
	ends := -1 // the number of folders below the home folder and the root of the file system
	for at := dir; !root; {
		parent := filepath.Dir(at)
		if ends < 0 && (parent == home || parent == filepath.Dir(parent)) {
			ends = len(dirs)
		}
		if parent == at || isShared(parent) {
			break
		}
		dirs, at = append(dirs, parent), parent
		root = isRepository(at)
	}
	if !root && ends >= 0 {
		dirs = dirs[:ends]
	}
	return dirs
}

// isProject reports whether a folder is a project's.
func (s Search) isProject(dir string) bool {
	if s.Skip != "" && resolve(dir) == resolve(s.Skip) {
		return false
	}
	for _, name := range slices.Concat([]string{lockName}, interrupted, s.Also) {
		if exists(filepath.Join(dir, filepath.FromSlash(name))) {
			return true
		}
	}
	name := filepath.Join(dir, manifestName)
	if !exists(name) || s.isLayer(name) {
		return false
	}
	return !isOnlyPack(name)
}

// isLayer reports whether a file is another layer of the manifest.
func (s Search) isLayer(name string) bool {
	return slices.ContainsFunc(s.Layers, func(layer string) bool {
		if layer == "" {
			return false
		}
		of, err := os.Stat(layer)
		if err != nil {
			return false
		}
		info, err := os.Stat(name)
		return err == nil && os.SameFile(of, info)
	})
}

// isOnlyPack reports whether a ppm.toml describes a pack and no project. A file that cannot be read or parsed is a
// project's: opening the project says what is wrong.
func isOnlyPack(name string) bool {
	info, err := os.Lstat(name)
	if err != nil || !info.Mode().IsRegular() {
		return false
	}
	text, err := configfile.Read(name)
	return err == nil && manifest.DescribesOnlyPack(text)
}

// isRepository reports whether a folder is the root of a git work tree.
func isRepository(dir string) bool { return exists(filepath.Join(dir, ".git")) }

// isShared reports whether every user can create files in a folder, but only remove their own.
func isShared(dir string) bool {
	const everyone = 0o002
	info, err := os.Stat(dir)
	return err == nil && info.Mode()&fs.ModeSticky != 0 && info.Mode().Perm()&everyone != 0
}

// exists reports whether something is at a path. What cannot be examined does not exist.
func exists(name string) bool {
	_, err := os.Lstat(name)
	return err == nil
}
