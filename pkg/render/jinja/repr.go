package jinja

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// str is Python's str(v).
func (in *interp) str(at pos, v any) string {
	switch v := v.(type) {
	case string:
		return v
	case markup:
		return string(v)
	case *undefined:
		in.checkUndefined(v)
		return ""
	}
	var b strings.Builder
	in.repr(at, &b, v)
	return b.String()
}

// repr writes Python's repr(v).
func (in *interp) repr(at pos, b *strings.Builder, v any) {
	defer in.enter(at)()
	in.set.step(at, 1)
	in.set.reserve(at, 8)
	switch v := v.(type) {
	case nil:
		b.WriteString("None")
	case bool:
		b.WriteString(map[bool]string{true: "True", false: "False"}[v])
	case int64:
		b.WriteString(strconv.FormatInt(v, 10))
	case float64:
		b.WriteString(formatFloat(v))
	case string:
		in.set.reserve(at, len(v))
		quote(b, v)
	case markup:
		b.WriteString("Markup(")
		quote(b, string(v))
		b.WriteString(")")
	case *list:
		in.reprItems(at, b, "[", v.items, "]")
	case *tuple:
		if len(v.items) == 1 {
			in.reprItems(at, b, "(", v.items, ",)")
		} else {
			in.reprItems(at, b, "(", v.items, ")")
		}
	case *dict:
		in.reprDict(at, b, v)
	case rangeValue:
		fmt.Fprintf(b, "range(%d, %d", v.start, v.stop)
		if v.step != 1 {
			fmt.Fprintf(b, ", %d", v.step)
		}
		b.WriteString(")")
	case view:
		in.reprItems(at, b, "dict_"+v.which+"([", v.items(at), "])")
	case *undefined:
		in.checkUndefined(v)
		b.WriteString("Undefined")
	case *loopObject:
		fmt.Fprintf(b, "<LoopContext %d/%d>", v.index+1, v.length())
	case *namespace:
		b.WriteString("<Namespace ")
		in.repr(at, b, v.attrs)
		b.WriteString(">")
	case *macro:
		name := "anonymous" // the body of a call block
		if v.def.name != "" {
			name = "'" + v.def.name + "'"
		}
		b.WriteString("<Macro " + name + ">")
	case *module:
		b.WriteString(v.text)
	default: // Python prints a memory address
		at.unsupported("printing a value of type %q", typeName(v))
	}
}

func (in *interp) reprItems(at pos, b *strings.Builder, open string, items []any, end string) {
	b.WriteString(open)
	for i, item := range items {
		if i > 0 {
			b.WriteString(", ")
		}
		in.repr(at, b, item)
	}
	b.WriteString(end)
}

func (in *interp) reprDict(at pos, b *strings.Builder, d *dict) {
	b.WriteString("{")
	for i := range d.keys {
		if i > 0 {
			b.WriteString(", ")
		}
		k, v := d.at(at, i)
		in.repr(at, b, k)
		b.WriteString(": ")
		in.repr(at, b, v)
	}
	b.WriteString("}")
}

// quote writes a string literal as Python's repr does.
func quote(b *strings.Builder, s string) {
	mark := byte('\'')
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		mark = '"'
	}
	b.WriteByte(mark)
	for _, r := range s {
		switch {
		case r == rune(mark) || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(b, `\u%04x`, r)
		default:
			fmt.Fprintf(b, `\U%08x`, r)
		}
	}
	b.WriteByte(mark)
}

// formatFloat is Python's repr of a float: the shortest digits that represent f exactly.
func formatFloat(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
