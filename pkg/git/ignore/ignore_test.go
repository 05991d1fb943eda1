package ignore_test

import (
	"fmt"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
)

func TestMatch(t *testing.T) {
	var g ignore.Rules
	g.Add("", []byte("\ufeff# comment\n\n*.log\r\n/build\nlogs/\n!keep.log\n"))
	g.Add("sub", []byte("/only\n!all.log\n"))
	for _, c := range []struct {
		path string
		dir  bool
		want bool
	}{
		{"a.log", false, true},
		{"deep/er/a.log", false, true}, // at any depth
		{"keep.log", false, false},     // taken back
		{"build", false, true},
		{"sub/build", false, false}, // at the root alone
		{"logs", true, true},
		{"logs", false, false}, // folders alone
		{"only", false, false},
		{"sub/only", false, true},     // a folder's own file
		{"sub/all.log", false, false}, // wins over those above
		{"# comment", false, false},
	} {
		if got := g.Match(c.path, c.dir); got != c.want {
			t.Errorf("%q (a folder: %v) is ignored: %v", c.path, c.dir, got)
		}
	}
}

func TestFind(t *testing.T) {
	var g ignore.Rules
	g.AddFile("/home/ignore", "", []byte("*.local\n"))
	g.Add("", []byte("# comment\n*.log\n\nbuild/\n!keep.log\n"))
	g.Add("sub", []byte("/only\n!a.log\n"))
	for _, c := range []struct{ path, want string }{
		{"a.log", ".gitignore:2: *.log"},
		{"keep.log", ""},
		{"build/x/y", ".gitignore:4: build/"},       // in a folder that is ignored
		{"build/keep.log", ".gitignore:4: build/"},  // which cannot be taken back
		{"sub/build/y", ".gitignore:4: build/"},     // at any depth
		{"sub/only", "sub/.gitignore:1: /only"},     // a folder's own file
		{"sub/a.log", ""},                           // wins over those above
		{"deep/x.local", "/home/ignore:1: *.local"}, // for all work trees
		{"build", ""},                               // a file, and the pattern is for folders
	} {
		got := ""
		if rule, ok := g.Find(c.path); ok {
			got = fmt.Sprintf("%s:%d: %s", rule.File, rule.Line, rule.Pattern)
		}
		if got != c.want {
			t.Errorf("%q is ignored by %q, want %q", c.path, got, c.want)
		}
	}
}
