package merge

import "bytes"

// A Hunk says that lines AFrom up to but not including ATo of one text became lines BFrom up to but not including
// BTo of another. Lines count from 0; one of the two ranges may be empty.
type Hunk struct{ AFrom, ATo, BFrom, BTo int }

// Diff returns how text a became text b, in order. Lines outside of all hunks are the same in both texts. A line
// ends with "\n" or with the text.
func Diff(a, b []byte) []Hunk {
	lines := newTable(countLines(a))
	before, after := lines.split(a), lines.split(b)
	var out []Hunk
	for _, h := range lines.differ().diff(before.lines, after.lines) {
		out = append(out, Hunk{h.a.lo, h.a.hi, h.b.lo, h.b.hi})
	}
	return out
}

// CommonBytes returns the total size in bytes of the lines of a that are unchanged in b. It is 0 for different
// texts of which one is binary.
func CommonBytes(a, b []byte) int {
	switch {
	case bytes.Equal(a, b):
		return len(a)
	case isBinary(a) || isBinary(b):
		return 0
	}
	lines := newTable(countLines(a))
	before, after := lines.split(a), lines.split(b)
	common := len(a)
	for _, h := range lines.differ().diff(before.lines, after.lines) {
		common -= before.span(h.a).len()
	}
	return common
}
