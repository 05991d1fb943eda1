package pack_test

import (
	"path"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

// TestSelects walks a tree as it is read: a folder that is not selected is not entered. "+" stands for a folder.
func TestSelects(t *testing.T) {
	const tree = ".x a.py b+ b/c.py b/d.md b/e+ b/e/f.py tests+ tests/t.py"
	for _, c := range []struct {
		include, exclude []string
		want             string
	}{
		{nil, nil, tree},
		{[]string{"*.py"}, nil, "a.py"},
		{[]string{"**/*.py"}, nil, "a.py b+ b/c.py b/e+ b/e/f.py tests+ tests/t.py"},
		{[]string{"**/*.py"}, []string{"tests"}, "a.py b+ b/c.py b/e+ b/e/f.py"}, // a folder matches all files in it
		{[]string{"**/*.py"}, []string{"tests/**"}, "a.py b+ b/c.py b/e+ b/e/f.py"},
		{[]string{"b"}, []string{"b/*.md"}, "b+ b/c.py b/e+ b/e/f.py"},
		{[]string{"b/*.py"}, nil, "b+ b/c.py"}, // no file of b/e can match
		{[]string{"b/*/f.py"}, nil, "b+ b/e+ b/e/f.py"},
		{[]string{"?/e/{f.py,g/h}"}, nil, "b+ b/e+ b/e/f.py tests+"},
		{[]string{"{b/e,tests}/*.py"}, nil, "b+ b/e+ b/e/f.py tests+ tests/t.py"},
		{nil, []string{"**/*.{py,md}"}, ".x b+ b/e+ tests+"},
		{nil, []string{"**"}, ""},
		{[]string{"nothing"}, nil, ""},
	} {
		component := pack.Component{Include: c.include, Exclude: c.exclude}
		var got []string
		left := map[string]bool{}
		for _, entry := range strings.Fields(tree) {
			name, dir := strings.CutSuffix(entry, "+")
			switch {
			case left[path.Dir(name)] || !component.Selects(name, dir):
				left[name] = true
			default:
				got = append(got, entry)
			}
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("include %q, exclude %q select %q, want %q", c.include, c.exclude, got, c.want)
		}
	}
}
