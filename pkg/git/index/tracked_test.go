package index_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
)

// sparseCheckouts are checkouts that git made in every form that they can have.
var sparseCheckouts = []struct {
	name  string
	setUp func(t *testing.T, dir string) (project string)
	want  string // the files that git has not checked out
}{
	{"a full checkout", func(t *testing.T, dir string) string { return dir }, ""},
	{"no repository", func(t *testing.T, dir string) string { return t.TempDir() }, ""},
	{"a repository without an index", func(t *testing.T, dir string) string {
		git(t, dir, "init", "-q", "../empty")
		return filepath.Join(dir, "..", "empty")
	}, ""},
	{"a cone", func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "a")
		return dir
	}, "b/deep/f b/f"},
	{"patterns", func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "--no-cone", "/a/*", "!/a/f")
		return dir
	}, "a/f b/deep/f b/f root"},
	{"a sparse index", func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "a")
		if !strings.Contains(git(t, dir, "ls-files", "--sparse"), "b/\n") {
			t.Fatal("the index is not sparse")
		}
		return dir
	}, "b/deep/f b/f b/gone"}, // what is in the folder is not known
	{"version 4", func(t *testing.T, dir string) string {
		git(t, dir, "update-index", "--index-version", "4")
		git(t, dir, "sparse-checkout", "set", "b")
		return dir
	}, "a/f"},
	{"a bit that the user set", func(t *testing.T, dir string) string {
		git(t, dir, "update-index", "--skip-worktree", "b/f")
		return dir
	}, "b/f"},
	{"a file that the user deleted", func(t *testing.T, dir string) string {
		if err := os.Remove(filepath.Join(dir, "b", "f")); err != nil {
			t.Fatal(err)
		}
		git(t, dir, "update-index", "--assume-unchanged", "b/f")
		return dir
	}, ""},
	{"a subfolder", func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "--no-cone", "/b/f", "/root")
		return filepath.Join(dir, "b")
	}, "deep/f"},
	{"a split index", func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "a")
		git(t, dir, "update-index", "--split-index")
		return dir
	}, "a/f b/deep/f b/f b/gone deep/f root"}, // it cannot be read
	{"a split index of a full checkout", func(t *testing.T, dir string) string {
		git(t, dir, "update-index", "--split-index")
		return dir
	}, ""},
	{"a linked worktree", func(t *testing.T, dir string) string {
		git(t, dir, "worktree", "add", "-q", "../linked", "-b", "linked")
		linked := filepath.Join(dir, "..", "linked")
		git(t, linked, "sparse-checkout", "set", "a")
		return linked
	}, "b/deep/f b/f"},
	{"a full worktree beside a sparse one", func(t *testing.T, dir string) string {
		git(t, dir, "worktree", "add", "-q", "../linked", "-b", "linked")
		git(t, filepath.Join(dir, "..", "linked"), "sparse-checkout", "set", "a")
		return dir
	}, ""},
	{"a damaged index of a linked worktree", func(t *testing.T, dir string) string {
		git(t, dir, "worktree", "add", "-q", "../linked", "-b", "linked")
		linked := filepath.Join(dir, "..", "linked")
		git(t, linked, "sparse-checkout", "set", "a")
		if err := os.WriteFile(filepath.Join(dir, ".git/worktrees/linked/index"), []byte("DIRC"), 0o644); err != nil {
			t.Fatal(err)
		}
		return linked
	}, "a/f b/deep/f b/f b/gone deep/f root"},
	{"a submodule", func(t *testing.T, dir string) string {
		git(t, dir, "init", "-q", "../outer")
		outer := filepath.Join(dir, "..", "outer")
		git(t, outer, "submodule", "--quiet", "add", dir, "sub")
		git(t, filepath.Join(outer, "sub"), "sparse-checkout", "set", "b")
		return filepath.Join(outer, "sub")
	}, "a/f"},
}

func TestIsSparse(t *testing.T) {
	for _, c := range sparseCheckouts {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t, "-b", "main")
			for _, name := range []string{"a/f", "b/f", "b/deep/f", "root"} {
				write(t, dir, name, name)
			}
			git(t, dir, "add", "-A")
			git(t, dir, "commit", "-q", "-m", "files")
			tracked := index.ReadTracked(c.setUp(t, dir))
			var got []string
			for _, name := range []string{"a/f", "b/deep/f", "b/f", "b/gone", "deep/f", "root"} {
				if tracked.IsSparse(name) {
					got = append(got, name)
				}
			}
			for _, name := range tracked.Sparse() {
				if strings.HasSuffix(name, "/") {
					name += "f"
				}
				if !tracked.IsSparse(name) {
					t.Errorf("Sparse has %q, of which IsSparse says no", name)
				}
			}
			if len(tracked.Sparse()) == 0 && c.want != "" && !tracked.IsSparse("unknown") {
				t.Errorf("Sparse has nothing, and %q are not checked out", c.want)
			}
			if tracked.Has("b/gone") {
				t.Error("b/gone is tracked")
			}
			if strings.Join(got, " ") != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestSparsePatterns compares the files that the patterns of a sparse checkout select with those that git checks out.
func TestSparsePatterns(t *testing.T) {
	files := []string{"root", "a/f", "a/b/f", "a/b/c/f", "b/f", "b/a/f", "d/x.txt", "d/e/x.txt", "d/e/y"}
	for _, set := range [][]string{
		{"--cone", "a"}, {"--cone", "a/b"}, {"--cone", "a/b", "d/e"}, {"--cone", "a", "a/b/c"}, {"--cone"},
		{"--no-cone", "/a/"}, {"--no-cone", "a"}, {"--no-cone", "/*", "!/a"}, {"--no-cone", "*.txt", "!/d/e"},
		{"--no-cone", "/d/", "!y"}, {"--no-cone", "/a/*", "!/a/b/", "/a/b/c"},
	} {
		dir := repository(t, "-b", "main")
		for _, name := range files {
			write(t, dir, name, name)
		}
		git(t, dir, "add", "-A")
		git(t, dir, "commit", "-q", "-m", "files")
		if _, _, ok := index.SparsePatterns(dir); ok {
			t.Error("a full checkout is sparse")
		}
		git(t, dir, append([]string{"sparse-checkout", "set"}, set...)...)
		text, below, ok := index.SparsePatterns(dir)
		patterns := ignore.ParseSparse(text)
		for _, name := range files {
			_, err := os.Stat(filepath.Join(dir, name))
			if got := patterns.Selects(name); !ok || below != "." || got != (err == nil) {
				t.Errorf("%q select %s: %v, want %v", set, name, got, err == nil)
			}
		}
	}
}
