package fetch

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A cacheDir is the root folder of the cache, empty when there is none.
type cacheDir string

// list returns what the cache holds, by URL.
func (c cacheDir) list(ctx context.Context) ([]CacheEntry, error) {
	var entries []CacheEntry
	for _, kind := range []string{remoteKind, builtinKind} {
		slots, err := c.slots(kind)
		if err != nil {
			return nil, err
		}
		for _, s := range slots {
			if err := checkContext(ctx); err != nil {
				return nil, err
			}
			e, err := readEntry(s)
			if errors.Is(err, fs.ErrNotExist) {
				continue // being made or removed
			}
			if err != nil {
				return nil, failure.Errorf(failure.LocalIO, "reading the cache %q: %w", s.path, err).
					WithHint("correct the permissions, or empty the cache with ppm cache clean; ppm fills it again")
			}
			entries = append(entries, e)
		}
	}
	slices.SortFunc(entries, compareEntries)
	return entries, nil
}

// slots returns the slots of one kind.
func (c cacheDir) slots(kind string) ([]slot, error) {
	if c == "" {
		return nil, nil
	}
	dir := filepath.Join(string(c), kind)
	found, err := os.ReadDir(dir)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, failure.Errorf(failure.LocalIO, "listing the cache: %w", err).
			WithHint("correct the permissions of %q", dir)
	}
	var slots []slot
	for _, f := range found {
		if f.IsDir() && filepath.Ext(f.Name()) == "" { // the others are locks and work folders
			slots = append(slots, slot{filepath.Join(dir, f.Name())})
		}
	}
	return slots, nil
}

// cleanEverything removes all slots, also those that cannot be read. Of these the result only has the folder.
func (c cacheDir) cleanEverything(ctx context.Context, o CleanOptions) ([]CacheEntry, error) {
	var gone []CacheEntry
	for _, kind := range []string{remoteKind, builtinKind} {
		slots, err := c.slots(kind)
		if err != nil {
			return gone, err
		}
		for _, s := range slots {
			if err := checkContext(ctx); err != nil {
				return gone, err
			}
			e, err := readEntry(s)
			if err != nil {
				e = CacheEntry{Dir: s.path, Repo: filepath.Base(s.path), Refs: []CachedRef{}, slot: s}
			}
			if !o.DryRun {
				if err := s.remove(ctx); err != nil {
					return gone, err
				}
			}
			gone = append(gone, e)
		}
	}
	slices.SortFunc(gone, compareEntries)
	return gone, nil
}

func compareEntries(a, b CacheEntry) int {
	return cmp.Or(cmp.Compare(a.URL, b.URL), cmp.Compare(a.Dir, b.Dir))
}

// clean removes what the options select and returns it; see Client.Clean.
func (c cacheDir) clean(ctx context.Context, o CleanOptions, l Limits) ([]CacheEntry, error) {
	if o.removesEverything() {
		return c.cleanEverything(ctx, o)
	}
	entries, err := c.list(ctx)
	if err != nil {
		return nil, err
	}
	var gone []CacheEntry
	for _, e := range entries {
		if !o.selects(e.Host, e.Namespace, e.Repo) {
			continue
		}
		e, err := e.clean(ctx, o, l)
		if err != nil {
			return gone, err
		}
		if e.Size > 0 || len(e.Refs) > 0 {
			gone = append(gone, e)
		}
	}
	return gone, nil
}
