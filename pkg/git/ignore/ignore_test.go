package ignore_test

import (
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
