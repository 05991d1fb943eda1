package fetch

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
)

// A bareRepo is a bare repository in the folder at its path, with all objects in packs and all refs in one file. Git
// itself can read it.
type bareRepo string

// Configurations of bare repositories. A partial one may lack the content of files. The remote that git would get it
// from has no URL, because only ppm fetches.
const (
	fullConfig    = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
	partialConfig = "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = true\n" +
		"[extensions]\n\tpartialClone = origin\n"
)

// shallowFile is git's list of commits whose parents were not fetched.
const shallowFile = "shallow"

// init makes the folders and the configuration of the repository. Files that exist stay.
func (b bareRepo) init(config string) error {
	for _, dir := range []string{"refs", filepath.Join("objects", "pack")} {
		if err := os.MkdirAll(filepath.Join(string(b), dir), 0o755); err != nil {
			return err
		}
	}
	name := filepath.Join(string(b), "config")
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, []byte(config), 0o644)
}

// exists reports whether the repository has refs that can be read, perhaps none.
func (b bareRepo) exists() bool {
	_, err := refs.ReadPacked(string(b))
	return err == nil
}

func (b bareRepo) open() *objects.Store { return objects.OpenPacks(string(b)) }

// hasCommit reports whether the repository has a commit that can be read.
func (b bareRepo) hasCommit(commit string) bool {
	s := b.open()
	defer s.Close()
	ok, err := s.HasCommit(commit)
	return ok && err == nil
}

// hasPacks reports whether there are packs, and all of them can be read.
func (b bareRepo) hasPacks() bool {
	packs, err := objects.ListPacks(string(b))
	unreadable := func(p objects.Pack) bool { return !p.Readable() }
	return err == nil && len(packs) > 0 && !slices.ContainsFunc(packs, unreadable)
}

// addShallow records commits whose parents were not fetched, for git. temp is a folder on the same disk.
func (b bareRepo) addShallow(temp string, ids []objects.ID) error {
	name := filepath.Join(string(b), shallowFile)
	data, err := os.ReadFile(name)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	lines := strings.Fields(string(data))
	for _, id := range ids {
		lines = append(lines, id.String())
	}
	if len(lines) == 0 {
		return nil
	}
	slices.Sort(lines)
	return refs.ReplaceFile(name, temp, []byte(strings.Join(slices.Compact(lines), "\n")+"\n"))
}
