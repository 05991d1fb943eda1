package merge

// An origin says where a part of a result comes from.
type origin uint8

const (
	unchanged     origin = iota // the same in all three texts
	fromOurs                    // changed by ours only
	fromTheirs                  // changed by theirs only
	fromBoth                    // the same on both sides
	inConflict                  // changed by both sides in different ways
	favoredOurs                 // the same, resolved in favor of ours
	favoredTheirs               // the same, resolved in favor of theirs
)

// A span is a range of lines or bytes, without its end.
type span struct{ lo, hi int }

func (s span) len() int { return s.hi - s.lo }

// A part is a range of a result, with the ranges of the three texts that it was merged from. The parts of a result
// cover all four texts.
type part struct {
	origin             origin
	base, ours, theirs span
	text               span
}

// after returns the part that follows p and has the given number of lines in each text.
func (p part) after(from origin, base, ours, theirs int) part {
	return part{
		origin: from,
		base:   span{p.base.hi, p.base.hi + base},
		ours:   span{p.ours.hi, p.ours.hi + ours},
		theirs: span{p.theirs.hi, p.theirs.hi + theirs},
	}
}

// start returns an empty part at the start of p.
func (p part) start() part {
	return part{base: span{p.base.lo, p.base.lo}, ours: span{p.ours.lo, p.ours.lo},
		theirs: span{p.theirs.lo, p.theirs.lo}}
}
