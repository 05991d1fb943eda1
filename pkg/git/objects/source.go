package objects

import (
	"errors"
	"os"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
)

// DeltaCache bounds the objects in memory that others are stored as deltas against, in bytes.
const DeltaCache = 16 * cache.MiByte

// A Source finds objects by id. It need not verify them. Its error is plumbing.ErrObjectNotFound when there is no such
// object of that type.
type Source interface {
	EncodedObject(plumbing.ObjectType, plumbing.Hash) (plumbing.EncodedObject, error)
}

// A prefixSource can also look up abbreviated ids. It may return the ids of other objects as well.
type prefixSource interface {
	HashesWithPrefix(prefix []byte) ([]plumbing.Hash, error)
}

// packSource finds objects in the packs of a bare repository. Go-git's own storage needs many more system calls for
// it.
type packSource struct {
	packs  []Pack
	err    error // of listing the packs
	deltas cache.Object
}

func (s *packSource) EncodedObject(t plumbing.ObjectType, id plumbing.Hash) (plumbing.EncodedObject, error) {
	for i := range s.packs {
		p := &s.packs[i]
		if !p.Readable() {
			return nil, errUnreadableIndex
		}
		if !p.Has(id) {
			continue
		}
		obj, err := p.get(id, s.deltas)
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

// readable reports whether the indexes of all packs can be read.
func (s *packSource) readable() bool {
	return s.err == nil && !slices.ContainsFunc(s.packs, func(p Pack) bool { return !p.Readable() })
}

func (s *packSource) has(id ID) bool {
	return slices.ContainsFunc(s.packs, func(p Pack) bool { return p.Has(id) })
}

func (s *packSource) HashesWithPrefix(prefix []byte) ([]plumbing.Hash, error) {
	if s.err != nil {
		return nil, s.err
	}
	var ids []ID
	for _, p := range s.packs {
		more, err := p.withPrefix(prefix)
		if err != nil {
			return nil, err
		}
		for _, id := range more {
			if !slices.Contains(ids, id) {
				ids = append(ids, id)
			}
		}
	}
	return ids, nil
}

func (s *packSource) close() error {
	var errs []error
	for i := range s.packs {
		errs = append(errs, s.packs[i].close())
	}
	s.packs = nil
	return errors.Join(errs...)
}

// A chainSource finds an object in the first source that has it.
type chainSource []Source

func (c chainSource) EncodedObject(t plumbing.ObjectType, id plumbing.Hash) (plumbing.EncodedObject, error) {
	for _, s := range c {
		obj, err := s.EncodedObject(t, id)
		if !isAbsent(err) {
			return obj, err
		}
	}
	return nil, plumbing.ErrObjectNotFound
}

func isAbsent(err error) bool {
	return errors.Is(err, plumbing.ErrObjectNotFound) || errors.Is(err, os.ErrNotExist)
}
