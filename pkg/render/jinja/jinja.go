// Package jinja owns the template language: Jinja2 3.1 with its default settings.
//
// A template is parsed into nodes and then evaluated over values that behave as Python's do.
// The world is closed: what a template asks for is either done as Python's Jinja2 does it, byte for
// byte, or it is an *Error with a line and a column. Nothing is evaluated approximately.
//
// A template reaches its keys and the other templates of its set, and nothing else: no disk,
// clock, environment or randomness. Limits bound its memory, its time and its depth.
package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// Limits bound what the templates of one Set may use together.
type Limits struct {
	Output int // bytes of all results
	Memory int // bytes of all strings and lists made on the way, freed or not
	Steps  int // statements, expressions and items visited
	Depth  int // nesting of the source, of includes, calls and values
}

// An Error says where in which template something went wrong.
type Error struct {
	Name      string // of the template
	Line, Col int    // from 1; columns count characters
	Message   string
	Undefined string // the undefined name, when the problem is one
	Limit     bool   // the problem is a limit that is exceeded
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Col, e.Message)
}

// A Set is a set of templates that can include, extend and import each other, with the keys
// that they can name. It is not safe for use by several goroutines.
type Set struct {
	load      func(name string) (string, bool)
	keys      map[string]any
	lenient   bool
	limits    Limits
	templates map[string]*template
	output    int // bytes of all results so far
	memory    int // bytes made so far
	steps     int // steps taken so far
}

// NewSet returns a set. The keys are strings, ints, bools and []strings. The load function gives the
// source of a template by the name that a template uses for it. A lenient set takes an undefined
// name as empty, as Jinja2 does by default.
func NewSet(load func(name string) (string, bool), keys map[string]any, lenient bool, l Limits) (*Set, error) {
	s := &Set{load: load, keys: make(map[string]any, len(keys)), lenient: lenient, limits: l, templates: map[string]*template{}}
	for name, value := range keys {
		v, err := fromGo(value)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", name, err)
		}
		s.keys[name] = v
	}
	return s, nil
}

// Render returns the result of a template, or an *Error. The name stands in errors.
func (s *Set) Render(name, source string) (string, error) {
	out, err := s.render(name, source, nil)
	if err != nil {
		return "", err
	}
	return out.String(), nil
}

// render evaluates a template. The tracer may be nil.
func (s *Set) render(name, source string, tracer *tracer) (out *output, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Error:
			err = p
		default: // a fault of this package: say so, and say where
			err = &Error{Name: name, Line: 1, Col: 1, Message: fmt.Sprintf("the template engine failed: %v", p)}
		}
	}()
	t := parse(s, name, source)
	in := &interp{set: s, tracer: tracer, modules: map[*template]*module{}}
	out = &output{set: s, tracer: tracer}
	in.run(t, newContext(s.globals(), nil), out)
	return out, nil
}

// globals returns what every template can name: the functions of the language, and over them the keys.
func (s *Set) globals() map[string]any {
	all := make(map[string]any, len(s.keys)+len(functions()))
	for name, f := range functions() {
		all[name] = f
	}
	for name, v := range s.keys {
		all[name] = v
	}
	return all
}

// get returns the template of a name, parsed once.
func (s *Set) get(name string) (*template, bool) {
	if t, ok := s.templates[name]; ok {
		return t, true
	}
	source, ok := s.load(name)
	if !ok {
		return nil, false
	}
	t := parse(s, name, source)
	s.templates[name] = t
	return t, true
}

// A template is a parsed source.
type template struct {
	set    *Set
	name   string
	source string // with newlines normalised
	body   []stmt
	scope  scopeInfo
	blocks map[string]*blockStmt
}

// A pos is a place in a template's source.
type pos struct {
	t      *template
	offset int
}

func (p pos) lineCol() (line, col int) {
	before := p.t.source[:min(p.offset, len(p.t.source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// fail ends the rendering with an error at p. Like text/template, the package panics with an *Error
// inside and recovers it in Render, so that no step of an evaluation is lost in checks.
func (p pos) fail(format string, args ...any) {
	panic(p.error(format, args...))
}

func (p pos) error(format string, args ...any) *Error {
	line, col := p.lineCol()
	return &Error{Name: p.t.name, Line: line, Col: col, Message: fmt.Sprintf(format, args...)}
}

// unsupported ends the rendering at something that Python's Jinja2 can do and ppm cannot.
func (p pos) unsupported(format string, args ...any) {
	p.fail("%s is not supported by ppm", fmt.Sprintf(format, args...))
}

// exceed ends the rendering because a limit is exceeded.
func (p pos) exceed(format string, args ...any) {
	err := p.error(format, args...)
	err.Limit = true
	panic(err)
}

// step counts n steps of work.
func (s *Set) step(at pos, n int) {
	if s.steps += n; s.steps > s.limits.Steps || n < 0 {
		at.exceed("the template takes more than %d steps", s.limits.Steps)
	}
}

// reserve counts n bytes before they are made.
func (s *Set) reserve(at pos, n int) {
	if n < 0 || n > s.limits.Memory-s.memory {
		at.exceed("the template makes values of more than %d bytes", s.limits.Memory)
	}
	s.memory += n
}

// scan counts the work of looking at every byte of each value that is text.
func (s *Set) scan(at pos, values ...any) {
	for _, v := range values {
		if t, ok := text(v); ok {
			s.step(at, len(t)/32)
		}
	}
}

// An output collects a result, or what a block captures.
type output struct {
	strings.Builder
	set       *Set
	capture   bool // the text is a value, not part of the result
	tracer    *tracer
	stretches []Span // where the text comes from, when that is traced
}

// write writes a value that was made of the keys in from.
func (o *output) write(at pos, text string, from []string) {
	o.grow(at, text)
	if o.tracer != nil {
		o.tracer.wrote(o, at, text, false, from)
	}
}

// copy writes text that stands in the template.
func (o *output) copy(at pos, text string) {
	o.grow(at, text)
	if o.tracer != nil {
		o.tracer.wrote(o, at, text, true, nil)
	}
}

func (o *output) grow(at pos, text string) {
	if o.capture {
		o.set.reserve(at, len(text))
	} else if o.set.output += len(text); o.set.output > o.set.limits.Output {
		at.exceed("the result is longer than %d bytes", o.set.limits.Output)
	}
	o.WriteString(text)
}

// value returns what was captured.
func (o *output) value() string {
	text := o.String()
	if o.tracer != nil {
		o.tracer.captured(text, o.stretches)
	}
	return text
}
