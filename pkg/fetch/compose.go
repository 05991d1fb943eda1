package fetch

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Author and committer of composed commits. They and the dates are part of the commit ids.
const (
	composedName  = "ppm"
	composedEmail = "ppm@localhost"
)

// A composed repository is made in memory from releases. Equal releases give equal ids everywhere.
type composed struct {
	storage *memory.Storage
	refs    []ref.GitRef
	order   []plumbing.Hash // of all objects, those of earlier releases first
}

// compose makes one commit for each release, on the release's branch, with a tag.
func compose(url string, releases []Release) (*composed, error) {
	c := &composed{storage: memory.NewStorage()}
	branches := map[string]plumbing.Hash{}
	var names []string // of branches, as they come
	for _, r := range releases {
		tree, err := c.tree(r.Files)
		if err != nil {
			return nil, failure.Errorf(failure.Other, "composing %q of %s: %w", r.Tag, quote(url), err)
		}
		who := object.Signature{Name: composedName, Email: composedEmail, When: r.Date.UTC()}
		commit := &object.Commit{Author: who, Committer: who, Message: strings.TrimSuffix(r.Message, "\n") + "\n", TreeHash: tree}
		if parent, ok := branches[r.Branch]; ok {
			commit.ParentHashes = []plumbing.Hash{parent}
		} else {
			names = append(names, r.Branch)
		}
		id, err := c.add(commit)
		if err != nil {
			return nil, err
		}
		branches[r.Branch] = id
		c.refs = append(c.refs, newRef(tagPrefix+r.Tag, id))
	}
	for _, name := range names {
		c.refs = append(c.refs, newRef(headPrefix+name, branches[name]))
	}
	slices.SortFunc(c.refs, byName)
	if main := mainBranch(names); main != "" {
		c.refs = withHead(c.refs, headPrefix+main)
	}
	return c, nil
}

func newRef(name string, id plumbing.Hash) ref.GitRef {
	return ref.GitRef{Name: name, Object: id.String(), Commit: id.String()}
}

// mainBranch returns the branch that HEAD stands for: master, else main, else the first.
func mainBranch(names []string) string {
	for _, name := range []string{"master", "main"} {
		if slices.Contains(names, name) {
			return name
		}
	}
	if len(names) > 0 {
		return names[0]
	}
	return ""
}

// tree adds the files as a git tree, with its folders and blobs, and returns its id.
func (c *composed) tree(files fileset.Set) (plumbing.Hash, error) {
	t := &object.Tree{}
	for len(files) > 0 {
		name, _, inFolder := strings.Cut(files[0].Path, "/")
		e := object.TreeEntry{Name: name}
		n, err := 1, error(nil)
		if inFolder {
			var folder fileset.Set
			for _, f := range files {
				rest, ok := strings.CutPrefix(f.Path, name+"/")
				if !ok {
					break
				}
				folder = append(folder, fileset.File{Path: rest, Mode: f.Mode, Data: f.Data})
			}
			n, e.Mode = len(folder), filemode.Dir
			e.Hash, err = c.tree(folder)
		} else {
			e.Mode = filemode.Regular
			if files[0].Mode == fileset.Executable {
				e.Mode = filemode.Executable
			}
			e.Hash, err = c.blob(files[0].Data)
		}
		if err != nil {
			return plumbing.ZeroHash, err
		}
		t.Entries = append(t.Entries, e)
		files = files[n:]
	}
	slices.SortFunc(t.Entries, func(a, b object.TreeEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return c.add(t)
}

// sortKey is what git sorts the entries of a tree by: folders as if their names ended in a slash.
func sortKey(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

func (c *composed) blob(data []byte) (plumbing.Hash, error) {
	m := c.storage.NewEncodedObject()
	m.SetType(plumbing.BlobObject)
	w, err := m.Writer()
	if err != nil {
		return plumbing.ZeroHash, err
	}
	if _, err := w.Write(data); err != nil {
		return plumbing.ZeroHash, err
	}
	return c.store(m)
}

// add stores a tree or commit.
func (c *composed) add(o interface {
	Encode(plumbing.EncodedObject) error
}) (plumbing.Hash, error) {
	m := c.storage.NewEncodedObject()
	if err := o.Encode(m); err != nil {
		return plumbing.ZeroHash, err
	}
	return c.store(m)
}

func (c *composed) store(m plumbing.EncodedObject) (plumbing.Hash, error) {
	if c.storage.HasEncodedObject(m.Hash()) == nil {
		return m.Hash(), nil
	}
	c.order = append(c.order, m.Hash())
	return c.storage.SetEncodedObject(m)
}

// write writes the repository into dir, bare and with all objects in one pack.
func (c *composed) write(ctx context.Context, dir string) error {
	if err := initBare(dir, bareConfig); err != nil {
		return err
	}
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, c.storage, false).Encode(c.order, 0); err != nil {
		return err
	}
	index, sum, err := indexPack(ctx, bytes.NewReader(pack.Bytes()), int64(pack.Len()))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, packName), pack.Bytes(), 0o644); err != nil {
		return err
	}
	if _, err := install(dir, dir, sum, index); err != nil {
		return err
	}
	return writeRefs(dir, dir, c.refs)
}

// TreeID returns the git id of the tree that holds exactly the files.
func TreeID(files fileset.Set) (string, error) {
	c := &composed{storage: memory.NewStorage()}
	id, err := c.tree(files)
	return id.String(), err
}
