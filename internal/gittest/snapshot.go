package gittest

import (
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"
)

// Snapshot is a copy of a repository in memory. Restoring it is much faster than running the git commands again.
type Snapshot struct {
	files fstest.MapFS
	clock time.Time
}

// Snapshot copies the repository into memory.
func (r *Repo) Snapshot() *Snapshot {
	s := &Snapshot{files: fstest.MapFS{}, clock: r.clock}
	root := os.DirFS(r.Dir)
	r.check(fs.WalkDir(root, ".", func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		file := &fstest.MapFile{Mode: info.Mode()}
		if !d.IsDir() {
			if file.Data, err = fs.ReadFile(root, path); err != nil {
				return err
			}
		}
		s.files[path] = file
		return nil
	}))
	return s
}

// Restore writes the repository to a folder "pack" of a temporary folder, as NewRepo does.
func (s *Snapshot) Restore(t testing.TB) *Repo {
	t.Helper()
	r := &Repo{Dir: filepath.Join(t.TempDir(), "pack"), fatalf: t.Fatalf, clock: s.clock}
	r.check(os.CopyFS(r.Dir, s.files))
	r.Git("update-index", "-q", "--refresh") // the index has the times of the original files
	return r
}
