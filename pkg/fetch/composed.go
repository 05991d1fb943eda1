package fetch

import (
	"context"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Author and committer of composed commits. They and the dates are part of the commit ids.
const (
	composedName  = "ppm"
	composedEmail = "ppm@localhost"
)

// A composed repository is made in memory from releases. Equal releases give equal ids everywhere.
type composed struct {
	builder *objects.Builder
	refs    []ref.GitRef
}

// compose makes one commit for each release of a pack, on the release's branch, with a tag.
func compose(b *Builtin) (*composed, error) {
	releases, err := b.Releases()
	if err != nil {
		return nil, err
	}
	c := &composed{builder: objects.NewBuilder()}
	heads := map[string]objects.ID{}
	var branches []string // in the order of their first commits
	for _, r := range releases {
		tree, err := c.builder.AddTree(r.Files)
		if err != nil {
			url := quote(ref.BuiltinURL(b.Name))
			return nil, failure.Errorf(failure.Other, "composing %q of %s: %w", r.Tag, url, err)
		}
		var parents []objects.ID
		if parent, ok := heads[r.Branch]; ok {
			parents = []objects.ID{parent}
		} else {
			branches = append(branches, r.Branch)
		}
		by := objects.Signature{Name: composedName, Email: composedEmail, Date: r.Date.UTC()}
		id, err := c.builder.AddCommit(tree, parents, by, strings.TrimSuffix(r.Message, "\n")+"\n")
		if err != nil {
			return nil, err
		}
		heads[r.Branch] = id
		c.refs = append(c.refs, refs.New(ref.TagPrefix+r.Tag, id.String()))
	}
	for _, name := range branches {
		c.refs = append(c.refs, refs.New(ref.BranchPrefix+name, heads[name].String()))
	}
	slices.SortFunc(c.refs, refs.Compare)
	if main := defaultBranch(branches); main != "" {
		c.refs = refs.WithHead(c.refs, ref.BranchPrefix+main)
	}
	return c, nil
}

// defaultBranch returns the branch that HEAD points to: master, else main, else the first.
func defaultBranch(branches []string) string {
	for _, name := range []string{"master", "main"} {
		if slices.Contains(branches, name) {
			return name
		}
	}
	if len(branches) > 0 {
		return branches[0]
	}
	return ""
}

// write writes the repository into dir, bare and with all objects in one pack.
func (c *composed) write(ctx context.Context, dir string) error {
	if err := bareRepo(dir).init(fullConfig); err != nil {
		return err
	}
	if err := c.builder.WritePack(ctx, dir); err != nil {
		return err
	}
	return refs.WritePacked(dir, dir, c.refs)
}
