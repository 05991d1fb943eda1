package render_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// contents returns the contents of a set, by path.
func contents(s fileset.Set) map[string]string {
	m := map[string]string{}
	for _, f := range s {
		m[f.Path] = string(f.Data)
	}
	return m
}

var keys = render.Context{"source": "timer", "n": 2, "on": true, "tags": []string{"a", "b"}, "empty": ""}

func TestComponent(t *testing.T) {
	for name, c := range map[string]struct {
		dir      bool
		in, want map[string]string
	}{
		"a template": {true, map[string]string{"a.py.jinja": "{{ source }}\n"},
			map[string]string{"a.py": "timer"}},
		"not a template": {true, map[string]string{"a.py": "{{ source }}\r\n\x00"},
			map[string]string{"a.py": "{{ source }}\r\n\x00"}},
		"two suffixes": {true, map[string]string{"a.jinja.jinja": "{{ source }}"},
			map[string]string{"a.jinja.jinja": "{{ source }}"}},
		"only the suffix": {true, map[string]string{".jinja": "{{ source }}"},
			map[string]string{".jinja": "{{ source }}"}},
		"the suffix inside": {true, map[string]string{"a.jinja.txt": "{{ source }}"},
			map[string]string{"a.jinja.txt": "{{ source }}"}},
		"the suffix of a folder": {true, map[string]string{"d.jinja/a.jinja": "{{ n }}"},
			map[string]string{"d.jinja/a": "2"}},
		"names": {true, map[string]string{"_ref_source_fer_/x__ref_n_fer_.py": "1"},
			map[string]string{"timer/x_2.py": "1"}},
		"a name and a template": {true, map[string]string{"_ref_source_fer_.py.jinja": "{{ on }}"},
			map[string]string{"timer.py": "True"}},
		"a name with braces": {true, map[string]string{"{{ source }}.py": ""},
			map[string]string{"timer.py": ""}},
		"a name with a filter": {true, map[string]string{"_ref_source|upper_fer_.py.jinja": ""},
			map[string]string{"TIMER.py": ""}},
		"an empty name": {true, map[string]string{"_ref_empty_fer_/a": "x"},
			map[string]string{"_ref_empty_fer_/a": "x"}},
		"an unpaired delimiter": {true, map[string]string{"a_ref": "x", "b_fer": "y", "_ref_n/_fer_n": "z"},
			map[string]string{"a_ref": "x", "b_fer": "y", "_ref_n/_fer_n": "z"}},
		"an include of another file": {true,
			map[string]string{"d/a.jinja": "{% include 'd/b.txt' %}", "d/b.txt": "{{ n }}"},
			map[string]string{"d/a": "2", "d/b.txt": "{{ n }}"}},
		"an include of a template": {true,
			map[string]string{"a.jinja": "{% include 'b.jinja' %}", "b.jinja": "{{ n }}"},
			map[string]string{"a": "2", "b": "2"}},
		"an empty component": {true, nil, map[string]string{}},
		"an empty template":  {true, map[string]string{"a.jinja": ""}, map[string]string{"a": ""}},
		"a file component": {false, map[string]string{"d/a.py.jinja": "{{ tags|join }}"},
			map[string]string{"a.py": "ab"}},
		"a copied file component": {false, map[string]string{"a.py": "{{ x"}, map[string]string{"a.py": "{{ x"}},
		"a file component's name": {false, map[string]string{"_ref_n_fer_.py": "x"},
			map[string]string{"_ref_n_fer_.py": "x"}},
		"a file component's suffixes": {false, map[string]string{"a.jinja.jinja": "{{ n }}"},
			map[string]string{"a.jinja": "2"}},
		"Unicode and CRLF": {true, map[string]string{"é.jinja": "世{{ n }}\r\nb\r\n"},
			map[string]string{"é": "世2\nb"}},
		"a name's delimiter in text": {true, map[string]string{"a.jinja": "_ref_n_fer_"},
			map[string]string{"a": "_ref_n_fer_"}},
	} {
		got, err := render.Component(set(t, c.in), c.dir, keys, render.Options{})
		if err != nil || !maps.Equal(contents(got.Files), c.want) {
			t.Errorf("%s: %q, %v, want %q", name, contents(got.Files), err, c.want)
		}
	}
}

func TestComponentModesAndSources(t *testing.T) {
	files := fileset.Set{
		{Path: "_ref_source_fer_/run.jinja", Mode: fileset.Executable, Data: []byte("{{ n }}")},
		{Path: "plain", Mode: fileset.Regular, Data: []byte("{{ n }}")},
	}
	got, err := render.Component(files, true, keys, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]string{"timer/run": "_ref_source_fer_/run.jinja", "plain": "plain"}
	if !maps.Equal(got.Source, want) {
		t.Errorf("Source = %q, want %q", got.Source, want)
	}
	if f, _ := got.Files.Lookup("timer/run"); f.Mode != fileset.Executable {
		t.Errorf("the mode is %v", f.Mode)
	}
	if f, _ := got.Files.Lookup("plain"); f.Mode != fileset.Regular {
		t.Errorf("the mode is %v", f.Mode)
	}
}

var errorCases = map[string]struct {
	in     map[string]string
	value  string
	kind   failure.Kind
	names  []string // substrings of the message
	inHint string
}{
	"an undefined name": {map[string]string{"d/x.py.jinja": "a\n\n   b {{ foo }}"}, "", failure.Usage,
		[]string{`rendering "d/x.py.jinja": line 3, column 9: undefined name "foo"`},
		"set it in ppm.toml, as in [project.extra] foo = \"VALUE\", or pass --allow-undefined"},
	"a similar name": {map[string]string{"x.jinja": "{{ kk2 }}"}, "", failure.Usage,
		[]string{`undefined name "kk2"`}, `did the template mean "k2"? Otherwise set it in ppm.toml`},
	"an invalid template": {map[string]string{"x.jinja": "{% if %}"}, "", failure.Usage,
		[]string{`rendering "x.jinja": line 1, column 7: expected an expression`}, "docs/jinja.md"},
	"an error in an include": {map[string]string{"x.jinja": "{% include 'y' %}", "y": "\n{{ foo }}"}, "",
		failure.Usage, []string{`rendering "x.jinja": in "y", line 2, column 4: undefined name "foo"`},
		"[project.extra] foo = "},
	"a template not in UTF-8": {map[string]string{"x.jinja": "\xff"}, "", failure.Usage,
		[]string{`rendering "x.jinja": it is not UTF-8 text`}, "save the template as UTF-8"},
	"a template with a NUL": {map[string]string{"x.jinja": "a\x00"}, "", failure.Usage,
		[]string{`"x.jinja"`, "not UTF-8 text"}, "save"},
	"an endless template": {map[string]string{"x.jinja": "{% for a in range(10**9) %}{% endfor %}"}, "",
		failure.Refused, []string{`"x.jinja": line 1`, "steps"}, "simpler"},
	"a file outside": {map[string]string{"x.jinja": "{% include '../../etc/passwd' %}"}, "",
		failure.Usage, []string{"no template \"../../etc/passwd\" in the component"}, "docs/jinja.md"},
	"an absolute file": {map[string]string{"x.jinja": "{% include '/etc/passwd' %}"}, "", failure.Usage,
		[]string{"no template \"/etc/passwd\" in the component"}, "docs/jinja.md"},
	"an include of a binary": {map[string]string{"x.jinja": "{% include 'b' %}", "b": "\x00"}, "",
		failure.Usage, []string{`no template "b"`}, "docs/jinja.md"},
	"an undefined in a name": {map[string]string{"d/_ref_foo_fer_.py": ""}, "", failure.Usage,
		[]string{`rendering the name "_ref_foo_fer_.py": undefined name "foo"`}, "[project.extra] foo = "},
	"a name that is parent": {map[string]string{"_ref_k_fer_/x": ""}, "..", failure.Refused,
		[]string{`"_ref_k_fer_/x"`, `"../x"`}, "valid file name"},
	"a name with a slash": {map[string]string{"_ref_k_fer_": ""}, "a/b", failure.Refused,
		[]string{`"_ref_k_fer_"`, `"a/b"`}, "without a slash"},
	"a name that is .git": {map[string]string{"_ref_k_fer_/config": ""}, ".git", failure.Refused,
		[]string{`"_ref_k_fer_/config"`, `".git/config"`}, "valid file name"},
	"a name like .git": {map[string]string{"_ref_k_fer_/config": ""}, ".G\u200cit", failure.Refused,
		[]string{`"_ref_k_fer_/config"`}, "valid file name"},
	"a name with a newline": {map[string]string{"_ref_k_fer_": ""}, "a\nb", failure.Refused,
		[]string{`"a\nb"`}, "valid file name"},
	"a name with a backslash": {map[string]string{"_ref_k_fer_": ""}, `a\b`, failure.Refused, []string{`"a\\b"`},
		"valid file name"},
	"a device": {map[string]string{"_ref_k_fer_.txt": ""}, "nul", failure.Refused,
		[]string{`"nul.txt"`}, "valid file name"},
	"a long name": {map[string]string{"_ref_k_fer_": ""}, strings.Repeat("x", 300), failure.Refused,
		[]string{"255"}, "valid file name"},
	"two files at one path": {map[string]string{"_ref_k_fer_": "", "a": ""}, "a", failure.Refused,
		[]string{`"a"`}, "a different name"},
	"a template and its name": {map[string]string{"a.jinja": "", "a": ""}, "", failure.Refused, []string{`"a"`},
		"a different name"},
	"names that differ in case": {map[string]string{"_ref_k_fer_": "", "a": ""}, "A", failure.Refused,
		[]string{`"a"`, `"A"`}, "a different name"},
	"a file and a folder": {map[string]string{"_ref_k_fer_": "", "a/b": ""}, "a", failure.Refused,
		[]string{`"a"`}, "a different name"},
}

func TestComponentErrors(t *testing.T) {
	context := func(value string) render.Context { return render.Context{"k": value, "k2": "x"} }
	for name, c := range errorCases {
		got, err := render.Component(set(t, c.in), true, context(c.value), render.Options{})
		if failure.KindOf(err) != c.kind || len(got.Files) > 0 {
			t.Errorf("%s: %q, error %v of kind %v, want kind %v", name, contents(got.Files), err, failure.KindOf(err),
				c.kind)
			continue
		}
		for _, want := range c.names {
			if !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %q does not contain %q", name, err, want)
			}
		}
		if hint := failure.Hint(err); !strings.Contains(hint, c.inHint) {
			t.Errorf("%s: hint %q does not contain %q", name, hint, c.inHint)
		}
	}
}

func TestFileComponentWithOneFile(t *testing.T) {
	for _, files := range []map[string]string{nil, {"a": "", "b": ""}} {
		if _, err := render.Component(set(t, files), false, nil, render.Options{}); err == nil {
			t.Errorf("no error for %d files", len(files))
		}
	}
}

func TestString(t *testing.T) {
	for _, c := range []struct {
		text, want string
		options    render.Options
	}{
		{"{{ source }}-{{ n }}", "timer-2", render.Options{}},
		{"[{{ foo }}]", "[]", render.Options{AllowUndefined: true}},
		{"{{ tags }}", "['a', 'b']", render.Options{}},
	} {
		if got, err := render.String("x", c.text, keys, c.options); got != c.want || err != nil {
			t.Errorf("String(%q) = %q, %v, want %q", c.text, got, err, c.want)
		}
	}
	if _, err := render.String("key", "{% include 'x' %}", nil, render.Options{}); !errors.Is(err, failure.Usage) {
		t.Errorf("String with an include = %v", err)
	}
	_, err := render.String("key", "x", render.Context{"k": "\xff"}, render.Options{})
	if !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), `"k"`) {
		t.Errorf("String with a key that is not text = %v", err)
	}
	if _, err := render.String("key", "{{ 'abc' }}", nil,
		render.Options{Limits: render.Limits{Output: 2}}); !errors.Is(err, failure.Refused) {
		t.Errorf("String with too much output = %v", err)
	}
}

func TestLimitsApplyToComponent(t *testing.T) {
	files := map[string]string{"a.jinja": "{{ 'x' * 60 }}", "b.jinja": "{{ 'x' * 60 }}"}
	if _, err := render.Component(set(t, files), true, nil,
		render.Options{Limits: render.Limits{Output: 100}}); !errors.Is(err, failure.Refused) {
		t.Errorf("Component with too much output in two files = %v", err)
	}
}

func TestUsedNames(t *testing.T) {
	all := []string{"source", "n", "on", "tags", "empty"}
	for name, c := range map[string]struct {
		dir   bool
		files map[string]string
		want  []string
	}{
		"a template": {true, map[string]string{"a.jinja": "x {{ source|upper }} {% if n %}"},
			[]string{"n", "source"}},
		"no template": {true, map[string]string{"a": "{{ source }}"}, []string{}},
		"a name": {true, map[string]string{"_ref_source_fer_/b": "{{ n }}"},
			[]string{"source"}},
		"a file that a template includes": {true, map[string]string{"a.jinja": "{% include 'b' %}", "b": "{{ n }}"},
			[]string{"n"}},
		"outside of delimiters":   {true, map[string]string{"a.jinja": "source n"}, []string{}},
		"part of a word":          {true, map[string]string{"a.jinja": "{{ sources }} {{ n1 }}"}, []string{}},
		"a file component":        {false, map[string]string{"_ref_on_fer_.jinja": "{{ n }}"}, []string{"n"}},
		"a copied file component": {false, map[string]string{"a": "{{ n }}"}, []string{}},
		"a binary":                {true, map[string]string{"a.jinja": "", "b": "\x00{{ n }}"}, []string{}},
	} {
		if got := render.UsedNames(set(t, c.files), c.dir, all); !slices.Equal(got, c.want) {
			t.Errorf("%s: UsedNames = %q, want %q", name, got, c.want)
		}
	}
}

// FuzzString checks that rendering only fails with errors of a known kind, and that UsedNames returns every name that
// a template uses.
func FuzzString(f *testing.F) {
	for _, seed := range []string{"", "{{ k }}", "{% for x in k %}{{ x }}{% endfor %}", "{% set a = k ~ 1 %}{{ a }}",
		"{# #}{% raw %}{{ k }}{% endraw %}", "{{ 'x' * 9 }}", "{{ [k]|map('upper')|join }}"} {
		f.Add(seed)
	}
	limits := render.Limits{Output: 1 << 16, Memory: 1 << 20, Steps: 20_000, Depth: 100}
	f.Fuzz(func(t *testing.T, text string) {
		appendNew, err := render.String("t", text, render.Context{"k": "v"},
			render.Options{Limits: limits, AllowUndefined: true})
		if err != nil {
			if k := failure.KindOf(err); k != failure.Usage && k != failure.Refused || failure.Hint(err) == "" {
				t.Fatalf("%v of kind %v, hint %q", err, k, failure.Hint(err))
			}
			return
		}
		without, err := render.String("t", text, render.Context{},
			render.Options{Limits: limits, AllowUndefined: true})
		files := fileset.Set{{Path: "t.jinja", Mode: fileset.Regular, Data: []byte(text)}}
		if (err != nil || appendNew != without) &&
			!slices.Contains(render.UsedNames(files, true, []string{"k"}), "k") {
			t.Fatalf("%q uses k, but UsedNames does not return it", text)
		}
	})
}

func TestTextNames(t *testing.T) {
	for text, want := range map[string]string{
		"plain": "", "{{ name }}-full": "name", "{{ a|default(b) }}{% if c is defined %}{{ d }}{% endif %}": "a b c d",
		"{% for x in list %}{{ x }}{% endfor %}": "list x", "{% raw %}{{ a }}{% endraw %}": "", "{{ a.b['c'] }}": "a",
		"{% set a = b %}{{ a }}": "a b", "{{ broken": "", "{# {{ a }} #}": "",
	} {
		if got := strings.Join(render.TextNames(text), " "); got != want {
			t.Errorf("TextNames(%q) = %q, want %q", text, got, want)
		}
	}
}

// BenchmarkComponent renders a component of ten files, of which eight are templates.
func BenchmarkComponent(b *testing.B) {
	files := map[string]string{"LICENSE": strings.Repeat("text\n", 200), "data.bin": "\x00"}
	for _, name := range []string{"a", "b", "c", "d", "e", "f", "g", "_ref_source_fer_"} {
		files["pkg/"+name+".py.jinja"] = "{% macro m(x) %}def {{ x }}(): pass{% endmacro %}\n" +
			strings.Repeat("class {{ source|title }}:\n    {% for t in tags %}{{ m(t) }}\n    {% endfor %}\n", 10)
	}
	var s fileset.Set
	for _, path := range slices.Sorted(maps.Keys(files)) {
		s = append(s, fileset.File{Path: path, Mode: fileset.Regular, Data: []byte(files[path])})
	}
	for b.Loop() {
		if _, err := render.Component(s, true, keys, render.Options{}); err != nil {
			b.Fatal(err)
		}
	}
}
