// Package merge owns the three-way merge of one file's bytes.
//
// The base is the text that two sides started from: ours, which the user edited, and theirs,
// which comes from upstream. What one side changed is taken from that side; what both changed
// in the same way is taken once; what both changed in different ways is a conflict, and stands
// in the result with both sides between marker lines. Changes with no unchanged line between
// them count as one place.
//
// Texts are bytes, cut after each \n, and lines are equal when their bytes are: line ends, byte
// order marks, encodings and a missing final newline are content like any other. The rules are
// those of git merge-file, and so are the results, byte for byte, with two exceptions: markers grow
// where a text has lines like them, and what both sides have made alike is never a conflict.
//
// A result is made of parts, which say for each stretch of it where it comes from. Keeps proves
// with them, without any search for differences, that nothing of the user's was lost.
package merge

import "bytes"

// A Style says what a conflict shows.
type Style string

// The styles, with git's names. The empty style is Merge, too.
const (
	Merge  Style = "merge"  // both sides, cut down to the lines in which they differ
	Diff3  Style = "diff3"  // both sides and the base, in full
	ZDiff3 Style = "zdiff3" // both sides and the base, without the lines that both sides begin or end with
)

// Styles lists them all.
var Styles = []Style{Merge, Diff3, ZDiff3}

// Labels name the three texts in the marker lines. White space is folded; an empty label is left out.
type Labels struct{ Base, Ours, Theirs string }

// A Favor says which side settles a conflict, in the place of markers.
type Favor uint8

// The favors.
const (
	FavorNone Favor = iota
	FavorOurs
	FavorTheirs
)

// Options say what becomes of conflicts.
type Options struct {
	Style  Style
	Labels Labels
	Favor  Favor
}

// A LineRange is a range of lines, both ends included. The first line of a text is 1.
type LineRange struct{ First, Last int }

// A Result is what became of three texts.
type Result struct {
	Text       []byte      // may share its memory with the texts it was made from
	Conflicts  []LineRange // where Text has conflicts, from the first marker line to the last; all of it when Binary
	MarkerSize int         // how often the character of a marker is repeated: 7, or more where 7 looks like the text's own
	Binary     bool        // both sides changed a file that is not text: Text is ours, with no markers
	Resolved   int         // how many conflicts the favored side has settled
	parts      []part
}

// Clean reports whether there are no conflicts.
func (r Result) Clean() bool { return len(r.Conflicts) == 0 }

// An origin says where a part of a result comes from.
type origin uint8

const (
	fromAll    origin = iota // all three texts have it
	fromOurs                 // ours changed it, theirs did not
	fromTheirs               // theirs changed it, ours did not
	fromBoth                 // both sides have it
	inConflict               // both changed it in different ways
	oursWon                  // the same, and ours is favored
	theirsWon                // the same, and theirs is
)

// A span is a range of lines or bytes, its end excluded.
type span struct{ lo, hi int }

func (s span) len() int { return s.hi - s.lo }

// A part is a stretch of a result and the stretches of the three texts that it stands for.
// The parts of a result cover all four texts from end to end.
type part struct {
	origin             origin
	base, ours, theirs span
	text               span
}

// ThreeWay merges theirs into ours. It takes time in proportion to the size of the texts, and more
// the more they differ, up to a fixed factor.
//
//	ours = base   → theirs
//	theirs = base → ours
//	ours = theirs → ours
//	a NUL among the first 8000 bytes of a text → a conflict of the whole file
//	else          → a merge by lines
func ThreeWay(base, ours, theirs []byte, o Options) Result {
	switch {
	case bytes.Equal(ours, theirs):
		return whole(fromBoth, base, ours, theirs)
	case bytes.Equal(ours, base):
		return whole(fromTheirs, base, ours, theirs)
	case bytes.Equal(theirs, base):
		return whole(fromOurs, base, ours, theirs)
	case isBinary(base) || isBinary(ours) || isBinary(theirs):
		return o.binary(base, ours, theirs)
	}
	t := split(base, ours, theirs)
	w := writer{texts: t, Options: o, size: markerSize(t)}
	return w.write(t.merge(o.Style))
}

// binary returns the result for files that are not text.
func (o Options) binary(base, ours, theirs []byte) Result {
	if won := o.winner(); won != inConflict {
		r := whole(won, base, ours, theirs)
		r.Resolved = 1
		return r
	}
	r := whole(inConflict, base, ours, theirs)
	r.Binary = true
	r.Conflicts = []LineRange{{1, max(1, countLines(ours))}}
	return r
}

// winner returns the origin of what both sides changed in different ways.
func (o Options) winner() origin {
	return [...]origin{FavorNone: inConflict, FavorOurs: oursWon, FavorTheirs: theirsWon}[o.Favor]
}

// whole returns a result that is one part.
func whole(from origin, base, ours, theirs []byte) Result {
	text := ours
	if from == fromTheirs || from == theirsWon {
		text = theirs
	}
	p := part{from, span{0, len(base)}, span{0, len(ours)}, span{0, len(theirs)}, span{0, len(text)}}
	return Result{Text: text, MarkerSize: DefaultMarkerSize, parts: []part{p}}
}

// isBinary reports what git takes for binary, too.
func isBinary(text []byte) bool {
	return bytes.IndexByte(text[:min(len(text), 8000)], 0) >= 0
}

func countLines(text []byte) int {
	n := bytes.Count(text, []byte{'\n'})
	if len(text) > 0 && text[len(text)-1] != '\n' {
		n++
	}
	return n
}
