package tomldoc

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/BurntSushi/toml"
)

// keysOf returns the keys below a table, in the form and order of MetaData.Keys.
func keysOf(table []string, f field) (keys []string) {
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
			keys = append(keys, keysOf(path, f)...)
		}
	}
	inside(f.value)
	return keys
}

// wantForm returns the form that a value of package toml has.
func wantForm(v any) form {
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
		if f, ok := map[string]form{"datetime-local": aLocalTime, "date-local": aDate, "time-local": aTime}[v.Location().String()]; ok {
			return f
		}
		return aDateTime
	case map[string]any:
		return aTable
	}
	return anArray
}

// What package toml accepts, the scanner reads in the same way, and the rest does it no harm.
func FuzzScan(f *testing.F) {
	for _, text := range []string{
		"", "\n\r\n \t", "#", "# a\n#b", " a = 1 # x\n", "[a]\nb.c = 1\n[[d . 'e']] # x\n\"f\\u0067\\e\" = 2\n", "\"\" = 1\n'#' = 2\n",
		"a = [ # x\n 1, [2,], {b = 3, c.d = [{e = 4}]},\n]\nf = {\n # x\n g = 1,\n}\n", "a=[]\nb={}\nc=[{},{}]",
		`a = """` + "\n" + `""\"""" """` + "\nb = '''''x'''''\nc = \"#]\"\nd = '\\'\n", `a = """x"""""` + "\n[b]\n", `a = ["""\\"""""", 1]`, "a = \"\"\nb = ''\nc = \"\"\"\"\"\"\nd = 1",
		"a = 1e-5\nb = 123e-5\nc = -1.5\nd = nan\ne = -inf\nf = 0xe1\ng = 1_0\nh = 0b1\ni = true\nj = false\nk = 0o7",
		"a = 2024-01-01\nb = 12:00:00\nc = 2024-01-01T00:00:00\nd = 2024-01-01 00:00:00Z\ne = 2024-01-01T00:00-01:00\nf = [2024-01-01 ,12:00]",
		"a = 1 2", "a", "a = ", "a.b.c = 1\na.b = 2", "[[a]]\n[a.b]\n[[a]]\n[a.b]", "[", "[[", "a = [", "a = {", "a = {b = [{", "a = \"\\", "\"\\", "a = '''", "a.", "a = [}", "\xff", "\xff\xfe", "a = \"x\r\n", "a=0x",
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
			t.Fatalf("%q is no TOML without its byte order mark: %v", text, fault)
		}
		var keys, want []string
		for _, k := range md.Keys() {
			want = append(want, k.String())
		}
		var table []string
		end := 0
		for _, s := range scan(text, 0).statements {
			if blank := text[end:s.Start]; strings.Trim(blank, " \t\r\n") != "" {
				t.Errorf("no statement of %q holds %q", text, blank)
			}
			end = s.End
			switch s.Kind {
			case Table, Array:
				table = s.Key
				keys = append(keys, toml.Key(table).String())
			case Field:
				keys = append(keys, keysOf(table, s.field)...)
				var v struct{ X any }
				if _, fault := parse("X = "+text[s.Value:s.Last], &v); fault != nil || wantForm(v.X) != s.field.value.form {
					t.Errorf("the value of %q in %q is %q, %q: %v", s.Key, text, text[s.Value:s.Last], s.field.value.form, fault)
				}
			}
		}
		if end != len(strings.TrimRight(text, " \t\r\n")) && strings.Trim(text[end:], " \t\r\n") != "" {
			t.Errorf("no statement of %q holds %q", text, text[end:])
		}
		if !reflect.DeepEqual(keys, want) {
			t.Errorf("the keys of %q are %q, want %q", text, keys, want)
		}
	})
}
