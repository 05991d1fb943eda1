package tomldoc

import (
	"bytes"
	"errors"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// ErrConflictMarkers is wrapped by the error about a text with the conflict markers of a merge.
var ErrConflictMarkers = errors.New("it contains conflict markers")

// A markers finds the conflict markers of a text, line by line.
type markers struct {
	first int         // the line of the first marker of at least git's default length, or 0
	whole int         // the line at which the first conflict begins that has all its markers, or 0
	size  int         // of the markers of whole
	open  map[int]int // size of markers → line at which a conflict began
	half  map[int]int // the same, when the dividing marker was found
}

// findMarkers returns the conflict markers of text. It needs no valid TOML: no line of TOML looks like a marker,
// except in a string of several lines.
func findMarkers(text []byte) markers {
	m := markers{open: map[int]int{}, half: map[int]int{}}
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if char, size := merge.ParseMarker(line); size > 0 {
			m.add(n, char, size)
		}
	}
	return m
}

func (m *markers) add(line int, char byte, size int) {
	if m.first == 0 && size >= merge.DefaultMarkerSize {
		m.first = line
	}
	switch {
	case char == '<':
		m.open[size] = line
	case char == '=' && m.open[size] > 0:
		m.half[size] = m.open[size]
	case char == '>' && m.half[size] > 0 && m.whole == 0:
		m.whole, m.size = m.half[size], size
	}
}

// inBroken returns the line of the first marker in a text that is not TOML, or 0.
func (m markers) inBroken() int {
	if m.first > 0 && (m.whole == 0 || m.first < m.whole) {
		return m.first
	}
	return m.whole
}

// inValid returns the line of the first conflict in a text that is TOML, where markers can only be in a string of
// several lines, or 0.
func (m markers) inValid() int {
	if m.size < merge.DefaultMarkerSize {
		return 0
	}
	return m.whole
}

// checkMarkers returns an error when the text has conflict markers. problem is what else is wrong with it, or nil.
func (d *Document) checkMarkers(problem error) error {
	line := 0
	m := findMarkers(bytes.TrimLeft(d.Text, " ")) // a byte order mark became spaces
	if problem != nil {
		line = m.inBroken()
	} else {
		line = m.inValid()
	}
	if line == 0 {
		return problem
	}
	return d.errAt(line, "%w", ErrConflictMarkers).
		WithHint("resolve the conflict at line %d of %q", line, d.Name)
}
