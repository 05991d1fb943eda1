package merge

import (
	"bytes"
	"fmt"
	"strings"
)

// UnifiedDiff returns the unified diff that turns before into after, with so many lines of context around
// each change: what git diff and diff -u print, for git apply and patch to read. It is empty for
// equal texts, and one line that says so for binary ones. The names are written as given: a
// caller adds a/ and b/, or says /dev/null for a text that is not there.
func UnifiedDiff(oldName, newName string, before, after []byte, context int) []byte {
	oldName, newName = quote(oldName), quote(newName)
	switch {
	case bytes.Equal(before, after):
		return nil
	case isBinary(before) || isBinary(after):
		return fmt.Appendf(nil, "Binary files %s and %s differ\n", oldName, newName)
	}
	numbers := make(table, countLines(before))
	p := patch{a: numbers.read(before), b: numbers.read(after)}
	p.context = min(max(0, context), len(p.a.lines))
	p.out = fmt.Appendf(p.out, "--- %s\n+++ %s\n", tabbed(oldName), tabbed(newName))
	hunks := newDiffer(len(numbers)).diff(p.a.lines, p.b.lines)
	for len(hunks) > 0 {
		n := 1
		for n < len(hunks) && hunks[n].a.lo-hunks[n-1].a.hi <= 2*p.context {
			n++
		}
		p.write(hunks[:n])
		hunks = hunks[n:]
	}
	return p.out
}

// A patch is a unified diff on its way.
type patch struct {
	a, b    text
	context int
	out     []byte
}

// write writes hunks that are so near to each other that they share their context.
func (p *patch) write(hunks []hunk) {
	first, last := hunks[0], hunks[len(hunks)-1]
	head := min(p.context, first.a.lo)
	tail := min(p.context, len(p.a.lines)-last.a.hi)
	p.out = fmt.Appendf(p.out, "@@ -%s +%s @@\n",
		place(span{first.a.lo - head, last.a.hi + tail}), place(span{first.b.lo - head, last.b.hi + tail}))
	at := first.a.lo - head
	for _, h := range hunks {
		p.lines(' ', p.a, span{at, h.a.lo})
		p.lines('-', p.a, h.a)
		p.lines('+', p.b, h.b)
		at = h.a.hi
	}
	p.lines(' ', p.a, span{at, at + tail})
}

// place returns the range as it stands in a hunk's head: an empty one is named after the line before it.
func place(lines span) string {
	switch lines.len() {
	case 0:
		return fmt.Sprintf("%d,0", lines.lo)
	case 1:
		return fmt.Sprint(lines.hi)
	}
	return fmt.Sprintf("%d,%d", lines.lo+1, lines.len())
}

func (p *patch) lines(mark byte, t text, lines span) {
	for i := lines.lo; i < lines.hi; i++ {
		p.out = append(append(p.out, mark), t.line(i)...)
		if p.out[len(p.out)-1] != '\n' {
			p.out = append(p.out, "\n\\ No newline at end of file\n"...)
		}
	}
}

// quote returns a name in quotes, as git writes it, where it has bytes that would break a line of a diff.
func quote(name string) string {
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

// tabbed ends a name that has a space with a tab, so that patch does not cut it there.
func tabbed(name string) string {
	if strings.Contains(name, " ") {
		return name + "\t"
	}
	return name
}
