package render_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// set returns a set of regular files.
func set(t *testing.T, files map[string]string) fileset.Set {
	t.Helper()
	var list []fileset.File
	for path, data := range files {
		list = append(list, fileset.File{Path: path, Mode: fileset.Regular, Data: []byte(data)})
	}
	s, err := fileset.New(list)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestInverseText(t *testing.T) {
	v, err := render.NewInverse(map[string]string{"source": "timer", "long": "timers", "brace": "{"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"", ""},
		{"no key", "no key"},
		{"a timer\n", "a {{ source }}\n\n"},                  // rendering removes one newline
		{"timers timer", "{{ long }} {{ source }}"},          // the longer text takes precedence
		{"{% x %}}", "{{ brace }}% x %}}"},                   // a key that starts a tag
		{"timer}}}", "{{ source }}}}}"},                      // a closing delimiter has no meaning outside of a tag
		{"timer{{", "{{ source }}{{ brace }}{{ brace }}"},    // adjacent keys
		{"Timer _ref_source_fer_", "Timer _ref_source_fer_"}, // only names have these delimiters
	} {
		if got := v.Text(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
	v, err = render.NewInverse(map[string]string{"source": "timer"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ text, want string }{
		{"{{ x }} {%- y %} {# z #}", "{{ '{{' }} x }} {{ '{%' }}- y %} {{ '{#' }} z #}"},
		{"{{{{%", "{{ '{{{{' }}%"},
		{"{timer}", "{{ '{' }}{{ source }}}"}, // would start a tag together with the next tag
		{"{ }", "{ }"},                        // not a delimiter
	} {
		if got := v.Text(c.text); got != c.want {
			t.Errorf("%q becomes %q, want %q", c.text, got, c.want)
		}
	}
}

func TestInverseComponent(t *testing.T) {
	v, err := render.NewInverse(map[string]string{"source": "timer"})
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ path, data, wantPath string }{
		{"a.py", "{{ x }}\r\n", "a.py"},                                 // without a key: copied
		{"a.py", "timer {{ x }}", "a.py.jinja"},                         // with a key: a template
		{"timer/timer.py", "x", "_ref_source_fer_/_ref_source_fer_.py"}, // names
		{"timer.py", "timer", "_ref_source_fer_.py.jinja"},              // both
		{"a.bin", "timer\x00", "a.bin"},                                 // binary files are never rendered
		// content that looks like a template
		{"a.jinja", "{{ x }}", "_ref_'a.jin' ~ 'ja'_fer_"},
		{"a.jinja", "timer", "_ref_'a.jin' ~ 'ja'_fer_.jinja"}, // and contains a key
		{"a.jinja/b", "x", "a.jinja/b"},                        // a folder's suffix has no meaning
		// content that looks like delimiters
		{"_ref_x_fer_", "x", "_ref_'_r' ~ 'ef_x_f' ~ 'er_'_fer_"},
		{"x_ref_ref_timer", "x", "_ref_'x_r' ~ 'ef_r' ~ 'ef_' ~ source_fer_"},          // and overlaps
		{"{{cookiecutter.timer}}", "x", "_ref_'{{cookiecutter.' ~ source ~ '}}'_fer_"}, // a template of another tool
		{"_timer_", "x", "__ref_source_fer__"},
		{"it's", "x", "it's"},
	} {
		files := set(t, map[string]string{c.path: c.data})
		got, err := v.Component(files, true)
		if err != nil || len(got) != 1 || got[0].Path != c.wantPath {
			t.Errorf("%q with %q becomes %v, %v; want %q", c.path, c.data, got, err, c.wantPath)
		}
	}
	for _, c := range []struct{ path, data, wantPath string }{
		{"a.py", "timer", "a.py.jinja"},
		{"timer.py", "x", "timer.py"}, // named by its placement
		{"a.jinja", "x", "a.jinja.copy"},
		{"a.jinja", "timer", "a.jinja.jinja"},
	} {
		got, err := v.Component(set(t, map[string]string{c.path: c.data}), false)
		if err != nil || got[0].Path != c.wantPath {
			t.Errorf("the file %q with %q becomes %v, %v; want %q", c.path, c.data, got, err, c.wantPath)
		}
	}
}

func TestInverseRefuses(t *testing.T) {
	for _, c := range []struct {
		name  string
		key   string
		files map[string]string
		kind  failure.Kind
		want  string
	}{
		{"CRLF and a key", "source", map[string]string{"a": "timer\r\n", "b": "timer\r\n", "c": "timer"},
			failure.Refused, `["a" "b"]`},
		{"a reserved word", "not", map[string]string{"a": "timer"}, failure.Usage, "making templates"},
		{"a key with delimiters", "a_ref_b", map[string]string{"timer": "x"}, failure.Usage, "making templates"},
		{"a name that cannot be quoted", "source", map[string]string{"{it's": "x"}, failure.Usage, "making templates"},
	} {
		v, err := render.NewInverse(map[string]string{c.key: "timer"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = v.Component(set(t, c.files), true)
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("%s: %v, hint %q", c.name, err, failure.Hint(err))
		}
	}
	// duplicate, empty, not UTF-8
	for _, keys := range []map[string]string{{"a": "x", "b": "x"}, {"a": ""}, {"a": "\xff"}} {
		if _, err := render.NewInverse(keys); !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
			t.Errorf("keys %q: %v", keys, err)
		}
	}
}

// FuzzInverse checks that the component renders to the original files.
func FuzzInverse(f *testing.F) {
	for _, seed := range []string{"", "timer\n", "timer\r\n", "{timer", "{{ timer }}\n\n",
		"{% raw %}timer{% endraw %}", "{#timer#}{{{", "timer\x00", "# timer\n## x"} {
		f.Add(seed, "timer.py", "timer")
		f.Add(seed, "_ref_timer_fer_/a.jinja", "time")
		f.Add(seed, "{{x}}.jinja.jinja", "{")
		f.Add(seed, "it's", "\n")
	}
	f.Fuzz(func(t *testing.T, data, path, text string) {
		files, err := fileset.New([]fileset.File{{Path: path, Mode: fileset.Executable, Data: []byte(data)}})
		if err != nil || fileset.CheckPath(path) != nil {
			return
		}
		v, err := render.NewInverse(map[string]string{"key": text})
		if err != nil {
			return
		}
		for _, dir := range []bool{true, false} {
			component, err := v.Component(files, dir)
			if err != nil {
				if failure.KindOf(err) == failure.Other {
					t.Errorf("%q: %v", data, err)
				}
				continue
			}
			back, err := render.Component(component, dir, render.Context{"key": text}, render.Options{})
			if err != nil || !bytes.Equal(back.Files[0].Data, []byte(data)) || dir && back.Files[0].Path != path ||
				back.Files[0].Mode != fileset.Executable {
				t.Errorf("%q at %q comes back as %v, %v", data, path, back.Files, err)
			}
		}
	})
}
