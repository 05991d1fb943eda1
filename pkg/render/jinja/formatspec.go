package jinja

import (
	"strconv"
	"strings"
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

// checkedWidth returns n, and fails if it is too large for a width or precision.
func (c *call) checkedWidth(n int64) int {
	if n > 1<<20 || n < -1<<20 {
		c.at.limitExceeded("a width beyond %d", 1<<20)
	}
	return int(n)
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
