package jinja

import (
	"fmt"
	"strings"
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
