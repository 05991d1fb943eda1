package authcode_test

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
)

func mkdir(t *testing.T, name ...string) string {
	t.Helper()
	dir := filepath.Join(name...)
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

func newCode(t *testing.T, k *authcode.Keys, folder, purpose, text string) string {
	t.Helper()
	code, err := k.Code(folder, purpose, []byte(text))
	if err != nil || strings.Contains(code, "\n") || strings.Contains(code, folder) {
		t.Fatalf("Code = %q, %v", code, err)
	}
	return code
}

func TestCheck(t *testing.T) {
	root := t.TempDir()
	mine, other := authcode.New(filepath.Join(root, "mine")), authcode.New(filepath.Join(root, "other"))
	folder, elsewhere := mkdir(t, root, "folder"), mkdir(t, root, "elsewhere")
	code := newCode(t, mine, folder, "journal", "text")
	for _, c := range []struct {
		name                        string
		keys                        *authcode.Keys
		code, folder, purpose, text string
		want                        error
	}{
		{"the same", mine, code, folder, "journal", "text", nil},
		{"read again", authcode.New(filepath.Join(root, "mine")), code, folder, "journal", "text", nil},
		{"an earlier folder has the key", authcode.New("", filepath.Join(root, "none"), filepath.Join(root, "mine")),
			code, folder, "journal", "text", nil},
		{"another text", mine, code, folder, "journal", "Text", authcode.ErrForeign},
		{"another purpose", mine, code, folder, "index", "text", authcode.ErrForeign},
		{"a moved boundary", mine, code, folder, "journalt", "ext", authcode.ErrForeign},
		{"another folder", mine, code, elsewhere, "journal", "text", authcode.ErrElsewhere},
		{"another user", other, code, folder, "journal", "text", authcode.ErrForeign},
		{"no user", nil, code, folder, "journal", "text", authcode.ErrNoKey},
		{"no code", mine, "", folder, "journal", "text", authcode.ErrForeign},
		{"only the first part", mine, strings.Fields(code)[0], folder, "journal", "text", authcode.ErrElsewhere},
		{"only the second part", mine, strings.Fields(code)[1], folder, "journal", "text", authcode.ErrForeign},
		{"the first part for all", mine, strings.Repeat(strings.Fields(code)[0]+" ", 3), folder, "journal", "text",
			authcode.ErrElsewhere},
	} {
		if err := c.keys.Check(c.code, c.folder, c.purpose, []byte(c.text)); !errors.Is(err, c.want) ||
			c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestMovedFolder renames a folder, reaches it through a link, and replaces it.
func TestMovedFolder(t *testing.T) {
	root := t.TempDir()
	k := authcode.New(filepath.Join(root, "state"))
	folder := mkdir(t, root, "folder")
	code := newCode(t, k, folder, "journal", "text")
	if err := os.Rename(folder, filepath.Join(root, "renamed")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("renamed", filepath.Join(root, "link")); err != nil {
		t.Fatal(err)
	}
	again := mkdir(t, root, "folder")
	for name, folder := range map[string]string{
		"another folder at the same path": again, "a link": filepath.Join(root, "link"),
		"renamed": filepath.Join(root, "renamed"),
	} {
		if name != "another folder at the same path" && runtime.GOOS == "windows" {
			continue
		}
		if err := k.Check(code, folder, "journal", []byte("text")); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestKeyFile checks that the key is private, that a key that is not is not used, and that there need not be one.
func TestKeyFile(t *testing.T) {
	root := t.TempDir()
	folder, name := mkdir(t, root, "folder"), filepath.Join(root, "a", "b", "key")
	k := authcode.New(filepath.Dir(name))
	code := newCode(t, k, folder, "journal", "text")
	found, err := filepath.Glob(filepath.Join(filepath.Dir(name), "*"))
	if err != nil || len(found) != 1 || found[0] != name {
		t.Errorf("the folder has %q, %v", found, err)
	}
	if runtime.GOOS != "windows" {
		info, err := os.Stat(name)
		if err != nil || info.Mode().Perm() != 0o600 {
			t.Errorf("the key is %v, %v", info.Mode(), err)
		}
		if info, err := os.Stat(filepath.Dir(name)); err != nil || info.Mode().Perm() != 0o700 {
			t.Errorf("its folder is %v, %v", info.Mode(), err)
		}
	}
	spoil := map[string]func() error{
		"short":  func() error { return os.WriteFile(name, []byte("abcd\n"), 0o600) },
		"no hex": func() error { return os.WriteFile(name, []byte(strings.Repeat("x", 64)), 0o600) },
		"empty":  func() error { return os.Truncate(name, 0) },
		"folder": func() error { return errors.Join(os.Remove(name), os.Mkdir(name, 0o700)) },
		"link":   func() error { return errors.Join(os.Rename(name, name+"2"), os.Symlink(name+"2", name)) },
	}
	if runtime.GOOS != "windows" {
		spoil["others can read it"] = func() error { return os.Chmod(name, 0o640) }
	}
	key, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	for what, spoil := range spoil {
		if err := errors.Join(os.RemoveAll(name), os.WriteFile(name, key, 0o600), spoil()); err != nil {
			t.Fatal(err)
		}
		k := authcode.New(filepath.Dir(name))
		if err := k.Check(code, folder, "journal", []byte("text")); !errors.Is(err, authcode.ErrForeign) {
			t.Errorf("%s: Check = %v", what, err)
		}
		if _, err := k.Code(folder, "journal", []byte("text")); !errors.Is(err, authcode.ErrNoKey) {
			t.Errorf("%s: Code = %v", what, err)
		}
		second := authcode.New(filepath.Dir(name), filepath.Join(root, "second"))
		newCode(t, second, folder, "journal", "text")
	}
}

// TestManyFirstUses lets many processes make the first key at once: all of them use the same one.
func TestManyFirstUses(t *testing.T) {
	root := t.TempDir()
	folder, dir := mkdir(t, root, "folder"), filepath.Join(root, "state")
	made := make([]string, 16)
	var wg sync.WaitGroup
	for i := range made {
		wg.Go(func() { made[i], _ = authcode.New(dir).Code(folder, "journal", nil) })
	}
	wg.Wait()
	for _, code := range made {
		if code == "" || code != made[0] {
			t.Fatalf("the codes differ: %q", made)
		}
	}
}
