// Package worktree reads the files of a project as they are on disk.
//
// It reads what package apply can read: regular files of limited size. It follows no link out of the project. A walk
// skips what git ignores and what other tools create.
package worktree

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A Tree is the folder of a project.
type Tree struct {
	Dir string // absolute
	*apply.Project
	View View // how files are read; nil reads them as they are
}

// A View changes what is read of some files: it replaces secrets by placeholders.
type View interface {
	Covers(name string) bool
	Redact(name string, data []byte) ([]byte, error)
}

func (t Tree) covers(name string) bool { return t.View != nil && t.View.Covers(name) }

// ReadFile reads a file, as the view shows it.
func (t Tree) ReadFile(name string) ([]byte, error) {
	data, err := t.Project.ReadFile(name)
	if err != nil || !t.covers(name) {
		return data, err
	}
	return t.View.Redact(name, data)
}

// Scan returns the states of files, as the view shows them.
func (t Tree) Scan(ctx context.Context, paths []string) (plan.Disk, error) {
	disk, err := t.Project.Scan(ctx, paths)
	if err != nil {
		return nil, err
	}
	for name, state := range disk {
		if state.Kind != plan.File || state.Digest == "" || !t.covers(name) {
			continue
		}
		data, err := t.ReadFile(name)
		switch {
		case errors.Is(err, apply.ErrTooLarge), errors.Is(err, fs.ErrNotExist): // or it was removed meanwhile
			continue
		case err != nil:
			return nil, err
		}
		state.Digest = fileset.Digest(data)
		disk[name] = state
	}
	return disk, nil
}

// ReadOptional reads a file. It returns nil if the file does not exist.
func (t Tree) ReadOptional(name string) ([]byte, error) {
	data, err := t.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// ReadLinked is like ReadOptional, but follows a symbolic link to a file inside the project. ok is false for a link
// that leads elsewhere, and for anything but a file of at most 64 MiB.
func (t Tree) ReadLinked(name string) (data []byte, ok bool, err error) {
	data, err = t.ReadOptional(name)
	if !errors.Is(err, failure.Refused) {
		return data, true, err
	}
	target, ok := t.linkTarget(name)
	if !ok {
		return nil, false, nil
	}
	data, err = t.ReadFile(target)
	return data, err == nil, nil
}

// linkTarget returns the path in the project that a link points to, or false if it points elsewhere.
func (t Tree) linkTarget(name string) (string, bool) {
	root, err := filepath.EvalSymlinks(t.Dir)
	if err != nil {
		return "", false
	}
	target, err := filepath.EvalSymlinks(filepath.Join(root, filepath.FromSlash(name)))
	if err != nil {
		return "", false
	}
	target, err = filepath.Rel(root, target)
	return filepath.ToSlash(target), err == nil && filepath.IsLocal(target)
}

// Kind returns what is at a path. Below a link, device or the like, it returns the kind of that.
func (t Tree) Kind(ctx context.Context, name string) (plan.Kind, error) {
	if name == "." {
		return plan.Dir, nil
	}
	disk, err := t.Scan(ctx, []string{name})
	for dir := path.Dir(name); dir != "."; dir = path.Dir(dir) {
		if kind := disk[dir].Kind; kind != plan.Dir && kind != plan.File && kind != plan.Absent {
			return kind, err
		}
	}
	return disk[name].Kind, err
}

// MakeDir creates a folder and its parents. remove removes those that it created, if they are empty.
func MakeDir(dir string) (remove func(), err error) {
	var made []string // the innermost first
	for at := dir; ; at = filepath.Dir(at) {
		if _, err := os.Stat(at); !errors.Is(err, fs.ErrNotExist) {
			break
		}
		made = append(made, at)
	}
	remove = func() {
		for _, at := range made {
			_ = os.Remove(at) // fails where there is something in it
		}
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		remove()
		return nil, err
	}
	return remove, nil
}
