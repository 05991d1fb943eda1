package fetch

import (
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// A pathReader reads what commits have at one path.
type pathReader struct {
	store *objects.Store
	path  []string
	limit int64                        // bytes of a tree
	seen  map[objects.ID]objects.Entry // by the id of a commit's tree
}

func newPathReader(s *objects.Store, name string, limit int64) *pathReader {
	return &pathReader{store: s, path: strings.Split(name, "/"), limit: limit, seen: map[objects.ID]objects.Entry{}}
}

// changedIn reports whether the commit has something else at the path than each of its parents.
func (p *pathReader) changedIn(n *node) (bool, error) {
	is, err := p.at(n.tree)
	if err != nil {
		return false, err
	}
	for _, parent := range n.parents {
		root, err := p.store.RootTree(parent, maxCommit)
		if err != nil {
			return false, err
		}
		was, err := p.at(root)
		if err != nil || was == is {
			return false, err
		}
	}
	return len(n.parents) > 0 || is != objects.Entry{}, nil
}

// at returns the entry of the tree root at the path, or the zero entry.
func (p *pathReader) at(root objects.ID) (objects.Entry, error) {
	e, known := p.seen[root]
	if known {
		return e, nil
	}
	e = objects.Entry{Mode: objects.ModeTree, ID: root}
	for _, name := range p.path {
		if name == "." {
			continue
		}
		if e.Mode != objects.ModeTree {
			e = objects.Entry{}
			break
		}
		data, err := p.store.Read(e.ID, objects.TreeType, p.limit)
		if err != nil {
			return e, err
		}
		entries, err := objects.ParseTree(data)
		if err != nil {
			return e, err
		}
		i := objects.Lookup(entries, name)
		if i < 0 {
			e = objects.Entry{}
			break
		}
		e = entries[i]
	}
	p.seen[root] = e
	return e, nil
}
