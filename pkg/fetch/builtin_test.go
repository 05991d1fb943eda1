package fetch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Commit ids of samplePack, as git computes them: they are the same on every machine.
const (
	sampleCP1  = "559aca7761fb27681b418fedcd21f2e286942e48"
	sampleSync = "269c2f9a19790801bd40cebb6779ce48fba7eba1"
	sampleCP2  = "52f7f8dd3acc0a45f7aa48fea929325ccadb6dbf"
)

// samplePack is a built-in pack of the size of a real one: two releases on dev, one on master.
func samplePack(key string) *fetch.Builtin {
	date := time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("x", 3600))
	return &fetch.Builtin{Name: "sample", Key: key, Releases: func() ([]fetch.Release, error) {
		return []fetch.Release{
			{Tag: "cp-0.0.1", Branch: "dev", Date: date, Message: "Release cp-0.0.1", Files: sampleFiles(90, "one")},
			{Tag: "sync-0.0.1", Branch: "master", Date: date, Message: "Release sync-0.0.1",
				Files: sampleFiles(3, "sync")},
			{Tag: "cp-0.0.2", Branch: "dev", Date: date.Add(time.Hour), Message: "Release cp-0.0.2",
				Files: sampleFiles(90, "two")},
		}, nil
	}}
}

func sampleFiles(n int, extra string) fileset.Set {
	files := []fileset.File{
		{Path: "ppm.toml", Mode: fileset.Regular, Data: []byte("[pack]\n" + extra)},
		{Path: "a-b", Mode: fileset.Regular, Data: []byte("sorts before a/")},
		{Path: "a/run.sh", Mode: fileset.Executable, Data: []byte("#!/bin/sh\n")},
	}
	for i := range n {
		text := strings.Repeat(fmt.Sprintf("line %d of %s\n", i, extra), 100)
		files = append(files,
			fileset.File{Path: fmt.Sprintf("src/c%02d/f%d.py", i/10, i), Mode: fileset.Regular, Data: []byte(text)})
	}
	s, err := fileset.New(files)
	if err != nil {
		panic(err)
	}
	return s
}

// counted returns the pack, and a counter of how often its content is read.
func counted(b *fetch.Builtin) (*fetch.Builtin, *atomic.Int64) {
	var n atomic.Int64
	c := *b
	c.Releases = func() ([]fetch.Release, error) { n.Add(1); return b.Releases() }
	return &c, &n
}

func withPack(dir string, pack *fetch.Builtin) fetch.Options {
	return fetch.Options{CacheDir: dir, Offline: true, Builtin: func(name string) (*fetch.Builtin, error) {
		if name == pack.Name {
			return pack, nil
		}
		return nil, nil
	}}
}

func git(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return strings.TrimSpace(string(out))
}

// TestBuiltin reads a built-in pack from the cache, and from memory where there is no cache to write to.
func TestBuiltin(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for name, dir := range map[string]string{"cache": t.TempDir(), "no cache": "",
		"a cache that cannot be written": file} {
		t.Run(name, func(t *testing.T) {
			pack, reads := counted(samplePack("k"))
			for _, row := range []struct{ version, commit string }{
				{"cp-0.0.1", sampleCP1}, {"sync-0.0.1", sampleSync}, {"cp-0.0.2", sampleCP2},
				{"dev", sampleCP2}, {"master", sampleSync}, {"", sampleSync}, // HEAD is master
				{sampleCP1, sampleCP1}, {sampleCP1[:7], sampleCP1},
			} {
				c := newClient(t, withPack(dir, pack))
				r, err := c.Repo("builtin:sample")
				if err != nil {
					t.Fatal(err)
				}
				pin, err := pinOf(r, row.version)
				if err != nil || pin.Commit != row.commit || pin.URL != "builtin:sample" {
					t.Fatalf("%q = %+v, %v", row.version, pin, err)
				}
				tree, err := componentAt(r, pin, "src/c00")
				id, idErr := objects.TreeID(tree.Files)
				if err != nil || idErr != nil || tree.ID != id || !tree.Dir {
					t.Errorf("%q = %s with files of tree %s, %v, %v", row.version, tree.ID, id, err, idErr)
				}
				if tree, err := componentAt(r, pin, "a/run.sh"); err != nil || tree.Dir ||
					tree.Files[0].Mode != fileset.Executable {
					t.Errorf("%q: a file = %v, %v", row.version, tree, err)
				}
			}
			if name == "cache" && reads.Load() != 1 {
				t.Errorf("the content was read %d times", reads.Load())
			}
			r, err := newClient(t, withPack(dir, pack)).Repo("builtin:sample")
			if err != nil {
				t.Fatal(err)
			}
			_, err = r.Snapshot(context.Background(), ref.Pin{Commit: strings.Repeat("ab", 20)})
			wantKind(t, "a commit of another version of ppm", err, failure.Usage, "no such commit")
		})
	}
}

func TestBuiltinHead(t *testing.T) {
	for _, c := range []struct{ branches, want string }{
		{"dev master main", "refs/heads/master"},
		{"dev main", "refs/heads/main"},
		{"dev other", "refs/heads/dev"}, // the first
		{"", ""},
	} {
		pack := &fetch.Builtin{Name: "p", Releases: func() (rs []fetch.Release, _ error) {
			for _, b := range strings.Fields(c.branches) {
				rs = append(rs, fetch.Release{Tag: b + "-1", Branch: b, Files: sampleFiles(1, b)})
			}
			return rs, nil
		}}
		r, err := newClient(t, withPack(t.TempDir(), pack)).Repo("builtin:p")
		if err != nil {
			t.Fatal(err)
		}
		refs, err := r.Refs(context.Background(), "")
		got := ""
		if len(refs) > 0 && refs[0].Name == "HEAD" {
			got = refs[0].Target
		}
		if err != nil || got != c.want {
			t.Errorf("%q: HEAD is %q, %v, want %q", c.branches, got, err, c.want)
		}
	}
}

// TestBuiltinKey checks that changed content replaces the old content completely.
func TestBuiltinKey(t *testing.T) {
	dir := t.TempDir()
	for _, key := range []string{"one", "two", "one"} {
		pack, reads := counted(samplePack(key))
		if _, err := component(newClient(t, withPack(dir, pack)), "builtin:sample", "dev", "src"); err != nil {
			t.Fatal(err)
		}
		found, err := filepath.Glob(filepath.Join(dir, "builtin", "*", "*", "packed-refs"))
		if err != nil || len(found) != 1 || reads.Load() != 1 {
			t.Errorf("%s: repositories %v, %v; content read %d times", key, found, err, reads.Load())
		}
	}
}

func TestBuiltinParallel(t *testing.T) {
	dir := t.TempDir()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			c := newClient(t, withPack(dir, samplePack("k")))
			tree, err := component(c, "builtin:sample", "cp-0.0.1", "src")
			if err != nil || len(tree.Files) != 90 {
				t.Errorf("%d files, %v", len(tree.Files), err)
			}
		})
	}
	wg.Wait()
}

// TestBuiltinDamaged damages the files of the cached repository: it is made again.
func TestBuiltinDamaged(t *testing.T) {
	dir := t.TempDir()
	want, err := component(newClient(t, withPack(dir, samplePack("k"))), "builtin:sample", "cp-0.0.1", "src")
	if err != nil {
		t.Fatal(err)
	}
	forEachFile(t, dir, func(name string, data []byte) {
		for _, bad := range [][]byte{nil, data[:len(data)/2], append([]byte("x"), data[1:]...)} {
			if err := os.WriteFile(filepath.Join(dir, name), bad, 0o644); err != nil {
				t.Fatal(err)
			}
			tree, err := component(newClient(t, withPack(dir, samplePack("k"))), "builtin:sample", "cp-0.0.1", "src")
			if err != nil || !sameTree(tree, want) {
				t.Errorf("%s with %d bytes: %v", name, len(bad), err)
			}
		}
	})
}

// TestBuiltinIncomplete removes files and folders of the cached repository: it is made again.
func TestBuiltinIncomplete(t *testing.T) {
	for _, gone := range []string{
		"objects/pack/*.pack", "objects/pack/*.idx", "objects/pack/*", "objects/pack", "objects", "refs",
		"packed-refs", "HEAD", "config", "../ppm-url", "../*", "../../*",
	} {
		for _, version := range []string{"cp-0.0.1", sampleCP1, ""} {
			dir := t.TempDir()
			want, err := component(newClient(t, withPack(dir, samplePack("k"))), "builtin:sample", version, "src")
			if err != nil {
				t.Fatal(err)
			}
			found, err := filepath.Glob(filepath.Join(dir, "builtin", "*", "*", "objects"))
			if err != nil || len(found) != 1 {
				t.Fatal(found, err)
			}
			names, err := filepath.Glob(filepath.Join(filepath.Dir(found[0]), gone))
			if err != nil || len(names) == 0 {
				t.Fatalf("%s is not there: %v", gone, err)
			}
			for _, name := range names {
				if err := os.RemoveAll(name); err != nil {
					t.Fatal(err)
				}
			}
			got, err := component(newClient(t, withPack(dir, samplePack("k"))), "builtin:sample", version, "src")
			if err != nil || !sameTree(got, want) {
				t.Errorf("%q without %s: %v", version, gone, err)
			}
		}
	}
}

func TestExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out.git")
	if err := fetch.Export(context.Background(), samplePack("k"), dir); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "fsck", "--strict")
	clone, pushed := filepath.Join(t.TempDir(), "clone"), filepath.Join(t.TempDir(), "pushed")
	git(t, dir, "clone", "-q", dir, clone)
	git(t, dir, "init", "-q", "--bare", pushed)
	git(t, dir, "push", "-q", "--mirror", pushed)
	for _, repo := range []string{clone, pushed} {
		refs := git(t, repo, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
		want := sampleCP1 + " refs/tags/cp-0.0.1\n" + sampleCP2 + " refs/tags/cp-0.0.2\n" +
			sampleSync + " refs/tags/sync-0.0.1"
		if refs != want {
			t.Errorf("tags of %s:\n%s", repo, refs)
		}
	}
	if got := git(t, clone, "rev-parse", "--abbrev-ref", "HEAD"); got != "master" {
		t.Errorf("HEAD is %s", got)
	}
	want := sampleCP1 + "|ppm <ppm@localhost>|ppm <ppm@localhost>|2024-05-06T07:08:09+00:00|Release cp-0.0.2"
	if got := git(t, clone, "log", "-1", "--format=%P|%an <%ae>|%cn <%ce>|%aI|%s", sampleCP2); got != want {
		t.Errorf("the second release is %s", got)
	}
	if got := git(t, clone, "ls-files", "-s", "a/run.sh"); !strings.HasPrefix(got, "100755 ") {
		t.Errorf("a/run.sh is %s", got)
	}
	id, err := objects.TreeID(sampleFiles(90, "one"))
	if want := git(t, clone, "rev-parse", "cp-0.0.1^{tree}"); id != want || err != nil {
		t.Errorf("TreeID = %s, %v, want %s", id, err, want)
	}
	tree, err := component(newClient(t, fetch.Options{}), clone, "cp-0.0.1", ".")
	if err != nil || tree.ID != id || tree.Files.Digest() != sampleFiles(90, "one").Digest() {
		t.Errorf("the clone holds %s, %v", tree.ID, err)
	}
	wantKind(t, "a folder that is not empty", fetch.Export(context.Background(), samplePack("k"), dir),
		failure.Refused, "not empty")
}

func BenchmarkBuiltinComponent(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		c, err := fetch.New(withPack(dir, samplePack("k")))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := component(c, "builtin:sample", "cp-0.0.1", "src/c01"); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

func BenchmarkBuiltinFirstUse(b *testing.B) {
	for b.Loop() {
		c, err := fetch.New(withPack(b.TempDir(), samplePack("k")))
		if err != nil {
			b.Fatal(err)
		}
		if _, err := component(c, "builtin:sample", "cp-0.0.1", "src/c01"); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}
