package records

import (
	"bytes"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// Markers returns the size of the first conflict markers in a text and their labels, so that another merge can write
// the same. The label of the base is empty if the conflict does not show the base. ok is false if no conflict is
// complete.
func Markers(text []byte) (size int, labels merge.Labels, ok bool) {
	for line := range bytes.Lines(text) {
		char, n := merge.ParseMarker(line)
		if n == 0 || size > 0 && n != size || size == 0 && (char != '<' || n < merge.DefaultMarkerSize) {
			continue
		}
		label := strings.TrimSpace(string(line[n:]))
		switch char {
		case '<':
			size, labels = n, merge.Labels{Ours: label}
		case '|':
			if labels.Base = label; label == "" {
				labels.Base = "base"
			}
		case '>':
			labels.Theirs = label
			return size, labels, true
		}
	}
	return 0, merge.Labels{}, false
}

// WithLineEndings returns text with the line endings of another text, such as the file that it replaces: a checkout
// may have converted them. Without another text that has any, it returns text as it is.
func WithLineEndings(text, like []byte) []byte {
	if !bytes.Contains(like, []byte("\n")) {
		return text
	}
	if layoutOf(like).crlf {
		return merge.WithLineEnds(text, merge.CRLF)
	}
	return merge.WithLineEnds(text, merge.LF)
}
