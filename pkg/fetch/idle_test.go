package fetch

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A server may end an idle session, as while the user takes time for an answer.
func TestIdle(t *testing.T) {
	r := gittest.NewRepo(t)
	r.Write("a", "a", 0o644)
	r.Commit("first")
	s := gittest.ServeSSH(t, filepath.Dir(r.Dir))
	home := t.TempDir()
	if err := s.Trust(home); err != nil {
		t.Fatal(err)
	}
	c, err := New(Options{CacheDir: t.TempDir(), Home: home})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	repo, err := c.Repo(s.URL + "/pack")
	if err != nil {
		t.Fatal(err)
	}
	conn := repo.reader.backend.(*remote).server
	for _, row := range []struct {
		idle     time.Duration
		commands int
	}{{0, 1}, {0, 1}, {maxIdle + time.Second, 2}, {0, 2}} {
		conn.used = conn.used.Add(-row.idle)
		if err := conn.list(t.Context(), ref.Head); err != nil {
			t.Fatal(err)
		}
		if n := len(s.Commands()); n != row.commands {
			t.Errorf("%d commands after %v, want %d", n, row.idle, row.commands)
		}
	}
}
