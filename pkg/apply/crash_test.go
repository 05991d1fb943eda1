package apply

import (
	"cmp"
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
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// A scene is a project in which one command does everything that a command can do.
type scene struct {
	base, theirs fileset.Set
	old, new     string // the trees before and after
	root         string // where the projects are
}

// stage returns the folder of a new project of the scene. It takes the place of the last one.
func (s *scene) stage(t testing.TB) string {
	t.Helper()
	dir := filepath.Join(s.root, "project")
	if err := cmp.Or(os.RemoveAll(s.root), os.MkdirAll(dir, 0o755)); err != nil {
		t.Fatal(err)
	}
	applytest.Write(t, dir, map[string]string{
		"mine": "mine", "src/mine": "mine", "forced": "mine, replaced", // the user's
		"ppm.toml": "old manifest", ".git/HEAD": "ref: x", ".ppm/undo-000001.zip": "not read here", ".ppm/.gitignore": "*\n"})
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
	if info, err := os.Stat("/dev/shm"); err == nil && info.IsDir() { // thousands of projects are made: in memory, where there is a disk of it
		t.Setenv("TMPDIR", "/dev/shm")
	}
	s := &scene{
		root:   t.TempDir(),
		base:   files("1", "secret", "becomes", "gone/deep/a", "gone/b", "src/a", "tool", "same", "flattens/a/b", "flattens/c"),
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
	for _, part := range []string{"secret -rw------- 12 ", "becomes/a/b -rw-r--r--", "new/folder/x -rwxr-xr-x", "tool -rwxr-xr-x", "flattens -rw-r--r--", "ppm.lock"} {
		if !strings.Contains(s.new, part) || strings.Contains(s.new, "gone") {
			t.Fatalf("the scene went wrong: no %q in\n%s", part, s.new)
		}
	}
	return s
}

// apply does the command of the scene on a faulty disk.
func (s *scene) apply(ctx context.Context, t *testing.T, dir string, f *faulty) error {
	t.Helper()
	p, err := Open(ctx, dir, Options{wrap: f.wrap})
	if err != nil {
		return err
	}
	pl := makePlan(t, p, s.base, s.theirs, true)
	f.planned = f.ops
	err = p.Apply(ctx, pl, Meta{Command: "scene"})
	closed := p.Close() // a killed process gives its lock free, too
	if err == nil && !f.fired {
		return closed
	}
	return err
}

// reopen lets the next command recover, on a faulty disk or a good one.
func reopen(t *testing.T, dir string, f *faulty) error {
	t.Helper()
	p, err := Open(t.Context(), dir, Options{wrap: f.wrap})
	if err != nil {
		return err
	}
	return p.Close()
}

// check proves that the project is as it was or as it should be, and that nothing is left over.
func (s *scene) check(t *testing.T, dir, what string, allowOld, allowNew bool) {
	t.Helper()
	got := applytest.Tree(t, dir, ".ppm")
	if got == s.old && allowOld || got == s.new && allowNew {
		return
	}
	t.Fatalf("%s: neither old (%v) nor new (%v)\nto old:\n%s\nto new:\n%s", what, allowOld, allowNew, difference(got, s.old), difference(got, s.new))
}

// difference returns the lines that only one of two trees has.
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

func checkState(t *testing.T, dir, what string) {
	t.Helper()
	entries, err := os.ReadDir(filepath.Join(dir, ".ppm"))
	if err != nil && !errors.Is(err, os.ErrNotExist) {
		t.Fatal(err)
	}
	for _, e := range entries {
		if name := e.Name(); !strings.HasPrefix(name, "undo-") && name != "lock" && name != ".gitignore" {
			t.Fatalf("%s: %s is left in .ppm", what, name)
		}
	}
}

// TestFailAtEveryOperation: whatever fails, the command is taken back at once, and says what failed.
func TestFailAtEveryOperation(t *testing.T) {
	s := newScene(t)
	all := []syscall.Errno{syscall.EIO, syscall.ENOSPC, syscall.EDQUOT, syscall.EROFS, syscall.EACCES, syscall.EMFILE, syscall.EXDEV, syscall.EINTR}
	for shift := range 3 {
		for at := 1; ; at++ {
			errno := all[(at*3+shift)%len(all)]
			f := &faulty{at: at, err: errno}
			what := fmt.Sprintf("%v at operation %d", errno, at)
			dir := s.stage(t)
			err := s.apply(t.Context(), t, dir, f)
			if err != nil && (failure.KindOf(err) != failure.LocalIO || failure.Hint(err) == "" || !errors.Is(err, errno) || strings.Contains(err.Error(), "\n")) {
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

// TestDiskFull: from some operation on there is no space for anything, until the user makes some.
func TestDiskFull(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at++ {
		f := &faulty{at: at, err: syscall.ENOSPC, last: true}
		what := fmt.Sprintf("full from operation %d", at)
		dir := s.stage(t)
		err := s.apply(t.Context(), t, dir, f)
		what += fmt.Sprintf(" (%v)", err)
		if err == nil || !strings.Contains(err.Error(), "taking the command back") { // which may need space for folders
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

// TestKillAtEveryOperation kills the command at each operation, kills or fails the next command at each
// of its operations, and lets a third one recover.
func TestKillAtEveryOperation(t *testing.T) {
	s := newScene(t)
	seen := make(map[bool]int)
	for at := 1; ; at++ {
		var first *faulty
		for again := 1 + at%4; ; again += 4 { // each of the two at each of its operations, if not all pairs
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
		t.Errorf("recovery never went both ways: %v", seen)
	}
}

// TestKillWithoutLinks kills a command and the next one on a disk that has no hard links.
func TestKillWithoutLinks(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at++ {
		dir := s.stage(t)
		f := &faulty{at: at, bare: true}
		err := s.apply(t.Context(), t, dir, f)
		_ = reopen(t, dir, &faulty{at: 1 + at*7%30, bare: true})
		what := fmt.Sprintf("killed at %d", at)
		if err := reopen(t, dir, &faulty{bare: true}); err != nil {
			t.Fatalf("%s: the next command: %v", what, err)
		}
		s.check(t, dir, what, err != nil, true)
		checkState(t, dir, what)
		if !f.fired {
			break
		}
	}
}

// TestFailThenKill: taking a failed command back is interrupted, and must not end in its completion.
func TestFailThenKill(t *testing.T) {
	s := newScene(t)
	for at := 1; ; at++ {
		fired := false
		for later := 1 + at%4; ; later += 4 {
			dir := s.stage(t)
			f := &faulty{at: at, err: syscall.EIO}
			f.hook = func(op int) {
				if f.fired && op == at+later {
					f.err, f.at = nil, op // the process dies
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

// TestPowerLoss kills the command and the next one at each operation, and each time loses what was not flushed.
func TestPowerLoss(t *testing.T) {
	s := newScene(t)
	for seed := range uint64(4) {
		power := rand.New(rand.NewPCG(seed, 0))
		for at := 1; ; at++ {
			dir := s.stage(t)
			first, second := &faulty{at: at, power: power}, &faulty{at: 1 + power.IntN(40), power: power}
			err := s.apply(t.Context(), t, dir, first)
			first.crash()
			_ = reopen(t, dir, second)
			second.crash()
			what := fmt.Sprintf("no power at %d and at %d, seed %d", at, second.at, seed)
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

// TestCancelAtEveryOperation: Ctrl-C before the journal is durable leaves all as it was, later it changes nothing.
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
		t.Errorf("it could be cancelled at %d operations only", cancelled)
	}
}
