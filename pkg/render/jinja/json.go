package jinja

import (
	"fmt"
	"strings"
)

func filterToJSON(c *call) any {
	p := c.params("value", "indent?")
	w := &jsonWriter{c: c, indent: ""}
	switch indent := orNone(p[1]).(type) {
	case nil:
	case string:
		w.pretty, w.indent = true, indent
	default:
		w.pretty = true
		w.indent = c.padTo("", c.int(indent), " ", padRight)
	}
	w.write(p[0], "\n")
	return markup(w.b.String())
}

// A jsonWriter writes like Python's json.dumps with sort_keys, and escapes the special characters of HTML.
type jsonWriter struct {
	c      *call
	b      strings.Builder
	pretty bool
	indent string
}

// write writes v. Newline is "\n" and the indentation of the current line.
func (w *jsonWriter) write(v any, newline string) {
	c := w.c
	defer c.in.enter(c.at)()
	c.in.set.step(c.at, 1)
	c.in.set.reserve(c.at, 8)
	switch v := v.(type) {
	case nil:
		w.b.WriteString("null")
	case bool:
		fmt.Fprint(&w.b, v)
	case int64:
		fmt.Fprint(&w.b, v)
	case float64:
		w.b.WriteString(jsonFloat(v))
	case string:
		w.string(v)
	case markup:
		w.string(string(v))
	case *list:
		w.array(v.items, newline)
	case *tuple:
		w.array(v.items, newline)
	case *dict:
		w.object(v, newline)
	case *undefined:
		c.in.checkUndefined(v)
		c.at.fail("an undefined value cannot be written as JSON")
	default:
		c.at.fail("a value of type %q cannot be written as JSON", typeName(v))
	}
}

func jsonFloat(f float64) string {
	s := formatFloat(f)
	switch s {
	case "nan":
		return "NaN"
	case "inf":
		return "Infinity"
	case "-inf":
		return "-Infinity"
	}
	return s
}

func (w *jsonWriter) sequence(open, end string, n int, newline string, item func(i int, newline string)) {
	w.b.WriteString(open)
	inside := newline + w.indent
	for i := range n {
		switch {
		case i > 0 && w.pretty:
			w.b.WriteString(",")
		case i > 0:
			w.b.WriteString(", ")
		}
		if w.pretty {
			w.c.in.set.reserve(w.c.at, len(inside))
			w.b.WriteString(inside)
		}
		item(i, inside)
	}
	if n > 0 && w.pretty {
		w.b.WriteString(newline)
	}
	w.b.WriteString(end)
}

func (w *jsonWriter) array(items []any, newline string) {
	w.sequence("[", "]", len(items), newline, func(i int, newline string) { w.write(items[i], newline) })
}

func (w *jsonWriter) object(d *dict, newline string) {
	c := w.c
	keys := c.in.sorted(c.at, d.keys, func(v any) any { return v }, false)
	w.sequence("{", "}", len(keys), newline, func(i int, newline string) {
		switch k := keys[i].(type) {
		case string:
			w.string(k)
		case markup:
			w.string(string(k))
		case nil:
			w.string("null")
		case bool:
			w.string(fmt.Sprint(k))
		case int64:
			w.string(fmt.Sprint(k))
		case float64:
			w.string(jsonFloat(k))
		default:
			c.at.fail("a key of type %q cannot be written as JSON", typeName(k))
		}
		w.b.WriteString(": ")
		v, _ := d.get(c.at, keys[i])
		w.write(v, newline)
	})
}

func (w *jsonWriter) string(s string) {
	w.c.in.set.reserve(w.c.at, 6*len(s))
	w.b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.b.WriteByte('\\')
			w.b.WriteRune(r)
		case r == '\n':
			w.b.WriteString(`\n`)
		case r == '\r':
			w.b.WriteString(`\r`)
		case r == '\t':
			w.b.WriteString(`\t`)
		case r == '\b':
			w.b.WriteString(`\b`)
		case r == '\f':
			w.b.WriteString(`\f`)
		case r >= 0x10000:
			r -= 0x10000
			fmt.Fprintf(&w.b, `\u%04x\u%04x`, 0xd800+r>>10, 0xdc00+r&0x3ff)
		case r < ' ' || r > '~' || strings.ContainsRune("<>&'", r):
			fmt.Fprintf(&w.b, `\u%04x`, r)
		default:
			w.b.WriteRune(r)
		}
	}
	w.b.WriteByte('"')
}
