package fetch

import (
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/format/idxfile"
)

// A packed is one pack of a cached repository.
type packed struct {
	base  string               // path without extension
	index *idxfile.MemoryIndex // nil when it cannot be read
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
			packs = append(packs, packed{base, readIndex(base + ".idx")})
		}
	}
	return packs, nil
}

func readIndex(name string) *idxfile.MemoryIndex {
	f, err := os.Open(name)
	if err != nil {
		return nil
	}
	defer f.Close()
	index := idxfile.NewMemoryIndex()
	if guard(func() error { return idxfile.NewDecoder(f).Decode(index) }) != nil {
		return nil
	}
	return index
}

func (p packed) has(id plumbing.Hash) bool {
	ok, err := p.index.Contains(id)
	return ok && err == nil
}

// remove deletes the pack. A reader finds packs by their .pack files, so that one goes first.
func (p packed) remove() error {
	return errors.Join(os.Remove(p.base+".pack"), ignoreNotExist(os.Remove(p.base+".idx")))
}
