package jinja

import (
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// A Trace says where each part of a result comes from.
type Trace struct {
	Spans []Span   // their texts, one after the other, are the result
	Keys  []string // all keys that were read on the way, in the order of the first time
}

// A Span is a part of a result that one statement of a template wrote. What a macro, a call, a set block or
// another template wrote keeps its own place, also through filters that indent it, trim it or change its case.
type Span struct {
	Text          string
	Name          string   // of the template
	Line          int      // in the template, from 1: where Text begins
	Verbatim      bool     // Text stands so in the template, with all its lines; else all of it was made at Line
	Keys          []string // that Text was made of
	ConditionKeys []string // that the conditions and loops around it asked
}

// Trace is Render that says where each part of the result comes from. To remember it counts as work.
func (s *Set) Trace(name, source string) (Trace, error) {
	t := &tracer{set: s, captures: map[identity][]Span{}, lines: map[*template][]int{}}
	out, err := s.render(name, source, t)
	if err != nil {
		return Trace{}, err
	}
	return Trace{out.stretches, t.reads}, nil
}

// A tracer notes, during an evaluation, where values and text come from. Its methods do nothing
// for a nil tracer, so that a rendering that nobody asks about costs no more than that question.
type tracer struct {
	set      *Set
	reads    []string            // the keys that were read since the last begin
	asked    []string            // the keys that the conditions and loops around asked
	captures map[identity][]Span // where captured text comes from
	lines    map[*template][]int // the offsets of the line ends of a template
}

// An identity tells a string from others of the same text: a value that a template passes on stays where it is in memory.
type identity struct {
	first *byte
	size  int
}

func identify(text string) identity { return identity{unsafe.StringData(text), len(text)} }

// begin makes end return the keys that are read from here on. It returns what end takes.
func (t *tracer) begin() (before []string) {
	if t != nil {
		before, t.reads = t.reads, nil
	}
	return before
}

func (t *tracer) end(before []string) []string {
	if t == nil {
		return nil
	}
	read := t.reads
	t.reads = union(before, read)
	return read
}

// union returns the names in a and those in b that are not. It changes neither.
func union(a, b []string) []string {
	out := slices.Clip(a)
	for _, name := range b {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// evalFrom is eval that tells the keys which the value was made of, when they are traced.
func (in *interp) evalFrom(sc *scope, e expr) (v any, from []string) {
	before := in.tracer.begin()
	v = in.eval(sc, e)
	return v, in.tracer.end(before)
}

// read notes that a name is read.
func (t *tracer) read(sc *scope, name string) {
	t.reads = union(t.reads, t.origin(sc, name))
}

// origin returns the keys that the value of a name was made of: for a key itself, its name.
func (t *tracer) origin(sc *scope, name string) []string {
	for s := sc; s != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			return s.from[name]
		}
	}
	if from, ok := sc.ctx.from[name]; ok {
		return from
	}
	if _, ok := sc.ctx.vars[name]; ok {
		return nil
	}
	_, given := t.set.keys[name]
	if _, ok := sc.ctx.outer[name]; ok && given {
		return []string{name}
	}
	return nil
}

// made notes the keys that the value just stored in a variable was made of.
func (t *tracer) made(sc *scope, name string, from []string) {
	if t == nil {
		return
	}
	if sc.from == nil {
		sc.from = map[string][]string{}
	}
	sc.from[name] = from
	if sc.top {
		if sc.ctx.from == nil {
			sc.ctx.from = map[string][]string{}
		}
		sc.ctx.from[name] = from
	}
}

// grew notes the keys that a part of a variable's value was made of.
func (t *tracer) grew(sc *scope, name string, from []string) {
	for s := sc; s != nil && t != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			t.made(s, name, union(s.from[name], from))
			return
		}
	}
}

// within returns a context whose outer variables are all that can be named in sc.
func (in *interp) within(sc *scope, blocks map[string][]*blockStmt) *context {
	ctx := newContext(sc.visible(), blocks)
	if in.tracer != nil {
		ctx.from = map[string][]string{}
		for name := range ctx.outer {
			ctx.from[name] = in.tracer.origin(sc, name)
		}
	}
	return ctx
}

// ask notes the keys that a condition or loop asked. What was asked before it is to be given to answered after its body.
func (t *tracer) ask(keys []string) (before []string) {
	if t != nil {
		before, t.asked = t.asked, union(t.asked, keys)
	}
	return before
}

func (t *tracer) answered(before []string) {
	if t != nil {
		t.asked = before
	}
}

// line returns the line that p is in, from 1.
func (t *tracer) line(p pos) int {
	ends, ok := t.lines[p.t]
	if !ok {
		for i := range len(p.t.source) {
			if p.t.source[i] == '\n' {
				ends = append(ends, i)
			}
		}
		t.lines[p.t] = ends
	}
	return sort.SearchInts(ends, p.offset) + 1
}

// wrote notes what was written to out: text of the template when it is verbatim, else a value made of the keys in from.
func (t *tracer) wrote(out *output, at pos, text string, verbatim bool, from []string) {
	if text == "" {
		return
	}
	parts, ok := t.captures[identify(text)]
	if !ok {
		out.stretches = append(out.stretches, Span{text, at.t.name, t.line(at), verbatim, from, t.asked})
		return
	}
	t.set.step(at, len(parts))
	for _, p := range parts {
		p.ConditionKeys = union(p.ConditionKeys, t.asked)
		out.stretches = append(out.stretches, p)
	}
}

// captured notes where a text that becomes a value comes from.
func (t *tracer) captured(text string, parts []Span) {
	if text != "" {
		t.captures[identify(text)] = parts
	}
}

// filtered returns the result of a filter. When its operand was captured and it kept the lines, they keep their places.
func (t *tracer) filtered(at pos, operand, result any) any {
	if t == nil {
		return result
	}
	before, _ := text(operand)
	after, ok := result.(string)
	parts := t.captures[identify(before)]
	if !ok || after == "" || len(parts) == 0 || identify(after) == identify(before) {
		return result
	}
	t.set.step(at, len(parts)+strings.Count(after, "\n"))
	moved, ok := carry(lines(parts), after)
	if !ok {
		return result
	}
	after = strings.Clone(after) // it may be a part of another string, or a constant
	t.captured(after, moved)
	return after
}

// lines returns one stretch for each line of parts, at the place of what first stands in it.
func lines(parts []Span) []Span {
	var out []Span
	var line strings.Builder
	placed := false // the line is more than blank so far
	for _, p := range parts {
		for text := range strings.Lines(p.Text) {
			if line.Len() == 0 {
				out, placed = append(out, Span{Name: p.Name, Line: p.Line}), false
			}
			last := &out[len(out)-1]
			if !placed && !blank(text) {
				last.Name, last.Line, placed = p.Name, p.Line, true
			}
			last.Keys, last.ConditionKeys = union(last.Keys, p.Keys), union(last.ConditionKeys, p.ConditionKeys)
			line.WriteString(text)
			last.Text = line.String()
			if strings.HasSuffix(text, "\n") {
				line.Reset()
				if p.Verbatim {
					p.Line++
				}
			}
		}
	}
	return out
}

func blank(s string) bool { return strings.TrimSpace(s) == "" }

// carry returns the stretches of text, whose lines that are not blank must be those of from but for the spaces
// around them and the case of letters.
func carry(from []Span, text string) ([]Span, bool) {
	place := from[0]
	var out []Span
	for line := range strings.Lines(text) {
		if !blank(line) {
			for len(from) > 0 && blank(from[0].Text) {
				from = from[1:]
			}
			if len(from) == 0 || !strings.EqualFold(strings.TrimSpace(from[0].Text), strings.TrimSpace(line)) {
				return nil, false
			}
			place, from = from[0], from[1:]
		}
		place.Text = line
		out = append(out, place)
	}
	rest := slices.ContainsFunc(from, func(s Span) bool { return !blank(s.Text) })
	return out, !rest
}
