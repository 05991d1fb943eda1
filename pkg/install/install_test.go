package install

import (
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestPlacement(t *testing.T) {
	for _, c := range []struct {
		path string
		dir  bool
		want string
		kind failure.Kind // 0 for a valid path
	}{
		{"a/b.txt", false, "a/b.txt", 0},
		{"./a/b.txt", false, "a/b.txt", 0},
		{"a/", false, "a/base.txt", 0},                // a file into a folder
		{"./", false, "base.txt", 0},                  // a file into the project's folder
		{"a/", true, "a", 0},                          // the slash has no effect
		{".", true, ".", 0},                           // the project's folder
		{"a/../b", true, "b", 0},                      // inside
		{".", false, "", failure.Usage},               // a file needs a name
		{"..", true, "", failure.Refused},             // outside
		{"a/../../b", false, "", failure.Refused},     // outside
		{"/etc/passwd", false, "", failure.Refused},   // absolute
		{".git/config", false, "", failure.Refused},   // git's folder
		{"a/.GIT/config", false, "", failure.Refused}, // git's folder in another case
		{"a\\b", false, "", failure.Refused},          // a Windows path
	} {
		got, err := Placement(c.path, c.dir, "base.txt")
		if c.kind == 0 && (err != nil || got != c.want) || c.kind != 0 && !errors.Is(err, c.kind) {
			t.Errorf("Placement(%q, %v) = %q, %v; want %q, %v", c.path, c.dir, got, err, c.want, c.kind)
		}
	}
}

func TestPlacementAs(t *testing.T) {
	for _, c := range []struct {
		path string
		dir  bool
		base string // of the new file
		want string
	}{
		{"app/util.py", true, "__init__.py", "app/util"},
		{"util.py", true, "__init__.py", "util"},
		{"bin/tool", true, "run", "bin/tool"},
		{"a.d/tool", true, "run", "a.d/tool"}, // the extension of a folder
		{"app/.env", true, "x", "app/.env"},   // the name has nothing else
		{"app/a.tar.gz", true, "x", "app/a.tar"},
		{"app/util", false, "other.py", "app/util.py"},
		{"bin/tool", false, "tool", "bin/tool"},
		{"app/util.py", false, "util.py", "app/util.py"}, // as sync left it
	} {
		if got := PlacementAs(c.path, c.dir, c.base); got != c.want {
			t.Errorf("PlacementAs(%q, %v, %q) = %q, want %q", c.path, c.dir, c.base, got, c.want)
		}
	}
}

func TestRepoName(t *testing.T) {
	for _, c := range []struct{ url, want string }{
		{"builtin:tp_py_grpc", "tp_py_grpc"},
		{"https://git.example.com/team/pack.git", "pack"},
		{"git@git.example.com:pack.git", "pack"}, // without a folder
		{"../repos/pack/", "pack"},
	} {
		if got := repoName(c.url); got != c.want {
			t.Errorf("repoName(%q) = %q, want %q", c.url, got, c.want)
		}
	}
}

func TestGivenKeys(t *testing.T) {
	if _, err := GivenKeys([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "2"}}); !errors.Is(err, failure.Usage) {
		t.Errorf("a key given twice: %v", err)
	}
	if m, err := GivenKeys([]ref.KV{{Key: "a", Value: "1"}, {Key: "a", Value: "1"}}); err != nil || m["a"] != "1" {
		t.Errorf("a key given twice with one value: %v, %v", m, err)
	}
}
