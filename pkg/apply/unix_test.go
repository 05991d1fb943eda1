//go:build unix

package apply

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

func TestPermissions(t *testing.T) {
	old := syscall.Umask(0o027)
	t.Cleanup(func() { syscall.Umask(old) })
	dir := t.TempDir()
	one := files("1", "new/a", "new/x*", "kept", "gains", "loses*")
	run(t, dir, nil, one)
	for name, perm := range map[string]fs.FileMode{"kept": 0o664, "gains": 0o604, "loses": 0o711} {
		if err := os.Chmod(filepath.Join(dir, name), perm); err != nil {
			t.Fatal(err)
		}
	}
	run(t, dir, one, files("2", "new/a", "new/x*", "kept", "gains*", "loses"))
	for name, want := range map[string]fs.FileMode{
		"new": 0o750, "new/a": 0o640, "new/x": 0o750, // new files are subject to the umask
		"kept": 0o664, "gains": 0o705, "loses": 0o600, // existing files keep their permissions
	} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v; want %v", name, info.Mode().Perm(), err, want)
		}
	}
	undo, err := filepath.Glob(filepath.Join(dir, ".ppm", "undo-*"))
	if err != nil || len(undo) != 2 {
		t.Fatalf("the history: %q, %v", undo, err)
	}
	if info, err := os.Stat(undo[0]); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("others can read the history: %v, %v", info.Mode(), err) // it may hold secrets
	}
}

// TestFolderModesAreKept rolls a command back that removed a folder, after the user has made a folder there with other
// permissions.
func TestFolderModesAreKept(t *testing.T) {
	rolledBack := 0
	for at := 1; ; at++ {
		dir := t.TempDir()
		gone := filepath.Join(dir, "gone")
		one := files("1", "gone/a", "kept")
		run(t, dir, nil, one)
		must(t, os.Chmod(gone, 0o777))
		f := &faulty{at: at}
		if p, err := Open(t.Context(), dir, Options{Keys: testKeys, wrap: f.wrap}); err == nil {
			_ = p.Apply(t.Context(), makePlan(t, p, one, files("2", "kept"), false), Meta{Command: "test"})
			_ = p.Close()
		}
		if !f.fired {
			break
		}
		if err := os.Mkdir(gone, 0o700); err != nil {
			continue // it is not removed yet
		}
		// If the command has not written this file yet, it is rolled back.
		applytest.Write(t, dir, map[string]string{"kept": "edited"})
		closeProject(t, open(t, dir, Options{Keys: testKeys}))
		info, err := os.Stat(gone)
		if errors.Is(err, fs.ErrNotExist) {
			continue // the command was completed, which removes the folder if it is empty
		}
		if err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("killed at %d: the user's folder is %v, %v", at, info.Mode(), err)
		}
		if data, err := os.ReadFile(filepath.Join(gone, "a")); err == nil && string(data) == "1 of gone/a\n" {
			rolledBack++
		}
	}
	if rolledBack == 0 {
		t.Error("no command was rolled back into the user's folder")
	}
}

func TestScan(t *testing.T) {
	dir := t.TempDir()
	applytest.Write(t, dir, map[string]string{"a/f": "f", "a/x": "x", "link": "->a", "out": "->/etc",
		"dangling": "->nothing", "loop": "->loop"})
	if err := os.Chmod(filepath.Join(dir, "a/x"), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o644); err != nil {
		t.Fatal(err)
	}
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	link, file := plan.State{Kind: plan.Symlink}, plan.FileState([]byte("f"), fileset.Regular)
	got, err := p.Scan(t.Context(), []string{"a/f", "a/x", "a/f/g", "link/f", "link/sub/f", "out/passwd", "dangling",
		"loop/x", "pipe", "none/at/all", "a", "pipe/x"})
	if err != nil {
		t.Fatal(err)
	}
	wanted := plan.Disk{
		"a/f": file, "a/x": plan.FileState([]byte("x"), fileset.Executable), "a": {Kind: plan.Dir}, // existing files
		"a/f/g": {}, "none/at/all": {}, "none": {}, "none/at": {}, // missing files
		// links are not followed
		"link": link, "link/f": {}, "link/sub/f": {}, "out": link, "out/passwd": {}, "dangling": link, "loop": link,
		"loop/x": {},
		"pipe":   {Kind: plan.Other}, "pipe/x": {}, // and pipes are not opened
	}
	for path, want := range wanted {
		if s := got[path]; s != want {
			t.Errorf("%s is %v, want %v", path, s, want)
		}
	}
	for _, path := range []string{"../a", "/etc/passwd", "", ".git/config", ".ppm/lock"} {
		if _, err := p.Scan(t.Context(), []string{path}); !errors.Is(err, failure.Refused) {
			t.Errorf("Scan(%q) = %v, want Refused", path, err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := p.Scan(ctx, []string{"a/f"}); !errors.Is(err, context.Canceled) {
		t.Errorf("Scan after Ctrl-C = %v", err)
	}
}

// TestScanMany checks that large folders are scanned in several jobs, and that folders are not kept open.
func TestScanMany(t *testing.T) {
	dir, set, paths := t.TempDir(), map[string]string{}, []string{"above/it", "top", "top"}
	set["above"], set["top"] = "a file", "top"
	for i := range 3*maxJobSize + 1 {
		set[fmt.Sprintf("one/%d", i)] = fmt.Sprint("one", i)
		set[fmt.Sprintf("many/%d/f", i)] = fmt.Sprint("many", i)
	}
	applytest.Write(t, dir, set)
	paths = append(paths, slices.Collect(maps.Keys(set))...)
	p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	few := limit
	few.Cur = 60
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	got, err := p.Scan(t.Context(), paths)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		t.Fatal(err)
	}
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range set {
		if want := plan.FileState([]byte(text), fileset.Regular); got[name] != want {
			t.Errorf("%s is %v, want %v", name, got[name], want)
		}
	}
	if got["above/it"] != (plan.State{}) || got["many/7"].Kind != plan.Dir {
		t.Errorf("the state below a file is %v, above one %v", got["above/it"], got["many/7"])
	}
}

// TestOpenSubdir checks that a folder that was replaced while ppm is running is not opened, and that a pipe does not
// block.
func TestOpenSubdir(t *testing.T) {
	for what, swap := range map[string]func(at string) error{
		"a link to another folder":  func(at string) error { return os.Symlink("other", at) },
		"a link out of the project": func(at string) error { return os.Symlink("/etc", at) },
		"another folder":            func(at string) error { return os.Mkdir(at, 0o777) },
		"a pipe":                    func(at string) error { return syscall.Mkfifo(at, 0o666) },
		"a file":                    func(at string) error { return os.WriteFile(at, nil, 0o666) },
		"nothing":                   func(string) error { return nil },
	} {
		dir := t.TempDir()
		applytest.Write(t, dir, map[string]string{"a/b/f": "f", "a/other/f": "f"})
		p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
		_, info, err := p.lstat("a/b")
		if err != nil {
			t.Fatal(err)
		}
		in, err := p.openSubdir("a/b", info)
		if err != nil || in.path("f") != "a/b/f" {
			t.Fatalf("openSubdir: %v, %v", in, err)
		}
		_, f, err := in.lstat("f")
		if err != nil {
			t.Fatal(err)
		}
		at := filepath.Join(dir, "a/b")
		must(t, os.Rename(at, at+"2"))
		must(t, swap(at))
		// the folder that was opened
		if digest, err := in.hash(t.Context(), "f", f); err != nil || digest != fileset.Digest([]byte("f")) {
			t.Errorf("%s: the file is %s, %v", what, digest, err)
		}
		if _, err := p.openSubdir("a/b", info); err == nil || !strings.Contains(err.Error(), `"a/b"`) {
			t.Errorf("%s was opened: %v", what, err)
		}
		if err := in.root.Close(); err != nil {
			t.Error(err)
		}
	}
}
