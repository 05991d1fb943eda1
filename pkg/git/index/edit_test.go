package index_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
)

// git runs git in dir, with no configuration except the repository's, and returns its output.
func git(t *testing.T, dir string, args ...string) string {
	t.Helper()
	out, err := tryGit(dir, args...)
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func tryGit(dir string, args ...string) (string, error) {
	cmd := exec.Command("git",
		append([]string{"-c", "protocol.file.allow=always", "-c", "core.quotePath=true"}, args...)...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(),
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GIT_CEILING_DIRECTORIES="+os.TempDir(),
		"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@example.com",
		"GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@example.com")
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	file := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(file), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// repository makes a repository with a commit of a few files and returns its work tree.
func repository(t *testing.T, options ...string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "tree")
	git(t, ".", append(append([]string{"init", "-q"}, options...), dir)...)
	for _, name := range []string{"a.txt", "part/text.txt", "part/text.txt.d", "part-of.txt", "z\tab.txt",
		"ünder/ö.txt"} {
		write(t, dir, name, "text of "+name+"\n")
	}
	git(t, dir, "add", ".")
	git(t, dir, "commit", "-qm", "files")
	return dir
}

// newProof makes the file that proves that a lock on the index is this test's, on the disk of the work tree.
func newProof(t *testing.T, dir string) string {
	t.Helper()
	f, err := os.CreateTemp(filepath.Dir(dir), "proof")
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
	return f.Name()
}

func sides(path string) index.Conflict {
	side := func(text string) *index.Side { return &index.Side{Data: []byte(text), Mode: 0o644} }
	return index.Conflict{Path: path, Base: side("base\n"), Ours: side("ours\n"), Theirs: side("theirs\n")}
}

// mark marks the conflicts and commits the edit.
func mark(t *testing.T, dir string, conflicts ...index.Conflict) []index.Replaced {
	t.Helper()
	e, err := index.Open(t.Context(), dir, newProof(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	replaced, err := e.Mark(conflicts)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Commit(); err != nil {
		t.Fatal(err)
	}
	return replaced
}

// restore restores the entries and commits the edit.
func restore(t *testing.T, dir string, always bool, replaced []index.Replaced) {
	t.Helper()
	e, err := index.Open(t.Context(), dir, newProof(t, dir))
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	for _, r := range replaced {
		e.Restore(r, always)
	}
	if err := e.Commit(); err != nil {
		t.Fatal(err)
	}
}

// In each version of the format, a mark changes nothing of other files, not even times and flags, and a restore undoes
// it completely.
func TestMarkAndRestore(t *testing.T) {
	for _, c := range []struct{ name, version, flags string }{
		{"oldest", "2", ""},
		{"flags of the user", "2", "--assume-unchanged"},
		{"extended", "3", "--skip-worktree"},
		{"shortened names", "4", ""},
		{"shortened names, extended", "4", "--skip-worktree"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			git(t, dir, "update-index", "--index-version", c.version)
			if c.flags != "" {
				git(t, dir, "update-index", c.flags, "a.txt", "part/text.txt")
			}
			write(t, dir, "a.txt", "staged by the user\n")
			write(t, dir, "later.txt", "")
			git(t, dir, "add", "-N", "later.txt")
			git(t, dir, "add", "part-of.txt")
			// Longer than the length in an entry, and than a path on disk.
			long := strings.Repeat("long/", 830) + "x"
			id := strings.TrimSpace(git(t, dir, "hash-object", "-w", "a.txt"))
			git(t, dir, "update-index", "--add", "--cacheinfo", "100644,"+id+","+long)
			all := func() string {
				return git(t, dir, "ls-files", "--stage", "--debug") + git(t, dir, "ls-files", "-v")
			}
			before := all()
			conflict := sides("part/text.txt")
			conflict.Ours.Mode = 0o755
			replaced := mark(t, dir, conflict, sides("z\tab.txt"), sides("ünder/ö.txt"))
			if len(replaced) != 3 {
				t.Fatalf("%d were marked, want 3", len(replaced))
			}
			stages := git(t, dir, "ls-files", "-u", "part/text.txt")
			if !strings.Contains(stages, " 1\tpart/text.txt\n100755 ") || strings.Count(stages, "\n") != 3 {
				t.Errorf("the stages are\n%s", stages)
			}
			for stage, text := range map[string]string{":1:": "base\n", ":2:": "ours\n", ":3:": "theirs\n"} {
				if got := git(t, dir, "show", stage+"ünder/ö.txt"); got != text {
					t.Errorf("stage %s is %q", stage, got)
				}
			}
			status := git(t, dir, "status", "--porcelain", "part", "z\tab.txt", "ünder")
			if status != "UU part/text.txt\nUU \"z\\tab.txt\"\nUU \"\\303\\274nder/\\303\\266.txt\"\n" {
				t.Errorf("git status is\n%s", status)
			}
			git(t, dir, "fsck", "--strict")
			restore(t, dir, false, replaced)
			if after := all(); after != before {
				t.Errorf("after\n%s\nbefore\n%s", after, before)
			}
			git(t, dir, "fsck", "--strict")
		})
	}
}

// A side without a file has no stage. Paths that git does not track as a file, or has a conflict for, are not marked.
func TestMarkOnlyTracked(t *testing.T) {
	dir := repository(t)
	write(t, dir, ".gitignore", "ignored.txt\n")
	write(t, dir, "ignored.txt", "x")
	write(t, dir, "untracked.txt", "x")
	if err := os.Symlink("a.txt", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	git(t, dir, "add", "link", ".gitignore")
	added := sides("part/text.txt")
	added.Base = nil
	replaced := mark(t, dir, added, sides("ignored.txt"), sides("untracked.txt"), sides("link"), sides("part"),
		sides("missing"))
	if len(replaced) != 1 {
		t.Errorf("%d were marked, want 1", len(replaced))
	}
	if got := git(t, dir, "status", "--porcelain", "part"); got != "AA part/text.txt\n" {
		t.Errorf("git status is %q", got)
	}
	before := git(t, dir, "ls-files", "-s")
	if replaced := mark(t, dir, sides("part/text.txt")); len(replaced) != 0 ||
		git(t, dir, "ls-files", "-s") != before {
		t.Error("a conflict was marked again")
	}
}

// A conflict that the user has resolved is not restored, except when the whole upgrade is undone.
func TestRestoreResolved(t *testing.T) {
	const emptyBlob = "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391"
	for _, c := range []struct {
		name   string
		user   [][]string
		always bool
		back   bool // the entry is the one before the mark
	}{
		{"nothing", nil, false, true},
		{"nothing, undone", nil, true, true},
		{"resolved by the user", [][]string{{"add", "part/text.txt"}}, false, false},
		{"resolved by the user, undone", [][]string{{"add", "part/text.txt"}}, true, true},
		{"removed by the user", [][]string{{"rm", "-q", "--cached", "part/text.txt"}}, false, false},
		{"removed by the user, undone", [][]string{{"rm", "-q", "--cached", "part/text.txt"}}, true, true},
		{"everything reset by the user", [][]string{{"reset", "-q"}}, false, true},
		{"a folder now", [][]string{
			{"rm", "-q", "--cached", "part/text.txt"},
			{"update-index", "--add", "--cacheinfo", "100644," + emptyBlob + ",part/text.txt/x"},
		}, true, false},
		{"below a file now", [][]string{
			{"rm", "-rq", "--cached", "part"},
			{"update-index", "--add", "--cacheinfo", "100644," + emptyBlob + ",part"},
		}, true, false},
		{"another conflict", [][]string{{"reset", "-q"}, {"checkout", "-qf", "other"}, {"merge", "-q", "third"}}, true,
			false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			dir := repository(t)
			git(t, dir, "hash-object", "-w", "-t", "blob", "/dev/null")
			for _, branch := range []string{"other", "third"} {
				git(t, dir, "checkout", "-qb", branch, "HEAD~0")
				write(t, dir, "part/text.txt", branch)
				git(t, dir, "commit", "-qam", branch)
				git(t, dir, "checkout", "-q", "-")
			}
			list := func() string { return git(t, dir, "ls-files", "-s") }
			before := list()
			replaced := mark(t, dir, sides("part/text.txt"))
			write(t, dir, "part/text.txt", "resolved\n")
			for _, args := range c.user {
				if out, err := tryGit(dir, args...); err != nil && !slices.Contains(args, "merge") {
					t.Fatalf("git %q: %v\n%s", args, err, out)
				}
			}
			theirs := list()
			restore(t, dir, c.always, replaced)
			if got := list(); (got == before) != c.back || !c.back && got != theirs {
				t.Errorf("the index is\n%s\nbefore the mark it was\n%s\nand before the restore\n%s", got, before,
					theirs)
			}
		})
	}
}

// A damaged or invented Replaced changes nothing.
func TestRestoreDamaged(t *testing.T) {
	dir := repository(t)
	replaced := mark(t, dir, sides("part/text.txt"))
	before := git(t, dir, "ls-files", "-s")
	for _, damage := range []func(*index.Replaced){
		func(r *index.Replaced) { r.Entry = nil },
		func(r *index.Replaced) { r.Entry = r.Entry[:len(r.Entry)-1] },
		func(r *index.Replaced) { r.Entry = append(r.Entry[:24:24], make([]byte, 38)...) }, // no mode
		func(r *index.Replaced) { r.Path = "part/nothing.txt" },
		func(r *index.Replaced) { r.Path = "" },
		func(r *index.Replaced) { r.Stages[1] = "" },
	} {
		broken := replaced[0]
		damage(&broken)
		restore(t, dir, false, []index.Replaced{broken})
		if got := git(t, dir, "ls-files", "-s"); got != before {
			t.Errorf("%+v changed the index:\n%s", broken, got)
		}
	}
}

// Git reads a file again that is as new as the index, because it may have changed since. A new time of the index would
// hide such a change permanently.
func TestMarkKeepsIndexTime(t *testing.T) {
	dir := repository(t)
	git(t, dir, "config", "core.checkStat", "minimal")
	git(t, dir, "config", "core.trustctime", "false")
	then := time.Now().Add(-time.Hour).Truncate(time.Second)
	at := func(name string) {
		if err := os.Chtimes(filepath.Join(dir, name), then, then); err != nil {
			t.Fatal(err)
		}
	}
	write(t, dir, "a.txt", "one\n")
	at("a.txt")
	git(t, dir, "add", "a.txt")
	write(t, dir, "a.txt", "two\n")
	at("a.txt")
	at(".git/index")
	restore(t, dir, false, mark(t, dir, sides("part/text.txt")))
	if got := git(t, dir, "diff-files", "--name-only"); got != "a.txt\n" {
		t.Errorf("git sees changes in %q, want a.txt", got)
	}
}
