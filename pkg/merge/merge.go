// Package merge implements the three-way merge and the diff of a file's bytes.
//
// The base is the common ancestor of two sides: ours, which the user edited, and theirs, which comes from upstream. A
// change of one side is taken from that side, and the same change of both sides is taken once. Different changes of
// the same lines are a conflict: the result has both sides between conflict markers. Changes without an unchanged line
// between them are one change.
//
// Texts are bytes, split after each \n, and lines are equal if their bytes are. Line endings, a byte order mark and a
// missing final newline are properties of a text, which are merged apart from its lines: a side that changed such a
// property determines it for the result, and ours does if both changed it. Line endings of a text that has both kinds
// are content. Results are those of git merge-file, byte for byte, with three exceptions: texts that differ in a
// property are merged without it, markers are longer if a text has lines that look like markers, and the same change
// of both sides is never a conflict.
//
// A result consists of parts, which say where each range of its text comes from. CheckLossless verifies with them,
// independently of the diff algorithm, that no change of either side was lost.
package merge

import "bytes"

// A Style says which texts a conflict shows.
type Style string

// Styles have the names of git's merge.conflictStyle. The empty style is Merge.
const (
	Merge  Style = "merge"  // both sides, reduced to the lines that differ
	Diff3  Style = "diff3"  // both sides and the base, in full
	ZDiff3 Style = "zdiff3" // both sides and the base, without common lines at the start and end
)

// Styles lists all styles.
var Styles = []Style{Merge, Diff3, ZDiff3}

// Labels name the three texts in the conflict markers. White space is folded; an empty label is omitted.
type Labels struct{ Base, Ours, Theirs string }

// A Favor says which side resolves conflicts, if any.
type Favor uint8

// Favors, as in git merge-file --ours and --theirs.
const (
	FavorNone Favor = iota
	FavorOurs
	FavorTheirs
)

// Options say how conflicts are written or resolved.
type Options struct {
	Style  Style
	Labels Labels
	Favor  Favor

	// IgnoreSpaceChange makes lines equal that differ only in the amount of white space, as git merge
	// -Xignore-space-change does. The lines of ours are used if theirs did not change them in another way.
	IgnoreSpaceChange bool
}

// A LineRange is a range of lines, both ends included. Lines count from 1.
type LineRange struct{ First, Last int }

// A Result is the result of a merge.
type Result struct {
	Text       []byte      // may share memory with the merged texts
	Conflicts  []LineRange // the conflicts in Text, with their markers; all of it if Binary
	MarkerSize int         // the length of the conflict markers: DefaultMarkerSize or more
	Binary     bool        // both sides changed a binary file: Text is ours, without markers
	Resolved   int         // how many conflicts were resolved by Options.Favor

	parts             []part // of the texts without their format
	format            format
	removed           string // the final newline that the format removed from Text
	ignoreSpaceChange bool
}

// Clean reports whether the merge has no conflicts.
func (r Result) Clean() bool { return len(r.Conflicts) == 0 }

// ThreeWay merges theirs into ours:
//
//	ours = base   → theirs
//	theirs = base → ours
//	ours = theirs → ours
//	a NUL in the first 8000 bytes of a text → a conflict of the whole file
//	otherwise     → a merge by lines
//
// The time is linear in the size of the texts, times a bounded factor that grows with their differences.
func ThreeWay(base, ours, theirs []byte, o Options) Result {
	switch {
	case bytes.Equal(ours, theirs):
		return singlePart(fromBoth, base, ours, theirs)
	case bytes.Equal(ours, base):
		return singlePart(fromTheirs, base, ours, theirs)
	case bytes.Equal(theirs, base):
		return singlePart(fromOurs, base, ours, theirs)
	case isBinary(base) || isBinary(ours) || isBinary(theirs):
		return o.binary(base, ours, theirs)
	}
	f := mergeFormat(base, ours, theirs)
	t := o.split(f.lines(base), f.lines(ours), f.lines(theirs))
	w := writer{texts: t, Options: o, size: markerSize(t)}
	r := w.write(t.merge(o.Style))
	r.ignoreSpaceChange = o.IgnoreSpaceChange
	r.apply(f)
	return r
}

// binary returns the result for binary files.
func (o Options) binary(base, ours, theirs []byte) Result {
	if won := o.favored(); won != inConflict {
		r := singlePart(won, base, ours, theirs)
		r.Resolved = 1
		return r
	}
	r := singlePart(inConflict, base, ours, theirs)
	r.Binary = true
	r.Conflicts = []LineRange{{1, max(1, countLines(ours))}}
	return r
}

// favored returns the origin of parts that both sides changed in different ways.
func (o Options) favored() origin {
	return [...]origin{FavorNone: inConflict, FavorOurs: favoredOurs, FavorTheirs: favoredTheirs}[o.Favor]
}

// singlePart returns a result of one part.
func singlePart(from origin, base, ours, theirs []byte) Result {
	text := ours
	if from == fromTheirs || from == favoredTheirs {
		text = theirs
	}
	p := part{from, span{0, len(base)}, span{0, len(ours)}, span{0, len(theirs)}, span{0, len(text)}}
	return Result{Text: text, MarkerSize: DefaultMarkerSize, parts: []part{p}}
}

// isBinary reports whether git treats text as binary.
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
