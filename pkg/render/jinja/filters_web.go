package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// escaper replaces the special characters of HTML, as MarkupSafe does.
var escaper = strings.NewReplacer("&", "&amp;", ">", "&gt;", "<", "&lt;", "'", "&#39;", `"`, "&#34;")

func (c *call) escape(v any) markup {
	if m, ok := v.(markup); ok {
		return m
	}
	s := c.in.str(c.at, v)
	c.in.set.reserve(c.at, 6*len(s))
	return markup(escaper.Replace(s))
}

func filterEscape(c *call) any { return c.escape(c.positional("s")[0]) }

func filterForceEscape(c *call) any { return c.escape(c.in.str(c.at, c.params("value")[0])) }

func filterSafe(c *call) any { return markup(c.in.str(c.at, c.params("value")[0])) }

func filterXMLAttr(c *call) any {
	p := c.params("d", "autospace?")
	d, ok := p[0].(*dict)
	if u, isUndefined := p[0].(*undefined); isUndefined {
		u.fail()
	}
	if !ok {
		c.at.fail("xmlattr requires a dict, not %q", typeName(p[0]))
	}
	var parts []string
	for i := range d.keys {
		key, v := d.at(c.at, i)
		if v == nil || isUndefined(v) {
			continue
		}
		name := c.mustStr(key)
		if strings.ContainsAny(name, " \t\n\r\f\v/>=") {
			c.at.fail("%q is not a valid attribute name", name)
		}
		parts = append(parts, string(c.escape(name))+`="`+string(c.escape(v))+`"`)
	}
	result := strings.Join(parts, " ")
	if result != "" && c.boolOr(p[1], true) {
		result = " " + result
	}
	return result
}

func filterURLEncode(c *call) any {
	v := c.params("value")[0]
	if s, ok := text(v); ok {
		return c.urlQuote(s, false)
	}
	if d, ok := v.(*dict); ok {
		v = view{d, "items"}
	}
	next, ok := c.in.tryIterate(c.at, v)
	if !ok {
		return c.urlQuote(v, false)
	}
	var parts []string
	for item, ok := next(); ok; item, ok = next() {
		pair := c.in.items(c.at, item)
		if len(pair) != 2 {
			c.at.fail("urlencode requires pairs, not %d values", len(pair))
		}
		parts = append(parts, c.urlQuote(pair[0], true)+"="+c.urlQuote(pair[1], true))
	}
	return strings.Join(parts, "&")
}

func (c *call) urlQuote(v any, query bool) string {
	s := c.in.str(c.at, v)
	c.in.set.reserve(c.at, 3*len(s))
	var b strings.Builder
	for i := range len(s) {
		switch ch := s[i]; {
		case ch >= 'a' && ch <= 'z' || ch >= 'A' && ch <= 'Z' || ch >= '0' && ch <= '9' ||
			strings.IndexByte("_.-~", ch) >= 0 || ch == '/' && !query:
			b.WriteByte(ch)
		case ch == ' ' && query:
			b.WriteByte('+')
		default:
			fmt.Fprintf(&b, "%%%02X", ch)
		}
	}
	return b.String()
}

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

// filterWordWrap wraps each line as Python's textwrap does.
func filterWordWrap(c *call) any {
	p := c.params("s", "width?", "break_long_words?", "wrapstring?", "break_on_hyphens?")
	s, width := c.mustStr(p[0]), c.intOr(p[1], 79)
	breakLong, onHyphens := c.boolOr(p[2], true), c.boolOr(p[4], true)
	newline := "\n"
	if orNone(p[3]) != nil {
		newline = c.mustStr(p[3])
	}
	if width <= 0 {
		c.at.fail("the width %d must be positive", width)
	}
	if onHyphens && strings.Contains(s, "-") {
		c.at.unsupported("wordwrap of a text with hyphens, unless break_on_hyphens is false,")
	}
	if strings.ContainsFunc(s, func(r rune) bool { return isSpace(r) && !strings.ContainsRune(" \t\n\r\v\f", r) }) {
		c.at.unsupported("wordwrap of a text with unusual spaces")
	}
	var lines []string
	for _, line := range splitLines(s, false) {
		lines = append(lines, strings.Join(wrap(line, width, breakLong), newline))
	}
	return c.joinAll(lines, newline)
}

// wrap breaks a line into lines of at most width characters, without white space at the end of a line or at the start
// of a line other than the first.
func wrap(line string, width int, breakLong bool) []string {
	chunks := wordChunks(line)
	var lines []string
	for len(chunks) > 0 {
		if len(lines) > 0 && isBlank(chunks[0]) {
			chunks = chunks[1:]
			if len(chunks) == 0 {
				break
			}
		}
		var row []string
		used := 0
		for len(chunks) > 0 && used+utf8.RuneCountInString(chunks[0]) <= width {
			used += utf8.RuneCountInString(chunks[0])
			row = append(row, chunks[0])
			chunks = chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			switch {
			case breakLong:
				head := firstRunes(chunks[0], width-used)
				row = append(row, head)
				chunks[0] = chunks[0][len(head):]
			case len(row) == 0:
				row = append(row, chunks[0])
				chunks = chunks[1:]
			}
		}
		if len(row) > 0 && isBlank(row[len(row)-1]) {
			row = row[:len(row)-1]
		}
		if len(row) > 0 {
			lines = append(lines, strings.Join(row, ""))
		}
	}
	return lines
}

func isBlank(s string) bool { return strings.TrimSpace(s) == "" }

// wordChunks splits a line into words and the white space between them.
func wordChunks(line string) []string {
	var chunks []string
	for line != "" {
		n := strings.IndexFunc(line, isSpace)
		if n == 0 {
			n = strings.IndexFunc(line, func(r rune) bool { return !isSpace(r) })
		}
		if n < 0 {
			n = len(line)
		}
		chunks = append(chunks, line[:n])
		line = line[n:]
	}
	return chunks
}
