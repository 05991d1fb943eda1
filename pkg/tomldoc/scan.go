package tomldoc

import "strings"

// maxDepth is how many names of tables and keys, and items of arrays, may lead to one value. A reader recurses at
// each of them, so that a text without a bound could exhaust the stack.
const maxDepth = 64

// maxWeight bounds what all keys and items of arrays weigh together, in bytes. Reading a text keeps the whole path
// of each key, so that many short keys below a long one would take far more memory than the text itself.
const maxWeight = 8 * MaxSize

// A part is one name of a dotted key.
type part struct {
	name string
	line int
}

// A field is a "key = value", of a table or an inline one.
type field struct {
	key   []part
	value value
}

// A value is what stands in a field or an array.
type value struct {
	form   form
	items  []value // of an array
	fields []field // of an inline table
}

// A form says what a value is, with its article.
type form string

const (
	aString       form = "a string"
	anInteger     form = "an integer"
	aFloat        form = "a float"
	aBoolean      form = "a boolean"
	aDate         form = "a date"
	aTime         form = "a time"
	aLocalTime    form = "a date and time without offset"
	aDateTime     form = "a date and time"
	anArray       form = "an array"
	aTable        form = "a table"
	arrayOfTables form = "an array of tables"
)

// A scanner finds the statements of a text, the keys in them and the forms of their values. It judges nothing but
// the two caps: whether the text is TOML is for package toml to say. Up to the first fault that toml finds both see
// the same, so that the caps hold for all that toml is going to read; what toml accepts is understood to its end.
type scanner struct {
	text       string
	at         int   // offset of the next byte
	line       int   // of the byte at offset counted
	counted    int   // not after at
	inside     level // of what is being read
	weight     int   // of all that has been read
	statements []Statement
	problem    part // a cap that the text exceeds, if any
}

// A level is a place in a document: how many names and items lead to it, and how many bytes the names have.
type level struct{ depth, bytes int }

// scan reads all statements from begin on.
func scan(text string, begin int) *scanner {
	s := &scanner{text: text, at: begin, counted: begin, line: 1}
	for s.skip(" \t\r\n"); s.at < len(text); s.skip(" \t\r\n") {
		st := Statement{Line: s.lineHere(), Start: max(begin, strings.LastIndexByte(text[:s.at], '\n')+1)}
		s.statement(&st)
		s.skipTo("\n")
		s.take('\n')
		st.End = s.at
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
		s.inside = level{} // and what follows stands inside the table
		st.field.key = s.key()
	default:
		table := s.inside
		st.Kind = Field
		st.field, st.Value = s.field()
		st.Last = s.at
		s.inside = table
	}
	for _, p := range st.field.key {
		st.Key = append(st.Key, p.name)
	}
}

// field reads a "key = value", and tells the offset of its value.
func (s *scanner) field() (f field, at int) {
	f.key = s.key()
	if !s.take('=') {
		s.stop()
	}
	s.skip(" \t")
	at = s.at
	f.value = s.value()
	return f, at
}

// key reads a dotted key and the blanks around it.
func (s *scanner) key() (parts []part) {
	for {
		s.skip(" \t")
		p := part{line: s.lineHere()}
		if start := s.at; s.peek() == '"' || s.peek() == '\'' {
			s.quoted(s.text[start : start+1])
			p.name = unquote(s.text[start:s.at])
		} else {
			for isBare(rune(s.peek())) {
				s.at++
			}
			p.name = s.text[start:s.at]
		}
		parts = append(parts, p)
		s.enter(len(p.name))
		s.skip(" \t")
		if !s.take('.') {
			return parts
		}
	}
}

// unquote returns the name that a quoted part of a key stands for.
func unquote(quoted string) string {
	if quoted[0] == '"' && strings.Contains(quoted, `\`) {
		var v struct{ K string }
		_, _ = parse("K = "+quoted, &v) // where it fails, the whole text does
		return v.K
	}
	return strings.Trim(quoted, quoted[:1])
}

func (s *scanner) value() (v value) {
	switch s.peek() {
	case '"', '\'':
		quote := s.text[s.at : s.at+1]
		if three := strings.Repeat(quote, 3); strings.HasPrefix(s.text[s.at:], three) {
			quote = three
		}
		s.quoted(quote)
		return value{form: aString}
	case '[':
		v.form = anArray
		s.list(']', func() { v.items = append(v.items, s.value()) })
		return v
	case '{':
		v.form = aTable
		s.list('}', func() {
			f, _ := s.field()
			v.fields = append(v.fields, f)
		})
		return v
	}
	start := s.at
	s.skipTo(",]}#\n")
	scalar := strings.TrimRight(s.text[start:s.at], " \t\r")
	s.at = start + len(scalar)
	if scalar == "" {
		s.stop()
	}
	return value{form: formOf(scalar)}
}

// list reads what stands between a bracket and its end.
func (s *scanner) list(end byte, item func()) {
	outside := s.inside
	for s.at++; s.at < len(s.text); s.inside = outside {
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

// quoted reads a string that begins and ends with quote, which is one or three of either kind.
func (s *scanner) quoted(quote string) {
	for s.at += len(quote); s.at < len(s.text); s.at++ {
		switch {
		case strings.HasPrefix(s.text[s.at:], quote):
			s.at += len(quote)
			if len(quote) == 3 {
				s.skip(quote) // of five in a row, two belong to the string
			}
			return
		case quote[0] == '"' && s.peek() == '\\':
			s.at++
		}
	}
	s.stop()
}

// formOf returns the form of a value that is no string and holds no others.
func formOf(scalar string) form {
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
	case strings.ContainsAny(scalar, ".eEn"): // nan and inf among them
		return aFloat
	}
	return anInteger
}

// enter goes one level down, through a name of n bytes or to an item of an array or inline table.
func (s *scanner) enter(n int) {
	s.inside.depth++
	s.inside.bytes += n
	s.weight += s.inside.bytes + 16*s.inside.depth + 64 // a path, and what stands at it
	switch {
	case s.problem.line > 0:
		return
	case s.inside.depth > maxDepth:
		s.problem = part{name: "tables and arrays are nested too deep", line: s.lineHere()}
	case s.weight > maxWeight:
		s.problem = part{name: "the keys and items up to here are too many or too long", line: s.lineHere()}
	default:
		return
	}
	s.stop()
}

// stop goes to the end of the text, where all reading ends.
func (s *scanner) stop() { s.at = len(s.text) }

// take goes over the next byte if it is c.
func (s *scanner) take(c byte) bool {
	ok := s.at < len(s.text) && s.text[s.at] == c
	if ok {
		s.at++
	}
	return ok
}

// skip goes over all bytes of a set.
func (s *scanner) skip(set string) { s.at = len(s.text) - len(strings.TrimLeft(s.text[s.at:], set)) }

// skipTo goes to the next byte of a set, or to the end.
func (s *scanner) skipTo(set string) {
	if i := strings.IndexAny(s.text[s.at:], set); i >= 0 {
		s.at += i
	} else {
		s.stop()
	}
}

// peek returns the next byte, or 0 at the end.
func (s *scanner) peek() byte {
	if s.at < len(s.text) {
		return s.text[s.at]
	}
	return 0
}

// lineHere returns the line of the next byte.
func (s *scanner) lineHere() int {
	s.line += strings.Count(s.text[s.counted:s.at], "\n")
	s.counted = s.at
	return s.line
}
