package apply

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// A memory survives the process, is the old or the new one whatever goes wrong, and leaves nothing when it is forgotten.
func TestRemember(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir, Options{})
	if p.ReadState("memo") != nil {
		t.Error("something is remembered before anything was")
	}
	if err := p.WriteState("memo", []byte("old")); err != nil {
		t.Fatal(err)
	}
	closeProject(t, p)
	for at := 1; ; at++ {
		f := &faulty{err: os.ErrPermission}
		p := open(t, dir, Options{wrap: f.wrap})
		f.at = f.ops + at
		err := p.WriteState("memo", []byte("new"))
		got := string(p.ReadState("memo"))
		closeProject(t, p)
		if !f.fired {
			if err != nil || got != "new" {
				t.Errorf("remembering: %v, %q", err, got)
			}
			break
		}
		if !errors.Is(err, os.ErrPermission) || got != "old" && got != "new" {
			t.Errorf("operation %d fails: %v, %q", at, err, got)
		}
	}
	p = open(t, dir, Options{})
	for range 2 {
		if err := p.WriteState("memo", nil); err != nil {
			t.Fatal(err)
		}
	}
	closeProject(t, p)
	if _, err := os.Lstat(filepath.Join(dir, stateDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("something is left: %v", err)
	}
}
