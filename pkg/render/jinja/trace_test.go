package jinja

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestTraceCorpus checks for each case of the corpus that its spans form the result and have the right positions.
func TestTraceCorpus(t *testing.T) {
	cases := readRows(t, "cases.jsonl")
	shared := cases[0].Keys
	for _, c := range cases[1:] {
		keys := caseKeys(c, shared)
		want, err := caseSet(t, c, keys).Render(c.Name, c.Template)
		trace, traceErr := caseSet(t, c, keys).Trace(c.Name, c.Template)
		if fmt.Sprint(err) != fmt.Sprint(traceErr) {
			t.Errorf("%s: Render fails with %v, Trace with %v", c.Name, err, traceErr)
		}
		var got strings.Builder
		for _, s := range trace.Spans {
			got.WriteString(s.Text)
			source, ok := c.Files[s.Name]
			if s.Name == c.Name {
				source, ok = c.Template, true
			}
			lines := strings.SplitAfter(normalize(source), "\n")
			last := s.Line
			if s.Verbatim {
				last += strings.Count(s.Text, "\n")
			}
			if last == len(lines)+1 && strings.HasSuffix(s.Text, "\n") {
				last-- // the final newline
			}
			if !ok || s.Line < 1 || last > len(lines) {
				t.Errorf("%s: %q has the invalid position line %d of %q", c.Name, s.Text, s.Line, s.Name)
			} else if s.Verbatim && !strings.Contains(strings.Join(lines[s.Line-1:], ""), s.Text) {
				t.Errorf("%s: %q is not in line %d of %q", c.Name, s.Text, s.Line, s.Name)
			}
			for _, key := range slices.Concat(s.Keys, s.ConditionKeys) {
				if _, ok := keys[key]; !ok || !slices.Contains(trace.Keys, key) {
					t.Errorf("%s: %q is not a key, or was not read", c.Name, key)
				}
			}
		}
		if got.String() != want {
			t.Errorf("%s: the spans are\n%q, want\n%q", c.Name, got.String(), want)
		}
	}
}

// show formats the spans that are not blank as TEMPLATE:LINE(KEYS|CONDITION KEYS)TEXT.
func show(spans []Span) []string {
	var out []string
	for _, s := range spans {
		if strings.TrimSpace(s.Text) != "" {
			out = append(out, fmt.Sprintf("%s:%d(%s|%s)%s", s.Name, s.Line, strings.Join(s.Keys, ","),
				strings.Join(s.ConditionKeys, ","), strings.Trim(s.Text, "\n")))
		}
	}
	return out
}

var traceCases = map[string]struct {
	template string
	want     []string
}{
	"text":               {"one\ntwo", []string{"t:1(|)one\ntwo"}},
	"text after a strip": {"{{ a -}}\n\n two", []string{"t:1(a|)A", "t:3(|)two"}},
	"a raw block":        {"\n{% raw -%}\n{{ x }}{% endraw %}", []string{"t:3(|){{ x }}"}},
	"a key":              {"\nx {{ a|lower }}", []string{"t:1(|)x ", "t:2(a|)a"}},
	"a key of two lines": {"\n{{ two }}", []string{"t:2(two|)1\n2"}},
	"no key":             {"{{ 1 + 1 }}", []string{"t:1(|)2"}},
	"a condition":        {"{% if a %}\nyes\n{% endif %}no", []string{"t:1(|a)yes", "t:3(|)no"}},
	"another branch": {"{% if b %}1{% elif n == 3 %}2{% else %}\n3{% endif %}",
		[]string{"t:1(|b,n)3"}},
	"a nested condition": {"{% if a %}{% if n %}x{% endif %}y{% endif %}",
		[]string{"t:1(|a,n)x", "t:1(|a)y"}},
	"a loop": {"{% for i in list %}\n- {{ i }}{% endfor %}",
		[]string{"t:1(|list)- ", "t:2(list|list)x", "t:1(|list)- ", "t:2(list|list)y"}},
	"a loop's filter": {"{% for i in 'pq' if a %}\n{{ i }}{% endfor %}",
		[]string{"t:2(|a)p", "t:2(|a)q"}},
	"a loop's else": {"{% for i in b %}{% else %}\nnone{% endfor %}", []string{"t:1(|b)none"}},
	"a recursive loop": {"{% for i in [[a]] recursive %}\n{% if i is string %}{{ i }}{% else %}{{ loop(i) }}" +
		"{% endif %}{% endfor %}", []string{"t:2(a|a)A"}},
	"a variable":            {"{% set v = a ~ n %}\n{{ v }}", []string{"t:2(a,n|)A2"}},
	"a variable over a key": {"{% set a = 1 %}\n{{ a }}", []string{"t:2(|)1"}},
	"two variables":         {"{% set v, w = a, n %}\n{{ v }}", []string{"t:2(a,n|)A"}},
	"a namespace": {
		"{% set ns = namespace(x=1) %}{% for i in list %}{% set ns.x = i %}{% endfor %}\n{{ ns.x }}",
		[]string{"t:2(list|)y"}},
	"with": {"{% with v = a %}\n{{ v }}{% endwith %}", []string{"t:2(a|)A"}},
	"a set block": {"{% set v %}\nx {{ a }}{% endset %}\n{{ v }}",
		[]string{"t:1(|)x ", "t:2(a|)A"}},
	"a set block and a key": {"{% set v %}A{% endset %}\n{{ a }}", []string{"t:2(a|)A"}},
	"a set block in a condition": {"{% set v %}\nx{% endset %}{% if a %}{{ v }}{% endif %}",
		[]string{"t:1(|a)x"}},
	"a set block, filtered": {"{% set v | upper %}\nx {{ a }}{% endset %}{{ v }}", []string{"t:2(a|)X A"}},
	"a macro": {"{% macro m(x, y) %}\n{{ x }} {{ y }}{% endmacro %}\n{{ m(a, y=n) }}",
		[]string{"t:2(a|)A", "t:2(n|)2"}},
	"a macro's default": {"{% macro m(x=a) %}\n{{ x }}{% endmacro %}\n{{ m() }}", []string{"t:2(a|)A"}},
	"a macro, indented": {"{% macro m(x) %}\none\ntwo {{ x }}\n{% endmacro %}\n\n{{ m(a)|indent(2) }}",
		[]string{"t:2(|)  one", "t:3(a|)  two A"}},
	"a macro, trimmed": {"{% macro m() %}\n\none\n{% endmacro %}{{ m()|trim }}", []string{"t:3(|)one"}},
	"a macro, reversed": {"{% macro m(x) %}\none{{ x }}\ntwo{% endmacro %}\n{{ m(a)|reverse }}",
		[]string{"t:4(a|)owt\nAeno"}},
	"a macro, concatenated": {"{% macro m(x) %}\n{{ x }}{% endmacro %}\n{{ m(a) ~ n }}",
		[]string{"t:3(a,n|)A2"}},
	"the first letter of a macro": {"{% macro m() %}A{% endmacro %}\n{{ m()|first }}{{ a }}",
		[]string{"t:1(|)A", "t:2(a|)A"}},
	"a call": {
		"{% macro m() %}<\n{{ caller() }}>{% endmacro %}\n\n{% call m() %}\nin {{ a }}{% endcall %}",
		[]string{"t:1(|)<", "t:4(|)in ", "t:5(a|)A", "t:2(|)>"}},
	"a filter block": {"{% filter upper %}\nx\ny {{ a }}\n{% endfilter %}",
		[]string{"t:2(|)X", "t:3(a|)Y A"}},
	"a filter block with others": {"{% filter replace('x', a) %}\nx{% endfilter %}", []string{"t:1(a|)A"}},
	"an include": {"{% set v = a %}\n{% include 'inc' %}",
		[]string{"inc:1(|)inc ", "inc:2(a|)A"}},
	"an include of a variable": {"{% set a = n %}\n{% include 'inc' %}",
		[]string{"inc:1(|)inc ", "inc:2(n|)2"}},
	"an include without context": {"{% include 'lib' without context %}", nil},
	"an import": {"{% from 'lib' import m %}\n{{ m(a) }}",
		[]string{"lib:1(|)lib ", "lib:2(a|)A"}},
	"an extended template": {
		"{% extends 'base' %}\n{% block body %}{{ super() }}\nmine {{ a }}{% endblock %}",
		[]string{"base:1(|)top", "base:2(|)base", "t:2(|)mine ", "t:3(a|)A", "base:2(|)end"}},
	"a scoped block": {
		"{% for i in list[:1] %}{% block z scoped %}\n{{ i }}{% endblock %}{% endfor %}",
		[]string{"t:2(list|list)x"}},
	"CRLF": {"one\r\ntwo {{ a }}\r\n", []string{"t:1(|)one\ntwo ", "t:2(a|)A"}},
}

func TestTrace(t *testing.T) {
	keys := map[string]any{"a": "A", "b": "", "n": 2, "list": []string{"x", "y"}, "two": "1\n2"}
	files := map[string]string{
		"inc":  "\ninc {{ a }}",
		"lib":  "{% macro m(x) %}\nlib {{ x }}{% endmacro %}",
		"base": "top\n{% block body %}base{% endblock %}\nend",
	}
	for name, c := range traceCases {
		s, err := NewSet(func(name string) (string, bool) { text, ok := files[name]; return text, ok }, keys, false,
			testLimits)
		if err != nil {
			t.Fatal(err)
		}
		trace, err := s.Trace("t", c.template)
		if got := show(trace.Spans); err != nil || !slices.Equal(got, c.want) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}

func TestTraceKeys(t *testing.T) {
	s, err := NewSet(nil, map[string]any{"a": "1", "b": "2", "c": "3"}, false, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	trace, err := s.Trace("t", "{% set v = b %}{% if a %}{{ b }}{% else %}{{ c }}{% endif %}")
	if want := []string{"b", "a"}; err != nil || !slices.Equal(trace.Keys, want) {
		t.Errorf("Keys = %q, %v, want %q", trace.Keys, err, want)
	}
}

// TestTraceLimits checks that the spans of text that is captured once and written many times count as steps.
func TestTraceLimits(t *testing.T) {
	template := "{% set v %}" + strings.Repeat("{{ 1 }}",
		1000) + "{% endset %}{% for i in range(1000) %}{{ v }}{% endfor %}"
	newSet := func() *Set {
		s, err := NewSet(nil, nil, false, testLimits)
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if _, err := newSet().Render("t", template); err != nil {
		t.Fatal(err)
	}
	_, err := newSet().Trace("t", template)
	if e, ok := err.(*Error); !ok || !e.Limit {
		t.Errorf("Trace with a million spans = %v", err)
	}
}

// TestRenderWithoutTrace checks that rendering without a tracer records nothing.
func TestRenderWithoutTrace(t *testing.T) {
	s, err := NewSet(nil, map[string]any{"a": "1"}, false,
		Limits{Output: 1 << 30, Memory: 1 << 30, Steps: 1 << 30, Depth: 100})
	if err != nil {
		t.Fatal(err)
	}
	var out *output
	if out, err = s.render("t", "{% set v %}{{ a }}{% endset %}{% for i in [1] %}{{ v }}{{ a|upper }}{% endfor %}",
		nil); err != nil || out.spans != nil || out.String() != "11" {
		t.Errorf("Render recorded %v, %v", out.spans, err)
	}
	var none *tracer
	if n := testing.AllocsPerRun(10, func() {
		before := none.beginReads()
		none.enterCondition(before)
		none.setOrigin(nil, "a", nil)
		none.addOrigin(nil, "a", nil)
		none.recordFilter(pos{}, "a", "b")
		none.leaveCondition(none.endReads(before))
	}); n != 0 {
		t.Errorf("a nil tracer makes %v allocations", n)
	}
}
