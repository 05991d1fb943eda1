package merge

import (
	"bytes"
	"cmp"
	"errors"
)

// A format is the properties of a text that are merged apart from its lines, each in one piece, as a file mode is. A
// property that is zero stays in the lines.
type format struct {
	lineEnds     LineEnds
	bom          presence // a byte order mark
	finalNewline presence
	newline      string // for a last line without one
}

// A presence says whether a text has something. It is unknown for an empty text.
type presence uint8

const (
	unknown presence = iota
	absent
	present
)

const bom = "\ufeff"

// mergeFormat returns the format of the result of a merge.
//
// A property that the three texts share stays in their lines, so that the merge is the one of git. A missing final
// newline never does: to append a line is not a change of the line above.
func mergeFormat(base, ours, theirs []byte) format {
	f := format{
		lineEnds:     mergeLineEnds(base, ours, theirs),
		bom:          mergePresence(hasBOM, base, ours, theirs),
		finalNewline: mergePresence(hasFinalNewline, base, ours, theirs),
		newline:      "\n",
	}
	if b, o, t := lineEnd(base), lineEnd(ours), lineEnd(theirs); f.lineEnds == NoLineEnds && isShared(o, t) {
		f.newline = cmp.Or(b, o, t, "\n")
	}
	lacksNewline := func(text []byte) bool { return hasFinalNewline(text) == absent }
	if f.finalNewline == unknown && lacksNewline(ours) && lacksNewline(theirs) {
		f.finalNewline = absent
	}
	for _, text := range [][]byte{base, ours, theirs} {
		if bytes.HasSuffix(text, []byte("\r")) { // a newline would make it a line ending
			f.finalNewline = unknown
		}
	}
	return f
}

// mergeLineEnds returns the line endings of the result, or NoLineEnds if they stay in the lines: lines that end in
// another way than the others of their text are content. Ours is uniform, although the base is not, if git has checked
// it out.
func mergeLineEnds(base, ours, theirs []byte) LineEnds {
	b, o, t := LineEndsOf(base), LineEndsOf(ours), LineEndsOf(theirs)
	merged := mergeProperty(b, o, t)
	if merged == Mixed && t != b && t.IsUniform() {
		merged = t
	}
	for _, text := range [][]byte{base, ours, theirs} {
		// Converting a carriage return before a line ending loses it.
		if bytes.Contains(text, []byte("\r\r\n")) || bytes.HasSuffix(text, []byte("\r")) {
			return NoLineEnds
		}
	}
	switch {
	case isShared(b, o, t), merged == Mixed, b == Mixed && !o.IsUniform(),
		b == NoLineEnds && (o == Mixed || t == Mixed):
		return NoLineEnds
	}
	return merged
}

func mergePresence(in func([]byte) presence, base, ours, theirs []byte) presence {
	if b, o, t := in(base), in(ours), in(theirs); !isShared(b, o, t) {
		return mergeProperty(b, o, t)
	}
	return unknown
}

// mergeProperty merges a property. Its zero value means that it is not known. If both sides changed it in different
// ways, it is that of ours.
func mergeProperty[T comparable](base, ours, theirs T) T {
	var unknown T
	if theirs != unknown && (ours == unknown || ours == base) {
		return theirs
	}
	return ours
}

// isShared reports whether all values that are known are the same.
func isShared[T comparable](values ...T) bool {
	var first, unknown T
	for _, v := range values {
		if first == unknown {
			first = v
		}
		if v != unknown && v != first {
			return false
		}
	}
	return true
}

func hasBOM(text []byte) presence {
	switch {
	case len(text) == 0:
		return unknown
	case bytes.HasPrefix(text, []byte(bom)):
		return present
	}
	return absent
}

func hasFinalNewline(text []byte) presence {
	switch text = withoutBOM(text); {
	case len(text) == 0:
		return unknown
	case text[len(text)-1] == '\n':
		return present
	}
	return absent
}

func withoutBOM(text []byte) []byte { return bytes.TrimPrefix(text, []byte(bom)) }

// lines returns a text without the properties that are merged apart. It may share memory with the text.
func (f format) lines(text []byte) []byte {
	if f.bom != unknown {
		text = withoutBOM(text)
	}
	if f.lineEnds != NoLineEnds && bytes.Contains(text, []byte("\r\n")) {
		text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	}
	if f.finalNewline != unknown && hasFinalNewline(text) == absent {
		text = append(text[:len(text):len(text)], cmp.Or(lineEnd(text), f.newline)...)
	}
	return text
}

// apply gives the result of a merge its format. A result that ends with a conflict keeps its final newline, and so
// does one that ends with an empty line, because an empty line is nothing but a newline.
func (r *Result) apply(f format) {
	r.format = f
	if f.finalNewline == absent && !r.endsInConflict() {
		end := lineEnd(r.Text)
		text := bytes.TrimSuffix(r.Text, []byte(end))
		if hasFinalNewline(text) == absent {
			r.Text, r.removed = text, end
		}
	}
	if f.lineEnds == CRLF {
		r.Text = bytes.ReplaceAll(r.Text, []byte("\n"), []byte("\r\n"))
	}
	if f.bom == present && len(r.Text) > 0 {
		r.Text = append([]byte(bom), r.Text...)
	}
}

// lines returns the text of a result without its format: the text that the parts cover.
func (r Result) lines() []byte {
	f := r.format
	f.finalNewline = unknown
	text := f.lines(r.Text)
	return append(text[:len(text):len(text)], r.removed...)
}

// endsInConflict reports whether the last line of a result is a conflict marker.
func (r Result) endsInConflict() bool {
	for i := len(r.parts) - 1; i >= 0; i-- {
		if r.parts[i].text.len() > 0 {
			return r.parts[i].origin == inConflict
		}
	}
	return false
}

// checkFormat returns an error unless the format of a result is that of a merge of these texts, and its text has it.
func (r Result) checkFormat(base, ours, theirs []byte) error {
	f := r.format
	ends := LineEndsOf(r.Text)
	switch {
	case f == format{}: // the properties are in the lines
		return nil
	case f != mergeFormat(base, ours, theirs),
		f.lineEnds != NoLineEnds && ends != f.lineEnds && ends != NoLineEnds,
		f.bom != unknown && hasBOM(r.Text) != f.bom && len(r.Text) > 0,
		f.finalNewline == present && hasFinalNewline(r.Text) == absent,
		f.finalNewline != absent && r.removed != "":
		return errors.New("checking a merge: its line endings, byte order mark or final newline match neither side")
	}
	return nil
}
