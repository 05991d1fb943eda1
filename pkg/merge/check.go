package merge

import (
	"bytes"
	"errors"
	"fmt"
)

// CheckLossless returns an error unless the result accounts for every byte of the texts that it was merged from. Each
// part must be unchanged, or the change of one side, or the same change of both, or a conflict that shows both
// sides, or the side that Options.Favor prefers.
//
// It only compares bytes, so it does not depend on the diff algorithm. Do not write a result that fails it.
func (r Result) CheckLossless(base, ours, theirs []byte) error {
	if err := r.checkFormat(base, ours, theirs); err != nil {
		return err
	}
	base, ours, theirs = r.format.lines(base), r.format.lines(ours), r.format.lines(theirs)
	merged := r.lines()
	var at part
	for i, p := range r.parts {
		b, okBase := nextSpan(base, at.base, p.base)
		o, okOurs := nextSpan(ours, at.ours, p.ours)
		t, okTheirs := nextSpan(theirs, at.theirs, p.theirs)
		text, okText := nextSpan(merged, at.text, p.text)
		if !okBase || !okOurs || !okTheirs || !okText {
			return fmt.Errorf("checking part %d of a merge: it does not follow the previous part", i+1)
		}
		if err := r.checkPart(p.origin, b, o, t, text); err != nil {
			return fmt.Errorf("checking part %d of a merge, at byte %d of ours: %w", i+1, p.ours.lo, err)
		}
		at = p
	}
	if at.base.hi != len(base) || at.ours.hi != len(ours) || at.theirs.hi != len(theirs) || at.text.hi != len(merged) {
		return errors.New("checking a merge: its parts do not cover the texts")
	}
	return nil
}

// nextSpan returns the bytes of a span, which must start where the previous one ended.
func nextSpan(text []byte, before, s span) ([]byte, bool) {
	if s.lo != before.hi || s.hi < s.lo || s.hi > len(text) {
		return nil, false
	}
	return text[s.lo:s.hi], true
}

// checkPart returns an error unless text is a valid merge of the three other texts.
func (r Result) checkPart(from origin, base, ours, theirs, text []byte) error {
	isSame := func(a, b []byte) bool { return isEqual(a, b, r.ignoreSpaceChange) }
	isOurs, isTheirs := bytes.Equal(text, ours), bytes.Equal(text, theirs)
	kept := false
	switch from {
	case unchanged:
		kept = isOurs && isSame(ours, theirs) && isSame(ours, base)
	case fromOurs:
		kept = isOurs && isSame(theirs, base)
	case fromTheirs:
		kept = isTheirs && isSame(ours, base)
	case fromBoth:
		kept = isOurs && isSame(ours, theirs)
	case favoredOurs:
		kept = isOurs
	case favoredTheirs:
		kept = isTheirs
	case inConflict:
		if !r.Binary && !r.showsBothSides(text, base, ours, theirs) {
			return errors.New("the conflict does not contain both sides")
		}
		kept = !r.Binary || isOurs
	}
	if !kept {
		return errors.New("a change would be lost")
	}
	return nil
}

// showsBothSides reports whether text is a conflict between ours and theirs, with or without the base.
func (r Result) showsBothSides(text, base, ours, theirs []byte) bool {
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

// cutMarker returns the text after a leading conflict marker of the given character.
func (r Result) cutMarker(text []byte, char byte) ([]byte, bool) {
	line, rest, ok := bytes.Cut(text, []byte{'\n'})
	if c, size := ParseMarker(line); !ok || c != char || size != r.MarkerSize {
		return nil, false
	}
	return rest, true
}

// cutSide returns the text after a leading side of a conflict, and after the line ending that the side lacks.
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
