package fetch_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
)

// TestConversion reads the .gitattributes files of a pack with the component, in the same request.
func TestConversion(t *testing.T) {
	s := serveFilter(t)
	s.Write("src/sub/x.bat", "x\n", 0o644)
	s.Write("src/sub/x.sh", "x\n", 0o644)
	s.Write(".gitattributes", "*.bat eol=crlf\n*.sh eol=crlf\nsub/* ident\n", 0o644)
	s.Write("src/.gitattributes", "*.sh eol=lf\nsub/x.bat ident\n", 0o644)
	s.Write("src/sub/.gitattributes", "*.sh eol=crlf\n", 0o644)
	s.Write("docs/.gitattributes", "* ident\n", 0o644)
	s.Commit("attributes")
	for _, c := range []struct {
		path string
		want map[string]string // conversions by path in the component
	}{
		{"src/sub", map[string]string{"x.bat": "text eol=crlf ident", "x.sh": "text eol=crlf", "b.bin": ""}},
		{"src", map[string]string{"sub/x.bat": "text eol=crlf ident", "sub/x.sh": "text eol=crlf", "x.sh": ""}},
		{"src/sub/x.bat", map[string]string{"x.bat": "text eol=crlf ident"}},
		{".", map[string]string{"src/sub/x.bat": "text eol=crlf ident", "x.sh": "text eol=crlf", "docs/x": "ident"}},
	} {
		before := s.calls()
		tree, err := component(s.client(t, t.TempDir()), s.url, "master", c.path)
		if err != nil {
			t.Fatalf("%s: %v", c.path, err)
		}
		for name, want := range c.want {
			if got := tree.Conversion(name).String(); got != want {
				t.Errorf("%s: %s is converted by %q, want %q", c.path, name, got, want)
			}
		}
		if n := s.calls() - before; n > 4 {
			t.Errorf("%s: %d calls", c.path, n)
		}
	}
}

// TestHostileAttributes reads .gitattributes that are no files, or too large.
func TestHostileAttributes(t *testing.T) {
	for _, c := range []struct {
		name, mode, text string
		want             string // in the error; empty for a component without conversions
	}{
		{"a link", "120000", "* eol=crlf\n", ""},
		{"a submodule", "160000", "* eol=crlf\n", ""},
		{"many bytes", "100644", strings.Repeat("# text\n", 1<<18), "the limit is 1048576"},
		{"many patterns", "100644", strings.Repeat("*a* text\n", 2000), "more than 1000 patterns"},
	} {
		r := newRaw(t)
		f, rules := r.object("blob", "x\n"), r.object("blob", c.text)
		r.commit(r.tree(c.mode+" .gitattributes", rules, "40000 x", r.tree("100644 f", f)))
		tree, err := component(newClient(t, fetch.Options{}), r.dir, "", "x")
		if c.want != "" {
			wantKind(t, c.name, err, failure.Refused, c.want)
		} else if got := fmt.Sprint(tree.Conversion("f"), err); got != " <nil>" {
			t.Errorf("%s: %s", c.name, got)
		}
	}
}
