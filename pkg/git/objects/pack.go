package objects

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// Extensions of the files of a pack.
const (
	packExt     = ".pack"
	indexExt    = ".idx"
	promisorExt = ".promisor" // git's mark of a pack that lacks objects which a server has promised to send
)

var (
	errUnreadableIndex = errors.New("the index of a pack is damaged")
	errShortPack       = errors.New("a pack lacks what its index lists")
)

// A Pack is a file of many objects in a bare repository, with an index of them.
type Pack struct {
	base    string               // path without extension
	index   *idxfile.MemoryIndex // nil when it cannot be read
	objects *packfile.Packfile   // nil until opened
}

// ListPacks returns the packs of the bare repository in dir.
func ListPacks(dir string) ([]Pack, error) {
	dir = packDir(dir)
	found, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	var packs []Pack
	for _, f := range found {
		if name, ok := strings.CutSuffix(f.Name(), packExt); ok {
			base := filepath.Join(dir, name)
			packs = append(packs, Pack{base: base, index: readIndex(base + indexExt)})
		}
	}
	return packs, nil
}

func packDir(dir string) string { return filepath.Join(dir, "objects", "pack") }

func readIndex(name string) *idxfile.MemoryIndex {
	info, err := os.Stat(name)
	if err != nil {
		return nil
	}
	data, err := os.ReadFile(name)
	if err != nil {
		return nil
	}
	index := idxfile.NewMemoryIndex()
	err = Guard(func() error { return idxfile.NewDecoder(indexFile{bytes.NewReader(data), info}).Decode(index) })
	if err != nil {
		return nil
	}
	return index
}

// An indexFile lets the decoder compare the number of objects with the size of the file before it allocates memory.
type indexFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f indexFile) Stat() (fs.FileInfo, error) { return f.info, nil }

// Readable reports whether the index of the pack can be read.
func (p Pack) Readable() bool { return p.index != nil }

// Has reports whether the pack has the object. A pack that is not readable has none.
func (p Pack) Has(id ID) bool {
	if p.index == nil {
		return false
	}
	ok, err := p.index.Contains(id)
	return ok && err == nil
}

// get returns an object that the pack has.
func (p *Pack) get(id ID, deltas cache.Object) (plumbing.EncodedObject, error) {
	if p.objects == nil {
		f, err := osfs.New(filepath.Dir(p.base)).Open(filepath.Base(p.base) + packExt)
		if err != nil {
			return nil, err
		}
		p.objects = packfile.NewPackfileWithCache(p.index, nil, f, deltas, 0)
	}
	obj, err := p.objects.Get(id)
	if errors.Is(err, plumbing.ErrObjectNotFound) {
		return nil, errShortPack
	}
	return obj, err
}

// withPrefix returns the ids of the pack's objects that start with the given bytes.
func (p Pack) withPrefix(prefix []byte) ([]ID, error) {
	if p.index == nil {
		return nil, errUnreadableIndex
	}
	entries, err := p.index.Entries()
	if err != nil {
		return nil, err
	}
	var ids []ID
	for e, err := entries.Next(); err == nil; e, err = entries.Next() {
		if bytes.HasPrefix(e.Hash[:], prefix) {
			ids = append(ids, e.Hash)
		}
	}
	return ids, nil
}

func (p *Pack) close() error {
	if p.objects == nil {
		return nil
	}
	return p.objects.Close()
}

// Remove deletes the pack. Readers look for .pack files, so that one goes first.
func (p Pack) Remove() error {
	err := os.Remove(p.base + packExt)
	for _, ext := range []string{indexExt, promisorExt} {
		if e := os.Remove(p.base + ext); !errors.Is(e, fs.ErrNotExist) {
			err = errors.Join(err, e)
		}
	}
	return err
}

// Size returns the bytes that the pack takes on disk.
func (p Pack) Size() int64 {
	var n int64
	for _, ext := range []string{packExt, indexExt, promisorExt} {
		if info, err := os.Stat(p.base + ext); err == nil {
			n += info.Size()
		}
	}
	return n
}
