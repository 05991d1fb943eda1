package workspace

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// folders creates a folder with a file for each name. A name that ends in "/" is an empty folder.
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

// writeWorkspace writes a manifest with a [workspace].
func writeWorkspace(t *testing.T, dir, table string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, manifestName), []byte("[workspace]\n"+table+"\n"), 0o666); err != nil {
		t.Fatal(err)
	}
}

func TestFind(t *testing.T) {
	dir := folders(t, "a/ppm.toml", "a/in/ppm.toml", "b/ppm.toml", "b/ppm.lock", "b/gen/x/ppm.toml", "c/", "file",
		".git/ppm.toml", ".hid/ppm.toml", "a[1]/ppm.toml")
	for _, c := range []struct {
		table     string
		members   []string
		unmatched []string
	}{
		// one level, no hidden folder, no file, no folder without a manifest
		{"members = ['*']", []string{"a", "a[1]", "b"}, nil},
		// sorted, each once, in any spelling
		{"members = ['b', 'a', './a/', '*']", []string{"a", "a[1]", "b"}, nil},
		// all levels, the root included
		{"members = ['**']", []string{".", "a", "a/in", "a[1]", "b", "b/gen/x"}, nil},
		// all levels below
		{"members = ['*/**']", []string{"a", "a/in", "a[1]", "b", "b/gen/x"}, nil},
		// with what is below
		{"members = ['**']\nexclude = ['b', '.', '*/in']", []string{"a", "a[1]"}, nil},
		// alternatives
		{"members = ['{a,b}', '?']\nexclude = ['b/**']", []string{"a"}, nil},
		// a name with meta characters
		{`members = ['a\[1\]']`, []string{"a[1]"}, nil},
		// a class
		{"members = ['a[1]']", nil, []string{"a[1]"}},
		// hidden, but named
		{"members = ['.hid']", []string{".hid"}, nil},
		// nothing there
		{"members = ['c', 'file', 'no/*', 'a']", []string{"a"}, []string{"c", "file", "no/*"}},
		// something is installed in the root
		{"members = ['a']\n[[component]]\nsource='p@v1//c'\npath='x'", []string{".", "a"}, nil},
		// .. in disguise leads nowhere
		{"members = ['{../*,a}']", []string{"a"}, nil},
		// nothing left
		{"members = ['a']\nexclude = ['a']", nil, []string{"a"}},
	} {
		writeWorkspace(t, dir, c.table)
		w, err := Find(dir)
		if err != nil || !slices.Equal(w.Members, c.members) || !slices.Equal(w.Unmatched, c.unmatched) {
			t.Errorf("%s: %+v, %v; want %v, %v", c.table, w, err, c.members, c.unmatched)
		}
	}
	if w, err := Find(filepath.Join(dir, "a")); w != nil || err != nil {
		t.Errorf("a project that is not a workspace: %v, %v", w, err)
	}
	if w, err := Find(filepath.Join(dir, "c")); w != nil || err != nil {
		t.Errorf("a folder with no manifest: %v, %v", w, err)
	}
}

func TestFindFollowsNoLink(t *testing.T) {
	if runtime.GOOS == "windows" {
		return // making a link needs a privilege there
	}
	outside := folders(t, "ppm.toml", "deep/ppm.toml")
	for _, c := range []struct {
		table   string
		members []string // nil when it is refused
	}{
		// the link itself
		{"members = ['*']", nil},
		// by name
		{"members = ['link']", nil},
		// below it
		{"members = ['link/deep']", nil},
		// below it, by a pattern
		{"members = ['link/*']", nil},
		// left out
		{"members = ['**']\nexclude = ['link', '**/self']", []string{".", "a"}},
		// a wildcard leads through no link
		{"members = ['*/deep', 'a']", []string{"a"}},
	} {
		dir := folders(t, "a/ppm.toml")
		if err := os.Symlink(outside, filepath.Join(dir, "link")); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(".", filepath.Join(dir, "a", "self")); err != nil {
			t.Fatal(err)
		}
		writeWorkspace(t, dir, c.table)
		w, err := Find(dir)
		if c.members == nil && (!errors.Is(err, failure.Refused) || failure.Hint(err) == "") {
			t.Errorf("%s: %+v, %v, want it refused", c.table, w, err)
		}
		if c.members != nil && (err != nil || !slices.Equal(w.Members, c.members)) {
			t.Errorf("%s: %+v, %v; want %v", c.table, w, err, c.members)
		}
	}
}

func TestRunReturnsErrorsInOrder(t *testing.T) {
	var running, most atomic.Int32
	members := make([]int, 50)
	for i := range members {
		members[i] = i
	}
	errs := Run(t.Context(), members, func(_ context.Context, i int) error {
		n := running.Add(1)
		defer running.Add(-1)
		for old := most.Load(); n > old && !most.CompareAndSwap(old, n); old = most.Load() {
		}
		time.Sleep(time.Millisecond)
		if i%2 == 0 {
			return fmt.Errorf("member %d", i)
		}
		return nil
	})
	for i, err := range errs {
		if i%2 == 0 && (err == nil || err.Error() != fmt.Sprintf("member %d", i)) || i%2 == 1 && err != nil {
			t.Errorf("the error of member %d is %v", i, err)
		}
	}
	if n := most.Load(); n > maxParallel || n < 2 {
		t.Errorf("%d members ran at once", n)
	}
}

func TestRunStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	var called atomic.Int32
	errs := Run(ctx, make([]int, 30), func(context.Context, int) error {
		called.Add(1)
		cancel()
		return nil
	})
	if n := called.Load(); n > maxParallel {
		t.Errorf("%d members ran after the context had ended", n)
	}
	if !errors.Is(errs[29], context.Canceled) {
		t.Errorf("the error of the last member is %v", errs[29])
	}
}
