//go:build unix

package apply

import (
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// refusingDisk refuses every change of a mode, as FAT does.
type refusingDisk struct{ disk }

func (d refusingDisk) Create(name string, perm fs.FileMode) (file, error) {
	f, err := d.disk.Create(name, perm)
	return refusingFile{f}, err
}

type refusingFile struct{ file }

func (refusingFile) Chmod(fs.FileMode) error { return syscall.EPERM }

// TestIgnoreModes updates and deletes files of any mode, and undoes that, on a disk that keeps no modes.
func TestIgnoreModes(t *testing.T) {
	umask := syscall.Umask(0o022)
	t.Cleanup(func() { syscall.Umask(umask) })
	dir := t.TempDir()
	o := Options{Keys: testKeys, IgnoreModes: true, wrap: func(d disk) disk { return refusingDisk{d} }}
	one, two := files("1", "a", "x*"), files("2", "a*", "x")
	for _, step := range [][2]fileset.Set{{nil, one}, {one, two}} {
		p := open(t, dir, o)
		must(t, p.Apply(t.Context(), makePlan(t, p, step[0], step[1], false), Meta{Command: "test"}))
		closeProject(t, p)
		for _, name := range []string{"a", "x"} {
			must(t, os.Chmod(filepath.Join(dir, name), 0o755))
		}
	}
	after := applytest.Tree(t, dir, stateDir)
	p := open(t, dir, o)
	pl := makePlan(t, p, two, nil, false)
	for _, c := range pl.Changes {
		if c.Action != plan.Delete || c.Old.Mode != 0 {
			t.Errorf("%s: %s in state %v", c.Path, c.Action, c.Old)
		}
	}
	must(t, p.Apply(t.Context(), pl, Meta{Command: "test"}))
	closeProject(t, p)
	p = open(t, dir, o)
	pl, m, err := p.PlanUndo(t.Context(), "undo", false)
	must(t, err)
	must(t, p.Apply(t.Context(), pl, m))
	closeProject(t, p)
	if got := applytest.Tree(t, dir, stateDir); got != after {
		t.Errorf("got\n%s\nwant\n%s", got, after)
	}
}

// TestKeepsModes opens a project on a disk that makes every file executable.
func TestKeepsModes(t *testing.T) {
	for _, name := range []string{plan.Lock, ignoreName} {
		dir := t.TempDir()
		applytest.Write(t, dir, map[string]string{name: "x", "a": "a"})
		for mode, want := range map[fs.FileMode]fs.FileMode{0o644: fileset.Executable, 0o755: 0} {
			must(t, os.Chmod(filepath.Join(dir, name), mode))
			must(t, os.Chmod(filepath.Join(dir, "a"), 0o755))
			p := open(t, dir, Options{Keys: testKeys, ReadOnly: true})
			disk, err := p.Scan(t.Context(), []string{"a"})
			must(t, err)
			if got := disk["a"].Mode; got != want {
				t.Errorf("with %s of mode %o: mode %o, want %o", name, mode, got, want)
			}
			closeProject(t, p)
		}
	}
}
