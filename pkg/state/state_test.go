package state_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// sample is the state of a project with two installs of one component, and one of another.
func sample(t *testing.T) state.State {
	t.Helper()
	s := state.State{
		Manifest: &manifest.Manifest{}, Lock: &lockfile.Lock{}, Entries: map[string]manifest.Component{},
	}
	for path, source := range map[string]string{
		"a/one": "p@v1//part", "b/one": "p@v2//part", "two.txt": "p@v1//other",
	} {
		r, err := ref.Parse(source)
		if err != nil {
			t.Fatal(err)
		}
		file := path
		if strings.HasSuffix(path, "one") {
			file += "/file"
		}
		s.Lock.Put(lockfile.Component{Path: path, Source: r, Files: []lockfile.File{{Path: file}}})
	}
	return s
}

func TestFind(t *testing.T) {
	s := sample(t)
	for _, c := range []struct{ name, want string }{
		{"a/one", "a/one"},        // a placement
		{"./a/one/", "a/one"},     // in another spelling
		{"other", "two.txt"},      // the name of a component
		{"p@v2//part", "b/one"},   // a whole reference
		{"part", "a/one and b"},   // more than one
		{"twoo.txt", "two.txt"},   // nearly a placement
		{"nothing", "in this pr"}, // none
	} {
		got, err := s.Find(c.name)
		if err == nil && got.Path != c.want {
			t.Errorf("Find(%q) = %q, want %q", c.name, got.Path, c.want)
		}
		text := ""
		if err != nil {
			text = err.Error() + failure.Hint(err)
		}
		complete := errors.Is(err, failure.Usage) && failure.Hint(err) != "" && strings.Contains(text, c.want)
		if err != nil && !complete {
			t.Errorf("Find(%q): %v, hint %q; want %q in it", c.name, err, failure.Hint(err), c.want)
		}
	}
	all, err := s.FindAll(nil)
	if err != nil || len(all) != 3 {
		t.Errorf("no names mean %d installs, %v", len(all), err)
	}
	some, err := s.FindAll([]string{"other", "two.txt", "a/one"})
	if err != nil || len(some) != 2 {
		t.Errorf("two names of one install and another mean %d installs, %v", len(some), err)
	}
}

func TestFindFiles(t *testing.T) {
	s := sample(t)
	installs, only, err := s.FindFiles([]string{"./a/one/file", "other"})
	if err != nil || len(installs) != 2 || !slices.Equal(only, []string{"a/one/file", "two.txt"}) {
		t.Errorf("FindFiles returns %d installs, %q, %v", len(installs), only, err)
	}
	owned := s.MatchingNames([]string{"b/one/file", "nothing", "part", "other"})
	if strings.Join(owned, " ") != "b/one/file part other" {
		t.Errorf("MatchingNames returns %q", owned)
	}
	if _, _, err := s.FindFiles([]string{"a/one/nothing"}); !errors.Is(err, failure.Usage) {
		t.Errorf("a file that no install has: %v", err)
	}
}

func TestInstalledFiles(t *testing.T) {
	s := sample(t)
	c, _ := s.Lock.Component("two.txt")
	c.Files[0].Sides = true
	s.Lock.Put(c)
	got := s.InstalledFiles()
	for _, name := range []string{"a/one/file", "two.txt", "two.txt.base", "two.txt.ours", "two.txt.theirs"} {
		if !got[name] {
			t.Errorf("InstalledFiles lacks %q: %v", name, got)
		}
	}
	if got["a/one/file.base"] || len(got) != 6 {
		t.Errorf("InstalledFiles returns %v", got)
	}
}

// In a folder below the project, a name is a path from there or the path that ppm prints.
func TestFindBelow(t *testing.T) {
	s := sample(t)
	r, err := ref.Parse("../p@v3//part")
	if err != nil {
		t.Fatal(err)
	}
	s.Lock.Put(lockfile.Component{Path: "a/a/one", Source: r, Files: []lockfile.File{{Path: "a/a/one/file"}}})
	s.Location = location.Location{Current: "/project/a", Project: "/project"}
	for _, c := range []struct{ name, want string }{
		{"one", "a/one"},
		{"./one", "a/one"},
		{"../b/one", "b/one"},
		{"b/one", "b/one"},              // as ppm prints it
		{"../../p@v3//part", "a/a/one"}, // a local repository, from the current folder
		{"other", "two.txt"},
		{"a/one", "./a/one or ./one"}, // both are installs
		{"./two.txt", "../two.txt"},   // no install; the hint has what can be typed
		{"part", "at a/one and one and ../b/one"},
	} {
		got, err := s.Find(c.name)
		text := got.Path
		if err != nil {
			text = err.Error() + failure.Hint(err)
		}
		if err == nil && text != c.want || !strings.Contains(text, c.want) {
			t.Errorf("Find(%q): %q, want %q", c.name, text, c.want)
		}
	}
	installs, only, err := s.FindFiles([]string{"one/file", "b/one/file", "two.txt"})
	if err != nil || len(installs) != 3 || !slices.Equal(only, []string{"a/one/file", "b/one/file", "two.txt"}) {
		t.Errorf("FindFiles returns %d installs, %q, %v", len(installs), only, err)
	}
	if _, _, err := s.FindFiles([]string{"a/one/file"}); !errors.Is(err, failure.Usage) {
		t.Errorf("a path with two meanings: %v", err)
	}
}
