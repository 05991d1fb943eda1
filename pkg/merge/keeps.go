package merge

import (
	"bytes"
	"errors"
	"fmt"
)

// CheckLossless returns an error unless the result accounts for each byte of the three texts it was made
// from: whatever a side has is in the result, or between the markers of a conflict together
// with what the other side has, or the other side alone replaced what both had in the base, or
// replaced what both changed because it is favored.
//
// It compares bytes only, and so judges a merge without trusting how it found its way. To ask is
// cheap; nothing that fails it must be written.
func (r Result) CheckLossless(base, ours, theirs []byte) error {
	var at part
	for i, p := range r.parts {
		b, okBase := next(base, at.base, p.base)
		o, okOurs := next(ours, at.ours, p.ours)
		t, okTheirs := next(theirs, at.theirs, p.theirs)
		text, okText := next(r.Text, at.text, p.text)
		if !okBase || !okOurs || !okTheirs || !okText {
			return fmt.Errorf("checking part %d of a merge: it does not follow the part before", i+1)
		}
		if err := r.accounts(p.origin, b, o, t, text); err != nil {
			return fmt.Errorf("checking part %d of a merge, from byte %d of ours: %w", i+1, p.ours.lo, err)
		}
		at = p
	}
	if at.base.hi != len(base) || at.ours.hi != len(ours) || at.theirs.hi != len(theirs) || at.text.hi != len(r.Text) {
		return errors.New("checking a merge: its parts end before the texts do")
	}
	return nil
}

// next returns the bytes of a span, which must begin where the one before it ended.
func next(text []byte, before, s span) ([]byte, bool) {
	if s.lo != before.hi || s.hi < s.lo || s.hi > len(text) {
		return nil, false
	}
	return text[s.lo:s.hi], true
}

// accounts returns an error unless text is what may become of the three others.
func (r Result) accounts(from origin, base, ours, theirs, text []byte) error {
	var same [][2][]byte // the pairs that must be equal
	switch from {
	case fromAll:
		same = [][2][]byte{{text, ours}, {ours, theirs}, {ours, base}}
	case fromOurs:
		same = [][2][]byte{{text, ours}, {theirs, base}}
	case fromTheirs:
		same = [][2][]byte{{text, theirs}, {ours, base}}
	case fromBoth:
		same = [][2][]byte{{text, ours}, {ours, theirs}}
	case oursWon:
		same = [][2][]byte{{text, ours}}
	case theirsWon:
		same = [][2][]byte{{text, theirs}}
	case inConflict:
		if r.Binary {
			same = [][2][]byte{{text, ours}}
		} else if !r.shows(text, base, ours, theirs) {
			return errors.New("the conflict does not show both sides in full")
		}
	}
	for _, pair := range same {
		if !bytes.Equal(pair[0], pair[1]) {
			return errors.New("something would be lost")
		}
	}
	return nil
}

// shows reports whether text is a conflict between ours and theirs, with or without the base.
func (r Result) shows(text, base, ours, theirs []byte) bool {
	rest, ok := r.cutMarker(text, '<')
	if !ok {
		return false
	}
	if rest, ok = cutSide(rest, ours); !ok {
		return false
	}
	if shown, ok := r.cutMarker(rest, '|'); ok {
		if rest, ok = cutSide(shown, base); !ok {
			return false
		}
	}
	if rest, ok = r.cutMarker(rest, '='); !ok {
		return false
	}
	if rest, ok = cutSide(rest, theirs); !ok {
		return false
	}
	rest, ok = r.cutMarker(rest, '>')
	return ok && len(rest) == 0
}

// cutMarker returns what follows a marker line that text begins with.
func (r Result) cutMarker(text []byte, char byte) ([]byte, bool) {
	line, rest, ok := bytes.Cut(text, []byte{'\n'})
	if c, size := asMarker(line); !ok || c != char || size != r.MarkerSize {
		return nil, false
	}
	return rest, true
}

// cutSide returns what follows one side of a conflict, which may have been given a line end.
func cutSide(text, side []byte) ([]byte, bool) {
	rest, ok := bytes.CutPrefix(text, side)
	if !ok || len(side) == 0 || side[len(side)-1] == '\n' {
		return rest, ok
	}
	rest, crlf := bytes.CutPrefix(rest, []byte("\r\n"))
	if !crlf {
		rest, ok = bytes.CutPrefix(rest, []byte("\n"))
	}
	return rest, ok
}
