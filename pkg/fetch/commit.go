package fetch

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/storage/filesystem"
	"github.com/go-git/go-git/v5/storage/memory"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// mayBeCommit reports whether exact has the form of a commit id, whole or abbreviated, and names no ref.
func mayBeCommit(refs []ref.GitRef, exact string) bool {
	if len(exact) < minCommitHex || len(exact) > fullCommit || !isHex(exact) {
		return false
	}
	for _, prefix := range []string{tagPrefix, headPrefix} {
		if _, ok := lookupRef(refs, prefix+exact); ok {
			return false
		}
	}
	return true
}

// commitRef is the ref, without a name, of a commit that was asked for by its id.
func commitRef(id string) ref.GitRef { return ref.GitRef{Object: id, Commit: id} }

// withCommit adds the commit whose id is or starts with exact, when the objects hold one.
func withCommit(url string, refs []ref.GitRef, exact string, o *objects) ([]ref.GitRef, error) {
	ids, err := o.commits(exact)
	if err != nil {
		return nil, err
	}
	if len(ids) > 1 {
		return nil, ambiguous(url, exact, ids)
	}
	for _, id := range ids {
		refs = append(refs, commitRef(id))
	}
	return refs, nil
}

func ambiguous(url, exact string, ids []string) error {
	return failure.Errorf(failure.Usage, "looking up commit %q of %s: it is the beginning of %s", exact, quote(url), strings.Join(ids, " and of ")).
		WithHint("give more digits of the commit id")
}

func noCommit(url, id string) *failure.Error {
	return failure.Errorf(failure.Usage, "looking up commit %q of %s: the repository has no such commit", id, quote(url)).
		WithHint("check the commit id and the URL")
}

// commits returns the ids of the commits that start with prefix, at least minCommitHex hex digits. An
// abbreviated id is not looked up in the repositories that a local one borrows objects from.
func (o *objects) commits(prefix string) ([]string, error) {
	if ok, err := o.holds(prefix); ok || err != nil { // a whole id
		return []string{prefix}, err
	}
	bytes, err := hex.DecodeString(prefix[:len(prefix)&^1])
	if err != nil {
		return nil, err
	}
	var ids []string
	err = guard(func() error {
		all, err := o.withPrefix(bytes)
		if err != nil {
			return err
		}
		for _, id := range all {
			if !strings.HasPrefix(id.String(), prefix) {
				continue
			}
			if obj, err := o.EncodedObject(plumbing.AnyObject, id); err == nil && obj.Type() == plumbing.CommitObject {
				ids = append(ids, id.String())
			}
		}
		return nil
	})
	return ids, err
}

// withPrefix returns the ids of all objects, or of all commits, that start with the given bytes, and perhaps of others.
func (o *objects) withPrefix(prefix []byte) ([]plumbing.Hash, error) {
	switch s := o.source.(type) {
	case *packSource:
		return s.withPrefix(prefix)
	case *filesystem.Storage:
		return s.HashesWithPrefix(prefix)
	case *memory.Storage:
		return slices.Collect(maps.Keys(s.Commits)), nil
	}
	return nil, nil
}
