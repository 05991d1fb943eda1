package apply

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// TestWriteState checks that state survives the process, that a failed write leaves the old or the new state, and that
// removing it leaves nothing.
func TestWriteState(t *testing.T) {
	dir := t.TempDir()
	p := open(t, dir, Options{Keys: testKeys})
	if data, err := p.ReadState("test"); data != nil || err != nil {
		t.Errorf("before any was written: %q, %v", data, err)
	}
	if err := p.WriteState("test", []byte("old")); err != nil {
		t.Fatal(err)
	}
	closeProject(t, p)
	for at := 1; ; at++ {
		f := &faulty{err: os.ErrPermission}
		p := open(t, dir, Options{Keys: testKeys, wrap: f.wrap})
		f.at = f.ops + at
		err := p.WriteState("test", []byte("new"))
		data, readErr := p.ReadState("test")
		got, fired := string(data), f.fired
		f.at = 0
		closeProject(t, p)
		if !fired {
			if err != nil || got != "new" {
				t.Errorf("WriteState: %v, %q", err, got)
			}
			break
		}
		if readErr != nil || !errors.Is(err, os.ErrPermission) || got != "old" && got != "new" {
			t.Errorf("operation %d fails: %v, %q", at, err, got)
		}
	}
	p = open(t, dir, Options{Keys: testKeys})
	for range 2 {
		if err := p.WriteState("test", nil); err != nil {
			t.Fatal(err)
		}
	}
	closeProject(t, p)
	if _, err := os.Lstat(filepath.Join(dir, stateDir)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("left over: %v", err)
	}
}
