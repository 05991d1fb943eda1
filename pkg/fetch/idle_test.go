package fetch

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// TestIdle waits between two requests, as for a user's answer: a server may have ended the session meanwhile.
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
	at := repo.origin.(*remote)
	for _, row := range []struct {
		idle     time.Duration
		commands int
	}{{0, 1}, {0, 1}, {maxIdle + time.Second, 2}, {0, 2}} {
		at.used = at.used.Add(-row.idle)
		if err := at.list(t.Context(), head); err != nil {
			t.Fatal(err)
		}
		if n := len(s.Commands()); n != row.commands {
			t.Errorf("%d commands after %v, want %d", n, row.idle, row.commands)
		}
	}
}
