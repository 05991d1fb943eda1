package worktree_test

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// open opens the folder dir for reading.
func open(t *testing.T, dir string) worktree.Tree {
	t.Helper()
	p, err := apply.Open(t.Context(), dir, apply.Options{ReadOnly: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return worktree.Tree{Dir: dir, Project: p}
}

func TestWalk(t *testing.T) {
	root := t.TempDir()
	applytest.Write(t, root, map[string]string{
		".git/HEAD": "", ".gitignore": "*.log\n/project/out/\n",
		"project/a.txt": "", "project/a.log": "", "project/out/x": "", "project/sub/.gitignore": "!keep.log\n*.tmp\n",
		"project/sub/keep.log": "", "project/sub/x.tmp": "", "project/skipped/x": "",
		"project/ppm.toml": "", "project/ppm.lock": "", "project/node_modules/x": "", "project/.ppm/x": "",
	})
	tree := open(t, filepath.Join(root, "project"))
	var got []string
	skip := func(name string) bool { return name == "skipped" }
	err := tree.Walk(t.Context(), skip, func(name string, _ fs.DirEntry) error {
		got = append(got, name)
		return nil
	})
	// The .gitignore of the work tree counts, and one in a folder can take back what it says.
	want := []string{"a.txt", "sub/.gitignore", "sub/keep.log"}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("Walk visits %q, %v; want %q", got, err, want)
	}
	stop := errors.New("stop")
	if err := tree.Walk(t.Context(), skip, func(string, fs.DirEntry) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("Walk returns %v, want the error of visit", err)
	}
}

func TestGather(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"a": "1", "b/run.sh": "2", "pack/c": "3"})
	if err := os.Chmod(filepath.Join(dir, "b", "run.sh"), 0o755); err != nil {
		t.Fatal(err)
	}
	files, leftOut, err := open(t, dir).Gather(t.Context(), "pack")
	if err != nil || len(leftOut) > 0 || len(files) != 2 || files[0].Path != "a" || string(files[1].Data) != "2" {
		t.Errorf("Gather returns %+v, %q, %v", files, leftOut, err)
	}
	if runtime.GOOS != "windows" && files[1].Mode != fileset.Executable {
		t.Errorf("the mode of run.sh is %v", files[1].Mode)
	}
}

// A link inside the project is followed, and one out of it is not.
func TestLinks(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("making a link needs a privilege")
	}
	root := t.TempDir()
	dir := filepath.Join(root, "project")
	applytest.Write(t, root, map[string]string{"secret": "x", "project/real": "y"})
	for link, target := range map[string]string{"inside": "real", "outside": "../secret", "loop": "loop"} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	tree := open(t, dir)
	for name, want := range map[string]string{
		"real": "y true", "inside": "y true", "outside": " false", "loop": " false",
	} {
		data, ok, err := tree.ReadLinked(name)
		if got := string(data) + map[bool]string{true: " true", false: " false"}[ok]; got != want || err != nil {
			t.Errorf("ReadLinked(%q) = %q, %v; want %q", name, got, err, want)
		}
	}
	if data, ok, err := tree.ReadLinked("missing"); data != nil || !ok || err != nil {
		t.Errorf("ReadLinked of a missing file = %q, %v, %v", data, ok, err)
	}
	_, leftOut, err := tree.Gather(t.Context(), "")
	if err != nil || strings.Join(leftOut, " ") != "inside loop outside" {
		t.Errorf("Gather leaves out %q, %v", leftOut, err)
	}
	for name, want := range map[string]plan.Kind{
		".": plan.Dir, "real": plan.File, "inside": plan.Symlink, "inside/x": plan.Symlink, "missing": plan.Absent,
	} {
		if got, err := tree.Kind(t.Context(), name); got != want || err != nil {
			t.Errorf("Kind(%q) = %v, %v; want %v", name, got, err, want)
		}
	}
}

func TestMakeDir(t *testing.T) {
	root := t.TempDir()
	dir := filepath.Join(root, "a", "b")
	remove, err := worktree.MakeDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	applytest.Write(t, root, map[string]string{"a/file": ""})
	remove()
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the empty folder is still there: %v", err)
	}
	if _, err := os.Stat(filepath.Join(root, "a", "file")); err != nil {
		t.Errorf("a folder that is not empty was removed: %v", err)
	}
	if remove, err = worktree.MakeDir(root); err != nil {
		t.Fatal(err)
	}
	remove()
	if _, err := os.Stat(root); err != nil {
		t.Errorf("a folder that existed before was removed: %v", err)
	}
}
