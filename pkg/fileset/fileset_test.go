package fileset_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

func files(paths ...string) []fileset.File {
	var out []fileset.File
	for _, p := range paths {
		out = append(out, fileset.File{Path: p, Mode: fileset.Regular, Data: []byte("content of " + p)})
	}
	return out
}

func TestNew(t *testing.T) {
	s, err := fileset.New(files("b", "a/c", "a.b"))
	if err != nil || len(s) != 3 || s[0].Path != "a.b" || s[1].Path != "a/c" || s[2].Path != "b" {
		t.Fatalf("New = %v, %v", s, err)
	}
	if f, ok := s.Lookup("a/c"); !ok || string(f.Data) != "content of a/c" {
		t.Errorf("Lookup(a/c) = %v, %v", f, ok)
	}
	if _, ok := s.Lookup("a"); ok {
		t.Error("Lookup(a) found a folder")
	}
	for _, wrong := range [][]string{{"a", "b", "a"}, {"a/b/c", "a.b", "a"}, {"a/b/c", "a/b"}} {
		if s, err := fileset.New(files(wrong...)); err == nil {
			t.Errorf("New(%q) = %v, want an error", wrong, s)
		}
	}
	if _, err := fileset.New(files("")); err != nil { // a component that is a single file has no path yet
		t.Errorf("New of one file without a path: %v", err)
	}
}

func TestSetDigest(t *testing.T) {
	one, _ := fileset.New(files("a", "b"))
	two, _ := fileset.New(files("b", "a"))
	if one.Digest() != two.Digest() {
		t.Error("the digest depends on the order of the files")
	}
	for name, change := range map[string]func(*fileset.File){
		"path":  func(f *fileset.File) { f.Path = "c" },
		"mode":  func(f *fileset.File) { f.Mode = fileset.Executable },
		"bytes": func(f *fileset.File) { f.Data = []byte("other") },
	} {
		changed := files("a", "b")
		change(&changed[1])
		if s, _ := fileset.New(changed); s.Digest() == one.Digest() {
			t.Errorf("the digest does not depend on the %s", name)
		}
	}
}

func TestMode(t *testing.T) {
	for _, m := range []string{"0644", "0755"} {
		got, err := fileset.ParseMode(m)
		if err != nil || fileset.FormatMode(got) != m {
			t.Errorf("ParseMode(%q) = %v, %v", m, got, err)
		}
	}
	for _, m := range []string{"", "644", "0600", "4755", "04755", "rw", "0x1a4", "-0644"} {
		if got, err := fileset.ParseMode(m); err == nil {
			t.Errorf("ParseMode(%q) = %v, want an error", m, got)
		}
	}
}
