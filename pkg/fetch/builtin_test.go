package fetch_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// samplePack is a built-in pack of the size of a real one: two releases on dev, one on master.
func samplePack(key string) *fetch.Builtin {
	set := func(n int, extra string) fileset.Set {
		files := []fileset.File{
			{Path: "ppm.toml", Mode: fileset.Regular, Data: []byte("[pack]\n" + extra)},
			{Path: "a-b", Mode: fileset.Regular, Data: []byte("sorts before a/")},
			{Path: "a/run.sh", Mode: fileset.Executable, Data: []byte("#!/bin/sh\n")},
		}
		for i := range n {
			files = append(files, fileset.File{Path: fmt.Sprintf("src/c%02d/f%d.py", i/10, i), Mode: fileset.Regular,
				Data: []byte(strings.Repeat(fmt.Sprintf("line %d of %s\n", i, extra), 100))})
		}
		s, err := fileset.New(files)
		if err != nil {
			panic(err)
		}
		return s
	}
	date := time.Date(2024, 5, 6, 7, 8, 9, 0, time.FixedZone("x", 3600))
	return &fetch.Builtin{Name: "sample", Key: key, Releases: func() ([]fetch.Release, error) {
		return []fetch.Release{
			{Tag: "cp-0.0.1", Branch: "dev", Date: date, Message: "Release cp-0.0.1", Files: set(90, "one")},
			{Tag: "sync-0.0.1", Branch: "master", Date: date, Message: "Release sync-0.0.1", Files: set(3, "sync")},
			{Tag: "cp-0.0.2", Branch: "dev", Date: date.Add(time.Hour), Message: "Release cp-0.0.2", Files: set(90, "two")},
		}, nil
	}}
}

func newClient(t testing.TB, o fetch.Options) *fetch.Client {
	t.Helper()
	c, err := fetch.New(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("closing: %v", err)
		}
	})
	return c
}

func withPacks(dir string, packs ...*fetch.Builtin) fetch.Options {
	return fetch.Options{CacheDir: dir, Builtin: func(name string) (*fetch.Builtin, error) {
		for _, p := range packs {
			if p.Name == name {
				return p, nil
			}
		}
		return nil, nil
	}}
}

// component opens url, takes the commit of the ref and reads a component of it.
func component(c *fetch.Client, url, name, path string) (fetch.Tree, error) {
	r, err := c.Repo(url)
	if err != nil {
		return fetch.Tree{}, err
	}
	pin, err := pinOf(r, name)
	if err != nil {
		return fetch.Tree{}, err
	}
	s, err := r.Snapshot(context.Background(), pin)
	if err != nil {
		return fetch.Tree{}, err
	}
	return s.Component(context.Background(), path)
}

// pinOf looks up a tag, a branch, or HEAD for "".
func pinOf(r *fetch.Repo, name string) (ref.Pin, error) {
	refs, err := r.Refs(context.Background(), name)
	if err != nil {
		return ref.Pin{}, err
	}
	for _, want := range []string{"refs/tags/" + name, "refs/heads/" + name, "HEAD", ""} {
		for _, g := range refs {
			if g.Name == want && (want != "HEAD" || name == "") {
				return ref.Pin{URL: r.URL(), Ref: g.Name, Object: g.Object, Commit: g.Commit}, nil
			}
		}
	}
	return ref.Pin{}, fmt.Errorf("no %q among %v", name, refs)
}

func BenchmarkBuiltinComponent(b *testing.B) {
	dir := b.TempDir()
	for b.Loop() {
		c := newClient(b, withPacks(dir, samplePack("k")))
		if _, err := component(c, "builtin:sample", "cp-0.0.1", "src/c01"); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
}

func BenchmarkBuiltinFirstUse(b *testing.B) {
	for b.Loop() {
		c := newClient(b, withPacks(b.TempDir(), samplePack("k")))
		if _, err := component(c, "builtin:sample", "cp-0.0.1", "src/c01"); err != nil {
			b.Fatal(err)
		}
		c.Close()
	}
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

func TestExport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out.git")
	if err := fetch.Export(context.Background(), samplePack("k"), dir); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "fsck", "--strict")
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, t.TempDir(), "clone", "-q", dir, clone)
	t.Log(git(t, clone, "log", "--all", "--format=%H %an %ae %ad %s %D"))
}
