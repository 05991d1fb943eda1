// Package jinja implements the template language of Jinja2 3.1 with its default settings.
//
// A template is parsed into nodes, which are evaluated over values that behave like Python's. For every template the
// result is either that of Python's Jinja2, byte for byte, or an *Error with a line and a column.
//
// A template has access to its keys and to the other templates of its set only, not to disk, clock, environment or
// randomness. Limits bound its memory, time and depth.
package jinja

import (
	"fmt"
	"maps"
	"slices"
)

// Limits bound the resources that the templates of one Set may use together.
type Limits struct {
	Output int // bytes of all results
	Memory int // bytes of all values created during evaluation, including freed ones
	Steps  int // statements, expressions and items visited
	Depth  int // nesting of the source, of includes, of calls and of values
}

// A Set is a set of templates that can include, extend and import each other, and the keys they can use. It is not
// safe for concurrent use.
type Set struct {
	load           func(name string) (string, bool)
	keys           map[string]any
	allowUndefined bool
	limits         Limits
	templates      map[string]*template
	output         int // bytes of all results so far
	memory         int // bytes reserved so far
	steps          int // steps taken so far
}

// NewSet returns a set. Keys have values of type string, int, bool or []string. Load returns the source of a template
// by its name. If allowUndefined is set, undefined names render as empty text, as in Jinja2 by default.
func NewSet(load func(name string) (string, bool), keys map[string]any, allowUndefined bool, l Limits) (*Set, error) {
	s := &Set{load: load, keys: make(map[string]any, len(keys)), allowUndefined: allowUndefined, limits: l,
		templates: map[string]*template{}}
	for name, value := range keys {
		v, err := fromGo(value)
		if err != nil {
			return nil, fmt.Errorf("key %q: %w", name, err)
		}
		s.keys[name] = v
	}
	return s, nil
}

// Render renders a template. Errors are of type *Error and contain the name.
func (s *Set) Render(name, source string) (string, error) {
	out, err := s.render(name, source, nil)
	if err != nil {
		return "", err
	}
	return out.String(), nil
}

// Names returns the names that a template reads, sorted. It returns none for a text that is not a template.
func (s *Set) Names(source string) (names []string) {
	defer func() {
		if recover() != nil {
			names = nil
		}
	}()
	t := parse(s, "names", source)
	found := map[string]bool{}
	visit := func(name string, load bool) {
		if load {
			found[name] = true
		}
	}
	visitNames(t.body, visit)
	for _, b := range t.blocks {
		visitNames(b.body, visit)
	}
	return slices.Sorted(maps.Keys(found))
}

// render renders a template. The tracer may be nil.
func (s *Set) render(name, source string, tracer *tracer) (out *output, err error) {
	defer func() {
		switch p := recover().(type) {
		case nil:
		case *Error:
			err = p
		default: // a bug in this package
			err = &Error{Name: name, Line: 1, Col: 1, Message: fmt.Sprintf("the template engine failed: %v", p)}
		}
	}()
	t := parse(s, name, source)
	in := &interp{set: s, tracer: tracer, modules: map[*template]*module{}}
	out = &output{set: s, tracer: tracer}
	in.run(t, newContext(s.globals(), nil), out)
	return out, nil
}

// globals returns the names that are defined in every template: functions, and keys, which take precedence.
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

// lookup returns the template with the given name, parsing it once.
func (s *Set) lookup(name string) (*template, bool) {
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

// step counts n steps of evaluation.
func (s *Set) step(at pos, n int) {
	if s.steps += n; s.steps > s.limits.Steps || n < 0 {
		at.limitExceeded("the template takes more than %d steps", s.limits.Steps)
	}
}

// reserve counts n bytes before they are allocated.
func (s *Set) reserve(at pos, n int) {
	if n < 0 || n > s.limits.Memory-s.memory {
		at.limitExceeded("the template makes values of more than %d bytes", s.limits.Memory)
	}
	s.memory += n
}

// scan counts the steps of reading each value that is text.
func (s *Set) scan(at pos, values ...any) {
	for _, v := range values {
		if t, ok := text(v); ok {
			s.step(at, len(t)/32)
		}
	}
}
