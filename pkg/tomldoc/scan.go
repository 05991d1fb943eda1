package tomldoc

import "strings"

// maxDepth is the maximum number of tables, keys and array items that lead to one value. A parser recurses at each of
// them, so that unlimited nesting could exhaust the stack.
const maxDepth = 64

// maxWeight is the maximum total weight of all keys and array items, in bytes; see enter. A decoder stores the whole
// path of each key, so that many short keys below a long one take far more memory than the text.
const maxWeight = 8 * MaxSize

// A keyPart is one part of a dotted key.
type keyPart struct {
	name string
	line int
}

// A field is a "key = value" of a table or an inline table.
type field struct {
	key   []keyPart
	value value
}

// A value is the value of a field or an item of an array.
type value struct {
	line   int // of an item of an array
	typ    valueType
	items  []value // of an array
	fields []field // of an inline table
}

// A valueType is the name of a type of TOML with its article, for messages.
type valueType string

const (
	aString       valueType = "a string"
	anInteger     valueType = "an integer"
	aFloat        valueType = "a float"
	aBoolean      valueType = "a boolean"
	aDate         valueType = "a date"
	aTime         valueType = "a time"
	aLocalTime    valueType = "a date and time without offset"
	aDateTime     valueType = "a date and time"
	anArray       valueType = "an array"
	aTable        valueType = "a table"
	arrayOfTables valueType = "an array of tables"
)

// A scanner finds the statements of a text, their keys and the types of their values. It enforces maxDepth and
// maxWeight, and does not check whether the text is TOML. It reads the text in the same way as the library up to the
// first syntax error, so that the limits hold for all that the library reads.
type scanner struct {
	text       string
	pos        int   // offset of the next byte
	line       int   // of the byte at offset counted
	counted    int   // at most pos
	inside     level // of the value that is being read
	weight     int   // of everything read so far
	statements []Statement

	exceeded     string // the message about a limit that the text exceeds, or ""
	exceededLine int
}

// A level is the position of a value: the number of keys and items that lead to it, and the bytes of these keys.
type level struct{ depth, bytes int }

// scan reads all statements from offset start on.
func scan(text string, start int) *scanner {
	s := &scanner{text: text, pos: start, counted: start, line: 1}
	for s.skip(" \t\r\n"); s.pos < len(text); s.skip(" \t\r\n") {
		st := Statement{Line: s.currentLine(), Start: max(start, strings.LastIndexByte(text[:s.pos], '\n')+1)}
		s.statement(&st)
		s.skipTo("\n")
		s.take('\n')
		st.End = s.pos
		s.statements = append(s.statements, st)
	}
	return s
}

func (s *scanner) statement(st *Statement) {
	switch {
	case s.peek() == '#':
		st.Kind = Comment
		return
	case s.take('['):
		st.Kind = Table
		if s.take('[') {
			st.Kind = Array
		}
		s.inside = level{} // reading the key sets it to the level of the table
		st.field.key = s.key()
	default:
		table := s.inside
		st.Kind = Field
		st.field, st.ValueStart = s.field()
		st.ValueEnd = s.pos
		s.inside = table
	}
	for _, p := range st.field.key {
		st.Key = append(st.Key, p.name)
	}
}

// field reads a "key = value", and returns it with the offset of the value.
func (s *scanner) field() (f field, valueStart int) {
	f.key = s.key()
	if !s.take('=') {
		s.stop()
	}
	s.skip(" \t")
	valueStart = s.pos
	f.value = s.value()
	return f, valueStart
}

// key reads a dotted key and the spaces around it.
func (s *scanner) key() (parts []keyPart) {
	for {
		s.skip(" \t")
		p := keyPart{line: s.currentLine()}
		if start := s.pos; s.peek() == '"' || s.peek() == '\'' {
			s.quoted(s.text[start : start+1])
			p.name = unquote(s.text[start:s.pos])
		} else {
			for isBare(rune(s.peek())) {
				s.pos++
			}
			p.name = s.text[start:s.pos]
		}
		parts = append(parts, p)
		s.enter(len(p.name))
		s.skip(" \t")
		if !s.take('.') {
			return parts
		}
	}
}

// unquote returns the value of a quoted part of a key.
func unquote(quoted string) string {
	if quoted[0] == '"' && strings.Contains(quoted, `\`) {
		var v struct{ K string }
		_, _ = parse("K = "+quoted, &v) // if it fails, parsing the whole text fails, too
		return v.K
	}
	return strings.Trim(quoted, quoted[:1])
}

func (s *scanner) value() (v value) {
	switch s.peek() {
	case '"', '\'':
		quote := s.text[s.pos : s.pos+1]
		if three := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.pos:], three) {
			quote = three
		}
		s.quoted(quote)
		return value{typ: aString}
	case '[':
		v.typ = anArray
		s.list(']', func() {
			line := s.currentLine()
			item := s.value()
			item.line = line
			v.items = append(v.items, item)
		})
		return v
	case '{':
		v.typ = aTable
		s.list('}', func() {
			f, _ := s.field()
			v.fields = append(v.fields, f)
		})
		return v
	}
	start := s.pos
	s.skipTo(",]}#\n")
	scalar := strings.TrimRight(s.text[start:s.pos], " \t\r")
	s.pos = start + len(scalar)
	if scalar == "" {
		s.stop()
	}
	return value{typ: typeOf(scalar)}
}

// list reads an array or inline table up to its closing bracket, and calls item at the start of each item.
func (s *scanner) list(end byte, item func()) {
	outside := s.inside
	for s.pos++; s.pos < len(s.text); s.inside = outside {
		s.skip(" \t\r\n,")
		switch {
		case s.peek() == '#':
			s.skipTo("\n")
		case s.take(end):
			return
		default:
			s.enter(0)
			item()
		}
	}
}

// quoted reads a string that starts and ends with quote, which is one or three quotes of either kind.
func (s *scanner) quoted(quote string) {
	for s.pos += len(quote); s.pos < len(s.text); s.pos++ {
		switch {
		case strings.HasPrefix(s.text[s.pos:], quote):
			s.pos += len(quote)
			if len(quote) == 3 {
				s.skip(quote) // up to two quotes before the closing ones belong to the string
			}
			return
		case quote[0] == '"' && s.peek() == '\\':
			s.pos++
		}
	}
	s.stop()
}

// typeOf returns the type of a value that is not a string, array or table.
func typeOf(scalar string) valueType {
	is := func(i int, c byte) bool { return len(scalar) > i && scalar[i] == c }
	switch {
	case scalar == "true" || scalar == "false":
		return aBoolean
	case is(2, ':'):
		return aTime
	case is(4, '-') && !strings.ContainsAny(scalar[:4], "eE"):
		if len(scalar) <= len("2006-01-02") {
			return aDate
		}
		if strings.ContainsAny(scalar[len("2006-01-02"):], "Zz+-") {
			return aDateTime
		}
		return aLocalTime
	case strings.HasPrefix(scalar, "0x"):
		return anInteger
	case strings.ContainsAny(scalar, ".eEn"): // "n" for nan and inf
		return aFloat
	}
	return anInteger
}

// enter descends one level, through a key part of n bytes or into an item of an array or inline table.
func (s *scanner) enter(n int) {
	s.inside.depth++
	s.inside.bytes += n
	s.weight += s.inside.bytes + 16*s.inside.depth + 64 // an estimate of a stored path and its value
	switch {
	case s.exceeded != "":
		return
	case s.inside.depth > maxDepth:
		s.exceeded = "tables and arrays are nested too deeply"
	case s.weight > maxWeight:
		s.exceeded = "the keys and items up to here are too many or too long"
	default:
		return
	}
	s.exceededLine = s.currentLine()
	s.stop()
}

// stop moves to the end of the text, which ends the scan.
func (s *scanner) stop() { s.pos = len(s.text) }

// take consumes the next byte if it is c, and reports whether it was.
func (s *scanner) take(c byte) bool {
	ok := s.pos < len(s.text) && s.text[s.pos] == c
	if ok {
		s.pos++
	}
	return ok
}

// skip consumes all bytes that are in set.
func (s *scanner) skip(set string) { s.pos = len(s.text) - len(strings.TrimLeft(s.text[s.pos:], set)) }

// skipTo consumes all bytes before the next one that is in set.
func (s *scanner) skipTo(set string) {
	if i := strings.IndexAny(s.text[s.pos:], set); i >= 0 {
		s.pos += i
	} else {
		s.stop()
	}
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.pos < len(s.text) {
		return s.text[s.pos]
	}
	return 0
}

// currentLine returns the line of the next byte.
func (s *scanner) currentLine() int {
	s.line += strings.Count(s.text[s.counted:s.pos], "\n")
	s.counted = s.pos
	return s.line
}
