package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
)

// Files and folders that Walk skips.
var (
	toolDirs    = []string{".git", ".hg", ".svn", ".bzr", ".jj", ".ppm", ".venv", "node_modules", "__pycache__"}
	recordFiles = []string{"ppm.toml", "ppm.lock", "pmfprc.json"}
)

// IsToolDir reports whether a folder of this name belongs to a tool, such as .git or node_modules.
func IsToolDir(name string) bool { return slices.Contains(toolDirs, name) }

// Walk calls visit for the files of the project. It leaves out the records of ppm and pmfp, folders of tools, what
// .gitignore files exclude, and the files and folders for which skip returns true.
func (t Tree) Walk(
	ctx context.Context, skip func(name string) bool, visit func(name string, d fs.DirEntry) error,
) error {
	w := &walk{tree: t, skip: skip, visit: visit}
	if err := w.readParents(); err != nil {
		return err
	}
	err := fs.WalkDir(os.DirFS(t.Dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		return w.enter(name, d)
	})
	var path *fs.PathError
	if errors.As(err, &path) && failure.Hint(err) == "" {
		err = failure.Errorf(failure.LocalIO, "reading the project's files: %w", err).
			WithHint("check that you may read it, or name it in .gitignore")
	}
	return err
}

type walk struct {
	tree    Tree
	skip    func(name string) bool
	visit   func(name string, d fs.DirEntry) error
	ignored ignore.Rules
	prefix  string // the path of the project's folder in its git work tree
}

// readParents reads the .gitignore files of the folders between the git work tree's root and the project's folder.
func (w *walk) readParents() error {
	var parents []string // the nearest first
	for dir := w.tree.Dir; ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil // not in a work tree: the project's own .gitignore files count all the same
		}
		dir = parent
		parents = append(parents, dir)
	}
	for _, dir := range slices.Backward(parents) {
		text, err := configfile.Read(filepath.Join(dir, ".gitignore"))
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		at, err := filepath.Rel(parents[len(parents)-1], dir)
		if err != nil {
			return err
		}
		w.ignored.Add(filepath.ToSlash(at), text)
	}
	if len(parents) > 0 {
		at, err := filepath.Rel(parents[len(parents)-1], w.tree.Dir)
		w.prefix = filepath.ToSlash(at)
		return err
	}
	return nil
}

func (w *walk) enter(name string, d fs.DirEntry) error {
	at := path.Join(w.prefix, name)
	if name != "." && (w.skip(name) || IsToolDir(d.Name()) || slices.Contains(recordFiles, name) ||
		w.ignored.Match(at, d.IsDir())) {
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		text, err := w.tree.ReadOptional(path.Join(name, ".gitignore"))
		w.ignored.Add(at, text)
		return err
	}
	return w.visit(name, d)
}
