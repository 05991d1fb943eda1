package apply

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A scene is a project and one command that makes every kind of change.
type scene struct {
	base, theirs fileset.Set
	old, new     string // the project before and after the command
	root         string // the parent of the project
	staged       int    // how many projects were made
}

// stage creates a new project for the scene, replacing the previous one, and returns its folder.
func (s *scene) stage(t testing.TB) string {
	t.Helper()
	s.staged++
	dir := filepath.Join(s.root, "project")
	must(t, os.RemoveAll(s.root))
	must(t, os.MkdirAll(dir, 0o755))
	applytest.Write(t, dir, map[string]string{
		"mine": "mine", "src/mine": "mine", "forced": "mine, replaced", // user files
		"ppm.toml": "old manifest", ".git/HEAD": "ref: x", ".ppm/undo-000001.zip": "not read here",
		".ppm/.gitignore": "*\n"})
	for _, f := range s.base {
		applytest.Write(t, dir, map[string]string{f.Path: string(f.Data)})
		if err := os.Chmod(filepath.Join(dir, f.Path), f.Mode); err != nil {
			t.Fatal(err)
		}
	}
	for name, perm := range map[string]os.FileMode{"secret": 0o600, "gone": 0o700, "gone/deep": 0o711} {
		if err := os.Chmod(filepath.Join(dir, name), perm); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func newScene(t *testing.T) *scene {
	// tests create thousands of projects: use memory if possible
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() {
		t.Setenv("TMPDIR", "/dev/shm")
	}
	s := &scene{
		root: t.TempDir(),
		base: files("1", "secret", "becomes", "gone/deep/a", "gone/b", "src/a", "tool", "same", "flattens/a/b",
			"flattens/c"),
		theirs: files("2", "secret", "becomes/a/b", "becomes/c", "src/a", "new/folder/x*", "forced", "flattens"),
	}
	same, _ := s.base.Lookup("same")
	tool, _ := s.base.Lookup("tool")
	tool.Mode = fileset.Executable
	s.theirs, _ = fileset.New(append(s.theirs, same, tool))
	dir := s.stage(t)
	s.old = applytest.Tree(t, dir, ".ppm")
	if err := s.apply(t.Context(), t, dir, &faulty{}); err != nil {
		t.Fatal(err)
	}
	s.new = applytest.Tree(t, dir, ".ppm")
	for _, part := range []string{"secret -rw------- 12 ", "becomes/a/b -rw-r--r--", "new/folder/x -rwxr-xr-x",
		"tool -rwxr-xr-x", "flattens -rw-r--r--", "ppm.lock"} {
		if !strings.Contains(s.new, part) || strings.Contains(s.new, "gone") {
			t.Fatalf("unexpected scene: no %q in\n%s", part, s.new)
		}
	}
	t.Cleanup(func() { t.Logf("tried %d faulted or killed commands", s.staged-1) })
	return s
}

// apply runs the command of the scene on a faulty disk.
func (s *scene) apply(ctx context.Context, t *testing.T, dir string, f *faulty) error {
	t.Helper()
	return s.applyWith(ctx, t, testKeys, dir, f)
}

// applyWith is apply for a user with other keys.
func (s *scene) applyWith(ctx context.Context, t *testing.T, keys *authcode.Keys, dir string, f *faulty) error {
	t.Helper()
	p, err := Open(ctx, dir, Options{Keys: keys, wrap: f.wrap})
	if err != nil {
		return err
	}
	pl := makePlan(t, p, s.base, s.theirs, true)
	f.planned = f.ops
	err = p.Apply(ctx, pl, Meta{Command: "scene"})
	closed := p.Close() // killing a process releases its lock too
	if err == nil && !f.fired {
		return closed
	}
	return err
}

// reopen lets the next command recover, on a faulty or a good disk.
func reopen(t *testing.T, dir string, f *faulty) error {
	t.Helper()
	p, err := Open(t.Context(), dir, Options{Keys: testKeys, wrap: f.wrap})
	if err != nil {
		return err
	}
	return p.Close()
}

// check fails the test unless the project is in its old or new state, as allowed.
func (s *scene) check(t *testing.T, dir, what string, allowOld, allowNew bool) {
	t.Helper()
	got := applytest.Tree(t, dir, ".ppm")
	if got == s.old && allowOld || got == s.new && allowNew {
		return
	}
	t.Fatalf("%s: neither old (%v) nor new (%v)\nto old:\n%s\nto new:\n%s", what, allowOld, allowNew,
		difference(got, s.old), difference(got, s.new))
}

// difference returns the lines that differ between two trees.
func difference(got, want string) string {
	var out strings.Builder
	for line := range strings.Lines(want) {
		if !strings.Contains("\n"+got, "\n"+line) {
			out.WriteString("- " + line)
		}
	}
	for line := range strings.Lines(got) {
		if !strings.Contains("\n"+want, "\n"+line) {
			out.WriteString("+ " + line)
		}
	}
	return out.String()
}

// stride returns the distance between the operations at which a test injects a fault: all of them, or a sample in
// short mode.
func stride() int {
	if testing.Short() {
		return 7
	}
	return 1
}

// checkState fails the test if .ppm contains more than the history.
func checkState(t *testing.T, dir, what string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, ".ppm"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, "undo-") && name != "lock" && name != ".gitignore" {
			t.Fatalf("%s: %s is left over in .ppm", what, name)
		}
	}
}

// TestFailAtEveryOperation checks that a failed command is rolled back at once and reports the error.
func TestFailAtEveryOperation(t *testing.T) {
	s := newScene(t)
	all := []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EMFILE,
		syscall.EXDEV, syscall.EINTR}
	for shift := range 3 {
		for at := 1; ; at += stride() {
			errno := all[(at*3+shift)%len(all)]
			f := &faulty{at: at, err: errno}
			what := fmt.Sprintf("%v at operation %d", errno, at)
			dir := s.stage(t)
			err := s.apply(t.Context(), t, dir, f)
			if err != nil && (failure.KindOf(err) != failure.LocalIO || failure.Hint(err) == "" ||
				!errors.Is(err, errno) || strings.Contains(err.Error(), "\n")) {
				t.Errorf("%s: %v (%v), hint %q", what, err, failure.KindOf(err), failure.Hint(err))
			}
			s.check(t, dir, what, err != nil, err == nil)
			if err := reopen(t, dir, &faulty{}); err != nil {
				t.Fatalf("%s: the next command: %v", what, err)
			}
			s.check(t, dir, what+", next command", err != nil, err == nil)
			checkState(t, dir, what)
			if !f.fired {
				break
			}
		}
	}
}

// TestDiskFull fills the disk from some operation on, until the next command.
func TestDiskFull(t *testing.T) { testFull(t, false) }

// TestInodesExhausted uses up the inodes from some operation on: files can be written, but not made.
func TestInodesExhausted(t *testing.T) { testFull(t, true) }

func testFull(t *testing.T, inodes bool) {
	s := newScene(t)
	for at := 1; ; at += stride() {
		f := &faulty{at: at, err: syscall.ENOSPC, full: true, inodes: inodes}
		what := fmt.Sprintf("full from operation %d", at)
		dir := s.stage(t)
		err := s.apply(t.Context(), t, dir, f)
		what += fmt.Sprintf(" (%v)", err)
		// rolling back may need space for folders
		if err == nil || !strings.Contains(err.Error(), "rolling back the command") {
			s.check(t, dir, what, err != nil, err == nil)
		}
		if err := reopen(t, dir, &faulty{}); err != nil {
			t.Fatalf("%s: the next command: %v", what, err)
		}
		s.check(t, dir, what+", next command", err != nil, err == nil)
		checkState(t, dir, what)
		if !f.fired {
			break
		}
	}
}

// TestKillAtEveryOperation kills the command at each operation, and kills or fails the next command at some of its
// operations. The third command must recover. All operations of both are covered, but not all pairs.
func TestKillAtEveryOperation(t *testing.T) {
	s := newScene(t)
	seen := make(map[bool]int)
	for at := 1; ; at += stride() {
		var first *faulty
		for again := 1 + at%4; ; again += 4 {
			dir := s.stage(t)
			first = &faulty{at: at}
			err := s.apply(t.Context(), t, dir, first)
			second := &faulty{at: again}
			if at%2 == 0 {
				second.err = syscall.EIO
			}
			_ = reopen(t, dir, second)
			what := fmt.Sprintf("killed at %d and at %d", at, again)
			if err := reopen(t, dir, &faulty{}); err != nil {
				t.Fatalf("%s: the next command: %v", what, err)
			}
			s.check(t, dir, what, err != nil, true)
			checkState(t, dir, what)
			seen[applytest.Tree(t, dir, ".ppm") == s.new]++
			if !second.fired {
				break
			}
		}
		if !first.fired {
			break
		}
	}
	if seen[true] == 0 || seen[false] == 0 {
		t.Errorf("recovery did not both complete and roll back: %v", seen)
	}
}

// TestKillWithoutLinks kills a command and the next one on a disk without hard links.
func TestKillWithoutLinks(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at += stride() {
		dir := s.stage(t)
		f := &faulty{at: at, noLinks: true}
		err := s.apply(t.Context(), t, dir, f)
		_ = reopen(t, dir, &faulty{at: 1 + at*7%30, noLinks: true})
		what := fmt.Sprintf("killed at %d", at)
		if err := reopen(t, dir, &faulty{noLinks: true}); err != nil {
			t.Fatalf("%s: the next command: %v", what, err)
		}
		s.check(t, dir, what, err != nil, true)
		checkState(t, dir, what)
		if !f.fired {
			break
		}
	}
}

// TestFailThenKill kills the process while it rolls a failed command back. Recovery must not complete the command.
func TestFailThenKill(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at += stride() {
		fired := false
		for later := 1 + at%4; ; later += 4 {
			dir := s.stage(t)
			f := &faulty{at: at, err: syscall.EIO}
			f.hook = func(op int) {
				if f.fired && op == at+later {
					f.err, f.at = nil, op // kill the process
				}
			}
			err := s.apply(t.Context(), t, dir, f)
			what := fmt.Sprintf("failed at %d, killed %d operations later", at, later)
			fired = f.fired
			killed := f.err == nil
			if err := reopen(t, dir, &faulty{}); err != nil {
				t.Fatalf("%s: the next command: %v", what, err)
			}
			s.check(t, dir, what, err != nil, err == nil || killed)
			checkState(t, dir, what)
			if !killed {
				break
			}
		}
		if !fired {
			break
		}
	}
}

// TestPowerLoss kills the command and the next one at each operation, and loses what was not flushed.
func TestPowerLoss(t *testing.T) {
	s := newScene(t)
	for seed := range uint64(4) {
		power := rand.New(rand.NewPCG(seed, 0))
		for at := 1; ; at += stride() {
			dir := s.stage(t)
			first, second := &faulty{at: at, power: power}, &faulty{at: 1 + power.IntN(40), power: power}
			err := s.apply(t.Context(), t, dir, first)
			first.crash()
			_ = reopen(t, dir, second)
			second.crash()
			what := fmt.Sprintf("power failure at %d and at %d, seed %d", at, second.at, seed)
			if err := reopen(t, dir, &faulty{}); err != nil {
				t.Fatalf("%s: the next command: %v", what, err)
			}
			s.check(t, dir, what, err != nil, true)
			checkState(t, dir, what)
			if !first.fired {
				break
			}
		}
	}
}

// TestCancelAtEveryOperation checks that a cancellation before the journal is durable changes nothing, and that a
// later one has no effect.
func TestCancelAtEveryOperation(t *testing.T) {
	s := newScene(t)
	cancelled := 0
	for at := 1; ; at++ {
		ctx, cancel := context.WithCancel(t.Context())
		dir := s.stage(t)
		f := &faulty{hook: func(op int) {
			if op == at {
				cancel()
			}
		}}
		err := s.apply(ctx, t, dir, f)
		cancel()
		what := fmt.Sprintf("cancelled at operation %d", at)
		if err != nil && failure.KindOf(err) != failure.Interrupted {
			t.Errorf("%s: %v", what, err)
		}
		if err != nil {
			cancelled++
		}
		s.check(t, dir, what, err != nil, err == nil)
		checkState(t, dir, what)
		if at > f.ops {
			break
		}
	}
	if cancelled < 10 {
		t.Errorf("cancelled at only %d operations", cancelled)
	}
}
