package index

import (
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	gitrepository "github.com/Project-Manager-With-Git/ppm/pkg/git/repository"
)

// Unmerged are the files of a work tree that git has not merged.
type Unmerged struct {
	Top   string     // the root of the work tree
	Files []Conflict // with paths relative to Top
}

// ReadUnmerged returns the files that a merge, a rebase or a similar command of git left unmerged in the work tree
// that dir is in, of those that isWanted accepts. It reads at most limit bytes of each version. It changes nothing,
// and needs no lock: git replaces the index as a whole. It fails with ErrNone if there is no work tree with an index.
func ReadUnmerged(dir string, limit int64, isWanted func(path string) bool) (u Unmerged, err error) {
	dirs, err := gitdir.Find(dir)
	if errors.Is(err, gitdir.ErrNone) {
		return u, ErrNone
	}
	if err != nil {
		return u, err
	}
	u.Top = dirs.Top
	x, err := readIndex(dirs)
	if err != nil {
		return u, err
	}
	store, err := gitrepository.Open(dirs.Top)
	if err != nil {
		return u, fmt.Errorf("reading the repository of %q: %w", dirs.Top, err)
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	for _, e := range x.entries {
		if e.stage() == 0 || !isWanted(e.name) {
			continue
		}
		if !e.isFile() {
			return u, fmt.Errorf("%q is not a file in all versions", e.name)
		}
		data, err := store.Objects().Read(objects.NewID(hex.EncodeToString(e.id())), objects.BlobType, limit)
		if err != nil {
			return u, fmt.Errorf("reading %q: %w", e.name, err)
		}
		if n := len(u.Files); n == 0 || u.Files[n-1].Path != e.name {
			u.Files = append(u.Files, Conflict{Path: e.name})
		}
		side := &Side{Data: data, Mode: 0o644}
		if e.isExecutable() {
			side.Mode = 0o755
		}
		u.Files[len(u.Files)-1].set(e.stage(), side)
	}
	return u, nil
}

func (c *Conflict) set(stage int, s *Side) {
	switch stage {
	case 1:
		c.Base = s
	case 2:
		c.Ours = s
	case 3:
		c.Theirs = s
	}
}

// readIndex reads the index of a work tree.
func readIndex(dirs gitdir.Dirs) (_ *index, err error) {
	repo, err := openRepository(dirs)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, repo.close()) }()
	info, err := repo.gitDir.Lstat(indexName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNone
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxIndex:
		return nil, fmt.Errorf("%q is not a regular file, or too large", repo.path(indexName))
	}
	data, err := repo.gitDir.ReadFile(indexName)
	if err != nil {
		return nil, err
	}
	x, err := parseSparse(data) // a folder is never unmerged
	if err != nil {
		return nil, fmt.Errorf("reading %q: %w", filepath.Join(dirs.Git, indexName), err)
	}
	return x, nil
}
