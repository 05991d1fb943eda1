package tomldoc

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// An Edit puts text in the place of the bytes from Start up to End.
type Edit struct {
	Start, End int
	Text       string
}

// Apply returns text with all edits made. They must not overlap; of two that insert at one place, the first stands first.
func Apply(text []byte, edits []Edit) []byte {
	edits = slices.Clone(edits)
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Or(a.Start-b.Start, a.End-b.End) }) // what is inserted stands before what is replaced
	var out bytes.Buffer
	at := 0
	for _, e := range edits {
		out.Write(text[at:e.Start])
		out.WriteString(e.Text)
		at = e.End
	}
	out.Write(text[at:])
	return out.Bytes()
}

// LineEnding returns what ends the first line of text: "\r\n" or "\n".
func LineEnding(text []byte) string {
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Append returns text with the lines of block at its end, after one blank line. A text whose
// last line has no line ending gets none at its new end either, so that Cut can take block out again without a trace.
func Append(text []byte, block []string) []byte {
	eol := LineEnding(text)
	body := strings.Join(block, eol)
	switch {
	case len(text) == 0:
		return []byte(body + eol)
	case text[len(text)-1] != '\n':
		return slices.Concat(text, []byte(eol+eol+body))
	}
	return slices.Concat(text, []byte(eol+body+eol))
}

// Cut returns text without the bytes from start up to end, which are whole lines, and without
// the blank line before them. It undoes Append.
func Cut(text []byte, start, end int) []byte {
	before := text[:start]
	switch blank := cutLineEnding(before); {
	case len(blank) == len(before): // at the very beginning: then the blank line after them separates nothing any more
		end += len(text[end:]) - len(cutLeadingBlank(text[end:]))
	case len(blank) == 0 || blank[len(blank)-1] == '\n':
		before = blank
	}
	if end == len(text) && end > start && text[end-1] != '\n' {
		before = cutLineEnding(before)
	}
	return slices.Concat(before, text[end:])
}

func cutLineEnding(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

func cutLeadingBlank(text []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimPrefix(text, []byte("\r")), []byte("\n"))
}

// Prepend returns the text of d with the lines of block before its first header and the comment that
// stands right above that, or at its end when it has no header. A blank line follows.
func Prepend(d *Document, text []byte, block []string) []byte {
	first := slices.IndexFunc(d.Statements, func(s Statement) bool { return s.Kind == Table || s.Kind == Array })
	if first < 0 {
		return Append(text, block)
	}
	for first > 0 && d.Statements[first-1].Kind == Comment && d.Statements[first-1].Line == d.Statements[first].Line-1 {
		first--
	}
	at := d.Statements[first].Start
	eol := LineEnding(text)
	return Apply(text, []Edit{{Start: at, End: at, Text: strings.Join(block, eol) + eol + eol}})
}
