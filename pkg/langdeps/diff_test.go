package langdeps_test

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
)

func TestDiff(t *testing.T) {
	for _, c := range []struct{ language, before, after, added, removed string }{
		{"py", "", "httpx>=1", "httpx>=1", ""},
		{"py", "httpx>=1", "", "", "httpx>=1"},
		{"py", "httpx>=1|pyyaml", "HTTPX>=1|PyYAML>=6", "pyyaml>=6", ""}, // one package, however it is written
		{"py", "httpx>=1", "httpx>=1|httpx>=2", "httpx>=2", ""},
		{"go", "example.com/a@v1.0.0", "example.com/a@v1.1.0|example.com/b@v1.0.0",
			"example.com/a@v1.1.0|example.com/b@v1.0.0", ""},
		{"js", "@scope/a@^1|b@2", "@scope/a@^1", "", "b@2"},
		{"C", "zlib", "zlib 2", "zlib 2", "zlib"}, // a language without packages: the lines
	} {
		list := func(text string) (out []langdeps.Requirement) {
			for _, line := range strings.FieldsFunc(text, func(r rune) bool { return r == '|' }) {
				out = append(out, langdeps.Requirement{Text: line, By: []string{"x"}})
			}
			return out
		}
		added, removed, err := langdeps.Diff(c.language, list(c.before), list(c.after))
		if a, r := strings.Join(added, "|"), strings.Join(removed, "|"); err != nil || a != c.added || r != c.removed {
			t.Errorf("%s: %v: from %q to %q: added %q, removed %q, want %q, %q",
				c.language, err, c.before, c.after, a, r, c.added, c.removed)
		}
	}
}
