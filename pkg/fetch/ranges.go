package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// The history of a cached repository is in folders of their own, for it has no content of files. A
// range is the commits that are reachable from one commit and not from another, with those of their
// trees that the other does not have. Where that is too little, as after a merge of a branch that
// began long before, the whole history of the newer commit is fetched beside it.
const (
	historyDir = "history"
	wholeDir   = "whole"     // in the folder of a range
	noBlobs    = "blob:none" // git's name for the filter that leaves out the content of files
)

// history returns the commits between two commits of a local repository, which has them all.
func (l *local) history(ctx context.Context, from, to string, _ *damaged) (*lineage, error) {
	return complete(l.objects(), l.at, from, to)
}

// history returns the commits between two releases of a built-in pack, which has them all.
func (b *builtin) history(ctx context.Context, from, to string, damage *damaged) (*lineage, error) {
	if _, err := b.ensure(ctx, damage); err != nil {
		return nil, err
	}
	return complete(b.objects(), b.url(), from, to)
}

// complete returns the lineage of a repository that has all history.
func complete(o *objects, url, from, to string) (*lineage, error) {
	for _, id := range []string{from, to} {
		if ok, err := o.holds(id); err == nil && !ok {
			o.shut()
			return nil, noCommit(url, id)
		}
	}
	return &lineage{commits: o, all: &objects{o.source, nil}}, nil
}

// history returns the commits between two commits of a server's repository. An object that was missing
// in the last answer is a reason to fetch all history of the newer commit, damage one to fetch again.
func (r *remote) history(ctx context.Context, from, to string, damage *damaged) (*lineage, error) {
	dir := filepath.Join(r.slot.path, historyDir, from+"-"+to)
	if r.slot.path == "" || damage != nil || !hasPack(dir) || !r.hasSnapshot(from) {
		if err := r.update(ctx, damage, func() error { return r.storeHistory(ctx, from, to, dir, damage) }); err != nil {
			return nil, err
		}
	}
	commits, base, rest := cachedObjects(dir), cachedObjects(r.slot.path), cachedObjects(filepath.Join(dir, wholeDir))
	all := &objects{chain{commits, base, rest}, func() error { return errors.Join(base.shut(), rest.shut()) }}
	return &lineage{commits, all}, nil
}

func (r *remote) hasSnapshot(commit string) bool {
	o := cachedObjects(r.slot.path)
	defer o.shut()
	ok, err := o.holds(commit)
	return ok && err == nil
}

// hasPack reports whether there are packs in the bare repository in dir, and all can be read.
func hasPack(dir string) bool {
	packs, err := listPacks(dir)
	for _, p := range packs {
		if p.index == nil {
			return false
		}
	}
	return err == nil && len(packs) > 0
}

// storeHistory fetches what the folder dir is to hold of the history between two commits: the range, and
// all history of the newer commit where the range is known to be too little. One range is kept for each
// older commit, for the newer one is the newest of its time.
func (r *remote) storeHistory(ctx context.Context, from, to, dir string, damage *damaged) error {
	if err := r.store(ctx, ref.Pin{Commit: from}); err != nil {
		return err
	}
	get := pull{dir: dir, filter: noBlobs, haves: []plumbing.Hash{plumbing.NewHash(from)}, limits: r.limits}
	stale := filepath.Join(r.slot.path, historyDir, from+"-*")
	switch {
	case damage != nil && damage.absent():
		get.dir, get.haves = filepath.Join(dir, wholeDir), nil
		stale = get.dir
	case damage == nil && hasPack(dir):
		return nil
	}
	if r.offline {
		return r.missing("the history of commit " + to)
	}
	ids, _, err := r.wants(ctx, ref.Pin{Commit: to})
	if err != nil {
		return err
	}
	old, err := filepath.Glob(stale)
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := initBare(get.dir, partialConfig); err != nil {
		return err
	}
	get.limits.PackBytes = min(get.limits.PackBytes, get.limits.HistoryBytes)
	get.ids = ids
	return r.pull(ctx, get)
}

// A chain finds an object in the first source that has it.
type chain []*objects

func (c chain) EncodedObject(t plumbing.ObjectType, id plumbing.Hash) (plumbing.EncodedObject, error) {
	for _, o := range c {
		obj, err := o.EncodedObject(t, id)
		if !errors.Is(err, plumbing.ErrObjectNotFound) && !errors.Is(err, os.ErrNotExist) {
			return obj, err
		}
	}
	return nil, plumbing.ErrObjectNotFound
}

// absent reports whether the object is not there, as opposed to unreadable.
func (d *damaged) absent() bool {
	return errors.Is(d.err, plumbing.ErrObjectNotFound) || errors.Is(d.err, os.ErrNotExist)
}
