package index_test

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
)

// findable are work trees with an index, and a project and a file in it.
var findable = []struct {
	name  string
	setUp func(t *testing.T, dir string) (project, file string)
}{
	{"the top", func(t *testing.T, dir string) (string, string) { return dir, "part/text.txt" }},
	{"a subfolder",
		func(t *testing.T, dir string) (string, string) { return filepath.Join(dir, "part"), "text.txt" }},
	{"a linked worktree", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "worktree", "add", "-q", "../linked", "-b", "linked")
		return filepath.Join(dir, "..", "linked", "part"), "text.txt"
	}},
	{"a linked worktree of a bare repository", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "clone", "-q", "--bare", ".", "../bare")
		git(t, filepath.Join(dir, "..", "bare"), "worktree", "add", "-q", "../linked", "-b", "linked")
		return filepath.Join(dir, "..", "linked"), "part/text.txt"
	}},
	{"a submodule", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "init", "-q", "../outer")
		git(t, filepath.Join(dir, "..", "outer"), "submodule", "--quiet", "add", dir, "sub")
		return filepath.Join(dir, "..", "outer", "sub"), "part/text.txt"
	}},
	{"a separate git folder", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "init", "-q", "--separate-git-dir", "../elsewhere")
		git(t, dir, "config", "core.worktree", "../tree")
		return dir, "part/text.txt"
	}},
	{"through a symbolic link", func(t *testing.T, dir string) (string, string) {
		if err := os.Symlink("tree/part", filepath.Join(dir, "..", "link")); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "..", "link"), "text.txt"
	}},
	{"settings of one work tree", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "config", "extensions.worktreeConfig", "true")
		git(t, dir, "config", "--worktree", "core.filemode", "true")
		return dir, "part/text.txt"
	}},
	{"a folder .git that is not a repository", func(t *testing.T, dir string) (string, string) {
		write(t, dir, "part/.git/x", "")
		return filepath.Join(dir, "part"), "text.txt"
	}},
	{"names in another case", func(t *testing.T, dir string) (string, string) {
		git(t, dir, "config", "core.ignorecase", "true")
		return dir, "Part/TEXT.txt"
	}},
}

// Open finds the index of the nearest work tree, wherever git keeps it.
func TestOpenFindsTheIndex(t *testing.T) {
	for _, c := range findable {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			project, file := c.setUp(t, repository(t, "-b", "main"))
			before := git(t, project, "ls-files", "-s", ":/")
			replaced := mark(t, project, sides(file))
			if got := git(t, project, "ls-files", "-u", ":/"); strings.Count(got, "\n") != 3 ||
				!strings.Contains(got, "text.txt\n") {
				t.Errorf("the stages are\n%s", got)
			}
			git(t, project, "fsck", "--strict")
			restore(t, project, true, replaced)
			if got := git(t, project, "ls-files", "-s", ":/"); got != before {
				t.Errorf("after\n%s\nbefore\n%s", got, before)
			}
		})
	}
}

// refusals are work trees whose index must not be changed.
var refusals = []struct {
	name, want string // want is a part of the error; "" is ErrNone
	setUp      func(t *testing.T, dir string) string
}{
	{"no repository", "", func(t *testing.T, dir string) string { return filepath.Dir(dir) }},
	{"no index", "", func(t *testing.T, dir string) string { return remove(t, dir, ".git/index") }},
	{"bare", "", func(t *testing.T, dir string) string {
		git(t, dir, "config", "core.bare", "true")
		return dir
	}},
	{"inside a bare repository", "", func(t *testing.T, dir string) string {
		git(t, dir, "clone", "-q", "--bare", ".", "bare")
		return filepath.Join(dir, "bare", "info")
	}},
	{"git is busy", "index.lock", func(t *testing.T, dir string) string {
		write(t, dir, ".git/index.lock", "")
		return dir
	}},
	{"split", `extension "link"`, func(t *testing.T, dir string) string {
		git(t, dir, "update-index", "--split-index")
		return dir
	}},
	{"sparse", `extension "sdir"`, func(t *testing.T, dir string) string {
		git(t, dir, "sparse-checkout", "set", "--cone", "--sparse-index", "part")
		return dir
	}},
	{"a newer version", "version 5", func(t *testing.T, dir string) string {
		write(t, dir, ".git/index", "DIRC\x00\x00\x00\x05\x00\x00\x00\x00"+strings.Repeat("\x00", 20))
		return dir
	}},
	{"damaged", "damaged",
		func(t *testing.T, dir string) string { write(t, dir, ".git/index", "DIRC"); return dir }},
	{"a newer repository", `format "2"`, func(t *testing.T, dir string) string {
		git(t, dir, "config", "core.repositoryformatversion", "2")
		return dir
	}},
	{"a malformed configuration", "config", func(t *testing.T, dir string) string {
		write(t, dir, ".git/config", "[core")
		return dir
	}},
	{"a work tree elsewhere", "another work tree", func(t *testing.T, dir string) string {
		git(t, dir, "config", "core.worktree", "../..")
		return dir
	}},
	{"a file that leads nowhere", "does not point", func(t *testing.T, dir string) string {
		write(t, dir, "part/.git", "gitdir: /nowhere\n")
		return filepath.Join(dir, "part")
	}},
	{"a file that leads to another's repository", "another work tree", func(t *testing.T, dir string) string {
		write(t, dir, "part/.git", "gitdir: ../.git\n")
		return filepath.Join(dir, "part")
	}},
	{"a file that leads to another's linked worktree", "another work tree", func(t *testing.T, dir string) string {
		git(t, dir, "worktree", "add", "-q", "../linked", "-b", "linked")
		write(t, dir, "part/.git", "gitdir: ../.git/worktrees/linked\n")
		return filepath.Join(dir, "part")
	}},
	{"a symbolic link", "neither", func(t *testing.T, dir string) string {
		if err := os.Symlink("../.git", filepath.Join(dir, "part", ".git")); err != nil {
			t.Fatal(err)
		}
		return filepath.Join(dir, "part")
	}},
	{"an index that is a symbolic link", "regular file", func(t *testing.T, dir string) string {
		if err := os.Symlink("../a.txt",
			filepath.Join(remove(t, dir, ".git/index"), ".git", "index")); err != nil {
			t.Fatal(err)
		}
		return dir
	}},
}

// Open refuses the index of another work tree, and one of an unknown kind.
func TestOpenRefuses(t *testing.T) {
	for _, c := range refusals {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t, "-b", "main")
			checkRefused(t, c.setUp(t, dir), c.want)
			if _, err := os.Lstat(filepath.Join(dir, ".git",
				"index.lock")); (err == nil) != (c.name == "git is busy") {
				t.Errorf("git's lock: %v", err)
			}
		})
	}
	t.Run("other ids", func(t *testing.T) { checkRefused(t, repository(t, "--object-format=sha256"), `"sha256"`) })
}

// A symbolic link to another folder of objects is not followed, and nothing is written.
func TestMarkFollowsNoLinks(t *testing.T) {
	dir := repository(t)
	if err := os.Rename(filepath.Join(dir, ".git", "objects"), filepath.Join(dir, "..", "objects")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("../../objects", filepath.Join(dir, ".git", "objects")); err != nil {
		t.Fatal(err)
	}
	before := git(t, dir, "ls-files", "-s") + git(t, dir, "count-objects")
	e, err := index.Open(t.Context(), dir, newProof(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := e.Mark([]index.Conflict{sides("part/text.txt")}); err == nil {
		t.Error("objects were written through a link")
	}
	if err := e.Close(); err != nil {
		t.Fatal(err)
	}
	if after := git(t, dir, "ls-files", "-s") + git(t, dir, "count-objects"); after != before {
		t.Errorf("after\n%s\nbefore\n%s", after, before)
	}
}

// New objects have the permissions of a shared repository.
func TestMarkKeepsPermissions(t *testing.T) {
	dir := repository(t, "--shared=group")
	mark(t, dir, sides("part/text.txt"))
	err := filepath.WalkDir(filepath.Join(dir, ".git", "objects"), func(path string, d os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		if want := os.FileMode(0o440); !d.IsDir() && info.Mode()&want != want {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		if want := os.ModeSetgid | 0o770; d.IsDir() && info.Mode()&want != want {
			t.Errorf("%s has mode %s", path, info.Mode())
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}

func checkRefused(t *testing.T, dir, want string) {
	t.Helper()
	e, err := index.Open(t.Context(), dir, newProof(t, dir))
	switch {
	case err == nil:
		t.Errorf("opened: %v", e.Close())
	case want == "" && !errors.Is(err, index.ErrNone), !strings.Contains(err.Error(), want):
		t.Errorf("the error is %v, want %q", err, want)
	}
}

func remove(t *testing.T, dir, name string) string {
	t.Helper()
	if err := os.Remove(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
	return dir
}
