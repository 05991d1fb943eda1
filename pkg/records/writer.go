package records

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A piece is a part of a merged record: a text that is settled, or a conflict.
type piece struct {
	text     string
	conflict *conflict
}

// A conflict is a part of a record that both sides changed in different ways. A version that has no such part is
// empty.
type conflict struct {
	about string // such as `the install at "app"`
	versions
}

func conflictsOf(pieces []piece) []string {
	var out []string
	for _, p := range pieces {
		if p.conflict != nil {
			out = append(out, p.conflict.about)
		}
	}
	return out
}

// A writer writes pieces as a text.
type writer struct {
	Options
	size int // of the conflict markers
	out  strings.Builder
}

// markerSize returns the length of the markers: at least the one that is asked for, and one that no line of the pieces
// looks like a marker of.
func (o Options) markerSize(pieces []piece) int {
	size := o.MarkerSize
	if size < 1 {
		size = merge.DefaultMarkerSize
	}
	isTaken := func(p piece) bool {
		if p.conflict == nil {
			return looksMarked(p.text, size)
		}
		c := p.conflict
		return looksMarked(c.base, size) || looksMarked(c.ours, size) || looksMarked(c.theirs, size)
	}
	for slices.ContainsFunc(pieces, isTaken) {
		size++
	}
	return size
}

// looksMarked reports whether a line of text looks like a conflict marker of this size.
func looksMarked(text string, size int) bool {
	for line := range strings.Lines(text) {
		if _, n := merge.ParseMarker([]byte(line)); n == size {
			return true
		}
	}
	return false
}

func (w *writer) write(pieces []piece) []byte {
	for _, p := range pieces {
		if p.conflict == nil {
			w.out.WriteString(p.text)
			continue
		}
		c := p.conflict
		w.marker("<", w.Labels.Ours)
		w.out.WriteString(c.ours)
		if w.Style == merge.Diff3 || w.Style == merge.ZDiff3 {
			w.marker("|", w.Labels.Base)
			w.out.WriteString(c.base)
		}
		w.marker("=", "")
		w.out.WriteString(c.theirs)
		w.marker(">", w.Labels.Theirs)
	}
	return []byte(w.out.String())
}

func (w *writer) marker(char, label string) {
	w.out.WriteString(strings.Repeat(char, w.size))
	if folded := strings.Join(strings.Fields(label), " "); folded != "" {
		w.out.WriteString(" " + folded)
	}
	w.out.WriteString("\n")
}

// side returns the text in which each conflict is resolved to one side.
func side(pieces []piece, choose func(versions) string) string {
	var b strings.Builder
	for _, p := range pieces {
		if p.conflict != nil {
			b.WriteString(choose(p.conflict.versions))
		} else {
			b.WriteString(p.text)
		}
	}
	return b.String()
}

func (v versions) chooseOurs() string   { return v.ours }
func (v versions) chooseTheirs() string { return v.theirs }
