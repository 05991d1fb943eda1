// Package repository reads the git repositories of users, as git lays them out on disk. It writes nothing.
package repository

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/go-git/go-billy/v5"
	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Errors of Open.
var (
	ErrNone   = errors.New("it is not a git repository")
	ErrFormat = errors.New("its format is newer than this ppm")
)

const (
	gitDir      = ".git"
	gitFile     = "gitdir:"
	commonDir   = "commondir"
	maxPathFile = 1 << 16 // bytes of a file that holds one path
	maxTag      = 1 << 20 // bytes of a tag object, or of the commit that it points to
	largeObject = 1 << 20 // bytes above which the size of an object is known before it is inflated
)

// A Repository is a git repository on this disk.
type Repository struct{ storage *filesystem.Storage }

// Open opens the repository in the folder at path: bare, with a .git folder, or a worktree or submodule whose .git
// file leads to its repository. Errors are ErrNone when there is none, and ErrFormat when its format is not supported.
func Open(path string) (*Repository, error) {
	dot, err := gitFS(path)
	if err != nil {
		return nil, err
	}
	r := &Repository{filesystem.NewStorageWithOptions(dot, cache.NewObjectLRU(objects.DeltaCache), filesystem.Options{
		KeepDescriptors: true, LargeObjectThreshold: largeObject,
		AlternatesFS: osfs.New(filepath.VolumeName(path) + string(filepath.Separator)),
	})}
	switch err := objects.Guard(r.checkFormat); {
	case errors.Is(err, git.ErrRepositoryNotExists):
		return nil, ErrNone
	case errors.Is(err, git.ErrUnknownExtension), errors.Is(err, git.ErrUnsupportedExtensionRepositoryFormatVersion):
		return nil, formatError{err}
	case err != nil:
		return nil, err
	}
	return r, nil
}

// A formatError is the library's error about a format, and ErrFormat.
type formatError struct{ error }

func (formatError) Is(target error) bool { return target == ErrFormat }

// checkFormat reads the repository's configuration and refuses formats and extensions that change how refs and objects
// are read.
func (r *Repository) checkFormat() error {
	if _, err := git.Open(r.storage, nil); err != nil {
		return err
	}
	config, err := r.storage.Config()
	if err != nil {
		return err
	}
	if v := config.Raw.Section("core").Options.Get("repositoryformatversion"); v != "" && v != "0" && v != "1" {
		return fmt.Errorf("%w: version %q", ErrFormat, v)
	}
	return nil
}

// gitFS returns the file system that holds the repository at path.
func gitFS(path string) (billy.Filesystem, error) {
	dot := path
	info, err := os.Stat(filepath.Join(path, gitDir))
	switch {
	case err == nil && info.IsDir():
		dot = filepath.Join(path, gitDir)
	case err == nil:
		if dot, err = readPath(path, gitDir, gitFile); err != nil {
			return nil, err
		}
	}
	common, err := readPath(dot, commonDir, "")
	if errors.Is(err, fs.ErrNotExist) {
		return osfs.New(dot), nil
	}
	if err != nil {
		return nil, err
	}
	return dotgit.NewRepositoryFilesystem(osfs.New(dot), osfs.New(common)), nil
}

// readPath reads a file of dir that holds a path, absolute or relative to dir, after a prefix.
func readPath(dir, name, prefix string) (string, error) {
	name = filepath.Join(dir, name)
	info, err := os.Stat(name)
	if err != nil {
		return "", err
	}
	if !info.Mode().IsRegular() || info.Size() > maxPathFile {
		return "", fmt.Errorf("%s does not hold a path", strconv.Quote(name))
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return "", err
	}
	path, ok := strings.CutPrefix(strings.TrimSpace(string(data)), prefix)
	if path = strings.TrimSpace(path); !ok || path == "" {
		return "", fmt.Errorf("%s does not hold a path", strconv.Quote(name))
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(dir, path)
	}
	return path, nil
}

// Objects returns the store of the repository's objects. Closing the repository closes it.
func (r *Repository) Objects() *objects.Store { return objects.NewStore(r.storage) }

// Close closes the files that the repository has opened.
func (r *Repository) Close() error { return r.storage.Close() }

// Refs returns HEAD and all tags and branches, in order, with tags peeled. Tags of other objects than commits are left
// out. It ends when the context does.
func (r *Repository) Refs(ctx context.Context) ([]ref.GitRef, error) {
	var list []ref.GitRef
	var target string
	err := objects.Guard(func() error {
		iter, err := r.storage.IterReferences()
		if err != nil {
			return err
		}
		defer iter.Close()
		return iter.ForEach(func(p *plumbing.Reference) error {
			name := p.Name().String()
			if name == ref.Head {
				target = p.Target().String()
			}
			if p.Type() != plumbing.HashReference {
				return nil
			}
			g := refs.New(name, p.Hash().String())
			if p.Name().IsTag() {
				commit, ok := r.Objects().Peel(p.Hash(), maxTag)
				if !ok {
					return nil
				}
				g.Commit = commit.String()
			}
			if name == ref.Head || p.Name().IsTag() || p.Name().IsBranch() {
				list = append(list, g)
			}
			return ctx.Err()
		})
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(list, refs.Compare)
	if target != "" {
		list = refs.WithHead(list, target)
	}
	return list, nil
}
