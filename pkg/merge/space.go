package merge

import (
	"bytes"
	"slices"
)

// isSpace reports whether git counts c as white space in lines.
func isSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// foldSpaces returns a line with one space for each run of white space and without white space at its end: two lines
// are equal under git's --ignore-space-change if what it returns is. It shares memory with a line without white space.
func foldSpaces(line []byte) []byte {
	for len(line) > 0 && isSpace(line[len(line)-1]) {
		line = line[:len(line)-1]
	}
	if !bytes.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == ' ' }) {
		return line
	}
	out := make([]byte, 0, len(line))
	for i, c := range line {
		switch {
		case !isSpace(c):
			out = append(out, c)
		case !isSpace(line[i-min(i, 1)]) || i == 0:
			out = append(out, ' ')
		}
	}
	return out
}

// isEqual reports whether texts of whole lines are equal.
func isEqual(a, b []byte, ignoreSpaceChange bool) bool {
	if !ignoreSpaceChange {
		return bytes.Equal(a, b)
	}
	lines := newTable(countLines(a))
	lines.foldSpaces = true
	return slices.Equal(lines.split(a).lines, lines.split(b).lines)
}
