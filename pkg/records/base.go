package records

import (
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A region is a conflict that encloses a line.
type region struct {
	size int  // of its markers
	part byte // the character of the marker above the line: '<', '|' or '='
}

// resolveConflicts returns text with all conflicts resolved to the first side, and to the last. Conflicts can be
// nested, with markers of different sizes: git merges the bases of a merge that has several, in the same way, and uses
// the result as the base. A text with incomplete conflicts is returned as it is.
func resolveConflicts(text string) (first, last string) {
	var inFirst, inLast strings.Builder
	var enclosing []region
	for line := range strings.Lines(text) {
		char, size := merge.ParseMarker([]byte(line))
		top := len(enclosing) - 1
		switch {
		case char == '<':
			enclosing = append(enclosing, region{size, char})
		case size > 0 && top >= 0 && enclosing[top].size == size && char == '>':
			enclosing = enclosing[:top]
		case size > 0 && top >= 0 && enclosing[top].size == size:
			enclosing[top].part = char
		default:
			if allIn(enclosing, '<') {
				inFirst.WriteString(line)
			}
			if allIn(enclosing, '=') {
				inLast.WriteString(line)
			}
		}
	}
	if len(enclosing) > 0 {
		return text, text
	}
	return inFirst.String(), inLast.String()
}

func allIn(regions []region, part byte) bool {
	for _, r := range regions {
		if r.part != part {
			return false
		}
	}
	return true
}
