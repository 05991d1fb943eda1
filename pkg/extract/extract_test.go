package extract

import (
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestParseReplacement(t *testing.T) {
	for _, c := range []struct {
		text string
		want Replacement
	}{
		{"timer::source", Replacement{"timer", "source", "", false}},
		{"timer::source::", Replacement{"timer", "source", "", true}}, // with an empty default
		{"a b::k::x::y", Replacement{"a b", "k", "x::y", true}},
	} {
		if got, err := ParseReplacement(c.text); err != nil || got != c.want {
			t.Errorf("%q is %+v, %v", c.text, got, err)
		}
	}
	for _, text := range []string{"", "timer", "::key", "timer::", "two\nlines::key"} {
		if _, err := ParseReplacement(text); !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestAddKeys(t *testing.T) {
	p := &pack.Pack{}
	_, err := addKeys(p, []Replacement{
		{"demo", "project_name", "", false}, // the project's metadata needs no declaration
		{"Ann", "author", "Bob", true},      // unless it has its own default
		{"{{ x", "open", "", false},         // a default is a template
		{"{{ x", "open", "", false},         // repeated
	})
	if err != nil || len(p.Keys) != 2 || p.Keys[0].Default != "Bob" || p.Keys[1].Default != "{{ '{{' }} x" {
		t.Errorf("the keys are %+v, %v", p.Keys, err)
	}
}

func TestUnusedName(t *testing.T) {
	taken := map[string]pack.Component{}
	for _, c := range []struct{ top, want string }{
		{"README.md", "README.md"},
		{".gitignore", "gitignore"},
		{"gitignore", "gitignore-2"}, // already used
		{"-a b#c@d", "a_b_c_d"},
		{"服务", "服务"},
		{"...", "part"},
	} {
		got := unusedName(taken, c.top)
		if got != c.want {
			t.Errorf("unusedName of %q = %q, want %q", c.top, got, c.want)
		}
		taken[got] = pack.Component{}
		if r, err := ref.Parse("pack//" + got); err != nil || r.Component != got {
			t.Errorf("%q is not valid in a reference: %v", got, err)
		}
	}
}

func TestReadPipFile(t *testing.T) {
	got := ""
	const text = "# all\r\n\r\ngrpcio>=1.60 # more\r\n-r x.txt\n" +
		"c==1 \\\r\n    --hash=sha256:00 \\\n    --hash=sha256:01\nb @ https://e.example/#egg\n"
	for _, n := range readPipFile([]byte(text)) {
		got += n + "|"
	}
	if got != "grpcio>=1.60|-r x.txt|c==1|b @ https://e.example/#egg|" {
		t.Errorf("the requirements are %q", got)
	}
}
