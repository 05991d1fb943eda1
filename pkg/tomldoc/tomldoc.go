// Package document owns TOML text: reading it strictly, telling where each part of it
// stands, and writing values into it. Package toml parses and decodes; what it does not
// tell, a scanner finds: where statements, keys and values stand.
//
// A document is a list of statements: headers ("[project]", "[[component]]"), each with
// the lines it opens, fields ("name = …") and comments. A path names one value of a
// document, as in "component[1].keys.source".
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

// MaxSize is the largest text, in bytes, that is read as a document.
const MaxSize = 8 << 20

// bom is the mark that some editors put before UTF-8 text.
const bom = "\ufeff"

// A Document is a TOML text that has been read without error.
type Document struct {
	Name       string         // of the file, for messages
	Text       []byte         // a byte order mark in it stands as blanks
	Statements []Statement    // in the order of the text
	lines      map[string]int // path → line of its last mention, starting at 1
}

// A Kind says what a statement is.
type Kind int

// The kinds of statements.
const (
	Comment Kind = iota // a line that holds nothing but a comment
	Table               // [key]
	Array               // [[key]]
	Field               // key = value
)

// A Statement is one line of a document, or the lines that one value spans. Blank lines belong to none.
type Statement struct {
	Kind  Kind
	Key   []string // as written: a field's is relative to the header above it
	Line  int      // where it begins, starting at 1
	Start int      // offset of the first byte of its first line
	Value int      // offset of the first byte of a field's value
	Last  int      // offset after the last byte of a field's value
	End   int      // offset after the line ending of its last line
	field field    // its key with lines; the value of a field
}

// Decode reads text into the struct or map that into points to. It fails, with the name of the file, the line
// and the nearest known field, on a field that the struct has not, letter case included, and on a value
// of another type; on what package toml refuses, which lets pass only that one table adds to another where TOML
// forbids it; on what is nested deeper than 64 levels; and on text larger than MaxSize.
// A field of type any takes whatever stands there, [[tables]] as []map[string]any and all other arrays as []any.
// Its errors are of kind Usage, except for the size.
func Decode(name string, text []byte, into any) (*Document, error) {
	if len(text) > MaxSize {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is larger than %d bytes", name, MaxSize).
			WithHint("check that this is the file you mean")
	}
	d := &Document{Name: name, Text: text}
	begin := 0
	if bytes.HasPrefix(text, []byte(bom)) { // its bytes become blanks, so that offsets stay what they are
		begin = len(bom)
		d.Text = append(bytes.Repeat([]byte(" "), begin), text[begin:]...)
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) { // package toml passes over both
		return nil, d.syntax(1, "the text is in UTF-16, not in UTF-8")
	}
	s := scan(string(d.Text), begin)
	if s.problem.line > 0 {
		return nil, d.syntax(s.problem.line, s.problem.name)
	}
	var tables toml.Primitive
	md, err := parse(s.text, &tables)
	if err != nil {
		return nil, d.syntax(lineOf(err, s.text), message(err))
	}
	d.Statements, d.lines = s.statements, make(map[string]int, len(s.statements))
	c := checker{doc: d, counts: make(map[string]int), fields: make(map[reflect.Type]map[string]reflect.Type)}
	if err := c.check(reflect.TypeOf(into).Elem()); err != nil {
		return nil, err
	}
	if err := md.PrimitiveDecode(tables, into); err != nil {
		return nil, d.syntax(1, strings.TrimPrefix(err.Error(), "toml: "))
	}
	return d, nil
}

// parse hands text to package toml.
func parse(text string, into any) (md toml.MetaData, fault *toml.ParseError) {
	defer func() {
		if r := recover(); r != nil { // it panics where a text leads it to what it had not foreseen
			fault = &toml.ParseError{Message: strings.TrimSpace(fmt.Sprint(r))}
		}
	}()
	md, err := toml.Decode(text, into)
	if pe, ok := errors.AsType[toml.ParseError](err); ok {
		fault = &pe
	}
	return md, fault
}

// lineOf returns the line of the last byte that was read before a fault, starting at 1. Position.Line is
// one off when that is a line ending or the last of all.
func lineOf(fault *toml.ParseError, text string) int {
	end := min(max(fault.Position.Start+fault.Position.Len, 1), len(text))
	if next, _ := utf8.DecodeRuneInString(text[end:]); next == utf8.RuneError && end < len(text) || unicode.IsControl(next) && !strings.ContainsRune("\t\r\n", next) {
		end++ // which is what the fault is about, not read yet
	}
	return 1 + strings.Count(text[:max(end-1, 0)], "\n")
}

// message returns what is wrong, as the middle of a sentence.
func message(fault *toml.ParseError) string {
	m := strings.TrimSuffix(fault.Message, ".")
	if len(m) > 1 && unicode.IsLower(rune(m[1])) {
		m = strings.ToLower(m[:1]) + m[1:]
	}
	return m
}

// Errorf returns a failure of kind Usage that names the file and the line on which path stands, or
// the nearest part of it that does; and the file alone when no part does.
func (d *Document) Errorf(path, format string, args ...any) *failure.Error {
	line := 0
	for p := path; p != "" && line == 0; p = p[:max(0, strings.LastIndexAny(p, ".["))] {
		line = d.lines[p]
	}
	if line == 0 {
		return failure.Errorf(failure.Usage, "reading %q: %w", d.Name, fmt.Errorf(format, args...))
	}
	return d.at(line, format, args...)
}

func (d *Document) at(line int, format string, args ...any) *failure.Error {
	return failure.Errorf(failure.Usage, "reading %q: line %d: %w", d.Name, line, fmt.Errorf(format, args...))
}

func (d *Document) syntax(line int, problem string) *failure.Error {
	return d.at(line, "%s", problem).WithHint("correct line %d of %q", line, d.Name)
}

// Line returns the line on which path stands, starting at 1, or 0 when it does not stand there.
func (d *Document) Line(path string) int { return d.lines[path] }
