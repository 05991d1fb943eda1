package render

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render/jinja"
)

// A Trace says where the content of one rendered file comes from.
type Trace struct {
	Source   string   // path in the component
	Rendered bool     // whether Source is a template
	Keys     []string // keys that the template read, sorted
	NameKeys []string // that the names of the file and its folders read, sorted
	Data     []byte   // the content

	spans []jinja.Span
}

// A Position is a line of a component's file.
type Position struct {
	File string // relative to the component
	Line int    // from 1
}

// A Line says where a line of a rendered file comes from.
type Line struct {
	Positions     []Position // the sources of its text, in order; at least one
	Keys          []string   // keys that the text was made from
	ConditionKeys []string   // keys in the conditions and loops around it

	blank bool // only white space so far
}

// TraceFile renders one file of a component, as Component does, and records where its lines come from. Source is the
// path of a file in files. Errors are as for Component.
func TraceFile(files fileset.Set, dir bool, source string, keys Context, o Options) (Trace, error) {
	f, ok := files.Lookup(source)
	if !ok {
		return Trace{}, failure.Errorf(failure.Other, "tracing %q: the component has no such file", source)
	}
	r, err := newRenderer(files, keys, o)
	if err != nil {
		return Trace{}, err
	}
	t := Trace{Source: source, Data: f.Data}
	target, isTemplate := Output(source, dir)
	if dir {
		for segment := range strings.SplitSeq(target, "/") {
			name, err := r.set.Trace(segment, nameTemplate(segment))
			if err != nil {
				return Trace{}, r.errRender(segment, err)
			}
			t.NameKeys = append(t.NameKeys, name.Keys...)
		}
		t.NameKeys = slices.Compact(slices.Sorted(slices.Values(t.NameKeys)))
	}
	if !isTemplate {
		t.spans = []jinja.Span{{Text: string(f.Data), Name: source, Line: 1, Verbatim: true}}
		return t, nil
	}
	content, err := r.set.Trace(source, string(f.Data))
	if err != nil {
		return Trace{}, r.errRender(source, err)
	}
	var text strings.Builder
	for _, s := range content.Spans {
		text.WriteString(s.Text)
	}
	t.Rendered, t.Data, t.Keys, t.spans = true, []byte(text.String()), slices.Sorted(
		slices.Values(content.Keys)), content.Spans
	return t, nil
}

// Lines returns the sources of the lines with index first up to but not including end. Lines end with "\n".
func (t Trace) Lines(first, end int) []Line {
	var out []Line
	at, open := 0, false // the index of the current line, and whether it has text already
	for _, s := range t.spans {
		place := Position{s.Name, s.Line}
		for text := range strings.Lines(s.Text) {
			if at >= end {
				return out
			}
			if at >= first {
				if !open {
					out = append(out, Line{blank: true})
				}
				out[len(out)-1].add(text, place, s)
			}
			if open = !strings.HasSuffix(text, "\n"); open {
				continue
			}
			at++
			if s.Verbatim {
				place.Line++
			}
		}
	}
	return out
}

// add adds a part of a span to the line. Positions of white space count only if there is no other text.
func (l *Line) add(text string, at Position, s jinja.Span) {
	blank := strings.TrimSpace(text) == ""
	switch {
	case l.Positions == nil || l.blank && !blank:
		l.Positions, l.blank = []Position{at}, blank
	case !blank:
		l.Positions = appendNew(l.Positions, at)
	}
	for _, k := range s.Keys {
		l.Keys = appendNew(l.Keys, k)
	}
	for _, k := range s.ConditionKeys {
		l.ConditionKeys = appendNew(l.ConditionKeys, k)
	}
}

func appendNew[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
