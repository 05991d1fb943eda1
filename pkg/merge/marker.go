package merge

import "bytes"

// DefaultMarkerSize is how often the character of a marker is repeated where no text has lines like markers.
const DefaultMarkerSize = 7

// markerSize returns the smallest size of markers that no line of the texts looks like.
func markerSize(t texts) int {
	taken := map[int]bool{}
	for _, text := range []text{t.base, t.ours, t.theirs} {
		for i := range text.lines {
			if _, size := asMarker(text.line(i)); size > 0 {
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

// asMarker returns the character and size of the marker that line looks like: the line begins
// with one of <|=> repeated, and a space or the line's end follows. Else the size is 0.
func asMarker(line []byte) (char byte, size int) {
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

// HasConflictMarkers reports whether text has a conflict with markers of this size: an opening
// marker line, a dividing one and a closing one, in this order.
func HasConflictMarkers(text []byte, size int) bool {
	const order = "<=>"
	seen := 0
	for line := range bytes.Lines(text) {
		char, n := asMarker(line)
		switch {
		case n != size:
		case char == order[seen]:
			seen++
		case char == order[0]:
			seen = 1
		}
		if seen == len(order) {
			return true
		}
	}
	return false
}
