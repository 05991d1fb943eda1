package project

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// folders makes a folder with a file for each name, which ends in "/" for a folder alone.
func folders(t *testing.T, names ...string) string {
	t.Helper()
	dir := t.TempDir()
	for _, name := range names {
		at := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(at), 0o777); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			if err := os.MkdirAll(at, 0o777); err != nil {
				t.Fatal(err)
			}
		} else if err := os.WriteFile(at, nil, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func TestFindWorkspace(t *testing.T) {
	dir := folders(t, "a/ppm.toml", "a/in/ppm.toml", "b/ppm.toml", "b/ppm.lock", "b/gen/x/ppm.toml", "c/", "file", ".git/ppm.toml", ".hid/ppm.toml", "a[1]/ppm.toml")
	for _, c := range []struct {
		table     string
		members   []string
		unmatched []string
	}{
		{"members = ['*']", []string{"a", "a[1]", "b"}, nil},                                    // one level, no hidden folder, no file, no folder without a manifest
		{"members = ['b', 'a', './a/', '*']", []string{"a", "a[1]", "b"}, nil},                  // sorted, each once, in any spelling
		{"members = ['**']", []string{".", "a", "a/in", "a[1]", "b", "b/gen/x"}, nil},           // all levels, the root included
		{"members = ['*/**']", []string{"a", "a/in", "a[1]", "b", "b/gen/x"}, nil},              // all levels below
		{"members = ['**']\nexclude = ['b', '.', '*/in']", []string{"a", "a[1]"}, nil},          // with what is below
		{"members = ['{a,b}', '?']\nexclude = ['b/**']", []string{"a"}, nil},                    // alternatives
		{`members = ['a\[1\]']`, []string{"a[1]"}, nil},                                         // a name with meta characters
		{"members = ['a[1]']", nil, []string{"a[1]"}},                                           // a class
		{"members = ['.hid']", []string{".hid"}, nil},                                           // hidden, but named
		{"members = ['c', 'file', 'no/*', 'a']", []string{"a"}, []string{"c", "file", "no/*"}},  // nothing there
		{"members = ['a']\n[[component]]\nsource='p@v1//c'\npath='x'", []string{".", "a"}, nil}, // something is installed in the root
		{"members = ['{../*,a}']", []string{"a"}, nil},                                          // .. in disguise leads nowhere
		{"members = ['a']\nexclude = ['a']", nil, []string{"a"}},                                // nothing left
	} {
		if err := os.WriteFile(filepath.Join(dir, ManifestName), []byte("[workspace]\n"+c.table+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := FindWorkspace(dir)
		if err != nil || !slices.Equal(w.Members, c.members) || !slices.Equal(w.Unmatched, c.unmatched) {
			t.Errorf("%s: %+v, %v; want %v, %v", c.table, w, err, c.members, c.unmatched)
		}
	}
	if w, err := FindWorkspace(filepath.Join(dir, "a")); w != nil || err != nil {
		t.Errorf("a project that is no workspace: %v, %v", w, err)
	}
	if w, err := FindWorkspace(filepath.Join(dir, "c")); w != nil || err != nil {
		t.Errorf("a folder with no manifest: %v, %v", w, err)
	}
}

func TestFindWorkspaceFollowsNoLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // making a link needs a privilege there
	}
	outside := folders(t, "ppm.toml", "deep/ppm.toml")
	for _, c := range []struct {
		table   string
		members []string // nil when it is refused
	}{
		{"members = ['*']", nil},         // the link itself
		{"members = ['link']", nil},      // by name
		{"members = ['link/deep']", nil}, // below it
		{"members = ['link/*']", nil},    // below it, by a pattern
		{"members = ['**']\nexclude = ['link', '**/self']", []string{".", "a"}}, // left out
		{"members = ['*/deep', 'a']", []string{"a"}},                            // a wildcard leads through no link
	} {
		dir := folders(t, "a/ppm.toml")
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(".", filepath.Join(dir, "a", "self")); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, ManifestName), []byte("[workspace]\n"+c.table+"\n"), 0o666); err != nil {
			t.Fatal(err)
		}
		w, err := FindWorkspace(dir)
		if c.members == nil && (!errors.Is(err, failure.Refused) || failure.Hint(err) == "") {
			t.Errorf("%s: %+v, %v, want it refused", c.table, w, err)
		}
		if c.members != nil && (err != nil || !slices.Equal(w.Members, c.members)) {
			t.Errorf("%s: %+v, %v; want %v", c.table, w, err, c.members)
		}
	}
}
