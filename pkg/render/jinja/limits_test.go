package jinja

import (
	"errors"
	"runtime"
	"strings"
	"testing"
	"time"
)

func nest(open, inside, end string, n int) string {
	return strings.Repeat(open, n) + inside + strings.Repeat(end, n)
}

// overLimit are templates that exceed a limit.
var overLimit = map[string]string{
	"output":                 "{% for i in range(1000) %}{{ 'x' * 100000 }}{% endfor %}",
	"output of text":         "{% for i in range(100000) %}" + strings.Repeat("x", 1000) + "{% endfor %}",
	"steps of loops":         "{% for a in range(10000) %}{% for b in range(10000) %}{% endfor %}{% endfor %}",
	"a long range":           "{{ range(2000000000)|list|length }}",
	"a range beyond 32 bits": "{{ range(10 ** 12) }}",
	"the sum of a range":     "{{ range(2000000000)|sum }}",
	"a filtered range":       "{% for i in range(2000000000) if false %}{% endfor %}",
	"an item of a range":     "{{ -1.5 in range(2000000000)|map('float') }}",
	"repeated text":          "{{ 'x' * 10 ** 15 }}",
	"repeated lists":         "{{ ([1] * 10 ** 9)|length }}",
	"repeated empty lists":   "{{ [] * 10 ** 18 }}{{ ([1] * 10 ** 18)|length }}",
	"doubled text": "{% set ns = namespace(s='x') %}{% for i in range(64) %}" +
		"{% set ns.s = ns.s ~ ns.s %}{% endfor %}",
	"added text": "{% set ns = namespace(s='x') %}{% for i in range(64) %}" +
		"{% set ns.s = ns.s + ns.s %}{% endfor %}",
	"doubled lists": "{% set ns = namespace(s=[1]) %}{% for i in range(64) %}" +
		"{% set ns.s = ns.s + ns.s %}{% endfor %}",
	"a list that grows itself": "{% set l = [1] %}{% for i in l %}{% set _ = l.append(i) %}{% endfor %}",
	"a list that doubles":      "{% set l = [1] %}{% for i in range(64) %}{% set _ = l.extend(l) %}{% endfor %}",
	"captured text": "{% set ns = namespace(s='x') %}{% for i in range(64) %}{% set s %}{{ ns.s }}{{ ns.s }}" +
		"{% endset %}{% set ns.s = s %}{% endfor %}",
	"replaced text":     "{{ ('x' * 100000).replace('x', 'y' * 100000)|length }}",
	"filter replace":    "{{ ('x' * 100000)|replace('', 'y' * 100000)|length }}",
	"joined text":       "{{ (range(10000)|join('x' * 100000))|length }}",
	"method join":       "{{ ('x' * 100000).join('y' * 10000)|length }}",
	"indented text":     "{{ ('x\n' * 10000)|indent(100000)|length }}",
	"a wide center":     "{{ 'x'|center(10 ** 10) }}",
	"a wide ljust":      "{{ 'x'.ljust(10 ** 10) }}",
	"a wide zfill":      "{{ 'x'.zfill(10 ** 10) }}",
	"a wide tab":        "{{ '\t'.expandtabs(10 ** 10) }}",
	"a wide conversion": "{{ '%9999999999d' % 1 }}",
	"a wide precision":  "{{ '%.9999999999f' % 1 }}",
	"a wide star":       "{{ '%*d' % (10 ** 12, 1) }}",
	"a wide format":     "{{ '{:9999999999}'.format(1) }}",
	"many slices":       "{{ [1]|slice(10 ** 10)|list|length }}",
	"a filled batch":    "{{ [1]|batch(10 ** 10, 0)|list|length }}",
	"a wide json":       "{{ [[[1]]]|tojson(10 ** 10) }}",
	"nested json": "{% set ns = namespace(l=[]) %}{% for i in range(100000) %}{% set ns.l = [ns.l] %}{% endfor %}" +
		"{{ ns.l|tojson }}",
	"nested lists printed": "{% set ns = namespace(l=[]) %}{% for i in range(10000) %}{% set ns.l = [ns.l] %}" +
		"{% endfor %}{{ ns.l }}",
	"nested lists compared": "{% set a = namespace(l=[]) %}{% set b = namespace(l=[]) %}{% for i in range(10000) %}" +
		"{% set a.l = [a.l] %}{% set b.l = [b.l] %}{% endfor %}{{ a.l == b.l }}",
	"nested tuples as a key": "{% set a = namespace(l=()) %}{% for i in range(10000) %}{% set a.l = (a.l,) %}" +
		"{% endfor %}{{ {a.l: 1} }}",
	"shared lists printed": "{% set ns = namespace(l=[1]) %}{% for i in range(60) %}{% set ns.l = [ns.l, ns.l] %}" +
		"{% endfor %}{{ ns.l }}",
	"shared tuples as a key": "{% set ns = namespace(l=(1,)) %}{% for i in range(60) %}" +
		"{% set ns.l = (ns.l, ns.l) %}{% endfor %}{{ {ns.l: 1} }}",
	"a macro that calls itself": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
	"macros that double":        "{% macro m(n) %}{{ m(n + 1) }}{{ m(n + 1) }}{% endmacro %}{{ m(0) }}",
	"a recursive loop":          "{% for x in [1] recursive %}{{ loop([1]) }}{% endfor %}",
	"an include of itself":      "{% include 'self' %}",
	"an extends of itself":      "{% extends 'ext' %}",
	"an import of itself":       "{% import 'imp' as x %}",
	"a block in itself":         "{% block a %}{{ self.a() }}{% endblock %}",
	"nested parentheses":        "{{ " + nest("(", "1", ")", 2000) + " }}",
	"nested lists":              "{{ " + nest("[", "1", "]", 2000) + " }}",
	"nested dicts":              "{{ " + nest("{1:", "1", "}", 2000) + " }}",
	"nested signs":              "{{ " + nest("-", "1", "", 2000) + " }}",
	"nested nots":               "{{ " + nest("not ", "1", "", 2000) + " }}",
	"nested conditions":         "{{ " + nest("1 if 1 else ", "1", "", 2000) + " }}",
	"a long sum":                "{{ 1" + strings.Repeat("+1", 2000) + " }}",
	"a long chain of dots":      "{{ a" + strings.Repeat(".a", 2000) + " }}",
	"a long chain of filters":   "{{ 1" + strings.Repeat("|abs", 2000) + " }}",
	"a long chain of calls":     "{{ a" + strings.Repeat("()", 2000) + " }}",
	"a long chain of ifs":       "{{ 1" + strings.Repeat(" if 1", 2000) + " }}",
	"nested ifs":                nest("{% if 1 %}", "x", "{% endif %}", 2000),
	"nested loops":              nest("{% for x in [1] %}", "x", "{% endfor %}", 2000),
	"a source of many tokens":   "{{ [" + strings.Repeat("1,", 100000) + "] }}",
	"a long text searched": "{% set s = 'x' * 3000000 %}{% for i in range(100000) %}" +
		"{% if s.find('y') > 0 or 'y' in s or s == 'z' %}{% endif %}{% endfor %}",
	"a long key":        "{% set s = 'x' * 3000000 %}{% for i in range(100000) %}{{ {}[s] is defined }}{% endfor %}",
	"long texts sorted": "{{ (['X' * 100000] * 1000)|sort|length }}",
	"nested targets":    "{% set " + nest("(", "a", ",)", 2000) + " = 1 %}",
}

// TestLimits checks that templates are bounded, and that exceeding a limit is an error that says so.
func TestLimits(t *testing.T) {
	for name, template := range overLimit {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"self": "{% include 'self' %}", "ext": "{% extends 'ext' %}",
				"imp": "{% import 'imp' as x %}"}
			load := func(name string) (string, bool) { s, ok := files[name]; return s, ok }
			s, err := NewSet(load, nil, true, testLimits)
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			out, err := s.Render("t", template)
			runtime.ReadMemStats(&after)
			e := new(Error)
			if !errors.As(err, &e) || !e.Limit {
				t.Fatalf("Render = %.40q, %.200v; want an error about a limit", out, err)
			}
			if d := time.Since(start); d > 5*time.Second {
				t.Errorf("took %v", d)
			}
			if made := after.TotalAlloc - before.TotalAlloc; made > 256<<20 {
				t.Errorf("allocated %d MiB", made>>20)
			}
		})
	}
}

// TestErrors checks that errors have the position and the name of the right template.
func TestErrors(t *testing.T) {
	files := map[string]string{"inc": "ok\n  {{ nope }}", "lib": "{% macro m(x) %}\n{{ x.y.z }}{% endmacro %}"}
	for _, c := range []struct{ template, want string }{
		// a name
		{"a\nb {{ foo }}", `t: line 2, column 6: undefined name "foo"`},
		// CRLF
		{"a\r\n\r\n{{ foo }}", `t: line 3, column 4: undefined name "foo"`},
		// columns are characters
		{"世界{{ foo }}", `t: line 1, column 6: undefined name "foo"`},
		// the position of the name, not of its use
		{"{% set x = foo %}\n{{ x }}", `t: line 1, column 12: undefined name "foo"`},
		// in an included template
		{"{% include 'inc' %}", `inc: line 2, column 6: undefined name "nope"`},
		// in an imported macro
		{"{% import 'lib' as l %}{{ l.m({}) }}",
			`lib: line 2, column 5: a value of type "dict" has no attribute or item "y"`},
		// a missing template
		{"{% include 'no' %}", `t: line 1, column 4: no template "no" in the component`},
		// types
		{"{{ 1 + 'a' }}", `t: line 1, column 6: the operator "+" does not support "int" and "str"`},
		// a filter
		{"{{ 'a'|nope }}", `t: line 1, column 8: no filter named "nope"`},
		// a test
		{"{{ 1 is nope }}", `t: line 1, column 9: no test named "nope"`},
		// a tag
		{"{% nope %}", `t: line 1, column 4: unknown tag "nope"`},
		// a wrong end tag
		{"{% if 1 %}\n{% endfor %}", `t: line 2, column 4: unknown tag "endfor", expected elif or else or endif`},
		// no end tag
		{"{% if 1 %}\nx", `t: line 2, column 2: unexpected end of template, expected elif or else or endif`},
		// an unclosed print statement
		{"{{ 1", `t: line 1, column 5: expected end of print statement, found end of template`},
		// an unclosed string
		{"{{ 'a", `t: line 1, column 4: unexpected character '\''`},
		// an unclosed comment
		{"{# a", `t: line 1, column 1: this comment has no end`},
		// an invalid character
		{"{{ 1 $ 2 }}", `t: line 1, column 6: unexpected character '$'`},
		// brackets
		{"{{ (1] }}", `t: line 1, column 6: unexpected "]", expected ")"`},
		// an unsupported filter
		{"{{ [1]|random }}",
			`t: line 1, column 8: the filter random, whose result is random, is not supported by ppm`},
	} {
		load := func(name string) (string, bool) { s, ok := files[name]; return s, ok }
		s, err := NewSet(load, nil, false, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		_, err = s.Render("t", c.template)
		e := new(Error)
		if !errors.As(err, &e) || e.Name+": "+e.Error() != c.want {
			t.Errorf("%q: %s: %v, want %s", c.template, e.Name, err, c.want)
		}
	}
}

// FuzzRender checks that no template causes a bug of the engine, and that rendering is deterministic.
func FuzzRender(f *testing.F) {
	for _, r := range readRows(f, "cases.jsonl")[1:] {
		f.Add(r.Template)
	}
	f.Fuzz(func(t *testing.T, template string) {
		limits := Limits{Output: 1 << 16, Memory: 1 << 20, Steps: 20_000, Depth: 100}
		run := func() (string, error) {
			s, err := NewSet(func(string) (string, bool) { return template, true },
				map[string]any{"name": "x", "n": 3}, false, limits)
			if err != nil {
				t.Fatal(err)
			}
			return s.Render("t", template)
		}
		out, err := run()
		if err != nil && strings.Contains(err.Error(), "engine failed") {
			t.Fatal(err)
		}
		if len(out) > limits.Output {
			t.Fatalf("%d bytes of output", len(out))
		}
		if again, err2 := run(); again != out || (err == nil) != (err2 == nil) {
			t.Fatalf("%q, then %q", out, again)
		}
	})
}
