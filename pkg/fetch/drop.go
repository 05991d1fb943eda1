package fetch

import (
	"context"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// dropPacks removes the packs of a cached repository that no ref needs, and returns their size. A pack that
// was sent for commits is needed for these; one that was sent for files, when one of the commits that stay
// has such a file.
func dropPacks(ctx context.Context, dir string, keep []ref.GitRef, l Limits, dryRun bool) (freed int64, err error) {
	packs, err := listPacks(dir)
	if err != nil {
		return 0, err
	}
	named := map[plumbing.Hash]mode{}
	for _, r := range keep {
		named[plumbing.NewHash(r.Commit)], named[plumbing.NewHash(r.Object)] = 0, 0
	}
	needed, rest := divide(packs, named)
	if len(rest) > 0 {
		below, err := allBelow(ctx, dir, keep, l)
		if err != nil {
			return 0, err
		}
		divide(needed, below)
		_, rest = divide(rest, below)
	}
	for _, p := range rest {
		freed += p.size()
		if !dryRun {
			if err := p.remove(); err != nil {
				return freed, err
			}
		}
	}
	return freed, nil
}

// divide tells the packs that hold something of need, which no pack before them holds, from the rest, and takes
// what they hold out of need.
func divide(packs []packed, need map[plumbing.Hash]mode) (needed, rest []packed) {
	for _, p := range packs {
		before := len(need)
		for id := range need {
			if p.index != nil && p.has(id) {
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

// allBelow returns what the commits of the refs hold. What cannot be read is fetched again when it is needed.
func allBelow(ctx context.Context, dir string, refs []ref.GitRef, l Limits) (map[plumbing.Hash]mode, error) {
	o := cachedObjects(dir)
	defer o.shut()
	found := map[plumbing.Hash]mode{}
	for _, r := range refs {
		root, err := o.root(plumbing.NewHash(r.Commit), l.FileBytes)
		if _, known := found[root]; err != nil || known {
			continue
		}
		if err := o.below(ctx, root, l, found); err != nil && check(ctx) != nil {
			return nil, check(ctx)
		}
	}
	return found, nil
}

// dropHistory removes the history that was kept of a cached repository, and returns its size.
func dropHistory(dir string, dryRun bool) (freed int64, err error) {
	dir = filepath.Join(dir, historyDir)
	err = filepath.WalkDir(dir, func(_ string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return ignoreNotExist(err)
		}
		info, err := d.Info()
		if err == nil {
			freed += info.Size()
		}
		return err
	})
	if err != nil || dryRun {
		return freed, err
	}
	return freed, os.RemoveAll(dir)
}
