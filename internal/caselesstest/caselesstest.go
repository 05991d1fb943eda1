// Package caselesstest gives tests a folder on a disk that ignores the case of names, as on macOS and Windows.
package caselesstest

import (
	"os"
	"path/filepath"
	"testing"
)

// Dir returns an empty folder on such a disk. On Linux it mounts one with FUSE, which needs root; where that is not
// possible, it skips the test, or with CI=true fails it.
func Dir(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if ignoresCase(t, dir) {
		return dir
	}
	mounted, err := mount(t, dir)
	if err != nil {
		if os.Getenv("CI") == "true" {
			t.Fatalf("cannot mount a disk that ignores case: %v", err)
		}
		t.Skipf("cannot mount a disk that ignores case: %v", err)
	}
	if !ignoresCase(t, mounted) {
		t.Fatal("the mounted disk does not ignore case")
	}
	return mounted
}

func ignoresCase(t testing.TB, dir string) bool {
	name := filepath.Join(dir, "Probe")
	if err := os.WriteFile(name, nil, 0o666); err != nil {
		t.Fatal(err)
	}
	_, err := os.Stat(filepath.Join(dir, "pROBE"))
	if err := os.Remove(name); err != nil {
		t.Fatal(err)
	}
	return err == nil
}
