package jinja

import (
	"slices"
	"sort"
	"strings"
	"unsafe"
)

// A Trace says where the text of a result comes from.
type Trace struct {
	Spans []Span   // the result is the concatenation of their texts
	Keys  []string // all keys that were read, in order of first use
}

// A Span is a part of a result that one statement wrote. The output of macros, calls, set blocks and other templates
// has its own position, and keeps it when a filter indents it, trims it or changes its case.
type Span struct {
	Text          string
	Name          string   // of the template
	Line          int      // in the template, from 1
	Verbatim      bool     // Text is literal text of the template; otherwise it was generated at Line
	Keys          []string // keys that Text was made from
	ConditionKeys []string // keys in the conditions and loops around it
}

// Trace renders a template and returns where each part of the result comes from. Tracing counts as steps.
func (s *Set) Trace(name, source string) (Trace, error) {
	t := &tracer{set: s, captures: map[stringID][]Span{}, lines: map[*template][]int{}}
	out, err := s.render(name, source, t)
	if err != nil {
		return Trace{}, err
	}
	return Trace{out.spans, t.keysRead}, nil
}

// A tracer records where values and text come from. Its methods do nothing on a nil tracer, so that a rendering
// without tracing has almost no overhead.
type tracer struct {
	set           *Set
	keysRead      []string            // keys read since the last beginReads
	conditionKeys []string            // keys in the conditions and loops around the current statement
	captures      map[stringID][]Span // by captured text: where it comes from
	lines         map[*template][]int // by template: the offsets of its newlines
}

// A stringID identifies a string by its address, which stays the same when a template passes the value on.
type stringID struct {
	first *byte
	size  int
}

func idOf(text string) stringID { return stringID{unsafe.StringData(text), len(text)} }

// beginReads starts to record the keys that are read. Pass its result to endReads, which returns the keys.
func (t *tracer) beginReads() (before []string) {
	if t != nil {
		before, t.keysRead = t.keysRead, nil
	}
	return before
}

func (t *tracer) endReads(before []string) []string {
	if t == nil {
		return nil
	}
	read := t.keysRead
	t.keysRead = union(before, read)
	return read
}

// union returns the names in a or b. It does not modify them.
func union(a, b []string) []string {
	out := slices.Clip(a)
	for _, name := range b {
		if !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	return out
}

// evalWithKeys is like eval. It also returns the keys that the value was made from, if traced.
func (in *interp) evalWithKeys(sc *scope, e expr) (v any, keys []string) {
	before := in.tracer.beginReads()
	v = in.eval(sc, e)
	return v, in.tracer.endReads(before)
}

// recordRead records that a name is read.
func (t *tracer) recordRead(sc *scope, name string) {
	t.keysRead = union(t.keysRead, t.origin(sc, name))
}

// origin returns the keys that the value of a name was made from. For a key, that is its name.
func (t *tracer) origin(sc *scope, name string) []string {
	for s := sc; s != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			return s.keys[name]
		}
	}
	if keys, ok := sc.ctx.keys[name]; ok {
		return keys
	}
	if _, ok := sc.ctx.vars[name]; ok {
		return nil
	}
	_, given := t.set.keys[name]
	if _, ok := sc.ctx.parent[name]; ok && given {
		return []string{name}
	}
	return nil
}

// setOrigin records the keys of the value that was just assigned to a variable.
func (t *tracer) setOrigin(sc *scope, name string, keys []string) {
	if t == nil {
		return
	}
	if sc.keys == nil {
		sc.keys = map[string][]string{}
	}
	sc.keys[name] = keys
	if sc.toplevel {
		if sc.ctx.keys == nil {
			sc.ctx.keys = map[string][]string{}
		}
		sc.ctx.keys[name] = keys
	}
}

// addOrigin records additional keys for a part of a variable's value.
func (t *tracer) addOrigin(sc *scope, name string, keys []string) {
	for s := sc; s != nil && t != nil; s = s.parent {
		if _, ok := s.vars[name]; ok {
			t.setOrigin(s, name, union(s.keys[name], keys))
			return
		}
	}
}

// enterCondition records the keys of a condition or loop. Pass its result to leaveCondition after the body.
func (t *tracer) enterCondition(keys []string) (before []string) {
	if t != nil {
		before, t.conditionKeys = t.conditionKeys, union(t.conditionKeys, keys)
	}
	return before
}

func (t *tracer) leaveCondition(before []string) {
	if t != nil {
		t.conditionKeys = before
	}
}

// line returns the line of p, from 1.
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

// recordOutput records what was written to out: literal text if verbatim, or else a value made from the given keys.
func (t *tracer) recordOutput(out *output, at pos, text string, verbatim bool, keys []string) {
	if text == "" {
		return
	}
	parts, ok := t.captures[idOf(text)]
	if !ok {
		out.spans = append(out.spans, Span{text, at.t.name, t.line(at), verbatim, keys, t.conditionKeys})
		return
	}
	t.set.step(at, len(parts))
	for _, p := range parts {
		p.ConditionKeys = union(p.ConditionKeys, t.conditionKeys)
		out.spans = append(out.spans, p)
	}
}

// recordCapture records where captured text comes from.
func (t *tracer) recordCapture(text string, parts []Span) {
	if text != "" {
		t.captures[idOf(text)] = parts
	}
}

// recordFilter returns the result of a filter. If the operand was captured and the filter preserves its lines, the
// result has the same positions.
func (t *tracer) recordFilter(at pos, operand, result any) any {
	if t == nil {
		return result
	}
	before, _ := text(operand)
	after, ok := result.(string)
	parts := t.captures[idOf(before)]
	if !ok || after == "" || len(parts) == 0 || idOf(after) == idOf(before) {
		return result
	}
	t.set.step(at, len(parts)+strings.Count(after, "\n"))
	moved, ok := alignLines(spansByLine(parts), after)
	if !ok {
		return result
	}
	after = strings.Clone(after) // a new address, as it may be a substring or a constant
	t.recordCapture(after, moved)
	return after
}

// spansByLine returns one span for each line, at the position of its first text that is not white space.
func spansByLine(parts []Span) []Span {
	var out []Span
	var line strings.Builder
	placed := false // the line has text that is not white space
	for _, p := range parts {
		for text := range strings.Lines(p.Text) {
			if line.Len() == 0 {
				out, placed = append(out, Span{Name: p.Name, Line: p.Line}), false
			}
			last := &out[len(out)-1]
			if !placed && !isBlank(text) {
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

// alignLines assigns the positions of old to the lines of text. It returns false unless the lines that are not blank
// are the same except for case and white space around them.
func alignLines(old []Span, text string) ([]Span, bool) {
	position := old[0]
	var out []Span
	for line := range strings.Lines(text) {
		if !isBlank(line) {
			for len(old) > 0 && isBlank(old[0].Text) {
				old = old[1:]
			}
			if len(old) == 0 || !strings.EqualFold(strings.TrimSpace(old[0].Text), strings.TrimSpace(line)) {
				return nil, false
			}
			position, old = old[0], old[1:]
		}
		position.Text = line
		out = append(out, position)
	}
	rest := slices.ContainsFunc(old, func(s Span) bool { return !isBlank(s.Text) })
	return out, !rest
}
