package tomldoc_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

type schema struct {
	Name  string            `toml:"name"`
	Count int               `toml:"count"`
	Flag  bool              `toml:"flag"`
	Date  time.Time         `toml:"date"`
	List  []string          `toml:"list"`
	Maybe *string           `toml:"maybe"`
	Words map[string]string `toml:"words"`
	Any   any               `toml:"any"`
	Sub   sub               `toml:"sub"`
	Subs  []sub             `toml:"subs"`
	Named map[string]sub    `toml:"named"`
}

type sub struct {
	A    string `toml:"a"`
	Deep []sub2 `toml:"deep"`
}

type sub2 struct {
	B int `toml:"b"`
}

const document = "\ufeff" + `name = "x" # comment
count = 3
flag = true
date = 2024-01-01T00:00:00Z
list = [ # first
  "a", # second
  'b'
]
maybe = ""
words.a = "1"
any.x = [1, {y = 2}]
named = { "k.1" = { a = "x" }, "k.a" = {}, k.a = "y" }
[any.z]
free = "form"
[[any.t]]
[sub]
a = '''
[subs]
'''
[[subs]]
a = "0"
[[subs.deep]]
b = 1
[[subs]]
deep = [{ b = 2 }, { b = 3 }]
`

func TestDecode(t *testing.T) {
	var got schema
	d, err := tomldoc.Decode("f", []byte(document), &got)
	if err != nil {
		t.Fatal(err)
	}
	empty := ""
	want := schema{
		Name: "x", Count: 3, Flag: true, Date: time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC), List: []string{"a", "b"},
		Maybe: &empty,
		Words: map[string]string{"a": "1"},
		Any: map[string]any{"x": []any{int64(1), map[string]any{"y": int64(2)}},
			"z": map[string]any{"free": "form"}, "t": []map[string]any{{}}},
		Sub: sub{A: "[subs]\n"}, Subs: []sub{{A: "0", Deep: []sub2{{1}}}, {Deep: []sub2{{2}, {3}}}},
		Named: map[string]sub{"k.1": {A: "x"}, "k.a": {}, "k": {A: "y"}},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("Decode:\n%+v, want\n%+v", got, want)
	}
	for path, line := range map[string]int{"name": 1, "list": 5, "list[0]": 6, "list[1]": 7, "words.a": 10,
		"sub": 16, "sub.a": 17, "subs[0]": 20, "subs[0].deep[0].b": 23, "subs[1].deep[1].b": 25, "nothing": 0} {
		if got := d.Line(path); got != line {
			t.Errorf("Line(%q) = %d, want %d", path, got, line)
		}
	}
	// The longest prefix in the document.
	if err := d.Errorf("subs[1].deep[7].c", "oops"); err.Error() != `reading "f": line 25: oops` {
		t.Errorf("Errorf: %v", err)
	}
	if err := d.Errorf("nothing", "oops"); err.Error() != `reading "f": oops` {
		t.Errorf("Errorf: %v", err)
	}
	for _, s := range d.Statements {
		raw := document[s.Start:s.End]
		if !strings.HasSuffix(raw, "\n") || strings.HasPrefix(raw, "\ufeff") || s.Kind == tomldoc.Field &&
			!strings.Contains(document[s.Start:s.ValueStart], "=") {
			t.Errorf("statement %+v is %q", s, raw)
		}
	}
	if s := d.Statements[4]; document[s.ValueStart:s.ValueEnd] != "[ # first\n  \"a\", # second\n  'b'\n]" {
		t.Errorf("the value of %q is %q", s.Key, document[s.ValueStart:s.ValueEnd])
	}
}

// TestDecodeLineEnds decodes the same text with both line endings.
func TestDecodeLineEnds(t *testing.T) {
	text := "name = \"\"\"\na\nb\\r\n\"\"\"\nlist = ['''c\nd''']\n[sub]\na = 'x'\n"
	want := schema{Name: "a\nb\r\n", List: []string{"c\nd"}, Sub: sub{A: "x"}}
	for _, end := range []string{"\n", "\r\n"} {
		var got schema
		d, err := tomldoc.Decode("f", []byte(strings.ReplaceAll(text, "\n", end)), &got)
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Fatalf("got %+v, %v, want %+v", got, err, want)
		}
		if line := d.Line("sub.a"); line != 8 {
			t.Errorf("sub.a is on line %d", line)
		}
	}
	var got schema
	_, err := tomldoc.Decode("f", []byte(strings.ReplaceAll(text, "\n", "\r\n")+"x = ]\r\n"), &got)
	if err == nil || !strings.Contains(err.Error(), "line 9:") {
		t.Errorf("got %v, want an error in line 9", err)
	}
}

// invalidTexts holds texts that Decode refuses, with a part of the error.
var invalidTexts = []struct{ text, want string }{
	{"nam = 1", `line 1: unknown field "nam"`},
	{"\n\n[sub]\nb = 1", `line 4: unknown field "sub.b"`},
	{"subs = [{a = 'x'}, {\nc = 1}]", `line 2: unknown field "subs[1].c"`},
	{"[[subs]]\n[[subs.deep]]\n[[subs]]\n[[subs.deep]]\nc = 1", `line 5: unknown field "subs[1].deep[0].c"`},
	{"[named.x.y]", `line 1: unknown field "named.x.y"`},
	{"name = 1", `field "name" must be a string, not an integer`},
	{"name = 1.5", `not a float`},
	{"name = true", `not a boolean`},
	{"name = ['a']", `not an array`},
	{"name = {a = 1}", `not a table`},
	{"name = 12:00:00", `not a time`},
	{"count = 'x'", `field "count" must be an integer, not a string`},
	{"count = 99999999999999999999", `line 1`}, // does not fit into an int
	{"flag = 1", `field "flag" must be true or false`},
	{"date = '2024'", `field "date" must be a date and time`},
	{"date = 2024-01-01T00:00:00", `not a date and time without offset`},
	{"list = 'a'", `field "list" must be an array of strings`},
	{"list = ['a', 1]", `field "list[1]" must be a string`},
	{"maybe = 1", `field "maybe" must be a string`},
	{"words = 'x'", `field "words" must be a table`},
	{"[words]\na = 1", `line 2: field "words.a" must be a string`},
	{"[[sub]]", `field "sub" must be a table, not an array of tables`},
	{"[subs]", `field "subs" must be an array of tables, not a table`},
	{"[name]", `field "name" must be a string, not a table`},
	{"name.x = 1", `field "name" must be a string, not a table`},
	{"[subs.deep]", `field "subs" must be an array of tables, not a table`}, // there is no table yet
	{"name = 'a'\nname = 'b'", `line 2`},
	{"[sub]\n[sub]", `line 2`},
	{"named.x.a = 'b'\nnamed.x = {}", `line 2`}, // a table by parts, then as a whole
	{"named.x.a = 'b'\nnamed.x = 'c'", `line 2`},
	{"subs = [{a = 'b'}]\nsubs.x = 1", `line 2`},
	{"[named.x]\n[named]\nx = {}", `line 3`},
	{"name = \"x\r\n", `line 1: strings cannot contain newlines`},
	{"\n[name\n\n", `line 2`},
	{"name = 'a'\n\n\x01", `line 3: TOML files cannot contain control characters`},
	{"\n\nname = \"\"\"\n\n\\q\n\n\"\"\"", `line 5: invalid escape`},
	{"\xff\xfen\x00", `line 1: the text is in UTF-16`},
	{"x", `line 1`},
	{"name = \"\xff\"", `line 1`},
	// Nested brackets.
	{"any = " + strings.Repeat("[", 1<<20), `line 1: tables and arrays are nested too deeply`},
	// Nested tables.
	{"any.x = " + strings.Repeat("{a=", 1<<20), `nested too deep`},
	// A key of a million parts.
	{"\n" + strings.Repeat("any.", 1<<20) + "x = 1", `line 2: tables and arrays are nested too deeply`},
	// A long path, stored a hundred times.
	{"[any." + strings.Repeat("x", 1<<20) + "]\n" + strings.Repeat("a = 1\n", 100), `line 64: the keys`},
}

func TestDecodeRefuses(t *testing.T) {
	for _, c := range invalidTexts {
		var s schema
		d, err := tomldoc.Decode("f", []byte(c.text), &s)
		if d != nil || !errors.Is(err, failure.Usage) || !strings.Contains(fmt.Sprint(err), c.want) ||
			failure.Hint(err) == "" {
			t.Errorf("Decode(%.80q): %v (hint %q), want an error with\n%s", c.text, err, failure.Hint(err), c.want)
		}
	}
	if _, err := tomldoc.Decode("f", make([]byte, tomldoc.MaxSize+1), new(schema)); !errors.Is(err, failure.Refused) {
		t.Errorf("Decode of too much: %v", err)
	}
}

func TestAppendAndCut(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "x\ny\n"},
		{"a\n", "a\n\nx\ny\n"},
		{"a", "a\n\nx\ny"},
		{"a\n\n", "a\n\n\nx\ny\n"},
		{"a\r\nb", "a\r\nb\r\n\r\nx\r\ny"},
		{"\n", "\n\nx\ny\n"},
		{" ", " \n\nx\ny"},
	} {
		got := string(tomldoc.Append([]byte(c.text), []string{"x", "y"}))
		if got != c.want {
			t.Errorf("Append to %q = %q, want %q", c.text, got, c.want)
		}
		if back := string(tomldoc.Cut([]byte(got), strings.Index(got, "x"), len(got))); back != c.text {
			t.Errorf("Cut of %q = %q, want %q", got, back, c.text)
		}
	}
	if got := string(tomldoc.Cut([]byte("x\n\nb\n"), 0, 2)); got != "b\n" {
		t.Errorf("Cut at the beginning = %q", got)
	}
	if got := string(tomldoc.Cut([]byte("a\nx\nb\n"), 2, 4)); got != "a\nb\n" {
		t.Errorf("Cut without a blank line = %q", got)
	}
}

func TestApply(t *testing.T) {
	edits := []tomldoc.Edit{{2, 3, ""}, {2, 2, "1"}, {2, 2, "2"}, {0, 1, "A"}}
	if got := string(tomldoc.Apply([]byte("abcd"), edits)); got != "Ab12d" {
		t.Errorf("Apply = %q", got)
	}
}

// fields has all types that Fields writes.
type fields struct {
	Text    string            `toml:"text"`
	Pointer *string           `toml:"pointer"`
	Number  int               `toml:"number"`
	Flag    bool              `toml:"flag"`
	List    []string          `toml:"list"`
	Map     map[string]string `toml:"map"`
	Any     map[string]any    `toml:"any"`
	Tables  []sub             `toml:"tables"` // left out
}

func TestFields(t *testing.T) {
	empty := ""
	for _, c := range []struct {
		fields fields
		want   string
	}{
		{fields{}, ""},
		{fields{List: []string{}, Map: map[string]string{}, Tables: []sub{{}}}, ""},
		{fields{Pointer: &empty}, `pointer = ""`}, // a pointer to an empty value is not empty
		{fields{Number: -1, Flag: true}, "number = -1\nflag = true"},
		// Sorted.
		{fields{Map: map[string]string{"odd key": "a", "b": "\"", "z": ""}},
			`map = { b = "\"", "odd key" = "a", z = "" }`},
		{fields{Any: map[string]any{"a": []string{}, "b": []string{"x", ""}}}, `any = { a = [], b = ["x", ""] }`},
	} {
		var lines []string
		for key, value := range tomldoc.Fields(&c.fields) {
			if value != "" {
				lines = append(lines, key+" = "+value)
			}
		}
		if got := strings.Join(lines, "\n"); got != c.want {
			t.Errorf("Fields(%+v):\n%s\nwant\n%s", c.fields, got, c.want)
		}
	}
}

func TestDecodeFieldRefuses(t *testing.T) {
	for _, line := range []string{`unknown = "a"`, `text = 1`, `text = "a`, `text = "a"b"`, `number = "1"`, `text`,
		``} {
		var f fields
		if err := tomldoc.DecodeField(line, &f); (err == nil) != (line == "") {
			t.Errorf("DecodeField(%q): %+v, %v", line, f, err)
		}
	}
}

func FuzzWrite(f *testing.F) {
	f.Add("key", "value")
	f.Add("", "\x00\x1f\x7f\u0085\u2028\"\\'\r\n\t\b\f")
	f.Add("a.b c", "名")
	f.Fuzz(func(t *testing.T, key, value string) {
		text := "[named." + tomldoc.Key(key) + "]\n"
		for key, value := range tomldoc.Fields(&sub{A: value}) {
			if value != "" {
				text += key + " = " + value + "\n"
			}
		}
		var got schema
		_, err := tomldoc.Decode("f", []byte(text), &got)
		if strings.ToValidUTF8(key, "") != key || strings.ToValidUTF8(value, "") != value {
			return // cannot be written as TOML
		}
		if s, ok := got.Named[key]; err != nil || !ok || s.A != value {
			t.Errorf("%q is decoded as %+v, %v", text, got, err)
		}
		want := fields{
			Text: value, Pointer: &value, Number: len(key), Flag: key != "", List: []string{key, value},
			Map: map[string]string{key: value},
			Any: map[string]any{key: value, key + "s": []any{value}, key + "e": []any{}},
		}
		text = ""
		for key, value := range tomldoc.Fields(&want) {
			if value != "" {
				text += key + " = " + value + "\n"
			}
		}
		whole, lines := fields{}, fields{}
		if _, err := tomldoc.Decode("f", []byte(text), &whole); err != nil || !reflect.DeepEqual(whole, want) {
			t.Errorf("%q is decoded as %+v, %v", text, whole, err)
		}
		for line := range strings.Lines(text) {
			if err := tomldoc.DecodeField(strings.TrimSuffix(line, "\n"), &lines); err != nil {
				t.Errorf("DecodeField(%q): %v", line, err)
			}
		}
		if !reflect.DeepEqual(lines, want) {
			t.Errorf("%q is decoded line by line as %+v", text, lines)
		}
	})
}
