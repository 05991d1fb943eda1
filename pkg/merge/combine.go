package merge

import "slices"

// merge returns the parts of the merged text, in lines.
func (t texts) merge(style Style) []part {
	parts := t.combine(t.differ.diff(t.base.lines, t.ours.lines), t.differ.diff(t.base.lines, t.theirs.lines))
	switch style {
	case Diff3:
		return parts
	case ZDiff3:
		return refine(parts, t.trim)
	}
	return t.simplify(refine(parts, t.narrow))
}

// combine lays the changes of both sides side by side. Changes that overlap or touch are one part.
func (t texts) combine(ours, theirs []hunk) []part {
	var parts []part
	var at part // ends where the parts end
	for len(ours) > 0 || len(theirs) > 0 {
		lo := len(t.base.lines)
		if len(ours) > 0 {
			lo = ours[0].a.lo
		}
		if len(theirs) > 0 {
			lo = min(lo, theirs[0].a.lo)
		}
		n, m, hi := cluster(ours, theirs, lo)
		same := lo - at.base.hi
		if same > 0 {
			at = at.after(fromAll, same, same, same)
			parts = append(parts, at)
		}
		size := hi - lo
		at = at.after(inConflict, size, size+growth(ours[:n]), size+growth(theirs[:m]))
		at.origin = t.origin(at, n, m)
		parts = append(parts, at)
		ours, theirs = ours[n:], theirs[m:]
	}
	if same := len(t.base.lines) - at.base.hi; same > 0 {
		parts = append(parts, at.after(fromAll, same, same, same))
	}
	return parts
}

// cluster returns how many hunks of each side are one place, which begins at lo, and where it ends in the base.
func cluster(ours, theirs []hunk, lo int) (n, m, hi int) {
	hi = lo
	for {
		switch {
		case n < len(ours) && ours[n].a.lo <= hi:
			hi = max(hi, ours[n].a.hi)
			n++
		case m < len(theirs) && theirs[m].a.lo <= hi:
			hi = max(hi, theirs[m].a.hi)
			m++
		default:
			return n, m, hi
		}
	}
}

// growth returns how many lines the hunks add.
func growth(hunks []hunk) int {
	n := 0
	for _, h := range hunks {
		n += h.b.len() - h.a.len()
	}
	return n
}

// after returns the part that follows p and has so many lines in each text.
func (p part) after(from origin, base, ours, theirs int) part {
	return part{
		origin: from,
		base:   span{p.base.hi, p.base.hi + base},
		ours:   span{p.ours.hi, p.ours.hi + ours},
		theirs: span{p.theirs.hi, p.theirs.hi + theirs},
	}
}

// origin returns the origin of a part in which ours has n hunks and theirs has m.
func (t texts) origin(p part, n, m int) origin {
	switch {
	case m == 0:
		return fromOurs
	case n == 0:
		return fromTheirs
	}
	if ours, theirs := t.sides(p); slices.Equal(ours, theirs) {
		return fromBoth
	}
	return inConflict
}

// start returns the empty part at the start of p.
func (p part) start() part {
	return part{base: span{p.base.lo, p.base.lo}, ours: span{p.ours.lo, p.ours.lo}, theirs: span{p.theirs.lo, p.theirs.lo}}
}

// sides returns the lines that p has on both sides.
func (t texts) sides(p part) (ours, theirs []line) {
	return t.ours.lines[p.ours.lo:p.ours.hi], t.theirs.lines[p.theirs.lo:p.theirs.hi]
}

// refine replaces the conflicts in parts by what cut makes of them.
func refine(parts []part, cut func(part) []part) []part {
	var out []part
	for _, p := range parts {
		if p.origin == inConflict && p.ours.len() > 0 && p.theirs.len() > 0 {
			out = append(out, cut(p)...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// trim takes the lines that both sides begin and end with out of a conflict, which keeps all of the base.
func (t texts) trim(p part) []part {
	head, tail := commonEnds(t.sides(p))
	var out []part
	at := p.start()
	if head > 0 {
		at = at.after(fromBoth, 0, head, head)
		out = append(out, at)
	}
	at = at.after(inConflict, p.base.len(), p.ours.len()-head-tail, p.theirs.len()-head-tail)
	out = append(out, at)
	if tail > 0 {
		out = append(out, at.after(fromBoth, 0, tail, tail))
	}
	return out
}

// narrow splits a conflict into those stretches in which the sides differ from each other. The
// first of them keeps the base, which is not shown.
func (t texts) narrow(p part) []part {
	var out []part
	base := p.base.len()
	at := p.start()
	same := func(n int) {
		if n > 0 {
			at = at.after(fromBoth, 0, n, n)
			out = append(out, at)
		}
	}
	for _, h := range t.differ.diff(t.sides(p)) {
		same(p.ours.lo + h.a.lo - at.ours.hi)
		at = at.after(inConflict, base, h.a.len(), h.b.len())
		out = append(out, at)
		base = 0
	}
	same(p.ours.hi - at.ours.hi)
	return out
}

// simplify joins conflicts with so little between them that one is easier to read: up to three
// lines, or lines with no letter or digit.
func (t texts) simplify(parts []part) []part {
	var out []part
	last := -1 // the conflict in out with nothing but unmarked lines of both sides after it
	for _, p := range parts {
		switch p.origin {
		case fromOurs, fromTheirs:
			last = -1
		case inConflict:
			if last >= 0 && t.isSlight(span{out[last].ours.hi, p.ours.lo}) {
				out = out[:last+1]
				out[last].base.hi, out[last].ours.hi, out[last].theirs.hi = p.base.hi, p.ours.hi, p.theirs.hi
				continue
			}
			last = len(out)
		}
		out = append(out, p)
	}
	return out
}

// isSlight reports whether the lines of ours are too little to part two conflicts.
func (t texts) isSlight(lines span) bool {
	if lines.len() <= 3 {
		return true
	}
	for _, c := range t.ours.slice(lines) {
		if '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' {
			return false
		}
	}
	return true
}
