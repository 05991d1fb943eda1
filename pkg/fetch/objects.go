package fetch

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"strconv"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/cache"
	"github.com/go-git/go-git/v5/plumbing/object"
)

// Sizes of what is kept in memory while objects are read.
const (
	deltaCache   = 16 * cache.MiByte // objects that others are stored as differences to
	maxTagChain  = 10                // tags of tags
	minCommitHex = 7                 // digits of an abbreviated commit id
	fullCommit   = 40
)

// objects reads git objects and verifies each against its id.
type objects struct {
	source
	close func() error // may be nil
}

// A source finds git objects by id. It need not verify them. Objects that are not there are
// plumbing.ErrObjectNotFound.
type source interface {
	EncodedObject(plumbing.ObjectType, plumbing.Hash) (plumbing.EncodedObject, error)
}

// damaged says that a repository does not hold what it should: an object that is missing,
// unreadable, or not the one that its id names.
type damaged struct {
	id  plumbing.Hash
	err error
}

func (d *damaged) Error() string { return fmt.Sprintf("object %s: %v", d.id, d.err) }
func (d *damaged) Unwrap() error { return d.err }

var errWrongContent = errors.New("its content is not what its id says")

// shut closes what reading has opened.
func (o *objects) shut() error {
	if o == nil || o.close == nil {
		return nil
	}
	return o.close()
}

// holds reports whether the commit is there. Its error is *damaged.
func (o *objects) holds(commit string) (bool, error) {
	id, err := parseID(commit)
	if err != nil {
		return false, nil
	}
	err = guard(func() error {
		_, err := o.EncodedObject(plumbing.CommitObject, id)
		return err
	})
	if err != nil && !errors.Is(err, plumbing.ErrObjectNotFound) {
		return false, &damaged{id, err}
	}
	return err == nil, nil
}

// sound reports whether an object can be read and is what its id says.
func (o *objects) sound(id plumbing.Hash) bool {
	var damage *damaged
	_, err := o.read(id, plumbing.BlobObject, math.MaxInt64)
	return !errors.As(err, &damage)
}

// read returns the verified content of an object of at most max bytes. An object of another
// type than want is errWrongType.
func (o *objects) read(id plumbing.Hash, want plumbing.ObjectType, max int64) ([]byte, error) {
	var (
		typ  plumbing.ObjectType
		size int64
		data []byte
	)
	err := guard(func() error {
		obj, err := o.EncodedObject(plumbing.AnyObject, id)
		if err != nil {
			return err
		}
		typ, size = obj.Type(), obj.Size()
		if size <= max {
			data, err = content(obj)
		}
		return err
	})
	switch {
	case err != nil:
		return nil, &damaged{id, err}
	case size > max:
		return nil, overLimit(fmt.Sprintf("%s %s", typ, id), size, "bytes", max)
	case plumbing.ComputeHash(typ, data) != id:
		return nil, &damaged{id, errWrongContent}
	case typ != want:
		return nil, errWrongType{id, want, typ}
	}
	return data, nil
}

// content inflates an object whose size has been checked.
func content(obj plumbing.EncodedObject) ([]byte, error) {
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

type errWrongType struct {
	id        plumbing.Hash
	want, got plumbing.ObjectType
}

func (e errWrongType) Error() string {
	return fmt.Sprintf("object %s is a %s, not a %s", e.id, e.got, e.want)
}

// root returns the id of the commit's tree.
func (o *objects) root(commit plumbing.Hash, max int64) (plumbing.Hash, error) {
	data, err := o.read(commit, plumbing.CommitObject, max)
	if err != nil {
		return plumbing.ZeroHash, err
	}
	line, _, _ := bytes.Cut(data, []byte("\n"))
	hex, ok := bytes.CutPrefix(line, []byte("tree "))
	tree, err := parseID(string(hex))
	if !ok || err != nil {
		return plumbing.ZeroHash, fmt.Errorf("commit %s names no tree", commit)
	}
	return tree, nil
}

// peel follows tag objects to the object they stand for and reports whether it is a commit.
func (o *objects) peel(id plumbing.Hash, max int64) (plumbing.Hash, bool) {
	for range maxTagChain {
		data, err := o.read(id, plumbing.TagObject, max)
		if e := (errWrongType{}); errors.As(err, &e) {
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

// parseID reads a full git object id.
func parseID(s string) (plumbing.Hash, error) {
	switch {
	case len(s) == 64 && isHex(s):
		return plumbing.ZeroHash, errors.New("repositories with SHA-256 ids are not supported")
	case len(s) != fullCommit || !isHex(s):
		return plumbing.ZeroHash, errors.New("not a git object id")
	}
	return plumbing.NewHash(s), nil
}

// isHex reports whether s consists of lower-case hex digits.
func isHex(s string) bool {
	for i := range len(s) {
		if (s[i] < '0' || s[i] > '9') && (s[i] < 'a' || s[i] > 'f') {
			return false
		}
	}
	return true
}

// guard turns a panic of the git library, which malformed repositories may cause, into an error.
func guard(f func() error) (err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("malformed git data: %v", p)
		}
	}()
	return f()
}

func quote(s string) string { return strconv.Quote(s) }
