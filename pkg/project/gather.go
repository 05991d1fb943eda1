package project

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	gitignore "github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
)

// The files and folders that are no part of what a project is made of: tools make them anew.
var (
	toolFolders = []string{".git", ".hg", ".svn", ".bzr", ".jj", ".ppm", ".venv", "node_modules", "__pycache__"}
	ownRecords  = []string{ManifestName, LockName, "pmfprc.json"}
)

// A walk goes through a project's own files: not those that .gitignore files leave out, or that tools make.
type walk struct {
	session *Session
	pass    func(name string) bool // reports what is not looked at, such as a folder with all that is in it
	each    func(name string, d fs.DirEntry) error
	ignore  gitignore.Rules
	prefix  string // of the project's folder in its work tree
}

// walk calls each for the files of the project that pass does not hold back.
func (s *Session) walk(ctx context.Context, pass func(name string) bool, each func(name string, d fs.DirEntry) error) error {
	w := &walk{session: s, pass: pass, each: each}
	if err := w.above(); err != nil {
		return err
	}
	err := fs.WalkDir(os.DirFS(s.setup.Dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		return w.visit(name, d)
	})
	var path *fs.PathError
	if errors.As(err, &path) && failure.Hint(err) == "" {
		err = failure.Errorf(failure.LocalIO, "reading the project's files: %w", err).
			WithHint("check that you may read it, or name it in .gitignore")
	}
	return err
}

// above reads the .gitignore files of the folders between the work tree's root and the project's folder.
func (w *walk) above() error {
	var parents []string // the nearest first
	for dir := w.session.setup.Dir; ; {
		if _, err := os.Lstat(filepath.Join(dir, ".git")); err == nil {
			break
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil // no work tree: the project's own .gitignore files count all the same
		}
		dir = parent
		parents = append(parents, dir)
	}
	for _, dir := range slices.Backward(parents) {
		text, err := readOptional(filepath.Join(dir, ".gitignore"))
		if err != nil {
			return err
		}
		at, err := filepath.Rel(parents[len(parents)-1], dir)
		if err != nil {
			return err
		}
		w.ignore.Add(filepath.ToSlash(at), text)
	}
	if len(parents) > 0 {
		at, err := filepath.Rel(parents[len(parents)-1], w.session.setup.Dir)
		w.prefix = filepath.ToSlash(at)
		return err
	}
	return nil
}

func (w *walk) visit(name string, d fs.DirEntry) error {
	switch {
	case name == ".":
	case w.pass(name), slices.Contains(toolFolders, d.Name()), slices.Contains(ownRecords, name), w.ignore.Match(path.Join(w.prefix, name), d.IsDir()):
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		text, err := w.session.optional(path.Join(name, ".gitignore"))
		w.ignore.Add(path.Join(w.prefix, name), text)
		return err
	}
	return w.each(name, d)
}

// gather returns the project's own files, but for those that record what is installed, and without the folder skip
// when it is not empty. Symbolic links are left out with a note.
func (s *Session) gather(ctx context.Context, skip string) (fileset.Set, error) {
	g := &gathering{session: s}
	if err := s.walk(ctx, func(name string) bool { return name == skip }, g.take); err != nil {
		return nil, err
	}
	return fileset.New(g.files)
}

// A gathering takes a project's files.
type gathering struct {
	session *Session
	files   []fileset.File
	bytes   int64
}

// take reads a file, as long as a pack with it could be installed.
func (g *gathering) take(name string, d fs.DirEntry) error {
	if !d.Type().IsRegular() {
		g.session.setup.Notify("left out, because a pack holds regular files alone: " + name)
		return nil
	}
	info, err := d.Info()
	if err != nil {
		return err
	}
	data, err := g.session.store.ReadFile(name)
	if err != nil {
		return err
	}
	limits := fetch.DefaultLimits
	if g.bytes += int64(len(data)); g.bytes > limits.TotalBytes || len(g.files) >= limits.Files {
		return failure.Errorf(failure.Refused, "reading the project's files: they are more than %d, or than %d MiB", limits.Files, limits.TotalBytes>>20).
			WithHint("name what does not belong to the project in .gitignore")
	}
	mode := fileset.Regular
	if info.Mode()&0o100 != 0 {
		mode = fileset.Executable
	}
	g.files = append(g.files, fileset.File{Path: name, Mode: mode, Data: data})
	return nil
}

// tops returns the names of the files and folders that stand at the top of the project.
func tops(files fileset.Set) []string {
	var out []string
	for _, f := range files {
		top, _, _ := strings.Cut(f.Path, "/")
		out = append(out, top)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
