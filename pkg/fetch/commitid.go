package fetch

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// mayBeCommit reports whether name has the form of a commit id, full or abbreviated, and is not the name of a ref.
func mayBeCommit(list []ref.GitRef, name string) bool {
	if len(name) < objects.MinHex || len(name) > objects.FullHex || !objects.IsHex(name) {
		return false
	}
	for _, prefix := range []string{ref.TagPrefix, ref.BranchPrefix} {
		if _, ok := refs.Lookup(list, prefix+name); ok {
			return false
		}
	}
	return true
}

// addCommit adds to the list, as a ref without a name, the commit in the store whose id is or starts with prefix.
func addCommit(list []ref.GitRef, url, prefix string, s *objects.Store) ([]ref.GitRef, error) {
	ids, err := s.CommitsWithPrefix(prefix)
	if err != nil {
		return nil, err
	}
	if len(ids) > 1 {
		return nil, errAmbiguous(url, prefix, ids)
	}
	for _, id := range ids {
		list = append(list, refs.New("", id))
	}
	return list, nil
}
