package fetch_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// TestDamagedCache flips bits in every file of the cache: reading returns the same data, or an error.
func TestDamagedCache(t *testing.T) {
	whole, partial := 60, 15
	if testing.Short() {
		whole, partial = 20, 5
	}
	t.Run("whole", func(t *testing.T) { testDamagedCache(t, serveHTTP(t), whole) })
	t.Run("partial", func(t *testing.T) { testDamagedCache(t, serveFilter(t), partial) })
}

// testDamagedCache flips a bit in each of that many places of each file.
func testDamagedCache(t *testing.T, s served, places int) {
	good := t.TempDir()
	want, err := component(s.client(t, good), s.url, "v1", "src")
	if err != nil {
		t.Fatal(err)
	}
	cache := filepath.Join(t.TempDir(), "cache")
	var repaired, failed int
	forEachFile(t, good, func(name string, data []byte) {
		for at := 0; at < len(data); at += 1 + len(data)/places {
			if err := os.CopyFS(cache, os.DirFS(good)); err != nil {
				t.Fatal(err)
			}
			flipped := bytes.Clone(data)
			flipped[at] ^= 1 << (at % 8)
			if err := os.WriteFile(filepath.Join(cache, name), flipped, 0o644); err != nil {
				t.Fatal(err)
			}
			for _, version := range []string{"v1", "v0", "w1"} {
				tree, err := component(s.client(t, cache, offline), s.url, version, "src")
				if err == nil && (version != "v1" || !sameTree(tree, want)) {
					t.Fatalf("byte %d of %s: %q is another tree", at, name, version)
				}
				if err != nil && version == "v1" {
					failed++
				}
			}
			if at%7 == 0 {
				tree, err := component(s.client(t, cache), s.url, "v1", "src")
				if err != nil || !sameTree(tree, want) {
					t.Fatalf("byte %d of %s: not repaired: %v", at, name, err)
				}
				if tree, err = component(s.client(t, cache, offline), s.url, "v1", "src"); err != nil ||
					!sameTree(tree, want) {
					t.Fatalf("byte %d of %s: the repair did not last: %v", at, name, err)
				}
				repaired++
			}
			if err := os.RemoveAll(cache); err != nil {
				t.Fatal(err)
			}
		}
	})
	enough := 20
	if testing.Short() {
		enough = 5
	}
	if repaired < enough || failed < enough {
		t.Errorf("only %d repairs and %d failures: the test does not reach what it tests", repaired, failed)
	}
}

// forEachFile calls f with the path and content of each non-empty file below dir.
func forEachFile(t testing.TB, dir string, f func(name string, data []byte)) {
	t.Helper()
	out, err := exec.Command("find", dir, "-type", "f", "-size", "+0").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, path := range strings.Fields(string(out)) {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		name, err := filepath.Rel(dir, path)
		if err != nil {
			t.Fatal(err)
		}
		f(name, data)
	}
}

// TestReadOnlyCache reads from a cache that cannot be locked.
func TestReadOnlyCache(t *testing.T) {
	s := serveHTTP(t)
	cache := t.TempDir()
	if _, err := component(s.client(t, cache), s.url, "cp-0.0.2", "src"); err != nil {
		t.Fatal(err)
	}
	locks, err := filepath.Glob(filepath.Join(cache, "git", "*.lock"))
	if err != nil || len(locks) != 1 {
		t.Fatal(locks, err)
	}
	if err := os.Remove(locks[0]); err != nil {
		t.Fatal(err)
	}
	if err := os.Mkdir(locks[0], 0o755); err != nil { // so that not even root can open it
		t.Fatal(err)
	}
	for _, version := range []string{"cp-0.0.2", "", "master"} { // the refs of the others cannot be recorded
		if tree, err := component(s.client(t, cache), s.url, version, "src"); err != nil ||
			!sameTree(tree, s.wantTree("third", s.third)) {
			t.Errorf("%q = %v, %v", version, tree, err)
		}
	}
	_, err = component(s.client(t, cache), s.url, "dev", "src")
	wantKind(t, "what is not there", err, failure.LocalIO, cache)
}

// TestLyingServer lists another commit for an annotated tag than its tag object names.
func TestLyingServer(t *testing.T) {
	s := serveHTTP(t)
	tag := s.Git("rev-parse", "refs/tags/v1")
	s.Git("pack-refs", "--all")
	name := filepath.Join(s.Dir, ".git", "packed-refs")
	data, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	lie := strings.Replace(string(data), "refs/tags/v1\n^"+s.first, "refs/tags/v1\n^"+s.third, 1)
	if err := os.WriteFile(name, []byte(lie), 0o644); err != nil {
		t.Fatal(err)
	}
	_, err = component(s.client(t, t.TempDir()), s.url, "v1", "src")
	wantKind(t, "tag "+tag, err, failure.Integrity, s.third)
}

// TestProcesses lets many processes use one empty cache: one of them fetches, all get the same data.
func TestProcesses(t *testing.T) {
	t.Run("whole", func(t *testing.T) { testProcesses(t, serveHTTP(t), 1) })
	t.Run("partial", func(t *testing.T) { testProcesses(t, serveFilter(t), 2) }) // the trees, and the files
}

func testProcesses(t *testing.T, s served, packs int) {
	cache := t.TempDir()
	want := s.wantTree("a", s.first).Files.Digest()
	var wg sync.WaitGroup
	for range 12 {
		wg.Go(func() {
			out, err := childProcess(s.url, cache).Output()
			if err != nil || string(out) != want {
				t.Errorf("a process says %q, %v; want %q", out, err, want)
			}
		})
	}
	wg.Wait()
	found, err := filepath.Glob(filepath.Join(cache, "git", "*", "objects", "pack", "*.pack"))
	if err != nil || len(found) != packs {
		t.Errorf("packs: %v, %v", found, err)
	}
	left, err := filepath.Glob(filepath.Join(cache, "git", "*.tmp"))
	if err != nil || len(left) != 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

// TestKilled kills a process in the middle of a fetch: the next one succeeds and cleans up.
func TestKilled(t *testing.T) {
	s := serveHTTP(t, gittest.With(gittest.Packs(gittest.Times(1, gittest.Stall(50)))))
	cache := t.TempDir()
	cmd := childProcess(s.url, cache)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	busy := func() bool {
		left, _ := filepath.Glob(filepath.Join(cache, "git", "*.tmp"))
		return len(left) > 0
	}
	for start := time.Now(); s.calls() < 3; time.Sleep(5 * time.Millisecond) {
		if time.Since(start) > 20*time.Second {
			t.Fatal("the process does not start to fetch")
		}
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	cmd.Wait()
	if !busy() {
		t.Fatal("nothing was left behind to tidy up")
	}
	tree, err := component(s.client(t, cache), s.url, "cp-0.0.1", "src")
	if err != nil || !sameTree(tree, s.wantTree("a", s.first)) {
		t.Errorf("after a kill: %v, %v", tree, err)
	}
	if busy() {
		t.Error("the killed process's files are still there")
	}
}
