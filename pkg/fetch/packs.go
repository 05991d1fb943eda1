package fetch

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-billy/v5/osfs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
	"github.com/go-git/go-git/v5/plumbing/format/packfile"
)

// cachedObjects opens the bare repository in dir, all of whose objects are in packs. What cannot be
// read shows when it is asked for.
func cachedObjects(dir string) *objects {
	packs, err := listPacks(dir)
	s := &packSource{packs: packs, err: err, deltas: cache.NewObjectLRU(deltaCache)}
	return &objects{s, s.close}
}

// packSource finds objects in packs. Go-git's own storage does the same, with many more calls to the system.
type packSource struct {
	packs  []packed
	err    error
	deltas cache.Object
}

func (s *packSource) EncodedObject(t plumbing.ObjectType, id plumbing.Hash) (plumbing.EncodedObject, error) {
	for i := range s.packs {
		p := &s.packs[i]
		if p.index == nil {
			return nil, errUnreadableIndex
		}
		if !p.has(id) {
			continue
		}
		if err := p.open(s.deltas); err != nil {
			return nil, err
		}
		obj, err := p.objects.Get(id)
		if errors.Is(err, plumbing.ErrObjectNotFound) {
			return nil, errShortPack
		}
		if err == nil && t != plumbing.AnyObject && t != obj.Type() {
			err = plumbing.ErrObjectNotFound
		}
		return obj, err
	}
	if s.err != nil {
		return nil, s.err
	}
	return nil, plumbing.ErrObjectNotFound
}

// readable reports whether all packs can be looked up in.
func (s *packSource) readable() bool {
	return s.err == nil && !slices.ContainsFunc(s.packs, func(p packed) bool { return p.index == nil })
}

func (s *packSource) has(id plumbing.Hash) bool {
	return slices.ContainsFunc(s.packs, func(p packed) bool { return p.has(id) })
}

// withPrefix returns the ids of all objects that start with the given bytes.
func (s *packSource) withPrefix(prefix []byte) ([]plumbing.Hash, error) {
	if s.err != nil {
		return nil, s.err
	}
	var ids []plumbing.Hash
	for _, p := range s.packs {
		if p.index == nil {
			return nil, errUnreadableIndex
		}
		entries, err := p.index.Entries()
		if err != nil {
			return nil, err
		}
		for e, err := entries.Next(); err == nil; e, err = entries.Next() {
			if bytes.HasPrefix(e.Hash[:], prefix) && !slices.Contains(ids, e.Hash) {
				ids = append(ids, e.Hash)
			}
		}
	}
	return ids, nil
}

func (s *packSource) close() error {
	var errs []error
	for _, p := range s.packs {
		if p.objects != nil {
			errs = append(errs, p.objects.Close())
		}
	}
	s.packs = nil
	return errors.Join(errs...)
}

var (
	errUnreadableIndex = errors.New("the index of a pack is damaged")
	errShortPack       = errors.New("a pack lacks what its index lists")
)

// A packed is one pack of a cached repository.
type packed struct {
	base    string               // path without extension
	index   *idxfile.MemoryIndex // nil when it cannot be read
	objects *packfile.Packfile   // nil until open
}

// listPacks returns the packs of the bare repository in dir.
func listPacks(dir string) ([]packed, error) {
	folder := filepath.Join(dir, "objects", "pack")
	found, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var packs []packed
	for _, f := range found {
		if name, ok := strings.CutSuffix(f.Name(), ".pack"); ok {
			base := filepath.Join(folder, name)
			packs = append(packs, packed{base: base, index: readIndex(base + ".idx")})
		}
	}
	return packs, nil
}

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
	if guard(func() error { return idxfile.NewDecoder(indexFile{bytes.NewReader(data), info}).Decode(index) }) != nil {
		return nil
	}
	return index
}

// An indexFile lets the decoder compare the number of objects with the size of the file, before it makes room for them.
type indexFile struct {
	*bytes.Reader
	info fs.FileInfo
}

func (f indexFile) Stat() (fs.FileInfo, error) { return f.info, nil }

func (p *packed) open(deltas cache.Object) error {
	if p.objects != nil {
		return nil
	}
	f, err := osfs.New(filepath.Dir(p.base)).Open(filepath.Base(p.base) + ".pack")
	if err != nil {
		return err
	}
	p.objects = packfile.NewPackfileWithCache(p.index, nil, f, deltas, 0)
	return nil
}

func (p packed) has(id plumbing.Hash) bool {
	ok, err := p.index.Contains(id)
	return ok && err == nil
}

// remove deletes the pack. A reader finds packs by their .pack files, so that one goes first.
func (p packed) remove() error {
	return errors.Join(os.Remove(p.base+".pack"), ignoreNotExist(os.Remove(p.base+".idx")), ignoreNotExist(os.Remove(p.base+promisor)))
}

// size returns the bytes on disk of the pack and its index.
func (p packed) size() int64 {
	var n int64
	for _, ext := range []string{".pack", ".idx", promisor} {
		if info, err := os.Stat(p.base + ext); err == nil {
			n += info.Size()
		}
	}
	return n
}
