package merge

import (
	"bytes"
	"strings"
)

// A writer turns the parts of a merge into its text.
type writer struct {
	texts
	Options
	size int // of the markers
	out  []byte
}

// write returns the result that has these parts, which are in lines.
func (w *writer) write(parts []part) Result {
	w.out = make([]byte, 0, len(w.ours.bytes)+len(w.theirs.bytes)/8)
	r := Result{MarkerSize: w.size}
	lines := 0
	for i, p := range parts {
		begin := len(w.out)
		if p.origin == inConflict {
			if p.origin = w.winner(); p.origin != inConflict {
				r.Resolved++
			}
		}
		switch p.origin {
		case fromTheirs, theirsWon:
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
		parts[i] = part{p.origin, w.base.span(p.base), w.ours.span(p.ours), w.theirs.span(p.theirs), span{begin, len(w.out)}}
	}
	r.Text, r.parts = w.out, parts
	return r
}

// conflict writes a conflict. Its marker lines end as the lines around them do.
func (w *writer) conflict(p part) {
	end := "\n"
	if w.wantsCR(p) {
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

// side writes one side of a conflict, and ends its last line where that has no end.
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

// wantsCR reports whether marker lines at p end in \r\n: as the lines before it do on
// both sides and the base's first line, where these have an end.
func (w *writer) wantsCR(p part) bool {
	found := false
	for _, near := range []struct {
		text text
		line int
	}{{w.ours, max(0, p.ours.lo-1)}, {w.theirs, max(0, p.theirs.lo-1)}, {w.base, 0}} {
		cr, known := near.text.endsInCR(near.line)
		if known && !cr {
			return false
		}
		found = cr
	}
	return found
}

// endsInCR reports whether line i ends in \r\n, or the line before it where i is the last and has
// no end. It is unknown in a text with no line end.
func (t text) endsInCR(i int) (cr, known bool) {
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
