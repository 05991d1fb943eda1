package tomldoc

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// dottedKeys returns the keys of a field of a table and of the inline tables in its value, in the form and order of
// MetaData.Keys.
func dottedKeys(table []string, f field) (keys []string) {
	path := table[:len(table):len(table)]
	for _, p := range f.key {
		path = append(path, p.name)
	}
	keys = append(keys, toml.Key(path).String())
	var inside func(value)
	inside = func(v value) {
		for _, item := range v.items {
			inside(item)
		}
		for _, f := range v.fields {
			keys = append(keys, dottedKeys(path, f)...)
		}
	}
	inside(f.value)
	return keys
}

// wantType returns the type of a value that the library decoded.
func wantType(v any) valueType {
	switch v := v.(type) {
	case string:
		return aString
	case int64:
		return anInteger
	case float64:
		return aFloat
	case bool:
		return aBoolean
	case time.Time:
		if typ, ok := map[string]valueType{"datetime-local": aLocalTime, "date-local": aDate,
			"time-local": aTime}[v.Location().String()]; ok {
			return typ
		}
		return aDateTime
	case map[string]any:
		return aTable
	}
	return anArray
}

// The scanner reads valid TOML as the library does, and does not fail on other texts.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		"", "\n\r\n \t", "#", "# a\n#b", " a = 1 # x\n", "[a]\nb.c = 1\n[[d . 'e']] # x\n\"f\\u0067\\e\" = 2\n",
		"\"\" = 1\n'#' = 2\n",
		"a = [ # x\n 1, [2,], {b = 3, c.d = [{e = 4}]},\n]\nf = {\n # x\n g = 1,\n}\n", "a=[]\nb={}\nc=[{},{}]",
		`a = """` + "\n" + `""\"""" """` + "\nb = '''''x'''''\nc = \"#]\"\nd = '\\'\n", `a = """x"""""` + "\n[b]\n",
		`a = ["""\\"""""", 1]`, "a = \"\"\nb = ''\nc = \"\"\"\"\"\"\nd = 1",
		"a = 1e-5\nb = 123e-5\nc = -1.5\nd = nan\ne = -inf\nf = 0xe1\ng = 1_0\nh = 0b1\ni = true\nj = false\nk = 0o7",
		"a = 2024-01-01\nb = 12:00:00\nc = 2024-01-01T00:00:00\nd = 2024-01-01 00:00:00Z\n" +
			"e = 2024-01-01T00:00-01:00\nf = [2024-01-01 ,12:00]",
		"a = 1 2", "a", "a = ", "a.b.c = 1\na.b = 2", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "[", "[[", "a = [", "a = {",
		"a = {b = [{", "a = \"\\", "\"\\", "a = '''", "a.", "a = [}", "\xff", "\xff\xfe", "a = \"x\r\n", "a=0x",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := Decode("f", []byte(text), new(map[string]any)); err != nil {
			return
		}
		text = strings.TrimPrefix(text, bom)
		md, fault := parse(text, new(map[string]any))
		if fault != nil {
			t.Fatalf("%q is not TOML without its byte order mark: %v", text, fault)
		}
		var keys, want []string
		for _, k := range md.Keys() {
			want = append(want, k.String())
		}
		var table []string
		end := 0
		for _, s := range scan(text, 0).statements {
			if between := text[end:s.Start]; strings.Trim(between, " \t\r\n") != "" {
				t.Errorf("no statement of %q contains %q", text, between)
			}
			end = s.End
			switch s.Kind {
			case Table, Array:
				table = s.Key
				keys = append(keys, toml.Key(table).String())
			case Field:
				keys = append(keys, dottedKeys(table, s.field)...)
				var v struct{ X any }
				raw, typ := text[s.ValueStart:s.ValueEnd], s.field.value.typ
				if _, fault := parse("X = "+raw, &v); fault != nil || wantType(v.X) != typ {
					t.Errorf("the value of %q in %q is %q, %q: %v", s.Key, text, raw, typ, fault)
				}
			}
		}
		if end != len(strings.TrimRight(text, " \t\r\n")) && strings.Trim(text[end:], " \t\r\n") != "" {
			t.Errorf("no statement of %q contains %q", text, text[end:])
		}
		if !reflect.DeepEqual(keys, want) {
			t.Errorf("the keys of %q are %q, want %q", text, keys, want)
		}
	})
}
