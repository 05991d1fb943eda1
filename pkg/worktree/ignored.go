package worktree

import (
	"errors"
	"io/fs"
	"maps"
	"path"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
)

// Ignored returns those of the paths that git ignores, with the rule by which it does. The file of a rule is relative
// to the project. Excludes are the files with patterns for the whole work tree, as absolute paths, in the order in
// which later ones win; they need not exist.
func (t Tree) Ignored(paths, excludes []string) (map[string]ignore.Rule, error) {
	w := &walk{tree: t}
	for _, name := range excludes {
		text, err := configfile.Read(name)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		w.ignored.AddFile(name, "", text)
	}
	if err := w.readParents(); err != nil {
		return nil, err
	}
	dirs := map[string]bool{".": true}
	for _, name := range paths {
		for dir := path.Dir(name); !dirs[dir]; dir = path.Dir(dir) {
			dirs[dir] = true
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(dirs)) { // "." and each folder come before the folders in it
		text, err := t.ReadOptional(path.Join(dir, ".gitignore"))
		if err != nil {
			return nil, err
		}
		w.ignored.Add(path.Join(w.prefix, dir), text)
	}
	out := map[string]ignore.Rule{}
	for _, name := range paths {
		rule, ok := w.ignored.Find(path.Join(w.prefix, name))
		if !ok {
			continue
		}
		if !filepath.IsAbs(rule.File) && w.prefix != "" {
			file, err := filepath.Rel(filepath.FromSlash(w.prefix), filepath.FromSlash(rule.File))
			if err != nil {
				return nil, err
			}
			rule.File = filepath.ToSlash(file)
		}
		out[name] = rule
	}
	return out, nil
}
