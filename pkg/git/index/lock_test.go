package index_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
)

// TestRemoveStaleLock leaves locks of ppm, of git and of others: only a lock that was made with the proof is removed.
func TestRemoveStaleLock(t *testing.T) {
	link := func(from, to string) error { return os.Link(from, to) }
	for _, c := range []struct {
		name    string
		leave   func(proof, lock string) error
		removed bool
	}{
		{"ppm's", link, true},
		{"ppm's, with a part of the new index in it", func(proof, lock string) error {
			return errors.Join(link(proof, lock), os.WriteFile(lock, []byte("DIRC"), 0o600))
		}, true},
		{"none", func(_, _ string) error { return nil }, true},
		{"git's", func(_, lock string) error { return os.WriteFile(lock, nil, 0o644) }, false},
		{"one with the same content", func(proof, lock string) error {
			return errors.Join(os.WriteFile(proof, []byte("text"), 0o644), os.WriteFile(lock, []byte("text"), 0o644))
		}, false},
		{"git's, after ppm's was removed", func(proof, lock string) error {
			return errors.Join(link(proof, lock), os.Remove(lock), os.WriteFile(lock, nil, 0o644))
		}, false},
		{"a link to the proof", func(proof, lock string) error { return os.Symlink(proof, lock) }, false},
		{"a proof that is a link to git's lock", func(proof, lock string) error {
			return errors.Join(os.WriteFile(lock, nil, 0o644), os.Remove(proof), os.Symlink(lock, proof))
		}, false},
		{"a proof that is a link to the index", func(proof, lock string) error {
			return errors.Join(os.Remove(proof), link(filepath.Join(filepath.Dir(lock), "index"), proof),
				os.WriteFile(lock, nil, 0o644))
		}, false},
	} {
		if runtime.GOOS == "windows" && strings.Contains(c.name, "link") {
			continue
		}
		dir := repository(t)
		lock, proof := filepath.Join(dir, ".git", "index.lock"), newProof(t, dir)
		if err := c.leave(proof, lock); err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		before, _ := os.ReadFile(filepath.Join(dir, ".git", "index"))
		if err := index.RemoveStaleLock(dir, proof); err != nil {
			t.Errorf("%s: %v", c.name, err)
		}
		if _, err := os.Lstat(lock); errors.Is(err, fs.ErrNotExist) != c.removed {
			t.Errorf("%s: afterwards: %v", c.name, err)
		}
		if after, _ := os.ReadFile(filepath.Join(dir, ".git", "index")); string(after) != string(before) {
			t.Errorf("%s: the index has changed", c.name)
		}
		_, err := tryGit(dir, "add", "a.txt")
		if (err == nil) != c.removed {
			t.Errorf("%s: git add: %v", c.name, err)
		}
	}
}

// TestLockOnOtherDisk makes the lock where the proof is on another disk, and removes it after a kill.
func TestLockOnOtherDisk(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux always has a disk in memory")
	}
	memory, err := os.MkdirTemp("/dev/shm", "ppm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(memory) })
	dir := repository(t)
	proof := filepath.Join(memory, "proof")
	if err := os.WriteFile(proof, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	lock := filepath.Join(dir, ".git", "index.lock")
	if err := os.Link(proof, lock); err == nil {
		t.Skip("it is the same disk")
	}
	if _, err := index.Open(t.Context(), dir, proof); err != nil { // and the process is killed
		t.Fatal(err)
	}
	if _, err := os.Lstat(lock); err != nil {
		t.Fatal(err)
	}
	if err := index.RemoveStaleLock(dir, proof); err != nil {
		t.Fatal(err)
	}
	e, err := index.Open(t.Context(), dir, proof)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	found, err := filepath.Glob(filepath.Join(dir, ".git", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range found {
		if base := filepath.Base(name); strings.HasPrefix(base, "ppm-") || base == "index.lock" {
			t.Errorf("%s is left", base)
		}
	}
}
