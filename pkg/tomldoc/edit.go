package tomldoc

import (
	"bytes"
	"cmp"
	"slices"
	"strings"
)

// An Edit replaces the bytes from Start up to End by Text.
type Edit struct {
	Start, End int
	Text       string
}

// Apply returns text with all edits applied. They must not overlap. Insertions at the same offset keep their order.
func Apply(text []byte, edits []Edit) []byte {
	edits = slices.Clone(edits)
	// An insertion comes before a replacement at the same offset.
	slices.SortStableFunc(edits, func(a, b Edit) int { return cmp.Or(a.Start-b.Start, a.End-b.End) })
	var out bytes.Buffer
	copied := 0
	for _, e := range edits {
		out.Write(text[copied:e.Start])
		out.WriteString(e.Text)
		copied = e.End
	}
	out.Write(text[copied:])
	return out.Bytes()
}

// LineEnding returns the line ending of the first line of text: "\r\n" or "\n".
func LineEnding(text []byte) string {
	if i := bytes.IndexByte(text, '\n'); i > 0 && text[i-1] == '\r' {
		return "\r\n"
	}
	return "\n"
}

// Append returns text with the lines of block appended after a blank line. The result ends with a line ending only if
// text does, so that Cut can undo it exactly.
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

// Cut returns text without the bytes from start up to end, which must be whole lines, and without the blank line
// before them. At the start of the text it removes the blank line after them instead. It undoes Append.
func Cut(text []byte, start, end int) []byte {
	before := text[:start]
	switch trimmed := cutLineEnding(before); {
	case len(trimmed) == len(before):
		end += len(text[end:]) - len(cutLeadingLineEnding(text[end:]))
	case len(trimmed) == 0 || trimmed[len(trimmed)-1] == '\n':
		before = trimmed
	}
	if end == len(text) && end > start && text[end-1] != '\n' {
		before = cutLineEnding(before)
	}
	return slices.Concat(before, text[end:])
}

func cutLineEnding(text []byte) []byte {
	return bytes.TrimSuffix(bytes.TrimSuffix(text, []byte("\n")), []byte("\r"))
}

func cutLeadingLineEnding(text []byte) []byte {
	return bytes.TrimPrefix(bytes.TrimPrefix(text, []byte("\r")), []byte("\n"))
}

// Prepend returns text, the text of d, with the lines of block and a blank line inserted before the first header and
// the comment right above it. Without a header it appends them.
func Prepend(d *Document, text []byte, block []string) []byte {
	first := slices.IndexFunc(d.Statements, func(s Statement) bool { return s.Kind == Table || s.Kind == Array })
	if first < 0 {
		return Append(text, block)
	}
	for first > 0 {
		above := d.Statements[first-1]
		if above.Kind != Comment || above.Line != d.Statements[first].Line-1 {
			break
		}
		first--
	}
	offset := d.Statements[first].Start
	eol := LineEnding(text)
	return Apply(text, []Edit{{Start: offset, End: offset, Text: strings.Join(block, eol) + eol + eol}})
}
