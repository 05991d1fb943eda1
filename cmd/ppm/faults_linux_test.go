package main

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// A faultyRun runs ppm in a new project, while the kernel fails or interrupts its system calls.
type faultyRun struct {
	home, project string
}

func newFaultyRun(t *testing.T) faultyRun {
	t.Helper()
	gittest.NeedProgram(t, "strace")
	r := faultyRun{t.TempDir(), t.TempDir()}
	if code, text := r.ppm(t, "", "add", "tp_py_grpc@cp-0.0.1//wscli"); code != 0 { // which fills the cache
		t.Fatalf("add ends with %d:\n%s", code, text)
	}
	return r
}

// ppm runs one command and returns its exit code and output. Inject is as in strace -e inject; it may be empty.
func (r faultyRun) ppm(t *testing.T, inject string, args ...string) (int, string) {
	t.Helper()
	line := append([]string{filepath.Join(binary, "ppm")}, args...)
	if inject != "" {
		record := filepath.Join(t.TempDir(), "record")
		line = append([]string{"strace", "-f", "-qq", "-o", record, "-e", "inject=" + inject}, line...)
	}
	cmd := exec.Command(line[0], line[1:]...)
	cmd.Dir = r.project
	cmd.Env = append(os.Environ(), "HOME="+r.home, "XDG_CACHE_HOME=", "XDG_STATE_HOME=", "PPM_CACHE_DIR=")
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return cmd.ProcessState.ExitCode(), string(out)
}

// isInstalled reports whether the component of the test is installed, and fails the test if it is so in part only.
func (r faultyRun) isInstalled(t *testing.T) bool {
	t.Helper()
	lock, err := os.ReadFile(filepath.Join(r.project, "ppm.lock"))
	if err != nil {
		t.Fatal(err)
	}
	_, err = os.Stat(filepath.Join(r.project, "ssecli.py"))
	if isLocked := strings.Contains(string(lock), "ssecli.py"); isLocked != (err == nil) {
		t.Fatalf("in the lock: %v, on disk: %v", isLocked, err)
	}
	return err == nil
}

var addInstall = []string{"project", "add", "tp_py_grpc@cp-0.0.1//ssecli"}

// TestSignalAfterJournal sends SIGTERM or SIGHUP with every system call of a kind. Code 143 means that nothing was
// changed, and code 0 that the command is done, also if more signals come while it is being done or after that.
func TestSignalAfterJournal(t *testing.T) {
	const either = -1 // how many writes there are before the journal depends on the settings
	for _, c := range []struct {
		inject string
		want   int
	}{
		{"flock:signal=SIGTERM", 143},         // before the journal
		{"linkat:signal=SIGTERM", 0},          // with each file that is moved into place, after it
		{"linkat,unlinkat:signal=SIGTERM", 0}, // and when the command cleans up
		{"flock:signal=SIGHUP", 143},
		{"linkat,unlinkat:signal=SIGHUP", 0},
		{"write:signal=SIGHUP:when=6+", either},
		{"write:signal=SIGTERM:when=3+", either},
		{"write:signal=SIGTERM:when=6+", either},
		{"write:signal=SIGTERM:when=9+", either},
		{"write:signal=SIGTERM:when=12+", either},
	} {
		r := newFaultyRun(t)
		code, text := r.ppm(t, c.inject, addInstall...)
		if _, recovered := r.ppm(t, "", "project", "status"); strings.Contains(recovered, "interrupted") {
			t.Errorf("%s: the process ended in the middle: %s", c.inject, recovered)
		}
		known := code == c.want || c.want == either && (code == 0 || code == 143)
		if installed := r.isInstalled(t); !known || installed != (code == 0) {
			t.Errorf("%s: exit code %d, want %d; installed: %v\n%s", c.inject, code, c.want, installed, text)
		}
	}
}

// TestLockFails fails all calls of flock. A lock that cannot be taken is an error before anything is changed.
func TestLockFails(t *testing.T) {
	r := newFaultyRun(t)
	code, text := r.ppm(t, "flock:error=ENOLCK", addInstall...)
	if code != 6 || r.isInstalled(t) || !strings.Contains(text, ".ppm/lock") || !strings.Contains(text, "hint: ") {
		t.Errorf("exit code %d\n%s", code, text)
	}
	if code, text := r.ppm(t, "", addInstall...); code != 0 || !r.isInstalled(t) {
		t.Errorf("the next command ends with %d\n%s", code, text)
	}
}

// TestUnlockFails fails the call of flock that unlocks the project: the command is done, and a note says what failed.
func TestUnlockFails(t *testing.T) {
	r := newFaultyRun(t)
	for range 50 { // strace counts the calls of each thread, and the unlocking thread need not be the locking one
		code, text := r.ppm(t, "flock:error=EIO:when=2+", addInstall...)
		if code != 0 || !r.isInstalled(t) {
			t.Fatalf("exit code %d\n%s", code, text)
		}
		if strings.Contains(text, "note: closing the project failed: input/output error") {
			return
		}
		if code, text := r.ppm(t, "", "project", "undo"); code != 0 {
			t.Fatalf("undo ends with %d\n%s", code, text)
		}
	}
	t.Error("no call failed")
}

// git runs git in the project.
func (r faultyRun) git(t *testing.T, args ...string) {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-c", "user.name=a", "-c", "user.email=a@example.com"}, args...)...)
	cmd.Dir = r.project
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
	}
}

// newConflictRun returns a project in a git work tree whose next upgrade leaves a conflict, and git's lock there.
func newConflictRun(t *testing.T) (r faultyRun, lock string) {
	t.Helper()
	r = newFaultyRun(t)
	r.git(t, "init", "-q")
	copyRepository(filepath.Join(r.home, "lines"), "lines", t.Fatalf)
	if code, text := r.ppm(t, "", "add", filepath.Join(r.home, "lines")+"@v1.1.0//part"); code != 0 {
		t.Fatal(text)
	}
	file := filepath.Join(r.project, "part", "text.txt")
	if err := os.WriteFile(file, []byte("ALPHA\nbeta\ngamma mine\ndelta\nepsilon\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	r.git(t, "add", ".")
	r.git(t, "commit", "-qm", "files")
	return r, filepath.Join(r.project, ".git", "index.lock")
}

// TestIndexLockAfterKill kills upgrades that mark a conflict in git's index, at one system call after the other. The
// next command removes the lock that ppm has left, so that git works.
func TestIndexLockAfterKill(t *testing.T) {
	r, lock := newConflictRun(t)
	killed, left := 0, 0
	for _, call := range []string{"linkat", "renameat", "fchmod", "utimensat", "unlinkat", "fsync"} {
		for n := 1; n <= 12; n++ {
			if testing.Short() && n%6 != 0 {
				continue
			}
			inject := fmt.Sprintf("%s:signal=SIGKILL:when=%d", call, n)
			if code, _ := r.ppm(t, inject, "project", "upgrade"); code == -1 || code == 137 {
				killed++
			}
			if _, err := os.Lstat(lock); err == nil {
				left++
			}
			if code, text := r.ppm(t, "", "project", "list"); code != 0 {
				t.Fatalf("%s: list ends with %d\n%s", inject, code, text)
			}
			if _, err := os.Lstat(lock); err == nil {
				t.Fatalf("%s: the lock is left", inject)
			}
			r.git(t, "add", "part/text.txt")
			r.git(t, "reset", "-q", "--hard")
			if err := os.RemoveAll(filepath.Join(r.project, ".ppm")); err != nil {
				t.Fatal(err)
			}
		}
	}
	if killed == 0 || left == 0 && !testing.Short() {
		t.Errorf("%d runs were killed, %d of them left a lock", killed, left)
	}
}

// TestIndexLockOfGit runs commands while git holds its lock: it stays.
func TestIndexLockOfGit(t *testing.T) {
	r, lock := newConflictRun(t)
	if err := os.WriteFile(lock, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	if code, text := r.ppm(t, "", "project", "upgrade"); code != 8 || !strings.Contains(text, "git is busy") {
		t.Errorf("upgrade ends with %d\n%s", code, text)
	}
	if code, text := r.ppm(t, "", "project", "list"); code != 0 {
		t.Errorf("list ends with %d\n%s", code, text)
	}
	if _, err := os.Lstat(lock); err != nil {
		t.Errorf("git's lock was removed: %v", err)
	}
}
