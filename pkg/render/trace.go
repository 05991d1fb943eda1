package render

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render/jinja"
)

// A Trace says how one file of a rendered component came about.
type Trace struct {
	Source   string   // the component's file that it comes from
	Rendered bool     // Source is a template; else it was copied
	Keys     []string // that the template read, sorted; none for a copy
	NameKeys []string // that the names of the file and its folders read, sorted
	Data     []byte   // the content

	stretches []jinja.Span
}

// A Position is a line of a component's file.
type Position struct {
	File string // relative to the component
	Line int    // from 1
}

// A Line says where a line of a rendered file comes from.
type Line struct {
	Positions     []Position // at least one, in the order of the text: where what is not blank in it stands or was made
	Keys          []string   // that the text was made of
	ConditionKeys []string   // that the conditions and loops around it asked

	blank bool // there is nothing but spaces in it so far
}

// TraceFile renders one file of a component again, as Component does, and notes where each of its lines comes
// from. Source is the path of a file in files. Errors are those of Component.
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
	target, isTemplate := output(source, dir)
	if dir {
		for segment := range strings.SplitSeq(target, "/") {
			name, err := r.set.Trace(segment, nameMarks.Replace(segment))
			if err != nil {
				return Trace{}, r.failed(segment, err)
			}
			t.NameKeys = append(t.NameKeys, name.Keys...)
		}
		t.NameKeys = slices.Compact(slices.Sorted(slices.Values(t.NameKeys)))
	}
	if !isTemplate {
		t.stretches = []jinja.Span{{Text: string(f.Data), Name: source, Line: 1, Verbatim: true}}
		return t, nil
	}
	content, err := r.set.Trace(source, string(f.Data))
	if err != nil {
		return Trace{}, r.failed(source, err)
	}
	var text strings.Builder
	for _, s := range content.Spans {
		text.WriteString(s.Text)
	}
	t.Rendered, t.Data, t.Keys, t.stretches = true, []byte(text.String()), slices.Sorted(slices.Values(content.Keys)), content.Spans
	return t, nil
}

// Lines says where the lines of the file from the one of index first to the one before index end come from, as far as
// there are such lines. Lines end with "\n".
func (t Trace) Lines(first, end int) []Line {
	var out []Line
	at, open := 0, false // the line that the next text belongs to, and whether there is some of it already
	for _, s := range t.stretches {
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

// add adds a part of a stretch to a line. The place of blanks counts as long as there is no other.
func (l *Line) add(text string, at Position, s jinja.Span) {
	blank := strings.TrimSpace(text) == ""
	switch {
	case l.Positions == nil || l.blank && !blank:
		l.Positions, l.blank = []Position{at}, blank
	case !blank:
		l.Positions = with(l.Positions, at)
	}
	for _, k := range s.Keys {
		l.Keys = with(l.Keys, k)
	}
	for _, k := range s.ConditionKeys {
		l.ConditionKeys = with(l.ConditionKeys, k)
	}
}

func with[T comparable](list []T, v T) []T {
	if slices.Contains(list, v) {
		return list
	}
	return append(list, v)
}
