package jinja

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// A row is a case of the corpus, or its result in Python's Jinja2.
type row struct {
	Name     string
	Template string
	Keys     map[string]any
	Files    map[string]string
	Lenient  bool

	Output   *string
	Error    string
	Unstable bool
}

func readRows(t testing.TB, file string) []row {
	t.Helper()
	data, err := os.ReadFile("../../../testdata/jinja/" + file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []row
	for line := range bytes.Lines(data) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v in %.80s", file, err, line)
		}
		rows = append(rows, r)
	}
	return rows
}

// testLimits are sufficient for every case, and low enough for infinite ones.
var testLimits = Limits{Output: 1 << 20, Memory: 4 << 20, Steps: 200_000, Depth: 300}

func render(t testing.TB, r row, keys map[string]any) (string, error) {
	t.Helper()
	return caseSet(t, r, caseKeys(r, keys)).Render(r.Name, r.Template)
}

// caseKeys returns the keys of a case and the common keys, as a caller passes them.
func caseKeys(r row, keys map[string]any) map[string]any {
	all := maps.Clone(keys)
	maps.Copy(all, r.Keys)
	for name, v := range all {
		switch v := v.(type) {
		case float64:
			all[name] = int(v)
		case []any:
			var list []string
			for _, s := range v {
				list = append(list, s.(string))
			}
			all[name] = list
		}
	}
	return all
}

func caseSet(t testing.TB, r row, keys map[string]any) *Set {
	t.Helper()
	load := func(name string) (string, bool) { s, ok := r.Files[name]; return s, ok }
	s, err := NewSet(load, keys, r.Lenient, testLimits)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestCorpus checks that every case has the same result as in Python's Jinja2, or is an error that docs/jinja.md
// lists.
func TestCorpus(t *testing.T) {
	cases, golden := readRows(t, "cases.jsonl"), readRows(t, "golden.jsonl")
	shared := cases[0].Keys
	if cases = cases[1:]; len(cases) != len(golden) {
		t.Fatalf("%d cases, but %d results: run generate.py", len(cases), len(golden))
	}
	unsupported := map[string]bool{}
	for i, c := range cases {
		want := golden[i]
		if want.Name != c.Name {
			t.Fatalf("case %q has the result of %q: run generate.py", c.Name, want.Name)
		}
		got, err := render(t, c, shared)
		switch e, _ := err.(*Error); {
		case err == nil && want.Output == nil:
			t.Errorf("%s: %q gives %q, but fails in Python's Jinja2 with a %s", c.Name, c.Template, got, want.Error)
		case err == nil && got != *want.Output:
			t.Errorf("%s: %q gives\n%q, want\n%q", c.Name, c.Template, got, *want.Output)
		case err != nil && (e == nil || e.Line < 1 || e.Col < 1 || e.Message == "" ||
			strings.Contains(e.Message, "engine failed")):
			t.Errorf("%s: %q fails without a position or message: %v", c.Name, c.Template, err)
		case err != nil && (want.Output != nil || want.Unstable):
			unsupported[c.Name] = true
		}
	}
	listed := map[string]bool{}
	for _, name := range documented(t, "| What | Cases |", "## Limits", "`([\\w-]+/[\\w-]+)`") {
		if listed[name] {
			t.Errorf("docs/jinja.md lists %q twice", name)
		}
		listed[name] = true
	}
	for name := range unsupported {
		if !listed[name] {
			t.Errorf("%s is an error in ppm only, but docs/jinja.md does not list it", name)
		}
	}
	for name := range listed {
		if !unsupported[name] {
			t.Errorf("docs/jinja.md lists %s, which is not an error in ppm only", name)
		}
	}
}

// documented returns the matches of the pattern in a part of docs/jinja.md.
func documented(t *testing.T, from, to, pattern string) []string {
	t.Helper()
	data, err := os.ReadFile("../../../docs/jinja.md")
	if err != nil {
		t.Fatal(err)
	}
	_, part, ok := strings.Cut(string(data), from)
	part, _, ok2 := strings.Cut(part, to)
	if !ok || !ok2 {
		t.Fatalf("docs/jinja.md has no part from %q to %q", from, to)
	}
	var found []string
	for _, m := range regexp.MustCompile(pattern).FindAllStringSubmatch(part, -1) {
		found = append(found, m[1])
	}
	return found
}

// TestDocumentedAndTested checks that docs/jinja.md lists all filters, tests and functions, and that the corpus uses
// them.
func TestDocumentedAndTested(t *testing.T) {
	cases, golden := readRows(t, "cases.jsonl")[1:], readRows(t, "golden.jsonl")
	unsupported := []string{"lipsum", "pprint", "random", "striptags", "urlize"}
	for _, c := range []struct {
		from, to string
		names    []string
		use      string // a pattern for uses of NAME
	}{
		{"Filters:", "Tests:", slices.Collect(maps.Keys(filters())), `\|\s*NAME\b|filter NAME\b`},
		{"Tests:", "Functions:", slices.Collect(maps.Keys(tests())),
			`is (not )?NAME([ (]|\b)|(select|reject)(attr)?\(('\w+', )?'NAME'`},
		{"Functions:", "Methods", slices.Collect(maps.Keys(functions())), `\bNAME\(`},
	} {
		slices.Sort(c.names)
		c.names = slices.DeleteFunc(c.names, func(name string) bool { return slices.Contains(unsupported, name) })
		if listed := documented(t, c.from, c.to, "`([^`]+)`"); !slices.Equal(listed, c.names) {
			t.Errorf("docs/jinja.md lists after %q\n%q, want\n%q", c.from, listed, c.names)
		}
		for _, name := range c.names {
			use := regexp.MustCompile(strings.ReplaceAll(c.use, "NAME", regexp.QuoteMeta(name)))
			tested := false
			for i := range cases {
				tested = tested || golden[i].Output != nil && use.MatchString(cases[i].Template)
			}
			if !tested {
				t.Errorf("no case with an output uses %q", name)
			}
		}
	}
}
