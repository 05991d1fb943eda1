package merge

import "bytes"

// A LineKind says which part of a conflict a line belongs to.
type LineKind int

const (
	Outside LineKind = iota // not in a conflict
	Ours
	Base
	Theirs
	Marker // a conflict marker
)

// transitions maps each kind to the marker characters that end it, and to the kind that follows.
var transitions = map[LineKind]map[byte]LineKind{
	Outside: {'<': Ours},
	Ours:    {'|': Base, '=': Theirs},
	Base:    {'=': Theirs},
	Theirs:  {'>': Outside},
}

// LineKinds returns the kind of each line of a text whose conflict markers have the given size. Lines of a conflict
// that does not end are Outside.
func LineKinds(text []byte, size int) []LineKind {
	var out []LineKind
	at, opened := Outside, 0
	for line := range bytes.Lines(withoutBOM(text)) {
		char, n := ParseMarker(line)
		next, ok := transitions[at][char]
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
