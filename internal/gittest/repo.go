// Package gittest provides git repositories and servers for tests: repositories on disk that the git binary makes,
// smart HTTP servers that run git http-backend, and an ssh server in the test's own process that runs git upload-pack.
//
// A Repo is a repository with a working tree. A server publishes every repository below a root folder; the path in the
// URL is the path below the root. A Fault makes a server misbehave in one way.
//
// Nothing here depends on the machine's or the user's git configuration, and servers listen only on the loopback
// address. Constructors come in two forms: one for a testing.TB, which fails the test and cleans up, and one that
// returns an error, for test scripts.
package gittest

import (
	"bytes"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// NeedProgram skips the test when a program is not installed. With CI=true it fails the test.
func NeedProgram(t testing.TB, name string) {
	t.Helper()
	if _, err := exec.LookPath(name); err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatal(err)
		}
		t.Skip(err)
	}
}

// A Repo is a git repository with a working tree. Its first branch is master.
// Author, committer and dates are fixed, so that equal steps make equal commit ids.
type Repo struct {
	Dir string // the working tree; the repository itself is Dir/.git

	fatalf func(format string, args ...any)
	clock  time.Time
}

// NewRepo makes an empty repository in the folder "pack" of a new temporary folder, so that filepath.Dir(r.Dir) is a
// root to serve and "/pack" the repository's path.
func NewRepo(t testing.TB) *Repo {
	t.Helper()
	return InitRepo(filepath.Join(t.TempDir(), "pack"), t.Fatalf)
}

// InitRepo makes an empty repository in dir, which may exist but must not have a repository. It and the methods of the
// Repo pass errors to fatalf, which must not return.
func InitRepo(dir string, fatalf func(format string, args ...any)) *Repo {
	r := &Repo{Dir: dir, fatalf: fatalf, clock: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)}
	r.check(os.MkdirAll(dir, 0o755))
	r.Git("init", "-q", "-b", "master")
	return r
}

// Write writes a file of the working tree and makes its parent folders. Mode is 0644 or 0755.
func (r *Repo) Write(path, data string, mode fs.FileMode) {
	name := filepath.Join(r.Dir, filepath.FromSlash(path))
	r.check(os.MkdirAll(filepath.Dir(name), 0o755))
	r.check(os.WriteFile(name, []byte(data), mode))
	r.check(os.Chmod(name, mode))
}

// Commit commits the whole working tree, changed or not, and returns the commit's id.
// Each commit is a minute newer than the one before it.
func (r *Repo) Commit(msg string) string {
	r.clock = r.clock.Add(time.Minute)
	r.Git("add", "-A")
	r.Git("commit", "-q", "--allow-empty", "-m", msg)
	return r.Git("rev-parse", "HEAD")
}

// Tag makes a lightweight tag of HEAD.
func (r *Repo) Tag(name string) { r.Git("tag", name) }

// AnnotatedTag makes a tag object of HEAD and returns the id of that object.
func (r *Repo) AnnotatedTag(name, msg string) string {
	r.Git("tag", "-a", "-m", msg, name)
	return r.Git("rev-parse", "refs/tags/"+name)
}

// Branch switches to a branch. It makes the branch at HEAD if it does not exist.
func (r *Repo) Branch(name string) {
	if r.Git("branch", "--list", name) != "" {
		r.Git("checkout", "-q", name)
		return
	}
	r.Git("checkout", "-q", "-b", name)
}

// Git runs git in the repository and returns its trimmed standard output.
func (r *Repo) Git(args ...string) string {
	cmd := exec.Command("git", args...)
	cmd.Dir = r.Dir
	date := r.clock.Format(time.RFC3339)
	cmd.Env = append(cleanEnv(), "GIT_AUTHOR_DATE="+date, "GIT_COMMITTER_DATE="+date)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		r.check(fmt.Errorf("git %s: %w\n%s", strings.Join(args, " "), err, stderr.Bytes()))
	}
	return strings.TrimSpace(stdout.String())
}

func (r *Repo) check(err error) {
	if err != nil {
		r.fatalf("gittest: %v", err)
	}
}

// cleanEnv returns an environment without the machine's git configuration. Variables such as GIT_DIR are left out,
// because an empty one would count as set.
func cleanEnv() []string {
	env := []string{
		"GIT_CONFIG_GLOBAL=" + os.DevNull, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C", "TZ=UTC",
		"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
		"GIT_AUTHOR_NAME=Ada Author", "GIT_AUTHOR_EMAIL=ada@example.com",
		"GIT_COMMITTER_NAME=Cy Committer", "GIT_COMMITTER_EMAIL=cy@example.com",
	}
	for _, kv := range os.Environ() {
		switch name, _, _ := strings.Cut(kv, "="); strings.ToUpper(name) {
		case "PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP":
			env = append(env, kv)
		}
	}
	return env
}
