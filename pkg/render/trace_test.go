package render_test

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// formatLines formats lines as FILE:LINE+FILE:LINE(KEYS|CONDITION KEYS).
func formatLines(lines []render.Line) []string {
	out := []string{}
	for _, l := range lines {
		var from []string
		for _, p := range l.Positions {
			from = append(from, fmt.Sprintf("%s:%d", p.File, p.Line))
		}
		out = append(out, fmt.Sprintf("%s(%s|%s)", strings.Join(from, "+"), strings.Join(l.Keys, ","),
			strings.Join(l.ConditionKeys, ",")))
	}
	return out
}

func TestTraceFile(t *testing.T) {
	for name, c := range map[string]struct {
		file, text string
		rendered   bool
		keys       []string
		lines      []string
	}{
		"a copy":                       {"x", "one\ntwo {{ n }}\n", false, nil, []string{"x:1(|)", "x:2(|)"}},
		"a copy without final newline": {"x", "one\r\n\r\ntwo", false, nil, []string{"x:1(|)", "x:2(|)", "x:3(|)"}},
		"a binary copy":                {"x", "\xff\xfe\n\x00\n", false, nil, []string{"x:1(|)", "x:2(|)"}},
		"an empty copy":                {"x", "", false, nil, []string{}},
		"an empty template":            {"x.jinja", "", true, nil, []string{}},
		"lines and a key": {"x.jinja", "one\ntwo {{ n }} {{ source }}\n\nthree\n", true,
			[]string{"n", "source"}, []string{"x.jinja:1(|)", "x.jinja:2(n,source|)", "x.jinja:3(|)", "x.jinja:4(|)"}},
		"one line from three": {"x.jinja", "a {%- if on %}\n{{ n }}{% endif -%}\n c", true,
			[]string{"n", "on"}, []string{"x.jinja:1(|on)", "x.jinja:2+x.jinja:3(n|on)"}},
		"white space around tags": {"x.jinja", "  {% if on %}\nx\n  {% endif %}\ny", true, []string{"on"},
			[]string{"x.jinja:1(|on)", "x.jinja:2(|on)", "x.jinja:3(|on)", "x.jinja:4(|)"}},
		"a loop": {"x.jinja", "{% for t in tags %}- {{ t }}\n{% endfor %}end", true,
			[]string{"tags"}, []string{"x.jinja:1(tags|tags)", "x.jinja:1(tags|tags)", "x.jinja:2(|)"}},
		"an include": {"x.jinja", "a\n{% include 'y' %}", true, []string{"n"},
			[]string{"x.jinja:1(|)", "y:1(|)", "y:2(n|)"}},
		"a name": {"d_ref_source_fer_/x_ref_n_fer_.jinja", "{{ source }}", true,
			[]string{"source"}, []string{"d_ref_source_fer_/x_ref_n_fer_.jinja:1(source|)"}},
	} {
		files := set(t, map[string]string{c.file: c.text, "y": "y\n{{ n }}"})
		trace, err := render.TraceFile(files, true, c.file, keys, render.Options{})
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got := formatLines(trace.Lines(0, 100)); trace.Rendered != c.rendered ||
			!slices.Equal(trace.Keys, c.keys) || !slices.Equal(got, c.lines) {
			t.Errorf("%s: %v, keys %q, lines\n%q, want %v, %q\n%q", name, trace.Rendered, trace.Keys, got, c.rendered,
				c.keys, c.lines)
		}
		for i := range c.lines {
			if got := formatLines(trace.Lines(i, i+1)); !slices.Equal(got, c.lines[i:i+1]) {
				t.Errorf("%s: Lines of line %d = %q", name, i, got)
			}
		}
		whole, err := render.Component(files, true, keys, render.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range whole.Files {
			if whole.Source[f.Path] == c.file && !bytes.Equal(f.Data, trace.Data) {
				t.Errorf("%s: the trace has %q, the component has %q", name, trace.Data, f.Data)
			}
		}
		if want := strings.Contains(c.file, "_ref_"); want != slices.Equal(trace.NameKeys, []string{"n", "source"}) {
			t.Errorf("%s: NameKeys = %q", name, trace.NameKeys)
		}
	}
}

func TestTraceFileOfAFileComponent(t *testing.T) {
	files := fileset.Set{{Path: "_ref_n_fer_.jinja", Data: []byte("{{ n }}")}}
	trace, err := render.TraceFile(files, false, "_ref_n_fer_.jinja", keys, render.Options{})
	if got := formatLines(trace.Lines(0, 9)); err != nil || trace.NameKeys != nil ||
		!slices.Equal(got, []string{"_ref_n_fer_.jinja:1(n|)"}) {
		t.Errorf("%q, %q, %v", trace.NameKeys, got, err)
	}
}

func TestTraceFileErrors(t *testing.T) {
	files := set(t, map[string]string{"x.jinja": "\n{{ foo }}", "_ref_foo_fer_": "", "y": ""})
	for name, c := range map[string]struct {
		file string
		kind failure.Kind
		want string
	}{
		"no such file": {"z", failure.Other, `the component has no such file`},
		"an undefined name": {"x.jinja", failure.Usage,
			`rendering "x.jinja": line 2, column 4: undefined name "foo"`},
		"an undefined name in a name": {"_ref_foo_fer_", failure.Usage, `undefined name "foo"`},
		"a valid file":                {"y", 0, ""},
	} {
		_, err := render.TraceFile(files, true, c.file, keys, render.Options{})
		if c.kind == 0 && err == nil {
			continue
		}
		if failure.KindOf(err) != c.kind || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v of kind %v, want %q of kind %v", name, err, failure.KindOf(err), c.want, c.kind)
		}
	}
}
