package objects

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// maxTagChain bounds tags of tags.
const maxTagChain = 10

// A Store reads objects and verifies each against its id.
type Store struct {
	source Source
	close  func() error // may be nil
}

// NewStore returns a store that reads from a source, which the caller closes.
func NewStore(s Source) *Store { return &Store{source: s} }

// OpenPacks opens the bare repository in dir, all of whose objects are in packs. Errors show when an object is read.
func OpenPacks(dir string) *Store {
	packs, err := ListPacks(dir)
	s := &packSource{packs: packs, err: err, deltas: cache.NewObjectLRU(DeltaCache)}
	return &Store{s, s.close}
}

// Chain returns a store that finds an object in the first of several stores that has it. It closes all but the first.
func Chain(first *Store, others ...*Store) *Store {
	chain := chainSource{first.source}
	for _, o := range others {
		chain = append(chain, o.source)
	}
	return &Store{chain, func() error {
		var errs []error
		for _, o := range others {
			errs = append(errs, o.Close())
		}
		return errors.Join(errs...)
	}}
}

// Close closes the files that reading has opened. A nil store has none.
func (s *Store) Close() error {
	if s == nil || s.close == nil {
		return nil
	}
	return s.close()
}

// HasCommit reports whether there is a commit with the id. Its error is a *DamagedError.
func (s *Store) HasCommit(commit string) (bool, error) {
	id, err := ParseID(commit)
	if err != nil {
		return false, nil
	}
	err = Guard(func() error {
		_, err := s.source.EncodedObject(plumbing.CommitObject, id)
		return err
	})
	if err != nil && !errors.Is(err, plumbing.ErrObjectNotFound) {
		return false, &DamagedError{id, err}
	}
	return err == nil, nil
}

// Intact reports whether an object can be read and is what its id says.
func (s *Store) Intact(id ID) bool {
	var damage *DamagedError
	_, err := s.Read(id, BlobType, math.MaxInt64)
	return !errors.As(err, &damage)
}

// Missing returns those of ids that the store does not have. It is empty for a store that is not made of packs, or
// whose packs are damaged: reading shows what is wrong there.
func (s *Store) Missing(ids []ID) []ID {
	packs, ok := s.source.(*packSource)
	if !ok || !packs.readable() {
		return nil
	}
	var missing []ID
	for _, id := range ids {
		if !packs.has(id) {
			missing = append(missing, id)
		}
	}
	return missing
}

// Read returns the content of an object of at most limit bytes. Errors are a *DamagedError, of kind Refused above the
// limit, or plain when the object has another type.
func (s *Store) Read(id ID, want Type, limit int64) ([]byte, error) {
	var (
		typ  plumbing.ObjectType
		size int64
		data []byte
	)
	err := Guard(func() error {
		obj, err := s.source.EncodedObject(plumbing.AnyObject, id)
		if err != nil {
			return err
		}
		typ, size = obj.Type(), obj.Size()
		if size <= limit {
			data, err = inflate(obj)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, &DamagedError{id, err}
	case size > limit:
		return nil, LimitError(fmt.Sprintf("%s %s", typ, id), size, "bytes", limit)
	case plumbing.ComputeHash(typ, data) != id:
		return nil, &DamagedError{id, errWrongContent}
	case typ != want:
		return nil, typeError{id, want, typ}
	}
	return data, nil
}

// inflate returns the content of an object whose size has been checked.
func inflate(obj plumbing.EncodedObject) ([]byte, error) {
	r, err := obj.Reader()
	if err != nil {
		return nil, err
	}
	defer r.Close()
	data := make([]byte, obj.Size())
	if _, err := io.ReadFull(r, data); err != nil {
		return nil, err
	}
	return data, nil
}

// RootTree returns the id of the tree of a commit of at most limit bytes.
func (s *Store) RootTree(commit ID, limit int64) (ID, error) {
	data, err := s.Read(commit, CommitType, limit)
	if err != nil {
		return ID{}, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	hex, ok := bytes.CutPrefix(line, []byte("tree "))
	tree, err := ParseID(string(hex))
	if !ok || err != nil {
		return ID{}, fmt.Errorf("commit %s names no tree", commit)
	}
	return tree, nil
}

// ReadCommit returns a commit of at most limit bytes.
func (s *Store) ReadCommit(id ID, limit int64) (*Commit, error) {
	data, err := s.Read(id, CommitType, limit)
	if err != nil {
		return nil, err
	}
	return decodeCommit(id, data)
}

// Peel follows annotated tags to the object that they point to, and reports whether it is a commit.
func (s *Store) Peel(id ID, limit int64) (ID, bool) {
	for range maxTagChain {
		data, err := s.Read(id, TagType, limit)
		if e := (typeError{}); errors.As(err, &e) {
			return id, e.got == plumbing.CommitObject
		}
		var tag object.Tag
		m := &plumbing.MemoryObject{}
		m.SetType(plumbing.TagObject)
		if err != nil {
			return id, false
		}
		if _, err := m.Write(data); err != nil || tag.Decode(m) != nil {
			return id, false
		}
		id = tag.Target
	}
	return id, false
}

// CommitsWithPrefix returns the ids of the commits that start with at least MinHex hex digits. An abbreviated id is
// not looked up in the repositories that a local one borrows objects from.
func (s *Store) CommitsWithPrefix(prefix string) ([]string, error) {
	if ok, err := s.HasCommit(prefix); ok || err != nil { // a full id
		return []string{prefix}, err
	}
	bytes, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return nil, err
	}
	var commits []string
	err = Guard(func() error {
		ids, err := s.withPrefix(bytes)
		if err != nil {
			return err
		}
		for _, id := range ids {
			if !strings.HasPrefix(id.String(), prefix) {
				continue
			}
			obj, err := s.source.EncodedObject(plumbing.AnyObject, id)
			if err == nil && obj.Type() == plumbing.CommitObject {
				commits = append(commits, id.String())
			}
		}
		return nil
	})
	return commits, err
}

// withPrefix returns the ids of all objects that start with the given bytes, and perhaps of others.
func (s *Store) withPrefix(prefix []byte) ([]ID, error) {
	if p, ok := s.source.(prefixSource); ok {
		return p.HashesWithPrefix(prefix)
	}
	return nil, nil
}

// AddTree adds to found a tree and everything below it, with modes. Objects that are in found already are not read
// again. Errors are of kind Refused above the limits.
func (s *Store) AddTree(ctx context.Context, id ID, l Limits, found map[ID]Mode) error {
	found[id] = ModeTree
	for next := []ID{id}; len(next) > 0; {
		if err := checkContext(ctx); err != nil {
			return err
		}
		data, err := s.Read(next[len(next)-1], TreeType, l.ObjectBytes)
		if err != nil {
			return err
		}
		entries, err := ParseTree(data)
		if err != nil {
			return err
		}
		next = next[:len(next)-1]
		for _, e := range entries {
			if _, known := found[e.ID]; known {
				continue
			}
			if found[e.ID] = e.Mode; e.Mode == ModeTree {
				next = append(next, e.ID)
			}
		}
		if len(found) > l.Objects {
			return LimitError("a snapshot", len(found), "or more objects", l.Objects)
		}
	}
	return nil
}
