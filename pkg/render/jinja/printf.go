package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// printf is Python's s % v.
func (in *interp) printf(at pos, s string, v any) string {
	p := &printer{c: &call{in: in, at: at}, format: s, v: v, args: []any{v}}
	if t, ok := v.(*tuple); ok {
		p.args = t.items
	}
	for p.i < len(s) {
		n := strings.IndexByte(s[p.i:], '%')
		if n < 0 {
			n = len(s) - p.i
		}
		p.write(s[p.i : p.i+n])
		if p.i += n; p.i < len(s) {
			p.i++
			p.conversion()
		}
	}
	_, isDict := v.(*dict)
	_, isList := v.(*list)
	if p.used < len(p.args) && !isDict && !isList {
		at.fail("too many values for the format")
	}
	return p.out.String()
}

type printer struct {
	c      *call
	format string
	i      int
	v      any
	args   []any
	used   int
	out    strings.Builder
}

func (p *printer) write(s string) {
	p.c.in.set.reserve(p.c.at, len(s))
	p.out.WriteString(s)
}

func (p *printer) peek() byte {
	if p.i >= len(p.format) {
		p.c.at.fail("incomplete conversion in the format")
	}
	return p.format[p.i]
}

func (p *printer) next() any {
	if p.used >= len(p.args) {
		p.c.at.fail("not enough values for the format")
	}
	p.used++
	return p.args[p.used-1]
}

// number reads a width or precision. "*" takes it from the values.
func (p *printer) number() int {
	if p.peek() == '*' {
		p.i++
		n, ok := p.next().(int64)
		if !ok {
			p.c.at.fail(`"*" in a format requires an integer`)
		}
		return p.c.checkedWidth(n)
	}
	start := p.i
	for p.i < len(p.format) && '0' <= p.format[p.i] && p.format[p.i] <= '9' {
		p.i++
	}
	if start == p.i {
		return 0
	}
	n, err := strconv.ParseInt(p.format[start:p.i], 10, 64)
	if err != nil {
		n = 1 << 62
	}
	return p.c.checkedWidth(n)
}

func (p *printer) conversion() {
	if p.peek() == '%' {
		p.i++
		p.write("%")
		return
	}
	s := spec{fill: " ", align: '>', precision: -1}
	var keyed any
	hasKey := false
	if p.peek() == '(' {
		keyed, hasKey = p.key(), true
	}
flags:
	for ; ; p.i++ {
		switch c := p.peek(); c {
		case '-':
			s.align = '<'
		case '+':
			s.sign = '+'
		case ' ':
			if s.sign == 0 {
				s.sign = ' '
			}
		case '#':
			s.alternate = true
		case '0':
			s.zero = true
		default:
			break flags
		}
	}
	if s.width = p.number(); s.width < 0 {
		s.align, s.width = '<', -s.width
	}
	if p.peek() == '.' {
		p.i++
		s.precision = max(0, p.number())
	}
	if strings.IndexByte("hlL", p.peek()) >= 0 {
		p.i++
	}
	s.verb = p.peek()
	p.i++
	if !hasKey {
		keyed = p.next()
	}
	p.write(p.c.convert(s, keyed))
}

// key reads "(name)" and returns that item of the dict.
func (p *printer) key() any {
	start, open := p.i+1, 0
	for {
		switch p.peek() {
		case '(':
			open++
		case ')':
			open--
		}
		p.i++
		if open == 0 {
			break
		}
	}
	d, ok := p.v.(*dict)
	if !ok {
		p.c.at.fail("the format requires a dict")
	}
	v, ok := d.get(p.c.at, p.format[start:p.i-1])
	if !ok {
		p.c.at.fail("the dict has no item %q", p.format[start:p.i-1])
	}
	p.used = len(p.args)
	return v
}

// convert formats one value for the operator %.
func (c *call) convert(s spec, v any) string {
	switch s.verb {
	case 's', 'r':
		text := ""
		if s.verb == 's' {
			text = c.str(v)
		} else {
			var b strings.Builder
			c.in.repr(c.at, &b, v)
			text = b.String()
		}
		return c.padSpec(s, firstRunes(text, s.precision))
	case 'c':
		text, ok := v.(string)
		if n, isInt := number(v).(int64); isInt {
			text, ok = string(rune(n)), 0 <= n && n <= utf8.MaxRune && utf8.ValidRune(rune(n))
		}
		if !ok || utf8.RuneCountInString(text) != 1 {
			c.at.fail("%%c requires one character")
		}
		return c.padSpec(s, text)
	case 'd', 'i', 'u', 'x', 'X', 'o':
		return c.convertInt(s, v)
	case 'e', 'E', 'f', 'F', 'g', 'G':
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
		n := number(v)
		if n == nil {
			c.at.fail("%%%c requires a number, not %q", s.verb, typeName(v))
		}
		return c.padNumber(s, c.formatFloat(s, toFloat(n)))
	case 'a':
		c.at.unsupported("the conversion %%a")
	}
	c.at.fail("unknown conversion %%%c", s.verb)
	return ""
}

func (c *call) convertInt(s spec, v any) string {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	n, ok := number(v).(int64)
	if f, isFloat := v.(float64); isFloat && strings.IndexByte("diu", s.verb) >= 0 {
		if ok = f > -1<<63 && f < 1<<63; !ok {
			c.at.unsupported("an integer beyond 64 bits")
		}
		n = int64(f)
	}
	if !ok {
		c.at.fail("%%%c requires a number, not %q", s.verb, typeName(v))
	}
	base, prefix := 10, ""
	switch s.verb {
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.verb)
	case 'o':
		base, prefix = 8, "0o"
	}
	if !s.alternate {
		prefix = ""
	}
	digits := strconv.FormatInt(n, base)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if s.precision > len(digits) {
		digits = strings.Repeat("0", s.precision-len(digits)) + digits
	}
	return c.padNumber(s, sign+prefix+digits)
}
