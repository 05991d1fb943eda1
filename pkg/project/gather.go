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
)

// The files and folders that are no part of what a project is made of: tools make them anew.
var (
	toolFolders = []string{".git", ".hg", ".svn", ".bzr", ".jj", ".ppm", ".venv", "node_modules", "__pycache__"}
	ownRecords  = []string{ManifestName, LockName, "pmfprc.json"}
)

// A gathering walks through a project and takes its files.
type gathering struct {
	session *Session
	skip    string // a folder that is not looked at, from the project's; empty when there is none
	ignore  fetch.Ignore
	prefix  string // of the project's folder in its work tree
	files   []fileset.File
	bytes   int64
}

// gather returns the project's own files: not those that .gitignore files leave out, that tools make, or that
// record what is installed. Symbolic links are left out with a note.
func (s *Session) gather(ctx context.Context, skip string) (fileset.Set, error) {
	g := &gathering{session: s, skip: skip}
	if err := g.above(); err != nil {
		return nil, err
	}
	err := fs.WalkDir(os.DirFS(s.setup.Dir), ".", func(name string, d fs.DirEntry, err error) error {
		if err == nil {
			err = ctx.Err()
		}
		if err != nil {
			return err
		}
		return g.visit(name, d)
	})
	var path *fs.PathError
	if errors.As(err, &path) && failure.Hint(err) == "" {
		err = failure.Errorf(failure.LocalIO, "reading the project's files: %w", err).
			WithHint("check that you may read it, or name it in .gitignore")
	}
	if err != nil {
		return nil, err
	}
	return fileset.New(g.files)
}

// above reads the .gitignore files of the folders between the work tree's root and the project's folder.
func (g *gathering) above() error {
	var parents []string // the nearest first
	for dir := g.session.setup.Dir; ; {
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
		g.ignore.Add(filepath.ToSlash(at), text)
	}
	if len(parents) > 0 {
		at, err := filepath.Rel(parents[len(parents)-1], g.session.setup.Dir)
		g.prefix = filepath.ToSlash(at)
		return err
	}
	return nil
}

func (g *gathering) visit(name string, d fs.DirEntry) error {
	switch {
	case name == ".":
	case slices.Contains(toolFolders, d.Name()), slices.Contains(ownRecords, name), name == g.skip, g.ignore.Match(path.Join(g.prefix, name), d.IsDir()):
		if d.IsDir() {
			return fs.SkipDir
		}
		return nil
	}
	if d.IsDir() {
		text, err := g.session.optional(path.Join(name, ".gitignore"))
		g.ignore.Add(path.Join(g.prefix, name), text)
		return err
	}
	if !d.Type().IsRegular() {
		g.session.setup.Notify("left out, because a pack holds regular files alone: " + name)
		return nil
	}
	return g.take(name, d)
}

// take reads a file, as long as a pack with it could be installed.
func (g *gathering) take(name string, d fs.DirEntry) error {
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
