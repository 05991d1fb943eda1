package merge

import (
	"bytes"
	"fmt"
	"strings"
)

// UnifiedDiff returns the unified diff between two texts, with the given number of context lines around each change.
// It has the format of git diff and diff -u, without a git header. It is empty for equal texts, and a single line
// for binary ones. The names are written as given: the caller adds a/ and b/, or passes /dev/null.
func UnifiedDiff(oldName, newName string, before, after []byte, context int) []byte {
	oldName, newName = quoteName(oldName), quoteName(newName)
	switch {
	case bytes.Equal(before, after):
		return nil
	case isBinary(before) || isBinary(after):
		return fmt.Appendf(nil, "Binary files %s and %s differ\n", oldName, newName)
	}
	lines := newTable(countLines(before))
	p := diffWriter{a: lines.split(before), b: lines.split(after)}
	p.context = min(max(0, context), len(p.a.lines))
	p.out = fmt.Appendf(p.out, "--- %s\n+++ %s\n", withTab(oldName), withTab(newName))
	edits := lines.differ().diff(p.a.lines, p.b.lines)
	for len(edits) > 0 {
		n := 1
		for n < len(edits) && edits[n].a.lo-edits[n-1].a.hi <= 2*p.context {
			n++
		}
		p.write(edits[:n])
		edits = edits[n:]
	}
	return p.out
}

// GitHeader returns the lines that git puts before the unified diff of a file. They say what the lines of the file
// cannot: that its mode changes, or that it is created or deleted. The modes are octal, such as "0644"; that of a side
// without the file is empty.
func GitHeader(name, oldMode, newMode string) []byte {
	out := fmt.Appendf(nil, "diff --git %s %s\n", quoteName("a/"+name), quoteName("b/"+name))
	switch {
	case oldMode == newMode:
		return out
	case oldMode == "":
		return fmt.Appendf(out, "new file mode 10%s\n", newMode)
	case newMode == "":
		return fmt.Appendf(out, "deleted file mode 10%s\n", oldMode)
	}
	return fmt.Appendf(out, "old mode 10%s\nnew mode 10%s\n", oldMode, newMode)
}

// A diffWriter writes a unified diff.
type diffWriter struct {
	a, b    text
	context int
	out     []byte
}

// write writes one hunk: edits that are close enough to share their context.
func (p *diffWriter) write(edits []edit) {
	first, last := edits[0], edits[len(edits)-1]
	head := min(p.context, first.a.lo)
	tail := min(p.context, len(p.a.lines)-last.a.hi)
	p.out = fmt.Appendf(p.out, "@@ -%s +%s @@\n",
		hunkRange(span{first.a.lo - head, last.a.hi + tail}), hunkRange(span{first.b.lo - head, last.b.hi + tail}))
	at := first.a.lo - head
	for _, h := range edits {
		p.lines(' ', p.a, span{at, h.a.lo})
		p.lines('-', p.a, h.a)
		p.lines('+', p.b, h.b)
		at = h.a.hi
	}
	p.lines(' ', p.a, span{at, at + tail})
}

// hunkRange returns a range of lines in the format of a hunk header. An empty range is given by the line before it.
func hunkRange(lines span) string {
	switch lines.len() {
	case 0:
		return fmt.Sprintf("%d,0", lines.lo)
	case 1:
		return fmt.Sprint(lines.hi)
	}
	return fmt.Sprintf("%d,%d", lines.lo+1, lines.len())
}

func (p *diffWriter) lines(mark byte, t text, lines span) {
	for i := lines.lo; i < lines.hi; i++ {
		p.out = append(append(p.out, mark), t.line(i)...)
		if p.out[len(p.out)-1] != '\n' {
			p.out = append(p.out, "\n\\ No newline at end of file\n"...)
		}
	}
}

// quoteName quotes a name as git does if it contains characters that would break a line of the diff.
func quoteName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		return name
	}
	out := []byte{'"'}
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			out = append(out, '\\', c)
		case c < ' ' || c == 0x7f:
			out = fmt.Appendf(out, "\\%03o", c)
		default:
			out = append(out, c)
		}
	}
	return string(append(out, '"'))
}

// withTab ends a name that contains a space with a tab, so that patch does not cut it at the space.
func withTab(name string) string {
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}
