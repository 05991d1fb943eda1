package objects

import (
	"bytes"
	"context"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/filemode"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
	"github.com/go-git/go-git/v5/plumbing/object"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A Builder makes objects in memory. Equal calls give equal ids everywhere.
type Builder struct {
	storage *memory.Storage
	order   []ID // of all objects, as they were added
}

// NewBuilder returns a builder without objects.
func NewBuilder() *Builder { return &Builder{storage: memory.NewStorage()} }

// Store returns a store that reads the builder's objects.
func (b *Builder) Store() *Store { return NewStore(memorySource{b.storage}) }

// memorySource looks up abbreviated ids among all commits.
type memorySource struct{ *memory.Storage }

func (s memorySource) HashesWithPrefix([]byte) ([]plumbing.Hash, error) {
	return slices.Collect(maps.Keys(s.Commits)), nil
}

// A Signature is the author and committer of a commit.
type Signature struct {
	Name, Email string
	Date        time.Time
}

// AddCommit adds a commit and returns its id.
func (b *Builder) AddCommit(tree ID, parents []ID, by Signature, message string) (ID, error) {
	who := object.Signature{Name: by.Name, Email: by.Email, When: by.Date}
	return b.add(&object.Commit{Author: who, Committer: who, Message: message, TreeHash: tree, ParentHashes: parents})
}

// AddTree adds the files as a tree, with its folders and blobs, and returns its id.
func (b *Builder) AddTree(files fileset.Set) (ID, error) {
	t := &object.Tree{}
	for len(files) > 0 {
		name, _, inDir := strings.Cut(files[0].Path, "/")
		e := object.TreeEntry{Name: name}
		n, err := 1, error(nil)
		if inDir {
			dir := below(files, name)
			n, e.Mode = len(dir), filemode.Dir
			e.Hash, err = b.AddTree(dir)
		} else {
			e.Mode = filemode.Regular
			if files[0].Mode == fileset.Executable {
				e.Mode = filemode.Executable
			}
			e.Hash, err = b.addBlob(files[0].Data)
		}
		if err != nil {
			return ID{}, err
		}
		t.Entries = append(t.Entries, e)
		files = files[n:]
	}
	slices.SortFunc(t.Entries, func(a, b object.TreeEntry) int { return strings.Compare(sortKey(a), sortKey(b)) })
	return b.add(t)
}

// below returns the leading files that are in the folder dir, with paths relative to it.
func below(files fileset.Set, dir string) fileset.Set {
	var out fileset.Set
	for _, f := range files {
		rest, ok := strings.CutPrefix(f.Path, dir+"/")
		if !ok {
			break
		}
		out = append(out, fileset.File{Path: rest, Mode: f.Mode, Data: f.Data})
	}
	return out
}

// sortKey is what git sorts the entries of a tree by: folders as if their names ended with a slash.
func sortKey(e object.TreeEntry) string {
	if e.Mode == filemode.Dir {
		return e.Name + "/"
	}
	return e.Name
}

func (b *Builder) addBlob(data []byte) (ID, error) {
	m := b.storage.NewEncodedObject()
	m.SetType(plumbing.BlobObject)
	w, err := m.Writer()
	if err != nil {
		return ID{}, err
	}
	if _, err := w.Write(data); err != nil {
		return ID{}, err
	}
	return b.store(m)
}

// add adds a tree or commit.
func (b *Builder) add(o object.Object) (ID, error) {
	m := b.storage.NewEncodedObject()
	if err := o.Encode(m); err != nil {
		return ID{}, err
	}
	return b.store(m)
}

func (b *Builder) store(m plumbing.EncodedObject) (ID, error) {
	if b.storage.HasEncodedObject(m.Hash()) == nil {
		return m.Hash(), nil
	}
	b.order = append(b.order, m.Hash())
	return b.storage.SetEncodedObject(m)
}

// WritePack writes all objects as one pack of the bare repository in dir.
func (b *Builder) WritePack(ctx context.Context, dir string) error {
	var pack bytes.Buffer
	if _, err := packfile.NewEncoder(&pack, b.storage, false).Encode(b.order, 0); err != nil {
		return err
	}
	index, sum, err := indexPack(ctx, bytes.NewReader(pack.Bytes()), int64(pack.Len()))
	if err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, tempPack), pack.Bytes(), 0o644); err != nil {
		return err
	}
	return install(dir, dir, sum, index, false)
}

// TreeID returns the id of the tree that holds exactly the files.
func TreeID(files fileset.Set) (string, error) {
	id, err := NewBuilder().AddTree(files)
	return id.String(), err
}
