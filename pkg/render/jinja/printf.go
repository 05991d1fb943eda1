package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// A spec is a conversion of the operator % or of the method format.
type spec struct {
	fill      string
	align     byte // '<', '>', '^', '=' or 0
	sign      byte // '+', ' ', '-' or 0
	alternate bool // #
	zero      bool // 0
	width     int
	group     string // "," or "_"
	precision int    // -1: none
	verb      byte   // 0: none
}

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

// checkedWidth returns n, and fails if it is too large for a width or precision.
func (c *call) checkedWidth(n int64) int {
	if n > 1<<20 || n < -1<<20 {
		c.at.limitExceeded("a width beyond %d", 1<<20)
	}
	return int(n)
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

// formatFloat formats f with the verb e, f or g, without sign flags and padding.
func (c *call) formatFloat(s spec, f float64) string {
	verb, precision := s.verb, s.precision
	if precision < 0 {
		precision = 6
	}
	if verb == 'g' || verb == 'G' {
		precision = max(precision, 1)
	}
	text := ""
	switch {
	case f != f:
		text = "nan"
	case f > 1.7976931348623157e308:
		text = "inf"
	case f < -1.7976931348623157e308:
		text = "-inf"
	case verb == 'f' || verb == 'F':
		text = strconv.FormatFloat(f, 'f', precision, 64)
	case verb == 'e' || verb == 'E':
		text = strconv.FormatFloat(f, 'e', precision, 64)
	default:
		text = formatGeneral(f, precision, s.alternate)
	}
	if mantissa, exponent, _ := strings.Cut(text, "e"); s.alternate && !strings.ContainsAny(text, ".in") {
		text = mantissa + "."
		if exponent != "" {
			text += "e" + exponent
		}
	}
	if verb < 'a' {
		text = strings.ToUpper(text)
	}
	return text
}

// formatGeneral is C's %g: the shorter of %e and %f, without trailing zeros unless zeros is set.
func formatGeneral(f float64, precision int, zeros bool) string {
	e := strconv.FormatFloat(f, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(e, "e")
	x, _ := strconv.Atoi(exponent)
	if x < -4 || x >= precision {
		if !zeros && strings.Contains(mantissa, ".") {
			mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
		}
		return mantissa + "e" + exponent
	}
	text := strconv.FormatFloat(f, 'f', precision-1-x, 64)
	if !zeros && strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	return text
}

// firstRunes returns the first n characters of s, or all of s if n is negative.
func firstRunes(s string, n int) string {
	if n < 0 {
		return s
	}
	for i := range s {
		if n--; n < 0 {
			return s[:i]
		}
	}
	return s
}

// padSpec pads text to the width of s.
func (c *call) padSpec(s spec, text string) string {
	switch s.align {
	case '<':
		return c.padTo(text, s.width, s.fill, padRight)
	case '^':
		return c.padTo(text, s.width, s.fill, func(n int) (int, int) { return n / 2, n - n/2 })
	}
	return c.padTo(text, s.width, s.fill, padLeft)
}

// padNumber adds the sign and padding, with zeros after the sign if requested.
func (c *call) padNumber(s spec, text string) string {
	if (s.sign == '+' || s.sign == ' ') && text[0] != '-' {
		text = string(s.sign) + text
	}
	if !s.zero && s.align != '=' || s.align == '<' {
		return c.padSpec(s, text)
	}
	head := 0
	if strings.IndexByte("+- ", text[0]) >= 0 {
		head = 1
	}
	if s.alternate && len(text) > head+1 && text[head] == '0' && strings.IndexByte("xXobB", text[head+1]) >= 0 {
		head += 2
	}
	fill := s.fill
	if s.zero {
		fill = "0"
	}
	return text[:head] + c.padTo(text[head:], s.width-head, fill, padLeft)
}
