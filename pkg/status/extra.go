package status

import (
	"context"
	"io/fs"
	"path"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// addExtra adds the files in the folders of installs that are in no install. Files directly in the project's folder
// are not extra.
func (c Comparer) addExtra(ctx context.Context, result *Result, installs []lockfile.Component) error {
	dirs := map[string]int{}     // of installs → index in the result
	parents := map[string]bool{} // of dirs
	for i, in := range installs {
		if in.Dir && in.Path != "." {
			dirs[in.Path] = i
			for dir := path.Dir(in.Path); dir != "."; dir = path.Dir(dir) {
				parents[dir] = true
			}
		}
	}
	if len(dirs) == 0 {
		return nil
	}
	installOf := func(name string) (int, bool) {
		for dir := name; dir != "."; dir = path.Dir(dir) {
			if i, ok := dirs[dir]; ok {
				return i, true
			}
		}
		return 0, false
	}
	known := c.State.InstalledFiles()
	for _, in := range result.Installs {
		for _, f := range in.Files {
			known[f.To] = true // as moved
		}
	}
	skip := func(name string) bool {
		_, inside := installOf(name)
		return known[name] || !inside && !parents[name]
	}
	return c.Tree.Walk(ctx, skip, func(name string, _ fs.DirEntry) error {
		i, inside := installOf(name)
		if !inside {
			return nil
		}
		file := File{Path: name, State: "extra"}
		if !utf8.ValidString(name) {
			file.PathBase64 = []byte(name)
		}
		result.Installs[i].Files = append(result.Installs[i].Files, file)
		return nil
	})
}
