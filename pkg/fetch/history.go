package fetch

import (
	"container/heap"
	"context"
	"errors"
	"path"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A History is what happened to one path of a repository between two commits.
type History struct {
	Commits []Commit // newest first
	Related bool     // the older commit is an ancestor of the newer one; false after a rewritten history
}

// A Commit is one commit as its author tells it. Its texts are printable, and one line each.
type Commit struct {
	ID      string
	Subject string // the first paragraph of its message
	Author  string // the name alone
	Date    time.Time
}

const (
	maxCommit  = 1 << 20 // bytes of a commit object
	maxText    = 200     // characters of a subject or a name
	maxParents = 4       // of a commit, on average
	maxHistory = 3       // times that a history is read: from a range, from all history, and after damage
)

// Log returns the commits that are reachable from the commit to and not from the commit from, and whose
// file or folder at name, a slash-separated path from the pack's root, is another one than in each of their
// parents. A merge that only takes over what one side has is none of them.
//
// What is not on this machine is fetched, without the content of files where the server can leave it out,
// and kept in the cache. Errors are of kind Usage when there is no such commit, Refused when there are more
// commits than Limits allow, Network when the server cannot tell, or is not to be asked.
func (r *Repo) Log(ctx context.Context, from, to, name string) (History, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	var ends [2]plumbing.Hash
	for i, s := range []string{from, to} {
		id, err := parseID(s)
		if err != nil {
			return History{}, failure.Errorf(failure.Usage, "reading the history of %s: %q: %w", r.quoted(), s, err).
				WithHint("give commits by their 40 hex digits")
		}
		ends[i] = id
	}
	if from == to {
		return History{Commits: []Commit{}, Related: true}, nil
	}
	var damage *damaged
	for range maxHistory {
		l, err := r.origin.history(ctx, from, to, damage)
		if err != nil {
			return History{}, err
		}
		h, err := l.log(ctx, ends[0], ends[1], path.Clean(name), r.limits)
		l.shut()
		if !errors.As(err, &damage) {
			return h, refused(err, r.quoted())
		}
	}
	return History{}, failure.Errorf(failure.Other, "reading the history of %s: %w", r.quoted(), damage).
		WithHint("the repository does not have its whole history, as after git clone --depth")
}

// A lineage is where the commits between two commits are read from.
type lineage struct {
	commits *objects // has each of them, and perhaps others
	all     *objects // has their trees and their parents, too
}

func (l *lineage) shut() { _, _ = l.commits.shut(), l.all.shut() }

// log does the work of Repo.Log. Objects that are missing are *damaged errors.
func (l *lineage) log(ctx context.Context, from, to plumbing.Hash, name string, limits Limits) (History, error) {
	nodes, related, err := l.between(ctx, from, to, limits.Commits)
	if err != nil {
		return History{}, err
	}
	t := &tracer{lineage: l, path: strings.Split(name, "/"), limit: limits.FileBytes, seen: map[plumbing.Hash]entry{}}
	h := History{Commits: []Commit{}, Related: related}
	for _, n := range nodes {
		if err := check(ctx); err != nil {
			return History{}, err
		}
		touches, err := t.touches(n)
		if err != nil {
			return History{}, err
		}
		if touches {
			h.Commits = append(h.Commits, n.Commit)
		}
	}
	return h, nil
}

// A node is a commit that the way back from the two ends has come to.
type node struct {
	Commit
	id, tree plumbing.Hash
	parents  []plumbing.Hash
	old      bool // it is an ancestor of the older end, or that end itself
	queued   bool
}

// A queue holds nodes, the newest on top.
type queue []*node

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].Date.After(q[j].Date) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(n any)        { *q = append(*q, n.(*node)) }
func (q *queue) Pop() any {
	n := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return n
}

// between returns the commits that are reachable from to and not from from, newest first, and whether from
// is an ancestor of to. It goes back from both by date, until only ancestors of from are left to look at
// that are older than all that was found: git's own way, which a wrong clock can mislead in a repository
// that has all history, but not in a range that was fetched.
func (l *lineage) between(ctx context.Context, from, to plumbing.Hash, limit int) (found []*node, related bool, err error) {
	w := &wayBack{nodes: map[plumbing.Hash]*node{}}
	if err := w.reach(l.all, from, true); err != nil {
		return nil, false, err
	}
	if err := w.reach(l.commits, to, false); err != nil && !isAbsent(err) {
		return nil, false, err
	}
	var oldest time.Time
	for len(w.queue) > 0 && (w.fresh > 0 || !w.queue[0].Date.Before(oldest)) {
		if err := check(ctx); err != nil {
			return nil, false, err
		}
		if len(w.nodes) > limit || w.links > maxParents*limit {
			return nil, false, overLimit("the history between two commits", len(w.nodes), "or more commits", limit)
		}
		n := w.next()
		if !n.old {
			oldest = n.Date
			found = append(found, n)
		}
		for _, parent := range n.parents {
			if err := w.reach(l.commits, parent, n.old); err != nil && !isAbsent(err) {
				return nil, false, err
			}
		}
	}
	found = slices.DeleteFunc(found, func(n *node) bool { return n.old })
	return found, slices.ContainsFunc(found, func(n *node) bool { return slices.Contains(n.parents, from) }), nil
}

// isAbsent reports whether an object is not there, as are commits that from has, too, and that were not fetched.
func isAbsent(err error) bool {
	var damage *damaged
	return errors.As(err, &damage) && damage.absent()
}

// A wayBack is how far the search from the two ends has come.
type wayBack struct {
	nodes map[plumbing.Hash]*node
	links int   // parents of all nodes
	queue queue // nodes whose parents are to be looked at
	fresh int   // nodes of the queue that are not old
}

// reach queues a commit that is new, and one that turns out to be old.
func (w *wayBack) reach(o *objects, id plumbing.Hash, old bool) (err error) {
	n, known := w.nodes[id]
	if known && (n.old || !old) {
		return nil
	}
	if !known {
		if n, err = o.node(id); err != nil {
			return err
		}
		w.nodes[id] = n
		w.links += len(n.parents)
	}
	n.old = old
	if !old {
		w.fresh++
	}
	if n.queued {
		w.fresh-- // it was queued as one that is not old
		return nil
	}
	n.queued = true
	heap.Push(&w.queue, n)
	return nil
}

// next takes the newest commit out of the queue.
func (w *wayBack) next() *node {
	n := heap.Pop(&w.queue).(*node)
	if n.queued = false; !n.old {
		w.fresh--
	}
	return n
}

// A tracer finds out what commits have at one path.
type tracer struct {
	*lineage
	path  []string
	limit int64
	seen  map[plumbing.Hash]entry // by the id of a commit's tree
}

// touches reports whether the path is another one in the commit than in each of its parents.
func (t *tracer) touches(n *node) (bool, error) {
	is, err := t.at(n.tree)
	if err != nil {
		return false, err
	}
	for _, parent := range n.parents {
		root, err := t.all.root(parent, maxCommit)
		if err != nil {
			return false, err
		}
		was, err := t.at(root)
		if err != nil || was == is {
			return false, err
		}
	}
	return len(n.parents) > 0 || is != entry{}, nil
}

// at returns what the tree root has at the path, or the zero entry.
func (t *tracer) at(root plumbing.Hash) (entry, error) {
	e, known := t.seen[root]
	if known {
		return e, nil
	}
	e = entry{mode: modeTree, id: root}
	for _, name := range t.path {
		if name == "." {
			continue
		}
		if e.mode != modeTree {
			e = entry{}
			break
		}
		data, err := t.all.read(e.id, plumbing.TreeObject, t.limit)
		if err != nil {
			return e, err
		}
		entries, err := parseTree(data)
		if err != nil {
			return e, err
		}
		i := lookup(entries, name)
		if i < 0 {
			e = entry{}
			break
		}
		e = entries[i]
	}
	t.seen[root] = e
	return e, nil
}

// node reads a commit. What is large in it is not kept.
func (o *objects) node(id plumbing.Hash) (*node, error) {
	data, err := o.read(id, plumbing.CommitObject, maxCommit)
	if err != nil {
		return nil, err
	}
	m := &plumbing.MemoryObject{}
	m.SetType(plumbing.CommitObject)
	c := &object.Commit{}
	err = guard(func() error {
		if _, err := m.Write(data); err != nil {
			return err
		}
		return c.Decode(m)
	})
	if err != nil {
		return nil, err
	}
	about := Commit{id.String(), subject(c.Message), oneLine(c.Author.Name), c.Committer.When}
	return &node{Commit: about, id: id, tree: c.TreeHash, parents: slices.Clone(c.ParentHashes)}, nil
}

// subject returns the first paragraph of a commit's message as one line.
func subject(message string) string {
	first, _, _ := strings.Cut(strings.TrimLeft(message, "\r\n"), "\n\n")
	return oneLine(first)
}

// oneLine returns a text with a space for each run of white space, and a replacement character for what
// cannot be printed. What is over maxText characters is cut.
func oneLine(text string) string {
	line := []rune(strings.Join(strings.Fields(text), " "))
	if len(line) > maxText {
		line = append(line[:maxText-1], '…')
	}
	for i, r := range line {
		if !unicode.IsPrint(r) {
			line[i] = unicode.ReplacementChar
		}
	}
	return string(line)
}
