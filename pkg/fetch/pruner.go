package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A pruner removes what is not needed from a cached repository. In a dry run it removes nothing. Its methods return
// the number of bytes on disk.
type pruner struct {
	repo   bareRepo
	limits objects.Limits
	dryRun bool
}

// packs removes the packs that no ref needs. A pack that was sent for commits is needed for these; one that was sent
// for files, when one of the commits that stay has such a file.
func (p pruner) packs(ctx context.Context, keep []ref.GitRef) (freed int64, err error) {
	packs, err := objects.ListPacks(string(p.repo))
	if err != nil {
		return 0, err
	}
	named := map[objects.ID]objects.Mode{}
	for _, r := range keep {
		named[objects.NewID(r.Commit)], named[objects.NewID(r.Object)] = 0, 0
	}
	needed, rest := divide(packs, named)
	if len(rest) > 0 {
		contents, err := p.contents(ctx, keep)
		if err != nil {
			return 0, err
		}
		divide(needed, contents)
		_, rest = divide(rest, contents)
	}
	for _, pack := range rest {
		freed += pack.Size()
		if !p.dryRun {
			if err := pack.Remove(); err != nil {
				return freed, err
			}
		}
	}
	return freed, nil
}

// divide separates the packs that have an object of need, which no pack before them has, from the rest. It removes
// these objects from need.
func divide(packs []objects.Pack, need map[objects.ID]objects.Mode) (needed, rest []objects.Pack) {
	for _, p := range packs {
		before := len(need)
		for id := range need {
			if p.Has(id) {
				delete(need, id)
			}
		}
		if len(need) < before {
			needed = append(needed, p)
		} else {
			rest = append(rest, p)
		}
	}
	return needed, rest
}

// contents returns the trees and files of the commits of the refs. What cannot be read is left out: it is fetched
// again when it is needed.
func (p pruner) contents(ctx context.Context, list []ref.GitRef) (map[objects.ID]objects.Mode, error) {
	s := p.repo.open()
	defer s.Close()
	found := map[objects.ID]objects.Mode{}
	for _, r := range list {
		root, err := s.RootTree(objects.NewID(r.Commit), p.limits.ObjectBytes)
		if _, known := found[root]; err != nil || known {
			continue
		}
		if err := s.AddTree(ctx, root, p.limits, found); err != nil {
			if err := checkContext(ctx); err != nil {
				return nil, err
			}
		}
	}
	return found, nil
}

// histories removes the histories that were fetched.
func (p pruner) histories() (freed int64, err error) {
	dir := filepath.Join(string(p.repo), historyDir)
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil
		case err != nil || d.IsDir():
			return err
		}
		info, err := d.Info()
		if err == nil {
			freed += info.Size()
		}
		return err
	})
	if err != nil || p.dryRun {
		return freed, err
	}
	return freed, os.RemoveAll(dir)
}
