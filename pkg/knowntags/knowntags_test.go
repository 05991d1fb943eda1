package knowntags_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/knowntags"
)

var (
	a = strings.Repeat("a", 40)
	b = strings.Repeat("b", 40)
)

func TestFirstTagIsKept(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state", "known_tags")
	first := knowntags.Tag{URL: "https://example.com/my pack.git", Name: "v1", Object: a, Commit: b}
	later := first
	later.Commit = a
	for range 2 { // in a list that is read, and in one that is not
		l := knowntags.New(path)
		known, err := l.Remember(t.Context(), first)
		if err != nil || known != first {
			t.Fatalf("Remember(first) = %v, %v", known, err)
		}
		if known, err = l.Remember(t.Context(), later); err != nil || known != first {
			t.Errorf("Remember(later) = %v, %v; want the first", known, err)
		}
		if known, ok, err := l.Lookup(first.URL, "v1"); known != first || !ok || err != nil {
			t.Errorf("Lookup = %v, %v, %v", known, ok, err)
		}
	}
	l := knowntags.New(path)
	if err := l.Replace(t.Context(), later); err != nil {
		t.Fatal(err)
	}
	if known, _, _ := knowntags.New(path).Lookup(first.URL, "v1"); known != later {
		t.Errorf("after Replace it is known as %v", known)
	}
	gone, err := l.Forget(t.Context(), func(t knowntags.Tag) bool { return t.Name == "v1" })
	if err != nil || len(gone) != 1 || gone[0] != later {
		t.Errorf("Forget = %v, %v", gone, err)
	}
	if _, ok, _ := knowntags.New(path).Lookup(first.URL, "v1"); ok {
		t.Error("it is still known after Forget")
	}
}

func TestUnreadableLinesAreDropped(t *testing.T) {
	good := a + " " + b + " v1 https://example.com/p.git\n"
	for name, text := range map[string]string{
		"garbage":      "\x00\xff\xfe\n" + good,
		"short id":     "aaaa " + b + " v2 https://example.com/p.git\n" + good,
		"cut off":      good + a + " " + b + " v3 ",
		"no URL":       a + " " + b + " v4\n" + good,
		"CRLF":         strings.ReplaceAll(good, "\n", "\r\n"),
		"twice":        good + b + " " + a + " v1 https://example.com/p.git\n",
		"control char": a + " " + b + " v\x1b5 https://example.com/p.git\n" + good,
	} {
		path := filepath.Join(t.TempDir(), "known_tags")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		l := knowntags.New(path)
		known, ok, err := l.Lookup("https://example.com/p.git", "v1")
		if err != nil || !ok || known.Object != a {
			t.Errorf("%s: Lookup = %v, %v, %v", name, known, ok, err)
		}
		if _, err := l.Remember(t.Context(), knowntags.Tag{URL: "u", Name: "n", Object: a, Commit: a}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		data, err := os.ReadFile(path)
		if lines := strings.Count(string(data), "\n"); err != nil || lines != 3 {
			t.Errorf("%s: %d lines after a write: %q, %v", name, lines, data, err)
		}
	}
}

func TestListIsBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_tags")
	var text strings.Builder
	for i := range knowntags.MaxTags + 5 {
		fmt.Fprintf(&text, "%s %s v%d https://example.com/p.git\n", a, a, i)
	}
	if err := os.WriteFile(path, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	l := knowntags.New(path)
	if _, err := l.Remember(t.Context(), knowntags.Tag{URL: "u", Name: "n", Object: a, Commit: a}); err != nil {
		t.Fatal(err)
	}
	data, err := os.ReadFile(path)
	if lines := strings.Count(string(data), "\n"); err != nil || lines != knowntags.MaxTags+1 {
		t.Errorf("the file has %d lines, %v", lines, err)
	}
	for name, want := range map[string]bool{"v0": false, "v5": false, "v6": true} {
		if _, ok, _ := l.Lookup("https://example.com/p.git", name); ok != want {
			t.Errorf("Lookup(%s) = %v", name, ok)
		}
	}
}

func TestWritersDoNotLoseTags(t *testing.T) {
	path := filepath.Join(t.TempDir(), "known_tags")
	const n = 20
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			tag := knowntags.Tag{URL: "u", Name: fmt.Sprint("v", i), Object: a, Commit: a}
			if _, err := knowntags.New(path).Remember(t.Context(), tag); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range n {
		if _, ok, err := knowntags.New(path).Lookup("u", fmt.Sprint("v", i)); !ok || err != nil {
			t.Errorf("v%d was lost: %v", i, err)
		}
	}
}

func TestNoList(t *testing.T) {
	var l *knowntags.List
	tag := knowntags.Tag{URL: "u", Name: "n", Object: a, Commit: a}
	if known, err := l.Remember(t.Context(), tag); known != tag || err != nil {
		t.Errorf("Remember = %v, %v", known, err)
	}
	if _, ok, err := l.Lookup("u", "n"); ok || err != nil {
		t.Errorf("Lookup = %v, %v", ok, err)
	}
}

func TestFolderInPlaceOfTheFile(t *testing.T) {
	dir := t.TempDir()
	if _, _, err := knowntags.New(dir).Lookup("u", "n"); err == nil {
		t.Error("a folder was read")
	}
}
