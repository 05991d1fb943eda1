package jinja

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// format is Python's str.format, for fields that are an argument or an item of one.
func (c *call) format(s string) string {
	f := &formatter{c: c, auto: -1}
	for i := 0; i < len(s); {
		n := strings.IndexAny(s[i:], "{}")
		if n < 0 {
			f.write(s[i:])
			break
		}
		f.write(s[i : i+n])
		i += n
		if i+1 < len(s) && s[i+1] == s[i] {
			f.write(s[i : i+1])
			i += 2
			continue
		}
		end := strings.IndexAny(s[i+1:], "{}")
		switch {
		case s[i] == '}' || end < 0:
			c.at.fail("single %q in the format", s[i:i+1])
		case s[i+1+end] == '{':
			c.at.unsupported("a field inside a field of a format")
		}
		f.field(s[i+1 : i+1+end])
		i += end + 2
	}
	return f.out.String()
}

type formatter struct {
	c      *call
	auto   int // the last automatically numbered field, or -1
	manual bool
	out    strings.Builder
}

func (f *formatter) write(s string) {
	f.c.in.set.reserve(f.c.at, len(s))
	f.out.WriteString(s)
}

func (f *formatter) field(field string) {
	field, specText, _ := strings.Cut(field, ":")
	field, conversion, converted := strings.Cut(field, "!")
	v := f.argument(field)
	if converted {
		var b strings.Builder
		switch conversion {
		case "s":
			b.WriteString(f.c.str(v))
		case "r":
			f.c.in.repr(f.c.at, &b, v)
		default:
			f.c.at.unsupported("the conversion %q in a format", conversion)
		}
		v = b.String()
	}
	f.write(f.c.formatSpec(v, specText))
}

// argument returns the argument for a field: "", "0" or "name", followed by any number of "[item]".
func (f *formatter) argument(field string) any {
	c := f.c
	name, rest := field, ""
	if i := strings.IndexAny(field, ".["); i >= 0 {
		name, rest = field[:i], field[i:]
	}
	v := f.named(name)
	for rest != "" {
		end := strings.IndexByte(rest, ']')
		if rest[0] != '[' || end < 2 {
			c.at.unsupported("the field %q of a format", field)
		}
		var key any = rest[1:end]
		if n, err := strconv.ParseInt(rest[1:end], 10, 64); err == nil {
			key = n
		}
		found, ok := c.in.itemOf(c.at, v, key)
		if !ok {
			c.at.fail("item %q of the format not found", field)
		}
		v, rest = found, rest[end+1:]
	}
	return v
}

func (f *formatter) named(name string) any {
	c := f.c
	n, err := strconv.Atoi(name)
	if name == "" {
		if f.manual {
			c.at.fail("the format mixes fields with and without numbers")
		}
		f.auto++
		n, err = f.auto, nil
	} else if err == nil {
		if f.auto >= 0 {
			c.at.fail("the format mixes fields with and without numbers")
		}
		f.manual = true
	}
	if err == nil {
		if n < 0 || n >= len(c.args) {
			c.at.fail("not enough values for the format")
		}
		return c.args[n]
	}
	v, ok := c.kwarg(name)
	if !ok {
		c.at.fail("argument %q of the format is missing", name)
	}
	return v
}

// formatSpec formats v with the format spec after the colon.
func (c *call) formatSpec(v any, text string) string {
	if u, ok := v.(*undefined); ok {
		c.in.checkUndefined(u)
		if text != "" {
			c.at.fail("an undefined value supports no format")
		}
		return ""
	}
	if text == "" {
		return c.str(v)
	}
	s := c.parseSpec(text)
	switch v := v.(type) {
	case string:
		return c.formatStr(s, v)
	case int64:
		return c.formatInt(s, v)
	case float64:
		return c.formatFloatSpec(s, v)
	case bool:
		return c.formatInt(s, boolToInt(v))
	}
	c.at.fail("a value of type %q supports no format", typeName(v))
	return ""
}

func (c *call) parseSpec(text string) spec {
	s := spec{precision: -1, fill: " "}
	r, size := utf8.DecodeRuneInString(text)
	switch {
	case len(text) > size && strings.IndexByte("<>=^", text[size]) >= 0:
		s.fill, s.align, text = string(r), text[size], text[size+1:]
	case strings.IndexByte("<>=^", text[0]) >= 0:
		s.align, text = text[0], text[1:]
	}
	take := func(set string) byte {
		if text == "" || strings.IndexByte(set, text[0]) < 0 {
			return 0
		}
		b := text[0]
		text = text[1:]
		return b
	}
	s.sign = take("+- ")
	s.alternate = take("#") != 0
	if take("0") != 0 {
		if s.align == 0 {
			s.align = '='
		}
		if s.fill == " " {
			s.fill = "0"
		}
	}
	number := func() int {
		digits := text[:len(text)-len(strings.TrimLeft(text, "0123456789"))]
		text = text[len(digits):]
		n, err := strconv.ParseInt("0"+digits, 10, 64)
		if err != nil {
			n = 1 << 62
		}
		return c.checkedWidth(n)
	}
	s.width = number()
	if b := take(",_"); b != 0 {
		s.group = string(b)
	}
	if take(".") != 0 {
		if text == "" || text[0] < '0' || text[0] > '9' {
			c.at.fail("the format has no precision after the dot")
		}
		s.precision = number()
	}
	if text != "" {
		s.verb, text = text[0], text[1:]
	}
	if text != "" || s.verb >= utf8.RuneSelf {
		c.at.fail("the format is not valid")
	}
	return s
}

func (c *call) formatStr(s spec, v string) string {
	if s.verb != 0 && s.verb != 's' || s.sign != 0 || s.alternate || s.group != "" || s.align == '=' && s.fill != "0" {
		c.at.fail("the format is not valid for a string")
	}
	if s.align == 0 || s.align == '=' {
		if s.align == '=' {
			c.at.unsupported("a format with zeros for a string")
		}
		s.align = '<'
	}
	return c.padSpec(s, firstRunes(v, s.precision))
}

func (c *call) formatInt(s spec, n int64) string {
	base, prefix := 10, ""
	switch s.verb {
	case 'b':
		base, prefix = 2, "0b"
	case 'o':
		base, prefix = 8, "0o"
	case 'x', 'X':
		base, prefix = 16, "0"+string(s.verb)
	case 0, 'd':
	case 'e', 'E', 'f', 'F', 'g', 'G', '%':
		return c.formatFloatSpec(s, float64(n))
	case 'c', 'n':
		c.at.unsupported("the conversion %q in a format", string(s.verb))
	default:
		c.at.fail("the format is not valid for an integer")
	}
	if s.precision >= 0 || s.group == "," && base != 10 {
		c.at.fail("the format is not valid for an integer")
	}
	digits := strconv.FormatInt(n, base)
	sign := ""
	if digits[0] == '-' {
		sign, digits = "-", digits[1:]
	}
	if s.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	if !s.alternate {
		prefix = ""
	}
	every := 3
	if base != 10 {
		every = 4
	}
	return c.finish(s, sign+prefix+c.grouped(s, digits, every))
}

// grouped inserts the separator between groups of digits.
func (c *call) grouped(s spec, digits string, every int) string {
	if s.group == "" {
		return digits
	}
	if s.align == '=' && s.fill == "0" {
		c.at.unsupported("a format with both zeros and separators")
	}
	whole, fraction := digits, ""
	if i := strings.IndexAny(digits, ".eE"); i >= 0 {
		whole, fraction = digits[:i], digits[i:]
	}
	for i := len(whole) - every; i > 0; i -= every {
		whole = whole[:i] + s.group + whole[i:]
	}
	return whole + fraction
}

func (c *call) formatFloatSpec(s spec, f float64) string {
	percent := ""
	switch s.verb {
	case '%':
		s.verb, percent = 'f', "%"
		f *= 100
	case 'e', 'E', 'f', 'F', 'g', 'G':
	case 0:
		if s.precision >= 0 {
			c.at.unsupported("a format of a float with a precision and no type")
		}
		return c.finish(s, c.groupedFloat(s, formatFloat(f)))
	case 'n':
		c.at.unsupported("the conversion %q in a format", "n")
	default:
		c.at.fail("the format is not valid for a float")
	}
	return c.finish(s, c.groupedFloat(s, c.formatFloat(s, f))+percent)
}

func (c *call) groupedFloat(s spec, text string) string {
	if digits, negative := strings.CutPrefix(text, "-"); negative {
		return "-" + c.grouped(s, digits, 3)
	}
	return c.grouped(s, text, 3)
}

// finish adds the sign and padding of a number. Numbers are right-aligned by default.
func (c *call) finish(s spec, text string) string {
	if s.align == 0 {
		s.align = '>'
	}
	return c.padNumber(s, text)
}
