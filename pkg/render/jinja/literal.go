package jinja

import (
	"regexp"
	"strconv"
	"strings"
	"sync"
	"unicode/utf8"
)

// numbers match floats and integers as in Python, with underscores between digits.
var numbers = sync.OnceValue(func() [2]*regexp.Regexp {
	return [2]*regexp.Regexp{
		regexp.MustCompile(`^(?i:(\d+_)*\d+((\.(\d+_)*\d+)?e[+\-]?(\d+_)*\d+|\.(\d+_)*\d+))`),
		regexp.MustCompile(`^(?i:0b(_?[0-1])+|0o(_?[0-7])+|0x(_?[\da-f])+|[1-9](_?\d)*|0(_?0)*)`),
	}
})

// number lexes an integer or a float. After a dot there can only be an integer: x.0.1 has two subscripts.
func (l *lexer) number() {
	start := l.i
	rest := l.src[l.i:]
	text := ""
	k := tokFloat
	if start == 0 || l.src[start-1] != '.' {
		text = numbers()[0].FindString(rest)
	}
	if text == "" {
		k = tokInt
		text = numbers()[1].FindString(rest)
	}
	l.i += len(text)
	l.emit(k, strings.ReplaceAll(text, "_", ""), start)
}

// literal returns the value of a number token.
func literal(t token) any {
	if t.kind == tokFloat {
		f, _ := strconv.ParseFloat(t.text, 64) // out of range is infinite, as in Python
		return f
	}
	n, err := strconv.ParseInt(t.text, 0, 64)
	if err != nil && strings.Trim(t.text, "0") != "" {
		t.at.unsupported("an integer beyond 64 bits")
	}
	return n
}

// string lexes a string literal and decodes its escapes.
func (l *lexer) string() {
	start := l.i
	quote := l.src[l.i]
	for i := l.i + 1; i < len(l.src); i++ {
		switch l.src[i] {
		case '\\':
			i++
		case quote:
			l.i = i + 1
			l.emit(tokString, l.unescape(l.src[start+1:i], start+1), start)
			return
		}
	}
	l.at(start).fail("unexpected character %q", rune(quote)) // the string has no end
}

var simpleEscapes = map[byte]string{
	'\n': "", '\\': `\`, '\'': "'", '"': `"`, 'a': "\a", 'b': "\b", 'f': "\f", 'n': "\n", 'r': "\r", 't': "\t",
	'v': "\v",
}

// unescape decodes s, at the given offset, as Python's unicode-escape codec does.
func (l *lexer) unescape(s string, offset int) string {
	if !strings.Contains(s, `\`) {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] != '\\' {
			b.WriteByte(s[i])
			continue
		}
		at := l.at(offset + i)
		i++
		c := s[i] // exists, because the closing quote is not escaped
		digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
		simple, isSimple := simpleEscapes[c]
		switch {
		case isSimple:
			b.WriteString(simple)
		case digits > 0:
			if i+digits >= len(s) {
				at.fail("incomplete escape")
			}
			b.WriteRune(codePoint(at, s[i+1:i+1+digits], 16))
			i += digits
		case '0' <= c && c <= '7':
			n := 1
			for n < 3 && i+n < len(s) && '0' <= s[i+n] && s[i+n] <= '7' {
				n++
			}
			b.WriteRune(codePoint(at, s[i:i+n], 8))
			i += n - 1
		case c == 'N':
			at.unsupported(`the escape \N`)
		case c >= utf8.RuneSelf:
			// The codec would see the escapes \xNN, \uNNNN or \UNNNNNNNN of the character after the backslash.
			at.unsupported("a backslash before a non-ASCII character")
		default:
			b.WriteByte('\\')
			b.WriteByte(c)
		}
	}
	return b.String()
}

func codePoint(at pos, digits string, base int) rune {
	n, err := strconv.ParseUint(digits, base, 32)
	if err != nil || n > utf8.MaxRune {
		at.fail("the escape is not a valid character")
	}
	if !utf8.ValidRune(rune(n)) {
		at.unsupported("half of a surrogate pair")
	}
	return rune(n)
}
