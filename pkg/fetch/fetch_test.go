package fetch_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// TestMain lets the test binary be the second process of a test: with PPM_FETCH set it fetches a component and prints
// its digest.
func TestMain(m *testing.M) {
	if url := os.Getenv("PPM_FETCH"); url != "" {
		os.Exit(child(url))
	}
	os.Exit(m.Run())
}

func child(url string) int {
	c, err := fetch.New(fetch.Options{CacheDir: os.Getenv("PPM_CACHE")})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	t, err := component(c, url, "cp-0.0.1", "src")
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	fmt.Print(t.Files.Digest())
	return 0
}

func childProcess(url, cache string) *exec.Cmd {
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), "PPM_FETCH="+url, "PPM_CACHE="+cache)
	cmd.Stderr = os.Stderr
	return cmd
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

// component opens url and reads a component of the commit that name means.
func component(c *fetch.Client, url, name, path string) (fetch.Tree, error) {
	r, err := c.Repo(url)
	if err != nil {
		return fetch.Tree{}, err
	}
	pin, err := pinOf(r, name)
	if err != nil {
		return fetch.Tree{}, err
	}
	return componentAt(r, pin, path)
}

func componentAt(r *fetch.Repo, pin ref.Pin, path string) (fetch.Tree, error) {
	s, err := r.Snapshot(context.Background(), pin)
	if err != nil {
		return fetch.Tree{}, err
	}
	return s.Component(context.Background(), path, nil)
}

// pinOf looks up a tag, a branch or a commit, or HEAD for "".
func pinOf(r *fetch.Repo, name string) (ref.Pin, error) {
	refs, err := r.Refs(context.Background(), name)
	if err != nil {
		return ref.Pin{}, err
	}
	wanted := []string{"refs/tags/" + name, "refs/heads/" + name, ""}
	if name == "" {
		wanted = []string{"HEAD"}
	}
	for _, want := range wanted {
		for _, g := range refs {
			if g.Name == want {
				return ref.Pin{URL: r.URL(), Ref: g.Name, Object: g.Object, Commit: g.Commit}, nil
			}
		}
	}
	return ref.Pin{}, failure.Errorf(failure.Usage, "no %q among %d refs", name, len(refs))
}

// sampleRepo makes a repository with two releases, one under an annotated tag, and a branch:
//
//	first (cp-0.0.1, v1 annotated) — second — third (cp-0.0.2, master) — fourth (dev)
type sampleRepo struct {
	*gittest.Repo
	first, second, third, fourth string
}

func newSample(t testing.TB) sampleRepo {
	t.Helper()
	sample.once.Do(func() {
		sample.repo = makeSample(t)
		sample.snapshot = sample.repo.Snapshot()
	})
	r := sample.repo
	r.Repo = sample.snapshot.Restore(t)
	return r
}

// sample is the repository of newSample, which is made once.
var sample struct {
	once     sync.Once
	repo     sampleRepo
	snapshot *gittest.Snapshot
}

func makeSample(t testing.TB) sampleRepo {
	r := sampleRepo{Repo: gittest.NewRepo(t)}
	r.Write("ppm.toml", "[pack]\n", 0o644)
	r.Write("src/a.py", "print('a')\n", 0o644)
	r.Write("src/run.sh", "#!/bin/sh\n", 0o755)
	r.Write("src/sub/b.bin", "\x00\x01", 0o644)
	r.first = r.Commit("first")
	r.Tag("cp-0.0.1")
	r.AnnotatedTag("v1", "version one")
	r.Write("src/a.py", "print('second')\n", 0o644)
	r.second = r.Commit("second")
	r.Write("src/a.py", "print('third')\n", 0o644)
	r.third = r.Commit("third")
	r.Tag("cp-0.0.2")
	r.Branch("dev")
	r.Write("src/a.py", "print('dev')\n", 0o644)
	r.fourth = r.Commit("fourth")
	r.Git("checkout", "-q", "master")
	return r
}

// wantTree returns what Component must return for the folder src at a commit.
func (r sampleRepo) wantTree(a string, commit string) fetch.Tree {
	return fetch.Tree{ID: r.Git("rev-parse", commit+":src"), Dir: true, Files: fileset.Set{
		{Path: "a.py", Mode: fileset.Regular, Data: []byte("print('" + a + "')\n")},
		{Path: "run.sh", Mode: fileset.Executable, Data: []byte("#!/bin/sh\n")},
		{Path: "sub/b.bin", Mode: fileset.Regular, Data: []byte("\x00\x01")},
	}}
}

func sameTree(a, b fetch.Tree) bool {
	return a.ID == b.ID && a.Dir == b.Dir && a.Files.Digest() == b.Files.Digest()
}

// snapshotOf returns every path below dir with its type, size, time and content, to check that nothing was written.
func snapshotOf(t testing.TB, dir string) string {
	t.Helper()
	var b strings.Builder
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		fmt.Fprintln(&b, path, info.Mode(), info.ModTime())
		if info.Mode().IsRegular() {
			data, err := os.ReadFile(path)
			b.Write(data)
			return err
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func wantKind(t *testing.T, name string, err error, kind failure.Kind, text string) {
	t.Helper()
	if err == nil || failure.KindOf(err) != kind || !strings.Contains(err.Error(), text) {
		t.Errorf("%s: error = %v (kind %v), want kind %v with %q", name, err, failure.KindOf(err), kind, text)
		return
	}
	if failure.Hint(err) == "" || strings.Contains(err.Error(), "\n") {
		t.Errorf("%s: error %q has hint %q; want one line and a hint", name, err, failure.Hint(err))
	}
}

func TestRepoErrors(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	rules, _, _, err := policy.New("f", policy.Rules{
		DenyHosts: []string{"bad.example"}, DenyNamespaces: []string{"good.example/evil"},
	}, func(string, int) int { return 7 })
	if err != nil {
		t.Fatal(err)
	}
	o := fetch.Options{CacheDir: t.TempDir(), Policy: rules}
	for _, c := range []struct {
		url  string
		kind failure.Kind
		text string
	}{
		{"builtin:nope", failure.Usage, "no built-in pack"},
		{t.TempDir() + "/none", failure.Usage, "does not exist"},
		{t.TempDir(), failure.Usage, "not a git repository"}, // a folder, but no repository
		{file, failure.Usage, "not a git repository"},        // a file
		{"file://other.example/x", failure.Usage, "names the host"},
		{"file://%zz", failure.Usage, "malformed"},
		{"https://bad.example/a/b.git", failure.Refused,
			`the host "bad.example" is forbidden: deny_hosts has "bad.example" (f:7)`},
		{"git@good.example:evil/b", failure.Refused, `the namespace "good.example/evil/b" is forbidden`},
		{"http://plain.example/a/b.git", failure.Refused, "plain http"},
		{"ext::sh -c true", failure.Usage, "ext::"},
		{"ftp://host/a/b", failure.Usage, "scheme"},
		{"git://host/a/b", failure.Usage, "scheme"},
	} {
		_, err := newClient(t, o).Repo(c.url)
		wantKind(t, c.url, err, c.kind, c.text)
	}
	_, err = fetch.New(fetch.Options{CacheDir: "relative"})
	wantKind(t, "a relative cache folder", err, failure.Usage, "not absolute")
}

func TestReadFile(t *testing.T) {
	sample := newSample(t)
	r, err := newClient(t, fetch.Options{}).Repo(sample.Dir)
	if err != nil {
		t.Fatal(err)
	}
	s, err := r.Snapshot(context.Background(), ref.Pin{Commit: sample.first})
	if err != nil {
		t.Fatal(err)
	}
	data, err := s.ReadFile(context.Background(), "ppm.toml")
	if string(data) != "[pack]\n" || err != nil {
		t.Errorf("ReadFile = %q, %v", data, err)
	}
	for _, name := range []string{"nope", "src/nope", "ppm.toml/x", "src/a.py/x"} {
		_, err := s.ReadFile(context.Background(), name)
		if !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("ReadFile(%q) = %v, want fs.ErrNotExist", name, err)
		}
		wantKind(t, name, err, failure.Usage, name)
	}
	for _, name := range []string{"src", "..", "../x", "/ppm.toml", "a\x00b", ""} {
		_, err := s.ReadFile(context.Background(), name)
		wantKind(t, fmt.Sprintf("ReadFile(%q)", name), err, failure.Refused, "")
	}
}

// TestComponentForms reads a folder, a single file and the whole pack.
func TestComponentForms(t *testing.T) {
	sample := newSample(t)
	c := newClient(t, fetch.Options{})
	for _, row := range []struct {
		path, id string
		dir      bool
		files    string
	}{
		{"src", sample.first + ":src", true, "a.py run.sh sub/b.bin"},
		{"src/", sample.first + ":src", true, "a.py run.sh sub/b.bin"},
		{"./src/sub/../sub", sample.first + ":src/sub", true, "b.bin"},
		{"src/run.sh", sample.first + ":src/run.sh", false, "run.sh"}, // its name is its base name
		{".", sample.first + "^{tree}", true, "ppm.toml src/a.py src/run.sh src/sub/b.bin"},
		{"", sample.first + "^{tree}", true, "ppm.toml src/a.py src/run.sh src/sub/b.bin"},
	} {
		tree, err := component(c, sample.Dir, "v1", row.path)
		var names []string
		for _, f := range tree.Files {
			names = append(names, f.Path)
		}
		if err != nil || tree.ID != sample.Git("rev-parse", row.id) || tree.Dir != row.dir ||
			strings.Join(names, " ") != row.files {
			t.Errorf("Component(%q) = %s %v %q, %v", row.path, tree.ID, tree.Dir, names, err)
		}
	}
}
