package merge

import (
	"bytes"
	"strings"
)

// A writer writes the text of a merge.
type writer struct {
	texts
	Options
	size int // of the conflict markers
	out  []byte
}

// write returns the result for the given parts, which are in lines.
func (w *writer) write(parts []part) Result {
	w.out = make([]byte, 0, len(w.ours.bytes)+len(w.theirs.bytes)/8)
	r := Result{MarkerSize: w.size}
	lines := 0
	for i, p := range parts {
		begin := len(w.out)
		if p.origin == inConflict {
			if p.origin = w.favored(); p.origin != inConflict {
				r.Resolved++
			}
		}
		switch p.origin {
		case fromTheirs, favoredTheirs:
			w.out = append(w.out, w.theirs.slice(p.theirs)...)
		case inConflict:
			w.conflict(p)
		default:
			w.out = append(w.out, w.ours.slice(p.ours)...)
		}
		n := countLines(w.out[begin:])
		if p.origin == inConflict {
			r.Conflicts = append(r.Conflicts, LineRange{lines + 1, lines + n})
		}
		lines += n
		parts[i] = part{p.origin, w.base.span(p.base), w.ours.span(p.ours), w.theirs.span(p.theirs),
			span{begin, len(w.out)}}
	}
	r.Text, r.parts = w.out, parts
	return r
}

// conflict writes a conflict. Its markers have the line ending of the lines around it.
func (w *writer) conflict(p part) {
	end := "\n"
	if w.usesCRLF(p) {
		end = "\r\n"
	}
	w.marker('<', w.Labels.Ours, end)
	w.side(w.ours.slice(p.ours), end)
	if w.Style == Diff3 || w.Style == ZDiff3 {
		w.marker('|', w.Labels.Base, end)
		w.side(w.base.slice(p.base), end)
	}
	w.marker('=', "", end)
	w.side(w.theirs.slice(p.theirs), end)
	w.marker('>', w.Labels.Theirs, end)
}

// side writes one side of a conflict, and adds a line ending if its last line has none.
func (w *writer) side(text []byte, end string) {
	w.out = append(w.out, text...)
	if len(text) > 0 && text[len(text)-1] != '\n' {
		w.out = append(w.out, end...)
	}
}

func (w *writer) marker(char byte, label, end string) {
	w.out = append(w.out, bytes.Repeat([]byte{char}, w.size)...)
	if folded := strings.Join(strings.Fields(label), " "); folded != "" {
		w.out = append(append(w.out, ' '), folded...)
	}
	w.out = append(w.out, end...)
}

// usesCRLF reports whether the markers of p end in \r\n: the line before p on both sides and the first line of the
// base must do so, as far as they have a line ending.
func (w *writer) usesCRLF(p part) bool {
	found := false
	for _, near := range []struct {
		text text
		line int
	}{{w.ours, max(0, p.ours.lo-1)}, {w.theirs, max(0, p.theirs.lo-1)}, {w.base, 0}} {
		cr, known := near.text.endsInCRLF(near.line)
		if known && !cr {
			return false
		}
		found = cr
	}
	return found
}

// endsInCRLF reports whether line i ends in \r\n. If i is the last line and has no line ending, the line before it
// decides. The result is unknown for a text without line endings.
func (t text) endsInCRLF(i int) (cr, known bool) {
	if len(t.lines) == 0 {
		return false, false
	}
	if !bytes.HasSuffix(t.line(i), []byte("\n")) {
		if i == 0 {
			return false, false
		}
		i--
	}
	return bytes.HasSuffix(t.line(i), []byte("\r\n")), true
}
