// Package document owns TOML text: reading it strictly, telling where each part of it
// stands, and writing values into it.
//
// A document is a list of statements: headers ("[project]", "[[component]]"), each with
// the lines it opens, fields ("name = …") and comments. A path names one value of a
// document, as in "component[1].keys.source".
package document

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/pelletier/go-toml/v2"
	"github.com/pelletier/go-toml/v2/unstable"

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
	begin      int            // offset of the first byte after a byte order mark
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
}

// Decode reads text into the struct that into points to. It fails, with the name of the file, the line
// and the nearest known field, on a field that the struct has not, letter case included, and on a value
// of another type; on all that TOML forbids; and on text larger than MaxSize. A field of type any takes
// whatever stands there. Its errors are of kind Usage, except for the size.
func Decode(name string, text []byte, into any) (*Document, error) {
	if len(text) > MaxSize {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is larger than %d bytes", name, MaxSize).
			WithHint("check that this is the file you mean")
	}
	d := &Document{Name: name, Text: text, lines: make(map[string]int)}
	if bytes.HasPrefix(text, []byte(bom)) { // its bytes become blanks, so that offsets stay what they are
		d.begin = len(bom)
		text = append(bytes.Repeat([]byte(" "), d.begin), text[d.begin:]...)
		d.Text = text
	}
	r := reader{doc: d, line: 1, counts: make(map[string]int)}
	if err := r.read(reflect.TypeOf(into).Elem()); err != nil {
		return nil, err
	}
	if err := toml.Unmarshal(text, into); err != nil {
		line := 1
		var de *toml.DecodeError
		if errors.As(err, &de) {
			line, _ = de.Position()
		}
		return nil, d.syntax(line, strings.TrimPrefix(err.Error(), "toml: "))
	}
	return d, nil
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

// A reader walks over the statements of a document and holds each against a Go type.
type reader struct {
	doc    *Document
	parser unstable.Parser
	offset int // up to which lines have been counted
	line   int // of offset
	counts map[string]int
}

func (r *reader) read(t reflect.Type) error {
	r.parser.KeepComments = true
	r.parser.Reset(r.doc.Text)
	root := place{typ: t}
	table := root
	for r.parser.NextExpression() {
		node := r.parser.Expression()
		s := r.statement(node)
		r.doc.Statements = append(r.doc.Statements, s)
		var err error
		switch s.Kind {
		case Table, Array:
			table, err = r.header(root, node, s)
		case Field:
			err = r.field(table, node)
		}
		if err != nil {
			return err
		}
	}
	var pe *unstable.ParserError
	if err := r.parser.Error(); errors.As(err, &pe) {
		return r.doc.syntax(r.parser.Shape(r.parser.Range(pe.Highlight)).Start.Line, pe.Message)
	} else if err != nil {
		return r.doc.syntax(1, err.Error())
	}
	return nil
}

// statement returns where node stands.
func (r *reader) statement(node *unstable.Node) Statement {
	var s Statement
	first, last := int(node.Raw.Offset), 0
	switch node.Kind {
	case unstable.Comment:
		last = first + int(node.Raw.Length)
	case unstable.KeyValue:
		s.Kind, s.Key = Field, keys(node)
		last = first + int(node.Raw.Length)
		s.Last = last
		s.Value = r.valueOffset(node)
	default:
		s.Kind, s.Key = Table, keys(node)
		if node.Kind == unstable.ArrayTable {
			s.Kind = Array
		}
		first = int(node.Child().Raw.Offset)
		last = first
	}
	text := r.doc.Text
	s.Line = r.lineAt(first)
	s.Start = max(r.doc.begin, bytes.LastIndexByte(text[:first], '\n')+1)
	s.End = len(text)
	if i := bytes.IndexByte(text[last:], '\n'); i >= 0 {
		s.End = last + i + 1
	}
	return s
}

// valueOffset returns where the value of a field begins: after its key, "=" and blanks.
func (r *reader) valueOffset(node *unstable.Node) int {
	var end int
	for it := node.Key(); it.Next(); {
		raw := it.Node().Raw
		end = int(raw.Offset + raw.Length)
	}
	rest := r.doc.Text[end:]
	value := bytes.TrimLeft(rest[bytes.IndexByte(rest, '=')+1:], " \t")
	return len(r.doc.Text) - len(value)
}

// lineAt returns the line of an offset. Offsets come in rising order, but for a few steps back inside one statement.
func (r *reader) lineAt(offset int) int {
	if offset < r.offset {
		return r.line - bytes.Count(r.doc.Text[offset:r.offset], []byte("\n"))
	}
	r.line += bytes.Count(r.doc.Text[r.offset:offset], []byte("\n"))
	r.offset = offset
	return r.line
}

func keys(node *unstable.Node) []string {
	var out []string
	for it := node.Key(); it.Next(); {
		out = append(out, string(it.Node().Data))
	}
	return out
}

// Line returns the line on which path stands, starting at 1, or 0 when it does not stand there.
func (d *Document) Line(path string) int { return d.lines[path] }
