package apply

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// TestEditDuringApply checks that an edit at any point of the command is not lost.
func TestEditDuringApply(t *testing.T) {
	s := newScene(t)
	outside := t.TempDir()
	applytest.Write(t, outside, map[string]string{"a": "outside"})
	refused, done := 0, 0
	for _, path := range []string{"src/a", "gone/b", "new/folder/x", "secret", "ppm.lock", "becomes", "flattens"} {
		for at := 1; ; at += stride() {
			dir := s.stage(t)
			edit := fmt.Sprintf("edited at %d", at)
			made := false
			f := &faulty{}
			f.hook = func(op int) {
				if f.planned > 0 && op == f.planned+at &&
					os.MkdirAll(filepath.Dir(filepath.Join(dir, path)), 0o755) == nil {
					// Editors replace a file with a new one.
					temp := filepath.Join(t.TempDir(), "temp")
					made = os.WriteFile(temp, []byte(edit), 0o644) == nil &&
						os.Rename(temp, filepath.Join(dir, path)) == nil
				}
			}
			err := s.apply(t.Context(), t, dir, f)
			if f.planned+at > f.ops {
				break
			}
			what := fmt.Sprintf("%s %s: %v", path, edit, err)
			if err != nil && failure.KindOf(err) != failure.Refused {
				t.Errorf("%s: kind %v", what, failure.KindOf(err))
			}
			if data, read := os.ReadFile(filepath.Join(dir, path)); made && (read != nil || string(data) != edit) {
				t.Errorf("%s: the edit became %q, %v", what, data, read)
			}
			switch got := without(applytest.Tree(t, dir, ".ppm"), path); {
			case err == nil && got == without(s.new, path):
				done++
			case err != nil && got == without(s.old, path):
				refused++
			default:
				t.Errorf("%s: the rest, to old:\n%s\nto new:\n%s", what, difference(got, s.old),
					difference(got, s.new))
			}
			if err := reopen(t, dir, &faulty{}); err != nil {
				t.Fatal(err)
			}
			checkState(t, dir, what)
		}
	}
	if refused == 0 || done == 0 {
		t.Errorf("%d refused, %d done", refused, done)
	}
}

// without removes a path, everything below it and the folders above it from a tree.
func without(tree, path string) string {
	var out strings.Builder
	for line := range strings.Lines(tree) {
		if name, _, _ := strings.Cut(line, " "); name != path && !strings.HasPrefix(path, name+"/") &&
			!strings.HasPrefix(name, path+"/") {
			out.WriteString(line)
		}
	}
	return out.String()
}

// TestSwapDuringApply replaces a folder with a symbolic link at any point of the command. Nothing may be written
// through the link.
func TestSwapDuringApply(t *testing.T) {
	for _, target := range []string{".git/hooks", "OUTSIDE"} {
		for at := 1; ; at += stride() {
			dir, outside := t.TempDir(), t.TempDir()
			applytest.Write(t, dir, map[string]string{".git/hooks/b": "1 of src/b\n", "src/b": "1 of src/b\n"})
			applytest.Write(t, outside, map[string]string{"b": "1 of src/b\n"})
			git, out := applytest.Tree(t, filepath.Join(dir, ".git")), applytest.Tree(t, outside)
			to := target
			if to == "OUTSIDE" {
				to = outside
			}
			swapped := ""
			f := &faulty{}
			f.hook = func(op int) {
				if op == at && os.Rename(filepath.Join(dir, "src"), filepath.Join(dir, "moved")) == nil {
					if err := os.Symlink(to, filepath.Join(dir, "src")); err != nil {
						t.Error(err)
					}
					swapped = applytest.Tree(t, dir)
				}
			}
			p := open(t, dir, Options{Keys: testKeys, wrap: f.wrap})
			pl := makePlan(t, p, files("1", "src/b"), files("2", "src/a", "src/b", "src/c"), false)
			err := p.Apply(t.Context(), pl, Meta{})
			closeProject(t, p)
			what := fmt.Sprintf("src became a link to %s at operation %d of %d: %v", target, at, f.ops, err)
			if got := applytest.Tree(t, outside); got != out {
				t.Errorf("%s: outside is\n%s", what, got)
			}
			// The operation right after the swap follows the link, which is detected and reverted.
			if got := applytest.Tree(t, filepath.Join(dir, ".git")); got != git {
				t.Errorf("%s: .git is\n%s", what, got)
			}
			if swapped == "" && at > f.ops {
				break
			}
		}
	}
}

func TestRecoverKeepsEdits(t *testing.T) {
	s := newScene(t)
	both := make(map[bool]int)
	for at := 1; ; at += stride() {
		dir := s.stage(t)
		f := &faulty{at: at}
		_ = s.apply(t.Context(), t, dir, f)
		if !f.fired {
			break
		}
		applytest.Write(t, dir, map[string]string{"src/a": "edited after the crash"})
		p, err := Open(t.Context(), dir, Options{Keys: testKeys})
		if err != nil {
			t.Fatalf("killed at %d: %v", at, err)
		}
		r := p.Recovered()
		closeProject(t, p)
		data, err := os.ReadFile(filepath.Join(dir, "src/a"))
		if err != nil || string(data) != "edited after the crash" {
			t.Errorf("killed at %d: src/a = %q, %v", at, data, err)
		}
		if r != nil && (r.Command != "scene" || len(r.Kept) != 1 || r.Kept[0] != "src/a") {
			t.Errorf("killed at %d: recovered %+v", at, r)
		}
		if r != nil {
			both[r.Completed]++
		}
		completed := r != nil && r.Completed
		want := without(s.old, "src/a")
		if completed {
			want = without(s.new, "src/a")
		}
		if got := without(applytest.Tree(t, dir, ".ppm"), "src/a"); got != want && at < f.ops {
			t.Errorf("killed at %d: %+v\n%s\nwant\n%s", at, r, got, want)
		}
		checkState(t, dir, "an edit after a crash")
	}
	if both[true] == 0 || both[false] == 0 {
		t.Errorf("recovery never went both ways: %v", both)
	}
}
