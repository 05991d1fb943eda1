package fetch

import (
	"container/heap"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// maxCommit bounds the bytes of a commit object.
const maxCommit = 1 << 20

// An ancestry is the state of a walk back from two commits.
type ancestry struct {
	nodes map[objects.ID]*node
	links int   // parents of all nodes
	queue queue // nodes whose parents have not been visited
	fresh int   // nodes of the queue that are not old
}

// A node is a commit that the walk has come to.
type node struct {
	Commit
	tree    objects.ID
	parents []objects.ID
	old     bool // it is an ancestor of the older commit, or that commit itself
	queued  bool
}

// visit queues a commit that is new, and one that turns out to be old.
func (a *ancestry) visit(s *objects.Store, id objects.ID, old bool) error {
	n, known := a.nodes[id]
	if known && (n.old || !old) {
		return nil
	}
	if !known {
		c, err := s.ReadCommit(id, maxCommit)
		if err != nil {
			return err
		}
		n = &node{Commit: newCommit(c), tree: c.Tree, parents: c.Parents}
		a.nodes[id] = n
		a.links += len(n.parents)
	}
	n.old = old
	if !old {
		a.fresh++
	}
	if n.queued {
		a.fresh-- // it was queued as one that is not old
		return nil
	}
	n.queued = true
	heap.Push(&a.queue, n)
	return nil
}

// next takes the newest commit out of the queue.
func (a *ancestry) next() *node {
	n := heap.Pop(&a.queue).(*node)
	if n.queued = false; !n.old {
		a.fresh--
	}
	return n
}

// A queue is a heap of nodes with the newest on top.
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
