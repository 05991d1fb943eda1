package merge

import "bytes"

// DefaultMarkerSize is the length of a conflict marker unless a line of a text looks like one of that size.
const DefaultMarkerSize = 7

// markerSize returns the smallest size from DefaultMarkerSize up that no line of the texts looks like a marker of.
func markerSize(t texts) int {
	taken := map[int]bool{}
	for _, text := range []text{t.base, t.ours, t.theirs} {
		for i := range text.lines {
			if _, size := ParseMarker(text.line(i)); size > 0 {
				taken[size] = true
			}
		}
	}
	size := DefaultMarkerSize
	for taken[size] {
		size++
	}
	return size
}

// ParseMarker returns the character and size of a conflict marker: one of <|=> repeated, followed by a space or the
// end of the line. The size is 0 if line is not a marker.
func ParseMarker(line []byte) (char byte, size int) {
	if len(line) == 0 || bytes.IndexByte([]byte("<|=>"), line[0]) < 0 {
		return 0, 0
	}
	for size < len(line) && line[size] == line[0] {
		size++
	}
	if size < len(line) && bytes.IndexByte([]byte(" \r\n"), line[size]) < 0 {
		return 0, 0
	}
	return line[0], size
}

// HasConflictMarkers reports whether text has an opening, base or closing conflict marker of this size, which a merge
// chose so that no line of its texts was one. A dividing marker does not count: it may be the underline of a title
// that the user has written since.
func HasConflictMarkers(text []byte, size int) bool {
	for line := range bytes.Lines(withoutBOM(text)) {
		if char, n := ParseMarker(line); n == size && n > 0 && char != '=' {
			return true
		}
	}
	return false
}
