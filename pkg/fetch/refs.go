package fetch

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Names of refs. kept refs belong to ppm alone: one for each commit of a cached repository.
const (
	head       = "HEAD"
	tagPrefix  = "refs/tags/"
	headPrefix = "refs/heads/"
	keptPrefix = "refs/ppm/"

	maxRefName = 1 << 10 // bytes of a name that a server is asked for
)

// The refs of a repository in the cache are in its packed-refs, all of them, with peeled tags. Git
// reads that file, too. Its first line ends with what git ignores: the branch that HEAD stands for,
// and a digest of it and of the other lines, so that a flipped bit in a name or an id is noticed.
const (
	packedRefs  = "packed-refs"
	refsHeader  = "# pack-refs with: peeled fully-peeled sorted "
	unknownHead = "refs/heads/.unknown" // no branch can have this name
)

var errDamagedRefs = errors.New("the list of refs is damaged")

// readRefs returns the refs of the cached repository in dir, HEAD first, the others by name. Its
// errors are fs.ErrNotExist when there is no repository, and errDamagedRefs.
func readRefs(dir string) ([]ref.GitRef, error) {
	data, err := os.ReadFile(filepath.Join(dir, packedRefs))
	if err != nil {
		return nil, err
	}
	line, body, _ := strings.Cut(string(data), "\n")
	_, target, _ := strings.Cut(strings.TrimSuffix(line, " "), " head=")
	if line != headerLine(target, body) {
		return nil, errDamagedRefs
	}
	refs, err := parsePackedRefs(body)
	if err != nil {
		return nil, err
	}
	return withHead(refs, target), nil
}

func headerLine(target, body string) string {
	sum := sha256.Sum256([]byte(target + "\n" + body))
	return refsHeader + "sha256=" + hex.EncodeToString(sum[:]) + " head=" + target + " "
}

// parsePackedRefs reads lines of the form "ID NAME", one for each ref, and "^ID", the commit that the tag above stands for.
func parsePackedRefs(body string) ([]ref.GitRef, error) {
	var refs []ref.GitRef
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if id, ok := strings.CutPrefix(line, "^"); ok && len(refs) > 0 {
			refs[len(refs)-1].Commit = id
			continue
		}
		id, name, ok := strings.Cut(line, " ")
		if !ok {
			return nil, errDamagedRefs
		}
		refs = append(refs, ref.GitRef{Name: name, Object: id, Commit: id})
	}
	return refs, nil
}

// writeRefs replaces the refs of the cached repository in dir. A HEAD among them is written as the
// branch it stands for. temp is a folder on the same disk.
func writeRefs(dir, temp string, refs []ref.GitRef) error {
	target := unknownHead
	var body strings.Builder
	for _, r := range slices.SortedFunc(slices.Values(refs), byName) {
		switch {
		case r.Name == head:
			target = r.Target
			continue
		case plumbing.ReferenceName(r.Name).Validate() != nil:
			continue // git would not read it either
		}
		body.WriteString(r.Object + " " + r.Name + "\n")
		if r.Commit != r.Object {
			body.WriteString("^" + r.Commit + "\n")
		}
	}
	data := headerLine(target, body.String()) + "\n" + body.String()
	if err := writeFile(filepath.Join(dir, packedRefs), temp, []byte(data)); err != nil {
		return err
	}
	return writeFile(filepath.Join(dir, head), temp, []byte("ref: "+target+"\n")) // for git
}

// withHead puts a HEAD that stands for the branch target first, when there is that branch.
func withHead(refs []ref.GitRef, target string) []ref.GitRef {
	r, ok := lookupRef(refs, target)
	if !ok {
		return refs
	}
	r.Name, r.Target = head, target
	return slices.Insert(refs, 0, r)
}

func lookupRef(refs []ref.GitRef, name string) (ref.GitRef, bool) {
	i := slices.IndexFunc(refs, func(r ref.GitRef) bool { return r.Name == name })
	if i < 0 {
		return ref.GitRef{}, false
	}
	return refs[i], true
}

// byName orders refs by name, HEAD first: capitals sort before "refs/".
func byName(a, b ref.GitRef) int { return cmp.Compare(a.Name, b.Name) }

// writeFile replaces the file at path in one step, by way of a file in temp. Equal content is left alone.
func writeFile(path, temp string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	f, err := os.CreateTemp(temp, "file-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close()) // not synced: what a crash damages is found and fetched again
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, ignoreNotExist(os.Remove(f.Name())))
	}
	return nil
}

func ignoreNotExist(err error) error {
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return err
}
