package fetch

import (
	"context"
	"slices"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// maxParents bounds the parents of a commit, on average.
const maxParents = 4

// A lineage is where the commits between two commits are read from.
type lineage struct {
	commits *objects.Store // has each of them, and perhaps others
	all     *objects.Store // has their trees and their parents, too
}

// fullLineage returns the lineage of a repository with its whole history.
func fullLineage(s *objects.Store, url, from, to string) (*lineage, error) {
	for _, id := range []string{from, to} {
		if ok, err := s.HasCommit(id); err == nil && !ok {
			s.Close()
			return nil, errNoCommit(url, id)
		}
	}
	return &lineage{commits: s, all: objects.Chain(s)}, nil
}

func (l *lineage) close() { _, _ = l.commits.Close(), l.all.Close() }

// log does the work of Repo.Log. Objects that are missing are *objects.DamagedError.
func (l *lineage) log(ctx context.Context, from, to objects.ID, name string, limits Limits) (History, error) {
	nodes, related, err := l.between(ctx, from, to, limits.Commits)
	if err != nil {
		return History{}, err
	}
	p := newPathReader(l.all, name, limits.FileBytes)
	h := History{Commits: []Commit{}, Related: related}
	for _, n := range nodes {
		if err := checkContext(ctx); err != nil {
			return History{}, err
		}
		changed, err := p.changedIn(n)
		if err != nil {
			return History{}, err
		}
		if changed {
			h.Commits = append(h.Commits, n.Commit)
		}
	}
	return h, nil
}

// between returns the commits that are reachable from to and not from from, newest first, and whether from is an
// ancestor of to. It walks back from both by date until only ancestors of from are left that are older than all
// commits found. Git does the same. A wrong clock can mislead it in a repository with its whole history, but not in
// a range that was fetched.
func (l *lineage) between(
	ctx context.Context, from, to objects.ID, limit int,
) (found []*node, related bool, err error) {
	w := &ancestry{nodes: map[objects.ID]*node{}}
	if err := w.visit(l.all, from, true); err != nil {
		return nil, false, err
	}
	if err := w.visit(l.commits, to, false); err != nil && !objects.IsAbsent(err) {
		return nil, false, err
	}
	var oldest time.Time
	for len(w.queue) > 0 && (w.fresh > 0 || !w.queue[0].Date.Before(oldest)) {
		if err := checkContext(ctx); err != nil {
			return nil, false, err
		}
		if len(w.nodes) > limit || w.links > maxParents*limit {
			const history = "the history between two commits"
			return nil, false, objects.LimitError(history, len(w.nodes), "or more commits", limit)
		}
		n := w.next()
		if !n.old {
			oldest = n.Date
			found = append(found, n)
		}
		for _, parent := range n.parents { // an absent parent is one that from has, too, and that was not fetched
			if err := w.visit(l.commits, parent, n.old); err != nil && !objects.IsAbsent(err) {
				return nil, false, err
			}
		}
	}
	found = slices.DeleteFunc(found, func(n *node) bool { return n.old })
	return found, slices.ContainsFunc(found, func(n *node) bool { return slices.Contains(n.parents, from) }), nil
}
