package e2etest

import (
	"context"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"
)

// Command returns a command that is killed when the test ends, and after a minute at the latest.
func Command(t *testing.T, dir, name string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "PYTHONPATH=", "PYTHONDONTWRITEBYTECODE=1", "NO_PROXY=*", "no_proxy=*")
	return cmd
}

// Output runs a command, which must succeed, and returns its output.
func Output(t *testing.T, cmd *exec.Cmd) string {
	t.Helper()
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// PPM runs ppm in a project as a user without configuration and without a cache.
func PPM(t *testing.T, project string, args ...string) {
	t.Helper()
	cmd := Command(t, project, Binary(t), args...)
	home := t.TempDir()
	cmd.Env = append(cmd.Env, "HOME="+home, "XDG_CACHE_HOME="+filepath.Join(home, "cache"),
		"XDG_CONFIG_HOME="+filepath.Join(home, "config"), "XDG_STATE_HOME="+filepath.Join(home, "state"),
		"PPM_MACHINE_CONFIG="+os.DevNull)
	Output(t, cmd)
}

// SkipInShort skips a test that downloads something or takes long.
func SkipInShort(t *testing.T) {
	t.Helper()
	if testing.Short() {
		t.Skip("skipped by -short")
	}
}
