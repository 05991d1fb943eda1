package objects

import (
	"slices"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// A Commit is what a commit object says.
type Commit struct {
	ID, Tree ID
	Parents  []ID
	Author   string    // the name
	Date     time.Time // of the commit, not of the author's work
	Message  string
}

func decodeCommit(id ID, data []byte) (*Commit, error) {
	m := &plumbing.MemoryObject{}
	m.SetType(plumbing.CommitObject)
	c := &object.Commit{}
	err := Guard(func() error {
		if _, err := m.Write(data); err != nil {
			return err
		}
		return c.Decode(m)
	})
	if err != nil {
		return nil, err
	}
	return &Commit{id, c.TreeHash, slices.Clone(c.ParentHashes), c.Author.Name, c.Committer.When, c.Message}, nil
}
