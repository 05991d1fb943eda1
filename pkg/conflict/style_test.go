package conflict_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/conflict"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

func TestStyle(t *testing.T) {
	home, work := t.TempDir(), t.TempDir()
	env := map[string]string{"GIT_CONFIG_NOSYSTEM": "1"}
	getenv := func(name string) string { return env[name] }
	check := func(when string, want merge.Style) {
		t.Helper()
		if got := conflict.Style(work, home, getenv); got != want {
			t.Errorf("%s: %q, want %q", when, got, want)
		}
	}
	write := func(file, style string) {
		t.Helper()
		if err := os.WriteFile(file, []byte("[merge]\n\tconflictStyle = "+style+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	check("nothing is set, in no repository", merge.Merge)
	write(filepath.Join(home, ".gitconfig"), "diff3")
	check("the user sets it", merge.Diff3)
	if out, err := exec.Command("git", "init", "-q", work).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check("the repository does not set it", merge.Diff3)
	write(filepath.Join(work, ".git", "config"), "zdiff3")
	check("the repository sets it", merge.ZDiff3)
	env["GIT_CONFIG_COUNT"] = "1"
	env["GIT_CONFIG_KEY_0"], env["GIT_CONFIG_VALUE_0"] = "merge.conflictStyle", "merge"
	check("the environment sets it", merge.Merge)
	delete(env, "GIT_CONFIG_COUNT")
	env["GIT_CONFIG_PARAMETERS"] = "'merge.conflictStyle'='diff3'"
	check("git -c sets it", merge.Diff3)
	delete(env, "GIT_CONFIG_PARAMETERS")
	env["GIT_CONFIG_COUNT"] = "1"
	env["GIT_CONFIG_VALUE_0"] = "unknown"
	check("a style that is not known does not count", merge.ZDiff3)
	if err := os.WriteFile(filepath.Join(work, ".git", "config"), []byte("[broken"), 0o644); err != nil {
		t.Fatal(err)
	}
	check("a file that cannot be read does not count", merge.Diff3)
}
