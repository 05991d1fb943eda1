package fetch_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
)

// localForms are the forms of a repository on disk, made from a sample.
var localForms = []struct {
	name string
	make func(s sampleRepo, dir string) (url string) // dir is a folder to use
}{
	{"working tree", func(s sampleRepo, dir string) string { return s.Dir }},
	{"its .git", func(s sampleRepo, dir string) string { return filepath.Join(s.Dir, ".git") }},
	{"file URL", func(s sampleRepo, dir string) string { return "file://" + filepath.ToSlash(s.Dir) }},
	{"file URL with escapes", func(s sampleRepo, dir string) string {
		s.Git("clone", "-q", "--bare", ".", dir+"/a b%c")
		return "file://localhost" + filepath.ToSlash(dir) + "/a%20b%25c"
	}},
	{"bare", func(s sampleRepo, dir string) string {
		s.Git("clone", "-q", "--bare", ".", dir+"/b")
		return dir + "/b"
	}},
	{"mirror", func(s sampleRepo, dir string) string {
		s.Git("clone", "-q", "--mirror", ".", dir+"/b")
		return dir + "/b"
	}},
	{"packed", func(s sampleRepo, dir string) string {
		s.Git("gc", "-q", "--aggressive")
		s.Git("pack-refs", "--all")
		return s.Dir
	}},
	{"linked worktree", func(s sampleRepo, dir string) string {
		s.Git("worktree", "add", "-q", "--detach", dir+"/w", "cp-0.0.1")
		return dir + "/w"
	}},
	{"shared objects", func(s sampleRepo, dir string) string {
		s.Git("clone", "-q", "--bare", "--shared", ".", dir+"/s")
		return dir + "/s"
	}},
}

// TestLocal reads a repository in each of localForms, and checks that nothing in it is written.
func TestLocal(t *testing.T) {
	for _, row := range localForms {
		t.Run(row.name, func(t *testing.T) {
			s := newSample(t)
			url := row.make(s, t.TempDir())
			path := strings.TrimPrefix(url, "file://")
			if _, err := os.Stat(path); err != nil {
				path = s.Dir
			}
			before := snapshotOf(t, s.Dir) + snapshotOf(t, path)
			for version, want := range map[string]fetch.Tree{
				"cp-0.0.1": s.wantTree("a", s.first), "v1": s.wantTree("a", s.first),
				"dev":    s.wantTree("dev", s.fourth),
				s.second: s.wantTree("second", s.second), s.second[:8]: s.wantTree("second", s.second),
			} {
				if row.name == "shared objects" && len(version) == 8 {
					continue // an abbreviated id is looked up in the repository's own objects
				}
				tree, err := component(newClient(t, fetch.Options{}), url, version, "src")
				if err != nil || !sameTree(tree, want) {
					t.Errorf("%q = %v, %v", version, tree, err)
				}
			}
			if snapshotOf(t, s.Dir)+snapshotOf(t, path) != before {
				t.Error("the repository was written to")
			}
		})
	}
}

// TestLocalPartial reads a partial clone, of which git would fetch the rest.
func TestLocalPartial(t *testing.T) {
	s := newSample(t)
	s.Git("config", "uploadpack.allowFilter", "true")
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, t.TempDir(), "clone", "-q", "--filter=blob:none", "--no-checkout", "file://"+s.Dir, clone)
	before := snapshotOf(t, clone)
	_, err := component(newClient(t, fetch.Options{}), clone, "cp-0.0.1", "src")
	wantKind(t, "without files", err, failure.Network, "partial clone, and does not have object")
	if snapshotOf(t, clone) != before {
		t.Error("the clone was changed")
	}
	git(t, clone, "fetch", "-q", "--refetch", "--no-filter")
	if tree, err := component(newClient(t, fetch.Options{}), clone, "cp-0.0.1", "src"); err != nil ||
		!sameTree(tree, s.wantTree("a", s.first)) {
		t.Errorf("after its hint: %v, %v", tree, err)
	}
}

func TestLocalRefs(t *testing.T) {
	s := newSample(t)
	tag := s.Git("rev-parse", "refs/tags/v1")
	r, err := newClient(t, fetch.Options{}).Repo(s.Dir)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := r.Refs(context.Background(), "")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, g := range refs {
		got = append(got, strings.Join([]string{g.Name, g.Object, g.Commit, g.Target}, " "))
	}
	want := []string{
		"HEAD " + s.third + " " + s.third + " refs/heads/master",
		"refs/heads/dev " + s.fourth + " " + s.fourth + " ",
		"refs/heads/master " + s.third + " " + s.third + " ",
		"refs/tags/cp-0.0.1 " + s.first + " " + s.first + " ",
		"refs/tags/cp-0.0.2 " + s.third + " " + s.third + " ",
		"refs/tags/v1 " + tag + " " + s.first + " ",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("Refs =\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestLocalFormats opens repositories of formats that cannot be read.
func TestLocalFormats(t *testing.T) {
	for _, row := range []struct {
		name  string
		files map[string]string
		kind  failure.Kind
		text  string
	}{
		{"SHA-256", map[string]string{"HEAD": "ref: refs/heads/master\n",
			"config": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectformat = sha256\n"},
			failure.Refused, "it uses SHA-256 object ids"},
		{"reftable", map[string]string{"HEAD": "ref: refs/heads/.invalid\n",
			"config": "[core]\n\trepositoryformatversion = 1\n[extensions]\n\trefstorage = reftable\n"},
			failure.Refused, "refstorage"},
		{"a later format",
			map[string]string{"HEAD": "ref: refs/heads/master\n", "config": "[core]\n\trepositoryformatversion = 2\n"},
			failure.Refused, "version \"2\""},
		{"a .git file that leads nowhere", map[string]string{".git": "gitdir: ../nowhere\n"}, failure.Usage,
			"not a git repository"},
		{"a .git file with something else", map[string]string{".git": "hello\n"}, failure.Usage,
			"does not hold a path"},
		{"a broken config", map[string]string{"HEAD": "ref: refs/heads/master\n", "config": "[core\n"}, failure.Usage,
			""},
	} {
		dir := t.TempDir()
		for name, data := range row.files {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(data), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		_, err := newClient(t, fetch.Options{}).Repo(dir)
		wantKind(t, row.name, err, row.kind, row.text)
	}
}

func TestEmptyLocal(t *testing.T) {
	dir := t.TempDir()
	git(t, dir, "init", "-q", "--bare", ".")
	r, err := newClient(t, fetch.Options{}).Repo(dir)
	if err != nil {
		t.Fatal(err)
	}
	refs, err := r.Refs(context.Background(), "")
	if err != nil || len(refs) != 0 {
		t.Errorf("Refs = %v, %v", refs, err)
	}
}
