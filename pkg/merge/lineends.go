package merge

import "bytes"

// A LineEnds says how the lines of a text end.
type LineEnds uint8

// The line endings of a text.
const (
	NoLineEnds LineEnds = iota // the text has at most one line, without a line ending, or it is binary
	LF
	CRLF
	Mixed // includes texts with a carriage return before a CRLF
)

// IsUniform reports whether all lines end in the same way.
func (e LineEnds) IsUniform() bool { return e == LF || e == CRLF }

// Other returns LF for CRLF, and CRLF for LF.
func (e LineEnds) Other() LineEnds {
	if e == LF {
		return CRLF
	}
	return LF
}

// LineEndsOf returns the line endings of a text.
func LineEndsOf(text []byte) LineEnds {
	all := bytes.Count(text, []byte("\n"))
	if all == 0 || isBinary(text) {
		return NoLineEnds
	}
	switch bytes.Count(text, []byte("\r\n")) {
	case 0:
		return LF
	case all:
		if !bytes.Contains(text, []byte("\r\r\n")) {
			return CRLF
		}
	}
	return Mixed
}

// WithLineEnds returns a text with the given line endings, which must be uniform. It returns binary files as they are,
// and may share memory with the text.
func WithLineEnds(text []byte, to LineEnds) []byte {
	if is := LineEndsOf(text); is == to || is == NoLineEnds {
		return text
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if to == CRLF {
		text = bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))
	}
	return text
}

// WithLineEndsOf returns a text with the line endings of another one, if those are uniform.
func WithLineEndsOf(text, other []byte) []byte {
	if to := LineEndsOf(other); to.IsUniform() {
		return WithLineEnds(text, to)
	}
	return text
}

// lineEnd returns the last line ending of a text, or "".
func lineEnd(text []byte) string {
	i := bytes.LastIndexByte(text, '\n')
	switch {
	case i < 0:
		return ""
	case i > 0 && text[i-1] == '\r':
		return "\r\n"
	}
	return "\n"
}
