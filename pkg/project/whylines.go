package project

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// A line of a file as it stands is looked for in the file as ppm rendered it, by the difference of the two. Line
// ends, a byte order mark and what follows the last line are put aside for that: a tool that changes them all has written no line.

func isBinary(text []byte) bool { return bytes.IndexByte(text, 0) >= 0 }

// plain returns a text without a byte order mark, each of its lines ended by "\n" alone.
func plain(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(slices.Clip(text), '\n')
	}
	return text
}

func linesOf(text []byte) [][]byte { return slices.Collect(bytes.Lines(text)) }

func countOf(text []byte) int { return bytes.Count(plain(text), []byte("\n")) }

// shown returns a line without its end, and its bytes as well when they are not UTF-8.
func shown(line []byte) (text string, exact []byte) {
	if line = bytes.TrimRight(line, "\r\n"); !utf8.Valid(line) {
		exact = line
	}
	return string(line), exact
}

func tooFew(name string, total int) error {
	return failure.Errorf(failure.Usage, "%q ends with line %d", name, total).WithHint("name one of them")
}

func noLines(name string) error {
	return failure.Errorf(failure.Usage, "%q is a binary file, which has no lines", name).WithHint("ask for the whole file")
}

// ownLines tells of lines that no install wrote.
func ownLines(name string, text []byte, lines lineRange, owner string) ([]WhyLine, error) {
	if isBinary(text) {
		return nil, noLines(name)
	}
	all := linesOf(plain(text))
	if lines.last > len(all) {
		return nil, tooFew(name, len(all))
	}
	var out []WhyLine
	for i := lines.first - 1; i < lines.last; i++ {
		line := WhyLine{Line: i + 1, Owner: owner}
		line.Text, line.TextBase64 = shown(all[i])
		out = append(out, line)
	}
	return out, nil
}

// A match names the installed line that a line of a file is, or was before the user edited it.
type match struct {
	base   int // the index of the installed line; -1 for none
	edited bool
}

// tell tells of lines of a file that an install has, and counts all of them.
func (o origin) tell(text []byte, f lockfile.File, lines lineRange) ([]WhyLine, WhyCount) {
	base, disk := linesOf(plain(o.trace.Data)), linesOf(plain(text))
	matches, count := pair(base, disk, merge.Diff(plain(o.trace.Data), plain(text)))
	var sides []merge.LineKind
	if f.Conflict != "" {
		sides = merge.LineKinds(text, cmp.Or(f.Marker, merge.DefaultMarkerSize))
	}
	side := func(i int) merge.LineKind {
		if i < len(sides) {
			return sides[i]
		}
		return merge.Outside
	}
	for i, m := range matches {
		switch {
		case side(i) != merge.Outside:
			count.Conflict++
		case m.base < 0:
			count.Added++
		case m.edited:
			count.Edited++
		default:
			count.Installed++
		}
	}
	if lines == (lineRange{}) {
		return nil, count
	}
	ends := o.endsAlike(text)
	place := o.places(matches[min(lines.first-1, len(matches)):min(lines.last, len(matches))])
	var out []WhyLine
	for i := lines.first - 1; i < min(lines.last, len(disk)); i++ {
		line := WhyLine{Line: i + 1, Owner: ByUser, Side: sideName[side(i)]}
		line.Text, line.TextBase64 = shown(disk[i])
		m := matches[i]
		if m.base >= 0 {
			place(&line, m.base)
			switch {
			case m.edited:
				was, exact := shown(base[m.base])
				line.Was, line.WasBase64 = &was, exact
			default:
				line.Owner, line.LineEnd = ByInstall, !ends(m.base, i)
			}
		}
		if line.Side != "" {
			line.Owner, line.Was, line.WasBase64 = InConflict, nil, nil
		}
		out = append(out, line)
	}
	return out, count
}

var sideName = map[merge.LineKind]string{merge.Ours: "ours", merge.Base: "base", merge.Theirs: "theirs", merge.Marker: "marker"}

// places returns what puts into a line where an installed line comes from, which must be among the matches.
func (o origin) places(matches []match) func(line *WhyLine, base int) {
	first, end := len(o.trace.Data), 0
	for _, m := range matches {
		if m.base >= 0 {
			first, end = min(first, m.base), m.base+1
		}
	}
	traced := o.trace.Lines(first, end)
	return func(line *WhyLine, base int) {
		l := traced[base-first]
		for _, p := range l.Positions {
			line.From = append(line.From, WhyPlace{File: o.inPack(p.File), Line: p.Line})
		}
		line.Keys = o.keys(l.Keys)
		line.Because = o.keys(slices.DeleteFunc(l.ConditionKeys, func(k string) bool { return slices.Contains(l.Keys, k) }))
	}
}

// endsAlike returns what tells whether a line of the file ends as the installed line does, and begins with the same byte order mark.
func (o origin) endsAlike(text []byte) func(base, disk int) bool {
	before, after := linesOf(o.trace.Data), linesOf(text)
	return func(base, disk int) bool {
		return base < len(before) && disk < len(after) && bytes.Equal(before[base], after[disk])
	}
}

// mostPairs bounds how many pairs of lines of one change are compared; in a larger one no line is taken for another, edited.
const mostPairs = 1 << 20

// pair finds for each line of a file the installed one, given how the installed text became the one that stands there.
func pair(base, disk [][]byte, changes []merge.Hunk) ([]match, WhyCount) {
	out := make([]match, len(disk))
	var count WhyCount
	at, next := 0, 0 // in base and disk
	for _, c := range append(changes, merge.Hunk{AFrom: len(base), ATo: len(base), BFrom: len(disk), BTo: len(disk)}) {
		for ; next < c.BFrom; next++ {
			out[next].base = at
			at++
		}
		count.Deleted += c.ATo - c.AFrom
		for ; next < c.BTo; next++ {
			out[next].base = -1
			for i := max(at, c.AFrom); i < c.ATo && (c.ATo-c.AFrom)*(c.BTo-c.BFrom) <= mostPairs; i++ {
				if c.ATo-c.AFrom == c.BTo-c.BFrom || alike(base[i], disk[next]) {
					out[next] = match{i, true}
					at = i + 1
					count.Deleted--
					break
				}
			}
		}
		at = c.ATo
	}
	return out, count
}

// alike reports whether one line may be the other after an edit in one place: half of the longer one is the same.
func alike(a, b []byte) bool {
	a, b = bytes.TrimSpace(a), bytes.TrimSpace(b)
	shorter := min(len(a), len(b))
	head := 0
	for head < shorter && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < shorter-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return 2*(head+tail) >= max(len(a), len(b)) && shorter > 0
}
