// Package refs works on the refs of a repository: lists of them, in the order HEAD first, the others by name, and the
// file that holds them in a bare repository.
package refs

import (
	"cmp"
	"slices"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// New returns a ref that names a commit.
func New(name, commit string) ref.GitRef {
	return ref.GitRef{Name: name, Object: commit, Commit: commit}
}

// IsValidName reports whether git accepts the full name of a ref.
func IsValidName(name string) bool { return plumbing.ReferenceName(name).Validate() == nil }

// Compare orders refs by name. HEAD is first, for capitals sort before "refs/".
func Compare(a, b ref.GitRef) int { return cmp.Compare(a.Name, b.Name) }

// Lookup returns the ref with a full name.
func Lookup(list []ref.GitRef, name string) (ref.GitRef, bool) {
	i := slices.IndexFunc(list, func(r ref.GitRef) bool { return r.Name == name })
	if i < 0 {
		return ref.GitRef{}, false
	}
	return list[i], true
}

// Set returns the list with r in place of the ref of its name. It may be out of order.
func Set(list []ref.GitRef, r ref.GitRef) []ref.GitRef {
	list = slices.DeleteFunc(slices.Clone(list), func(old ref.GitRef) bool { return old.Name == r.Name })
	return append(list, r)
}

// WithHead adds a HEAD that points to the branch target, if there is that branch.
func WithHead(list []ref.GitRef, target string) []ref.GitRef {
	r, ok := Lookup(list, target)
	if !ok {
		return list
	}
	r.Name, r.Target = ref.Head, target
	return slices.Insert(list, 0, r)
}
