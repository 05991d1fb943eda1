package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A CacheEntry is what the cache holds of one repository, or what was removed of it.
type CacheEntry struct {
	URL       string      `json:"url"` // without credentials, or "builtin:NAME"
	Host      string      `json:"host,omitempty"`
	Namespace string      `json:"namespace,omitempty"` // the URL's path but its last part
	Repo      string      `json:"repo"`                // the last part of the URL's path, without .git
	Dir       string      `json:"folder"`
	Refs      []CachedRef `json:"refs"`              // HEAD, tags and branches by name
	Commits   []string    `json:"commits,omitempty"` // those that no tag or branch names
	Size      int64       `json:"bytes"`             // on disk
	Fetched   time.Time   `json:"fetched"`           // when the refs last changed

	slot slot
	repo bareRepo     // in Dir, or in a folder in it
	refs []ref.GitRef // as they are stored
}

// A CachedRef is a ref that a repository had when it was fetched.
type CachedRef struct {
	Name   string `json:"name"`   // full, or "HEAD"
	Object string `json:"object"` // the tag object of an annotated tag, else the commit
	Commit string `json:"commit"`
}

// readEntry describes what is in a slot. Damaged refs are left out.
func readEntry(s slot) (CacheEntry, error) {
	url, err := s.readURL()
	if err != nil {
		return CacheEntry{}, err
	}
	e := CacheEntry{URL: url, Dir: s.path, slot: s, Refs: []CachedRef{}}
	e.Host, e.Namespace, e.Repo = splitURL(e.URL)
	err = filepath.WalkDir(s.path, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if e.Size += info.Size(); d.Name() == refs.PackedFile {
			e.repo, e.Fetched = bareRepo(filepath.Dir(name)), info.ModTime()
		}
		return nil
	})
	if err != nil || e.repo == "" {
		return e, err
	}
	if e.refs, err = refs.ReadPacked(string(e.repo)); err != nil && !errors.Is(err, refs.ErrDamaged) {
		return e, err
	}
	e.setRefs(e.refs)
	return e, nil
}

// setRefs sets the exported fields that are made from refs.
func (e *CacheEntry) setRefs(list []ref.GitRef) {
	e.Refs, e.Commits = []CachedRef{}, nil
	named := map[string]bool{}
	for _, r := range list {
		if !strings.HasPrefix(r.Name, keptPrefix) {
			e.Refs = append(e.Refs, CachedRef{r.Name, r.Object, r.Commit})
			named[r.Commit] = true
		}
	}
	for _, r := range list {
		if !named[r.Commit] {
			e.Commits = append(e.Commits, r.Commit)
		}
	}
}

// clean removes what the options select of e and returns that.
func (e CacheEntry) clean(ctx context.Context, o CleanOptions, l Limits) (CacheEntry, error) {
	if o.DryRun {
		return e.remove(ctx, o, l)
	}
	unlock, err := e.slot.lock(ctx)
	if err != nil {
		return e, err
	}
	defer unlock()
	now, err := readEntry(e.slot) // as it is now, with no other writer
	if err == nil {
		e, err = now.remove(ctx, o, l)
	}
	return e, e.slot.ioError(err)
}

// remove removes the refs that the options select, and the packs that no other ref needs.
func (e CacheEntry) remove(ctx context.Context, o CleanOptions, l Limits) (CacheEntry, error) {
	if o.removesAll() {
		if o.DryRun {
			return e, nil
		}
		return e, os.RemoveAll(e.Dir)
	}
	if _, ok := ref.BuiltinName(e.URL); ok {
		e.refs = nil // a built-in pack is removed as a whole
	}
	keep, gone := o.split(e.refs)
	e.setRefs(gone)
	e.Size = 0
	if len(gone) == 0 {
		return e, nil
	}
	if !o.DryRun {
		if err := refs.WritePacked(string(e.repo), e.slot.temp(), keep); err != nil {
			return e, err
		}
	}
	p := pruner{repo: e.repo, limits: l.response(), dryRun: o.DryRun}
	var err error
	if e.Size, err = p.packs(ctx, keep); err != nil {
		return e, err
	}
	histories, err := p.histories()
	e.Size += histories
	return e, err
}
