package location_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
)

func TestPaths(t *testing.T) {
	root := makeTree(t, map[string]string{"p/a/b/f": "", "p/{x}/f": "", "other/f": ""}, map[string]string{"link": "p"})
	at := func(current string) location.Location {
		return location.Location{Current: filepath.Join(root, current), Project: filepath.Join(root, "p")}
	}
	for _, c := range []struct {
		current, typed string
		path           string // empty when it is outside
		names          []string
		placement      string
	}{
		{"p", "f", "f", []string{"f"}, "f"},
		{"p", "./f", "f", []string{"f"}, "./f"},
		{"p", "d/", "d", []string{"d"}, "d/"},
		{"p", "../f", "", nil, "../f"},
		{"p", "", "", nil, ""},
		{"p/a", "", "", nil, ""}, // the pack's default is from the project
		{"p/a", "f", "a/f", []string{"a/f", "f"}, "a/f"},
		{"p/a", "./f", "a/f", []string{"a/f"}, "a/f"},
		{"p/a", "../f", "f", []string{"f"}, "f"},
		{"p/a", "../../f", "", nil, "../../f"},
		{"p/a", "../../p/f", "f", []string{"f"}, "../../p/f"},
		{"p/a", ".", "a", []string{"a"}, "a"},
		{"p/a", "./", "a", []string{"a"}, "a/"},
		{"p/a", "..", ".", []string{"."}, "."},
		{"p/a", "../", ".", []string{"."}, "./"},
		{"p/a/b", "../c/", "a/c", []string{"a/c"}, "a/c/"},
		{"p/a/b", "{{ x / '../y' }}/z", "a/b/{{ x / y' }}/z", nil, "a/b/{{ x / '../y' }}/z"},
		{"p/{x}", "f", "{x}/f", []string{"{x}/f", "f"}, "{% raw %}{x}{% endraw %}/f"},
		{"other", "f", "", []string{"f"}, "f"}, // a member of a workspace
		{"other", "../p/f", "f", []string{"f"}, "../p/f"},
	} {
		l := at(c.current)
		got, err := l.Path(c.typed)
		if got != c.path && c.names != nil || (err == nil) != (c.path != "") {
			t.Errorf("in %s, Path(%q) = %q, %v; want %q", c.current, c.typed, got, err, c.path)
		}
		if err != nil && (failure.KindOf(err) != failure.Refused || failure.Hint(err) == "") {
			t.Errorf("in %s, Path(%q): %v, hint %q", c.current, c.typed, err, failure.Hint(err))
		}
		if names := l.Names(c.typed); c.path != "" && c.names != nil && !slices.Equal(names, c.names) {
			t.Errorf("in %s, Names(%q) = %q, want %q", c.current, c.typed, names, c.names)
		}
		if placement := l.Placement(c.typed); placement != c.placement {
			t.Errorf("in %s, Placement(%q) = %q, want %q", c.current, c.typed, placement, c.placement)
		}
	}
}

func TestAbsolutePaths(t *testing.T) {
	root := makeTree(t, map[string]string{"p/a/f": ""}, map[string]string{"link": "p"})
	for _, current := range []string{"p", "p/a"} {
		l := location.Location{Current: filepath.Join(root, current), Project: filepath.Join(root, "p")}
		for typed, want := range map[string]string{
			"p/a/f": "a/f", "link/a/f": "a/f", "link/new/f": "new/f", "p": ".", "f": "",
		} {
			if got, err := l.Path(filepath.Join(root, typed)); got != want || (err == nil) != (want != "") {
				t.Errorf("in %s, Path of %s = %q, %v; want %q", current, typed, got, err, want)
			}
		}
		if got := l.Placement(filepath.Join(root, "p", "new") + "/"); got != "new/" {
			t.Errorf("in %s, the placement is %q", current, got)
		}
	}
}

// What Typed returns leads back to the path.
func TestTypedIsTheInverseOfPath(t *testing.T) {
	project := filepath.Join(t.TempDir(), "p")
	for _, current := range []string{".", "a", "a/b", "c", "a b"} {
		l := location.Location{Current: filepath.Join(project, current), Project: project}
		for _, p := range []string{"f", "a/f", "a/b/f", "a", "a/b", ".", "a b/c d"} {
			if back, err := l.Path(l.Typed(p)); back != p || err != nil {
				t.Errorf("in %s, %q is typed %q, which is %q, %v", current, p, l.Typed(p), back, err)
			}
		}
	}
}

func TestLocalRepository(t *testing.T) {
	project := filepath.Join(t.TempDir(), "p")
	for _, c := range []struct{ current, typed, want string }{
		{".", "../pack", "../pack"},
		{"a", "../pack", "./pack"},
		{"a", "../../pack", "../pack"},
		{"a/b", "./pack", "./a/b/pack"},
		{"a", "/srv/pack", "/srv/pack"},
		{"a", "https://example.com/pack.git", "https://example.com/pack.git"},
		{"a", "", ""},
		{"a", "..", ".."},
		{"a", "../../p", "../p"},
		{"..", "./pack", "../pack"}, // a member of a workspace
	} {
		l := location.Location{Current: filepath.Join(project, c.current), Project: project}
		if got := l.LocalRepository(c.typed); got != c.want {
			t.Errorf("in %s, %q becomes %q, want %q", c.current, c.typed, got, c.want)
		}
	}
}
