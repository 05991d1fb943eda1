package render_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

func TestPatternValuesInText(t *testing.T) {
	keys := []string{"name", "other"}
	for _, c := range []struct{ template, text, want string }{
		{"Hello, {{ name }}!\n", "Hello, you!", "you"},
		{"Hello, {{ name }}!\n", "first\r\nHello, you!\r\nlast\r\n", "you"},         // CRLF, other lines
		{"class {{ name | capitalize }}Timer:\n", "class TracerTimer:\n", "tracer"}, // the inverse of a filter
		{"call {{ name | upper }}_X\n", "call TWO_WORDS_X\n", "two_words"},          //
		{"a = {{name}};b = {{ other }}.\n", "a = 1;b = 2.\n", "1"},                  // two on one line
		{"a = {{- name -}} ;\n", "a =1;\n", "1"},                                    // white space control
		{"{{ name }}\n", "x", "x"},                                                  // no literal text
		// a whole line, found by its neighbours
		{"top\n{{ name }}\nend\n", "user\ntop\nx\nend\n", "x"},
		{"a {{ name }} b\n{{ name }} end\n", "a x b\na y b\ny end\n", "y"},            // more votes
		{"v = \"{{ name }}\"\n", "v = \"\"\n", ""},                                    // an empty value
		{"a\n{%- if name %}\nb: {{ name }}\n{%- endif %}\nc\n", "a\nb: x\nc\n", "x"},  // inside a statement
		{"{% if x %}a{% endif %} {{ name }}|\n", "a x|\n", "x"},                       // after a statement
		{"{{ name }}{{ other }}\n", "xy\n", "-"},                                      // no text between two keys
		{"Hello, {{ name }}!\n", "Bye, you!\n", "-"},                                  // other text
		{"Hello, {{ unknown }}!\n", "Hello, you!\n", "-"},                             // an unknown key
		{"Hello, {{ name }}!\n", "Hello, you\nand you!\n", "-"},                       // a value of two lines
		{"Hello, {{ name }}!\n", "Hello, " + strings.Repeat("x", 300) + "!\n", "-"},   // a long value
		{"Hello, {{ name }}!\n", "Hello, é!\n", "é"},                                  // not ASCII
		{"Hello, {{ name | title }}!\n", "Hello, Éa!\n", "éa"},                        //
		{"Hello, {{ name }}!\n", "Hello, you!\x00", "-"},                              // a binary file
		{"# {{ name }}\n\ntext\n", "# x\n\ntext\n\n# y\n\nother\n", "x"},              // blank lines around it
		{"{{ name.upper() }}\n{{ name }}: {{ 'a' }}{#\n#}\n", "X\nx: a\n", "x"},       // other expressions
		{"{{ '}}' }} {{ name }}!\n", "}} x!\n", "-"},                                  // a delimiter in a string
		{"a{{ name }}b\n", "a1b\na2b\na3b\na4b\na5b\na6b\na7b\na8b\na9b\n", "1"},      // at most eight suggestions
		{"{{ name }} is {{ name }}\n" + strings.Repeat("x\n", 9), "x is x\nx\n", "x"}, //
	} {
		pattern := render.NewPattern(set(t, map[string]string{"a.txt.jinja": c.template}), false, keys)
		values := pattern.Values(fileset.Set{{Path: "", Data: []byte(c.text)}})["name"]
		switch {
		case c.want == "-" && len(values) > 0:
			t.Errorf("%q in %q suggests %q", c.template, c.text, values)
		case c.want != "-" && (len(values) == 0 || values[0] != c.want || len(values) > 8):
			t.Errorf("%q in %q suggests %q, want %q first", c.template, c.text, values, c.want)
		}
	}
}

func TestPatternValuesInNames(t *testing.T) {
	component := set(t, map[string]string{
		"__init__.py":                     "",
		"_ref_source_fer_.py.jinja":       "class {{ source | capitalize }}:\n",
		"docs/_ref_source_fer_/a.md":      "x",
		"{{ source | upper }}.md":         "y",
		"plain.py.jinja":                  "{{ source }}!\n",
		"copied_ref_source_fer_.jinja.py": "{{ source }}?\n",
	})
	pattern := render.NewPattern(component, true, []string{"source"})
	for path, want := range map[string]bool{
		"__init__.py": true, "timer.py": true, "docs/timer/a.md": true, "TIMER.md": true, "plain.py": true,
		"copiedtimer.jinja.py": true,
		"timer.txt":            false, "docs/timer/b.md": false, "docs/a/b/a.md": false, "sub/timer.py": false,
		".py": false, "": false,
	} {
		if got := pattern.Match(path); got != want {
			t.Errorf("Match(%q) = %v", path, got)
		}
	}
	got := pattern.Values(set(t, map[string]string{
		"__init__.py": "", "own.py": "print()\n", "timer.py": "class Timer:\n", "docs/timer/a.md": "x",
		"plain.py": "edited\n",
	}))["source"]
	if len(got) == 0 || got[0] != "timer" || !slices.Contains(got, "own") || slices.Contains(got, "__init__") {
		t.Errorf("the names suggest %q", got)
	}
}
