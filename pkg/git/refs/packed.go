package refs

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// PackedFile is the file that holds all refs of a bare repository, with peeled tags. Git reads it, too.
const PackedFile = "packed-refs"

// The first line of the file ends with what git ignores: the branch that HEAD points to, and a digest of it and of the
// other lines. The digest detects a flipped bit in a name or an id.
const (
	packedHeader = "# pack-refs with: peeled fully-peeled sorted "
	unknownHead  = "refs/heads/.unknown" // no branch can have this name
)

// ErrDamaged says that the list of refs is damaged.
var ErrDamaged = errors.New("the list of refs is damaged")

// ReadPacked returns the refs of the bare repository in dir, in order. Its errors are fs.ErrNotExist when there is no
// repository, and ErrDamaged.
func ReadPacked(dir string) ([]ref.GitRef, error) {
	data, err := os.ReadFile(filepath.Join(dir, PackedFile))
	if err != nil {
		return nil, err
	}
	line, body, _ := strings.Cut(string(data), "\n")
	_, target, _ := strings.Cut(strings.TrimSuffix(line, " "), " head=")
	if line != headerLine(target, body) {
		return nil, ErrDamaged
	}
	list, err := parsePacked(body)
	if err != nil {
		return nil, err
	}
	return WithHead(list, target), nil
}

func headerLine(target, body string) string {
	sum := sha256.Sum256([]byte(target + "\n" + body))
	return packedHeader + "sha256=" + hex.EncodeToString(sum[:]) + " head=" + target + " "
}

// parsePacked reads lines of the form "ID NAME", one for each ref, and "^ID", the commit of the tag on the line above.
func parsePacked(body string) ([]ref.GitRef, error) {
	var list []ref.GitRef
	for line := range strings.Lines(body) {
		line = strings.TrimSuffix(line, "\n")
		if id, ok := strings.CutPrefix(line, "^"); ok && len(list) > 0 {
			list[len(list)-1].Commit = id
			continue
		}
		id, name, ok := strings.Cut(line, " ")
		if !ok {
			return nil, ErrDamaged
		}
		list = append(list, New(name, id))
	}
	return list, nil
}

// WritePacked replaces the refs of the bare repository in dir. A HEAD among them is written as the branch that it
// points to. Refs with names that git would not read are left out. temp is a folder on the same disk.
func WritePacked(dir, temp string, list []ref.GitRef) error {
	target := unknownHead
	var body strings.Builder
	for _, r := range slices.SortedFunc(slices.Values(list), Compare) {
		switch {
		case r.Name == ref.Head:
			target = r.Target
			continue
		case !IsValidName(r.Name):
			continue
		}
		body.WriteString(r.Object + " " + r.Name + "\n")
		if r.Commit != r.Object {
			body.WriteString("^" + r.Commit + "\n")
		}
	}
	data := headerLine(target, body.String()) + "\n" + body.String()
	if err := ReplaceFile(filepath.Join(dir, PackedFile), temp, []byte(data)); err != nil {
		return err
	}
	return ReplaceFile(filepath.Join(dir, ref.Head), temp, []byte("ref: "+target+"\n")) // for git
}
