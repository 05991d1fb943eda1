package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// A kind is the kind of a token. The kind of an operator or delimiter is its text.
type kind string

const (
	tokData          kind = "text"
	tokName          kind = "name"
	tokString        kind = "string"
	tokInt           kind = "integer"
	tokFloat         kind = "float"
	tokVariableBegin kind = "{{"
	tokVariableEnd   kind = "end of print statement"
	tokBlockBegin    kind = "{%"
	tokBlockEnd      kind = "end of statement block"
	tokEOF           kind = "end of template"
)

type token struct {
	kind kind
	text string // the value of data and strings; otherwise the source
	at   pos
}

func (t token) is(k kind, text string) bool { return t.kind == k && t.text == text }

// String names the token in error messages.
func (t token) String() string {
	if t.kind == tokName {
		return t.text
	}
	return string(t.kind)
}

// operators has longer operators first.
var operators = []string{
	"//", "**", "==", "!=", ">=", "<=",
	"+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";",
}

type lexer struct {
	t      *template
	src    string
	i      int
	tokens []token
}

// normalize converts line endings to "\n" and removes one at the end, as Jinja2 does.
func normalize(source string) string {
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	return strings.TrimSuffix(source, "\n")
}

// lex returns the tokens of the template's source, ending with tokEOF.
func lex(t *template) []token {
	l := &lexer{t: t, src: t.source}
	for l.i < len(l.src) {
		l.data()
	}
	l.emit(tokEOF, "", l.i)
	return l.tokens
}

func (l *lexer) at(offset int) pos { return pos{l.t, offset} }

func (l *lexer) emit(k kind, text string, offset int) {
	l.t.set.reserve(l.at(offset), 64)
	l.tokens = append(l.tokens, token{k, text, l.at(offset)})
}

// data lexes text up to and including the next tag.
func (l *lexer) data() {
	start := l.i
	open := -1
	for i := l.i; i+1 < len(l.src); i++ {
		if l.src[i] == '{' && (l.src[i+1] == '{' || l.src[i+1] == '%' || l.src[i+1] == '#') {
			open = i
			break
		}
	}
	if open < 0 {
		l.emit(tokData, l.src[start:], start)
		l.i = len(l.src)
		return
	}
	text := l.src[start:open]
	l.i = open + 2
	sign := byte(0)
	if l.i < len(l.src) && (l.src[l.i] == '-' || l.src[l.i] == '+') {
		sign = l.src[l.i]
	}
	if sign == '-' {
		text = strings.TrimRightFunc(text, isSpace)
	}
	if text != "" {
		l.emit(tokData, text, start)
	}
	if l.src[open+1] == '%' && l.raw(open, sign != 0) {
		return
	}
	if sign != 0 {
		l.i++
	}
	switch l.src[open+1] {
	case '#':
		l.comment(open)
	case '%':
		l.emit(tokBlockBegin, "", open)
		l.expression(tokBlockEnd, "%}")
	default:
		l.emit(tokVariableBegin, "", open)
		l.expression(tokVariableEnd, "}}")
	}
}

func (l *lexer) comment(open int) {
	n := strings.Index(l.src[l.i:], "#}")
	if n < 0 {
		l.at(open).fail("this comment has no end")
	}
	end := l.i + n
	l.i = end + 2
	if n > 0 && l.src[end-1] == '-' {
		l.skipSpace()
	}
}

// raw lexes a raw block if one starts at open, and reports whether it did.
func (l *lexer) raw(open int, signed bool) bool {
	i := open + 2
	if signed {
		i++
	}
	i = skipSpace(l.src, i)
	if !strings.HasPrefix(l.src[i:], "raw") {
		return false
	}
	i = skipSpace(l.src, i+len("raw"))
	switch {
	case strings.HasPrefix(l.src[i:], "-%}"):
		i = skipSpace(l.src, i+3)
	case strings.HasPrefix(l.src[i:], "%}"):
		i += 2
	default:
		return false
	}
	for end := i; ; end += 2 {
		n := strings.Index(l.src[end:], "{%")
		if n < 0 {
			l.at(open).fail("this raw block has no end")
		}
		end += n
		next, strip, ok := endRaw(l.src, end)
		if !ok {
			continue
		}
		text := l.src[i:end]
		if strip {
			text = strings.TrimRightFunc(text, isSpace)
		}
		if text != "" {
			l.emit(tokData, text, i)
		}
		l.i = next
		return true
	}
}

// endRaw returns the offset after the endraw tag at i, and whether the tag strips the text before it.
func endRaw(src string, i int) (next int, strip, ok bool) {
	i += 2
	if i < len(src) && (src[i] == '-' || src[i] == '+') {
		strip = src[i] == '-'
		i++
	}
	i = skipSpace(src, i)
	if !strings.HasPrefix(src[i:], "endraw") {
		return 0, false, false
	}
	i = skipSpace(src, i+len("endraw"))
	switch rest := src[i:]; {
	case strings.HasPrefix(rest, "-%}"):
		return skipSpace(src, i+3), strip, true
	case strings.HasPrefix(rest, "+%}"):
		return i + 3, strip, true
	case strings.HasPrefix(rest, "%}"):
		return i + 2, strip, true
	}
	return 0, false, false
}

// expression lexes the inside of a tag and its closing delimiter, which is recognized only outside of brackets.
func (l *lexer) expression(end kind, mark string) {
	var open []byte
	for {
		l.skipSpace()
		if l.i >= len(l.src) {
			return // the parser reports the end of the template
		}
		if len(open) == 0 && l.close(end, mark) {
			return
		}
		start := l.i
		switch c := l.src[l.i]; {
		case '0' <= c && c <= '9':
			l.number()
		case c == '\'' || c == '"':
			l.string()
		case l.name():
		default:
			op := l.operator()
			if op == "" {
				r, _ := utf8.DecodeRuneInString(l.src[l.i:])
				l.at(l.i).fail("unexpected character %q", r)
			}
			open = l.balance(open, op, start)
		}
	}
}

// close lexes the closing delimiter of a tag, if it is next.
func (l *lexer) close(end kind, mark string) bool {
	rest := l.src[l.i:]
	start := l.i
	switch {
	case strings.HasPrefix(rest, "-"+mark):
		l.i += len(mark) + 1
		l.skipSpace()
	case strings.HasPrefix(rest, mark):
		l.i += len(mark)
	case end == tokBlockEnd && strings.HasPrefix(rest, "+"+mark):
		l.i += len(mark) + 1
	default:
		return false
	}
	l.emit(end, "", start)
	return true
}

func (l *lexer) operator() string {
	for _, op := range operators {
		if strings.HasPrefix(l.src[l.i:], op) {
			l.emit(kind(op), op, l.i)
			l.i += len(op)
			return op
		}
	}
	return ""
}

// balance maintains the stack of expected closing brackets.
func (l *lexer) balance(open []byte, op string, start int) []byte {
	switch op {
	case "(":
		return append(open, ')')
	case "[":
		return append(open, ']')
	case "{":
		return append(open, '}')
	case ")", "]", "}":
		if len(open) == 0 {
			l.at(start).fail("unexpected %q", op)
		}
		if want := open[len(open)-1]; want != op[0] {
			l.at(start).fail("unexpected %q, expected %q", op, string(want))
		}
		return open[:len(open)-1]
	}
	return open
}

// name lexes a name, and reports whether there was one.
func (l *lexer) name() bool {
	start := l.i
	for l.i < len(l.src) {
		r, size := utf8.DecodeRuneInString(l.src[l.i:])
		if r != '_' && !unicode.IsLetter(r) && !unicode.IsNumber(r) {
			break
		}
		l.i += size
	}
	if l.i == start {
		return false
	}
	name := l.src[start:l.i]
	if !isIdentifier(name) {
		l.at(start).fail("%q is not a valid name", name)
	}
	if !isASCII(name) && !norm.NFKC.IsNormalString(name) { // Python normalizes names
		l.at(start).unsupported("the name %q, which is not in Unicode normal form,", name)
	}
	l.emit(tokName, name, start)
	return true
}

func (l *lexer) skipSpace() { l.i = skipSpace(l.src, l.i) }

func skipSpace(s string, i int) int {
	return i + len(s[i:]) - len(strings.TrimLeftFunc(s[i:], isSpace))
}

// isSpace reports whether r is white space for Python's str.isspace and \s.
func isSpace(r rune) bool {
	return unicode.IsSpace(r) || 0x1c <= r && r <= 0x1f
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}
