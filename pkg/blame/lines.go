package blame

import (
	"bytes"
	"cmp"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// The lines on disk are matched with the lines of the rendered file by a diff. It ignores line endings, a byte order
// mark and a missing final newline: a tool that changes these everywhere has not written any line.

// A Range is a range of lines, counted from 1, both ends included. The zero value is not a range.
type Range struct{ First, Last int }

// IsBinary reports whether a text is binary. Binary files have no lines.
func IsBinary(text []byte) bool { return bytes.IndexByte(text, 0) >= 0 }

// normalize returns a text without a byte order mark, each of its lines ended by "\n".
func normalize(text []byte) []byte {
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	if len(text) > 0 && text[len(text)-1] != '\n' {
		text = append(slices.Clip(text), '\n')
	}
	return text
}

func splitLines(text []byte) [][]byte { return slices.Collect(bytes.Lines(text)) }

// CountLines returns how many lines a text has.
func CountLines(text []byte) int { return bytes.Count(normalize(text), []byte("\n")) }

// withoutEnd returns a line without its line ending, and its exact bytes if they are not UTF-8.
func withoutEnd(line []byte) (text string, exact []byte) {
	if line = bytes.TrimRight(line, "\r\n"); !utf8.Valid(line) {
		exact = line
	}
	return string(line), exact
}

// CheckRange returns an error if a file does not have all lines of a range.
func CheckRange(name string, text []byte, lines Range) error {
	if total := CountLines(text); lines.Last > total {
		return failure.Errorf(failure.Usage, "%q ends with line %d", name, total).WithHint("name one of them")
	}
	return nil
}

// ErrBinary returns the error about lines of a binary file.
func ErrBinary(name string) error {
	return failure.Errorf(failure.Usage, "%q is a binary file, which has no lines", name).
		WithHint("ask for the whole file")
}

// LinesOf returns lines of a file that is in no install. All have the same owner.
func LinesOf(name string, text []byte, lines Range, owner string) ([]Line, error) {
	if IsBinary(text) {
		return nil, ErrBinary(name)
	}
	if err := CheckRange(name, text, lines); err != nil {
		return nil, err
	}
	all := splitLines(normalize(text))
	var out []Line
	for i := lines.First - 1; i < lines.Last; i++ {
		line := Line{Line: i + 1, Owner: owner}
		line.Text, line.TextBase64 = withoutEnd(all[i])
		out = append(out, line)
	}
	return out, nil
}

// A match is the rendered line that a line on disk is equal to, or was before the user edited it.
type match struct {
	base   int // the index of the rendered line; -1 for none
	edited bool
}

// Lines returns a range of the lines on disk with their origins, and counts all lines. Of locked, only the conflict
// is used.
func (f *File) Lines(text []byte, locked lockfile.File, lines Range) ([]Line, Count) {
	base, disk := splitLines(normalize(f.trace.Data)), splitLines(normalize(text))
	matches, count := pair(base, disk, merge.Diff(normalize(f.trace.Data), normalize(text)))
	kinds := make([]merge.LineKind, len(disk))
	if locked.Conflict != "" {
		copy(kinds, merge.LineKinds(text, cmp.Or(locked.Marker, merge.DefaultMarkerSize)))
	}
	for i, m := range matches {
		switch {
		case kinds[i] != merge.Outside:
			count.Conflict++
		case m.base < 0:
			count.Added++
		case m.edited:
			count.Edited++
		default:
			count.Installed++
		}
	}
	if lines == (Range{}) {
		return nil, count
	}
	isSame := f.isSameLine(text)
	addOrigin := f.origins(matches[min(lines.First-1, len(matches)):min(lines.Last, len(matches))])
	var out []Line
	for i := lines.First - 1; i < min(lines.Last, len(disk)); i++ {
		line := Line{Line: i + 1, Owner: ByUser, Side: sideName[kinds[i]]}
		line.Text, line.TextBase64 = withoutEnd(disk[i])
		m := matches[i]
		if m.base >= 0 {
			addOrigin(&line, m.base)
			switch {
			case m.edited:
				was, exact := withoutEnd(base[m.base])
				line.Was, line.WasBase64 = &was, exact
			default:
				line.Owner, line.LineEnd = ByInstall, !isSame(m.base, i)
			}
		}
		if line.Side != "" {
			line.Owner, line.Was, line.WasBase64 = InConflict, nil, nil
		}
		out = append(out, line)
	}
	return out, count
}

var sideName = map[merge.LineKind]string{
	merge.Ours: "ours", merge.Base: "base", merge.Theirs: "theirs", merge.Marker: "marker",
}

// origins returns a function that adds to a line the origin of a rendered line, which is one of the matches.
func (f *File) origins(matches []match) func(line *Line, base int) {
	first, end := len(f.trace.Data), 0
	for _, m := range matches {
		if m.base >= 0 {
			first, end = min(first, m.base), m.base+1
		}
	}
	traced := f.trace.Lines(first, end)
	return func(line *Line, base int) {
		l := traced[base-first]
		for _, p := range l.Positions {
			line.From = append(line.From, Place{File: f.inPack(p.File), Line: p.Line})
		}
		line.Keys = f.keys(l.Keys)
		isShown := func(key string) bool { return slices.Contains(l.Keys, key) }
		line.Because = f.keys(slices.DeleteFunc(l.ConditionKeys, isShown))
	}
}

// isSameLine returns a function that reports whether a line on disk equals a rendered line byte for byte. If all lines
// on disk end in the same way, their ends are those of the checkout.
func (f *File) isSameLine(text []byte) func(base, disk int) bool {
	before, after := splitLines(merge.WithLineEndsOf(f.trace.Data, text)), splitLines(text)
	return func(base, disk int) bool {
		return base < len(before) && disk < len(after) && bytes.Equal(before[base], after[disk])
	}
}

// maxPairs limits the pairs of lines that are compared in a hunk. In a larger hunk, no line counts as edited.
const maxPairs = 1 << 20

// pair finds the rendered line of each line on disk, given the diff of the two texts. It counts deleted lines.
func pair(base, disk [][]byte, changes []merge.Hunk) ([]match, Count) {
	out := make([]match, len(disk))
	var count Count
	at, next := 0, 0 // in base and disk
	for _, c := range append(changes, merge.Hunk{AFrom: len(base), ATo: len(base), BFrom: len(disk), BTo: len(disk)}) {
		for ; next < c.BFrom; next++ {
			out[next].base = at
			at++
		}
		count.Deleted += c.ATo - c.AFrom
		for ; next < c.BTo; next++ {
			out[next].base = -1
			for i := max(at, c.AFrom); i < c.ATo && (c.ATo-c.AFrom)*(c.BTo-c.BFrom) <= maxPairs; i++ {
				if c.ATo-c.AFrom == c.BTo-c.BFrom || isEditOf(base[i], disk[next]) {
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

// isEditOf reports whether one line may be an edit of the other: their common prefix and suffix are at least half of
// the longer one.
func isEditOf(a, b []byte) bool {
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
