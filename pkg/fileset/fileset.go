// Package fileset defines the set of files that ppm copies from a pack into a project, and checks their names.
//
// A set holds regular files only, each with a slash-separated relative path, one of
// two modes, and its content. Folders exist only as prefixes of paths, as in git.
package fileset

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strconv"

	"golang.org/x/mod/sumdb/dirhash"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// The modes of a file, as in git.
const (
	Regular    fs.FileMode = 0o644
	Executable fs.FileMode = 0o755
)

// A File is one regular file.
type File struct {
	Path string // slash-separated, relative, clean
	Mode fs.FileMode
	Data []byte
}

// Digest returns the digest of the file's content in the form of a lockfile: "sha256:" and 64 hex digits.
func (f File) Digest() string { return Digest(f.Data) }

// Digest returns "sha256:" and the SHA-256 of data in hexadecimal.
func Digest(data []byte) string {
	sum := sha256.Sum256(data)
	return "sha256:" + hex.EncodeToString(sum[:])
}

// A Set is a list of files sorted by path. Paths are unique, and none is a parent folder of another.
type Set []File

// New returns the files as a set. It fails if two paths are equal or one is a parent folder of another.
// It does not check the names: see CheckPath and CheckCollisions.
func New(files []File) (Set, error) {
	s := Set(slices.Clone(files))
	slices.SortFunc(s, func(a, b File) int { return cmp.Compare(a.Path, b.Path) })
	for i, f := range s {
		if i > 0 && f.Path == s[i-1].Path {
			return nil, failure.Errorf(failure.Refused, "two files at one path %q", f.Path)
		}
		for dir := path.Dir(f.Path); dir != "." && dir != "/"; dir = path.Dir(dir) {
			if _, ok := s.Lookup(dir); ok {
				return nil, failure.Errorf(failure.Refused, "%q is both a file and a folder", dir)
			}
		}
	}
	return s, nil
}

// Lookup returns the file at path.
func (s Set) Lookup(path string) (File, bool) {
	i, ok := slices.BinarySearchFunc(s, path, func(f File, p string) int { return cmp.Compare(f.Path, p) })
	if !ok {
		return File{}, false
	}
	return s[i], true
}

// Digest returns the digest of the set in the "h1:" form of golang.org/x/mod/sumdb/dirhash.
// The names it covers have the form "MODE PATH", so that a changed mode changes the digest.
func (s Set) Digest() string {
	names := make([]string, len(s))
	files := make(map[string][]byte, len(s))
	for i, f := range s {
		names[i] = FormatMode(f.Mode) + " " + f.Path
		files[names[i]] = f.Data
	}
	sum, err := dirhash.Hash1(names, func(name string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(files[name])), nil
	})
	if err != nil { // only for a newline in a name, which CheckPath refuses
		panic(fmt.Sprintf("digesting a file set with an unvalidated path: %v", err))
	}
	return sum
}

// FormatMode returns a mode in the form of a lockfile: "0644" or "0755".
func FormatMode(m fs.FileMode) string { return fmt.Sprintf("%04o", m.Perm()) }

// ParseMode is the inverse of FormatMode.
func ParseMode(s string) (fs.FileMode, error) {
	n, err := strconv.ParseUint(s, 8, 32)
	m := fs.FileMode(n)
	if err != nil || FormatMode(m) != s || m != Regular && m != Executable {
		return 0, fmt.Errorf("mode %q is neither \"0644\" nor \"0755\"", s)
	}
	return m, nil
}
