package fetch

import (
	"context"
	"errors"
	"fmt"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A server that knows filters sends a commit with its trees and without the content of files. That is
// fetched when it is read: the manifest first, then the files of a component, in one request.

// What is asked for by its ids: for more the whole snapshot is fetched, which is cheaper than many requests.
const (
	maxFill  = 5000 // files at once
	maxFills = 8    // times for one commit, while a client is open
)

// lacking says that the content of files is not on this machine.
type lacking struct{ ids []plumbing.Hash }

func (l *lacking) Error() string { return fmt.Sprintf("%d files are not here", len(l.ids)) }

// lacks returns *lacking when content is not in a cached repository that can be read.
func (o *objects) lacks(ids []plumbing.Hash) error {
	s, ok := o.source.(*packSource)
	if !ok || !s.readable() {
		return nil // reading finds out what is wrong
	}
	var missing []plumbing.Hash
	for _, id := range ids {
		if !s.has(id) {
			missing = append(missing, id)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	return &lacking{missing}
}

// Keep makes sure that the content of all files of the snapshot is on this machine.
func (s *Snapshot) Keep(ctx context.Context) error {
	return s.read(ctx, func(w *walk) error {
		found := map[plumbing.Hash]mode{}
		if err := w.objects.below(ctx, w.root, w.limits, found); err != nil {
			return refused(err, w.where)
		}
		var files []plumbing.Hash
		for id, mode := range found {
			if mode != modeTree && mode != modeGitlink {
				files = append(files, id)
			}
		}
		return w.objects.lacks(files)
	})
}

// below adds the tree id and all that is below it to found, each object once.
func (o *objects) below(ctx context.Context, id plumbing.Hash, l Limits, found map[plumbing.Hash]mode) error {
	found[id] = modeTree
	for next := []plumbing.Hash{id}; len(next) > 0; {
		if err := check(ctx); err != nil {
			return err
		}
		data, err := o.read(next[len(next)-1], plumbing.TreeObject, l.FileBytes)
		if err != nil {
			return err
		}
		entries, err := parseTree(data)
		if err != nil {
			return err
		}
		next = next[:len(next)-1]
		for _, e := range entries {
			if _, known := found[e.id]; known {
				continue
			}
			if found[e.id] = e.mode; e.mode == modeTree {
				next = append(next, e.id)
			}
		}
		if len(found) > l.Objects {
			return overLimit("a snapshot", len(found), "or more objects", l.Objects)
		}
	}
	return nil
}

// fill cannot be asked of a repository that is read where it is, or made as a whole.
func (l *local) fill(context.Context, ref.Pin, *lacking) error { return nil }

func (b *builtin) fill(context.Context, ref.Pin, *lacking) error { return nil }

// fill fetches content of the snapshot of pin that the server left out. A server that does not give single
// objects after all, or that is asked for very many, or very often, is asked for the whole snapshot.
func (r *remote) fill(ctx context.Context, pin ref.Pin, missing *lacking) error {
	return r.update(ctx, nil, func() error {
		if !r.stillLacks(&missing) { // another process was faster
			return nil
		}
		if r.offline {
			return r.missing(fmt.Sprintf("the content of %d files at commit %s", len(missing.ids), pin.Commit))
		}
		if err := r.connect(ctx); err != nil {
			return err
		}
		r.fills[pin.Commit]++
		if r.filters() && len(missing.ids) <= maxFill && r.fills[pin.Commit] <= maxFills {
			err := r.pull(ctx, pull{ids: missing.ids, dir: r.slot.path, limits: r.limits})
			if err != nil && failure.KindOf(err) != failure.Network || err == nil && !r.stillLacks(&missing) {
				return err
			}
		}
		if err := r.fetch(ctx, pin, true); err != nil {
			return err
		}
		if r.stillLacks(&missing) {
			return failure.Errorf(failure.Network, "fetching from %s: the server does not send %d files of commit %s, such as %s",
				quote(r.public), len(missing.ids), pin.Commit, missing.ids[0]).WithHint("tell the owner of the server")
		}
		return nil
	})
}

// stillLacks looks again, and leaves in missing what is not there now.
func (r *remote) stillLacks(missing **lacking) bool {
	o := cachedObjects(r.slot.path)
	defer o.shut()
	return errors.As(o.lacks((*missing).ids), missing)
}
