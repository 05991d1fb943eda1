package merge

import "bytes"

// A Hunk says that the lines of one text from AFrom to before ATo became the lines of another from BFrom to before
// BTo. Lines count from 0; one of the two ranges may be empty. Lines that are in no change are in both texts.
type Hunk struct{ AFrom, ATo, BFrom, BTo int }

// Diff returns how the text a became b, in order. A line is what ends with "\n", or the rest of a text.
func Diff(a, b []byte) []Hunk {
	numbers := make(table, countLines(a))
	before, after := numbers.read(a), numbers.read(b)
	var out []Hunk
	for _, h := range newDiffer(len(numbers)).diff(before.lines, after.lines) {
		out = append(out, Hunk{h.a.lo, h.a.hi, h.b.lo, h.b.hi})
	}
	return out
}

// A LineKind says what a line of a text with conflicts is.
type LineKind int

const (
	Outside LineKind = iota // in no conflict
	Ours
	Base
	Theirs
	Marker // a line that opens, divides or ends a conflict
)

// steps says for each side which marker lines end it, and what follows them.
var steps = map[LineKind]map[byte]LineKind{
	Outside: {'<': Ours},
	Ours:    {'|': Base, '=': Theirs},
	Base:    {'=': Theirs},
	Theirs:  {'>': Outside},
}

// LineKinds says of each line of a text what it is, given the size of the markers. A conflict that does not end is none.
func LineKinds(text []byte, size int) []LineKind {
	var out []LineKind
	at, opened := Outside, 0
	for line := range bytes.Lines(text) {
		char, n := asMarker(line)
		next, ok := steps[at][char]
		if !ok || n != size {
			out = append(out, at)
			continue
		}
		if at == Outside {
			opened = len(out)
		}
		out = append(out, Marker)
		at = next
	}
	if at != Outside {
		clear(out[opened:])
	}
	return out
}
