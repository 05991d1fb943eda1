// Package tomldoc decodes TOML strictly, with the lines of all fields, and edits TOML as text.
//
// The toml library parses and decodes; a scanner finds what the library does not report: the
// offsets of statements, keys and values.
//
// A document is a list of statements: headers such as "[project]" and "[[component]]", fields
// such as "name = …", and comments. A path such as "component[1].keys.source" identifies one
// value of a document.
package tomldoc

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/BurntSushi/toml"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// MaxSize is the maximum size of a document in bytes.
const MaxSize = 8 << 20

// bom is the byte order mark that some editors put before UTF-8 text.
const bom = "\ufeff"

// A Document is a TOML text that has been decoded without error.
type Document struct {
	Name       string         // of the file, for messages
	Text       []byte         // with a byte order mark replaced by spaces
	Statements []Statement    // in the order of the text
	lines      map[string]int // path → line of its last occurrence, starting at 1
}

// A Kind is the kind of a statement.
type Kind int

// The kinds of statements.
const (
	Comment Kind = iota // a line with only a comment
	Table               // [key]
	Array               // [[key]]
	Field               // key = value
)

// A Statement is one line of a document, or the lines that one value spans. Blank lines belong to no statement.
type Statement struct {
	Kind       Kind
	Key        []string // as written: the key of a field is relative to the header above it
	Line       int      // of its start, starting at 1
	Start      int      // offset of the first byte of its first line
	ValueStart int      // offset of the value of a field
	ValueEnd   int      // offset after the value of a field
	End        int      // offset after the line ending of its last line
	field      field    // the key with its lines, and the value of a field
}

// Decode decodes text into the struct or map that into points to.
//
// It fails on invalid TOML, on a field that the struct does not have (the case of letters matters), on a value of
// another type, on more than 64 levels of nesting, and on text larger than MaxSize. As an exception it accepts a table
// that is extended where TOML forbids it, because the library does. A field of type any accepts any value: [[tables]]
// become []map[string]any, and other arrays []any. Line ends in a string of several lines are LF.
//
// Errors name the file, the line and, for an unknown field, the known field that may have been meant. They are of kind
// Usage, or Refused for text that is too large. The error about conflict markers wraps ErrConflictMarkers.
func Decode(name string, text []byte, into any) (*Document, error) {
	if len(text) > MaxSize {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is larger than %d bytes", name, MaxSize).
			WithHint("check that this is the file you mean")
	}
	d := &Document{Name: name, Text: text}
	start := 0
	if bytes.HasPrefix(text, []byte(bom)) { // replaced by spaces, so that offsets do not change
		start = len(bom)
		d.Text = append(bytes.Repeat([]byte(" "), start), text[start:]...)
	}
	// The library ignores the byte order marks of UTF-16.
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return nil, d.errSyntax(1, "the text is in UTF-16, not in UTF-8")
	}
	if err := d.checkMarkers(d.decode(start, into)); err != nil {
		return nil, err
	}
	return d, nil
}

// decode is Decode for the text from offset start on.
func (d *Document) decode(start int, into any) error {
	s := scan(string(d.Text), start)
	if s.exceeded != "" {
		return d.errSyntax(s.exceededLine, s.exceeded)
	}
	// A string of several lines is the same string in a checkout with other line endings.
	text := strings.ReplaceAll(s.text, "\r\n", "\n")
	var tables toml.Primitive
	md, err := parse(text, &tables)
	if err != nil {
		return d.errSyntax(lineOf(err, text), message(err))
	}
	d.Statements, d.lines = s.statements, make(map[string]int, len(s.statements))
	c := checker{doc: d, counts: make(map[string]int), fields: make(map[reflect.Type]map[string]reflect.Type)}
	if err := c.check(reflect.TypeOf(into).Elem()); err != nil {
		return err
	}
	for _, decode := range []func() error{
		func() error { return md.PrimitiveDecode(tables, into) },
		func() error { return decodeOthers(md, tables, reflect.ValueOf(into).Elem()) },
	} {
		if err := decode(); err != nil {
			return d.errSyntax(1, strings.TrimPrefix(err.Error(), "toml: "))
		}
	}
	return nil
}

// parse parses text with the library.
func parse(text string, into any) (md toml.MetaData, fault *toml.ParseError) {
	defer func() {
		if r := recover(); r != nil { // the library panics on some invalid texts
			fault = &toml.ParseError{Message: strings.TrimSpace(fmt.Sprint(r))}
		}
	}()
	md, err := toml.Decode(text, into)
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		fault = &pe
	}
	return md, fault
}

// lineOf returns the line of the last byte that the library read before an error, starting at 1. It does not use
// Position.Line, which is off by one if that byte is a line ending or the last byte of the text.
func lineOf(fault *toml.ParseError, text string) int {
	end := min(max(fault.Position.Start+fault.Position.Len, 1), len(text))
	next, _ := utf8.DecodeRuneInString(text[end:])
	isInvalid := next == utf8.RuneError && end < len(text)
	if isInvalid || unicode.IsControl(next) && !strings.ContainsRune("\t\r\n", next) {
		end++ // the error is about this byte, which is not counted as read
	}
	return 1 + strings.Count(text[:max(end-1, 0)], "\n")
}

// message returns the message of an error without its capital letter and full stop.
func message(fault *toml.ParseError) string {
	m := strings.TrimSuffix(fault.Message, ".")
	if len(m) > 1 && unicode.IsLower(rune(m[1])) {
		m = strings.ToLower(m[:1]) + m[1:]
	}
	return m
}

// Errorf returns an error of kind Usage that names the file and the line of path. If the document does not contain
// path, the line is that of its longest prefix that it contains; without one, the error names only the file.
func (d *Document) Errorf(path, format string, args ...any) *failure.Error {
	line := 0
	for p := path; p != "" && line == 0; p = p[:max(0, strings.LastIndexAny(p, ".["))] {
		line = d.lines[p]
	}
	if line == 0 {
		return failure.Errorf(failure.Usage, "reading %q: %w", d.Name, fmt.Errorf(format, args...))
	}
	return d.errAt(line, format, args...)
}

func (d *Document) errAt(line int, format string, args ...any) *failure.Error {
	return failure.Errorf(failure.Usage, "reading %q: line %d: %w", d.Name, line, fmt.Errorf(format, args...))
}

func (d *Document) errSyntax(line int, problem string) *failure.Error {
	return d.errAt(line, "%s", problem).WithHint("correct line %d of %q", line, d.Name)
}

// Line returns the line of path, starting at 1, or 0 if the document does not contain it.
func (d *Document) Line(path string) int { return d.lines[path] }
