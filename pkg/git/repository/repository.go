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
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/filesystem/dotgit"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Errors of Open.
var (
	ErrNone   = errors.New("it is not a git repository")
	ErrFormat = errors.New("its format is newer than this ppm")
	ErrSHA256 = errors.New("it uses SHA-256 object ids, which are not supported")
)

const (
	dotGit      = ".git"
	gitFile     = "gitdir:"
	commonFile  = "commondir"
	maxPathFile = 1 << 16 // bytes of a file that holds one path
	maxTag      = 1 << 20 // bytes of a tag object, or of the commit that it points to
	largeObject = 1 << 20 // bytes above which the size of an object is known before it is inflated
)

// A Repository is a git repository on this disk.
type Repository struct {
	storage *filesystem.Storage
	config  string // the file with the repository's settings
}

// Open opens the repository in the folder at path: bare, with a .git folder, or a worktree or submodule whose .git
// file leads to its repository. Errors are ErrNone when there is none, and ErrSHA256 and ErrFormat when its
// format is not supported.
func Open(path string) (*Repository, error) {
	gitDir, commonDir, err := findDirs(path)
	if err != nil {
		return nil, err
	}
	var dirs billy.Filesystem = osfs.New(gitDir)
	if commonDir != gitDir {
		dirs = dotgit.NewRepositoryFilesystem(osfs.New(gitDir), osfs.New(commonDir))
	}
	configFile := filepath.Join(commonDir, "config")
	objectCache := cache.NewObjectLRU(objects.DeltaCache)
	storage := filesystem.NewStorageWithOptions(dirs, objectCache, filesystem.Options{
		KeepDescriptors: true, LargeObjectThreshold: largeObject,
		AlternatesFS: osfs.New(filepath.VolumeName(path) + string(filepath.Separator)),
	})
	r := &Repository{storage, configFile}
	err = objects.Guard(func() error {
		_, err := r.storage.Reference(plumbing.HEAD)
		return err
	})
	if errors.Is(err, plumbing.ErrReferenceNotFound) {
		return nil, ErrNone
	}
	if err != nil {
		return nil, err
	}
	if err := checkFormat(configFile); err != nil {
		return nil, err
	}
	return r, nil
}

// IsPartial reports whether the repository is a partial clone: git fetches what it does not have when it is needed.
func (r *Repository) IsPartial() bool {
	var c config.Config
	if err := c.ReadFile(r.config); err != nil {
		return false
	}
	for s := range c.All("remote", "promisor") {
		if strings.EqualFold(s.Value, "true") {
			return true
		}
	}
	return c.Get("extensions", "partialclone") != ""
}

// harmless are the extensions that do not change how refs and objects are read. An object that a partial clone lacks
// is an error when it is read.
var harmless = []string{"noop", "worktreeconfig", "preciousobjects", "partialclone"}

// checkFormat reads the configuration of a repository and refuses formats and extensions that may change how refs and
// objects are read.
func checkFormat(file string) error {
	var c config.Config
	if err := c.ReadFile(file); err != nil {
		return err
	}
	version := c.Get("core", "repositoryformatversion")
	if version != "" && version != "0" && version != "1" {
		return fmt.Errorf("%w: version %q", ErrFormat, version)
	}
	for s := range c.Section("extensions") {
		value := strings.ToLower(s.Value)
		switch {
		case s.Name == "noop-v1" && version == "1", slices.Contains(harmless, s.Name),
			s.Name == "objectformat" && value == "sha1", s.Name == "refstorage" && value == "files":
			continue
		case s.Name == "objectformat" && value == "sha256":
			return ErrSHA256
		}
		return fmt.Errorf("%w: extension %q", ErrFormat, s.Name)
	}
	return nil
}

// findDirs returns the git folder of the repository at path, and the folder with its objects. They are the same except
// for a linked worktree.
func findDirs(path string) (gitDir, commonDir string, err error) {
	gitDir = path
	info, err := os.Stat(filepath.Join(path, dotGit))
	switch {
	case err == nil && info.IsDir():
		gitDir = filepath.Join(path, dotGit)
	case err == nil:
		if gitDir, err = readPath(path, dotGit, gitFile); err != nil {
			return "", "", err
		}
	}
	commonDir, err = readPath(gitDir, commonFile, "")
	if errors.Is(err, fs.ErrNotExist) {
		return gitDir, gitDir, nil
	}
	return gitDir, commonDir, err
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
