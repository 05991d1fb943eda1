package merge

import "slices"

// merge returns the parts of the merged text, in lines.
func (t texts) merge(style Style) []part {
	parts := t.combine(t.differ.diff(t.base.lines, t.ours.lines), t.differ.diff(t.base.lines, t.theirs.lines))
	switch style {
	case Diff3:
		return parts
	case ZDiff3:
		return splitConflicts(parts, t.trimConflict)
	}
	return t.simplify(splitConflicts(parts, t.splitConflict))
}

// combine aligns the edits of both sides. Edits that overlap or touch become one part.
func (t texts) combine(ours, theirs []edit) []part {
	var parts []part
	var last part
	for len(ours) > 0 || len(theirs) > 0 {
		lo := len(t.base.lines)
		if len(ours) > 0 {
			lo = ours[0].a.lo
		}
		if len(theirs) > 0 {
			lo = min(lo, theirs[0].a.lo)
		}
		n, m, hi := overlapping(ours, theirs, lo)
		same := lo - last.base.hi
		if same > 0 {
			last = last.after(unchanged, same, same, same)
			parts = append(parts, last)
		}
		size := hi - lo
		last = last.after(inConflict, size, size+addedLines(ours[:n]), size+addedLines(theirs[:m]))
		last.origin = t.origin(last, n, m)
		parts = append(parts, last)
		ours, theirs = ours[n:], theirs[m:]
	}
	if same := len(t.base.lines) - last.base.hi; same > 0 {
		parts = append(parts, last.after(unchanged, same, same, same))
	}
	return parts
}

// overlapping returns how many edits of each side belong to the group that starts at base line lo, and where
// the group ends in the base.
func overlapping(ours, theirs []edit, lo int) (n, m, hi int) {
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

// addedLines returns how many lines the edits add, less those they remove.
func addedLines(edits []edit) int {
	n := 0
	for _, h := range edits {
		n += h.b.len() - h.a.len()
	}
	return n
}

// origin returns the origin of a part with n edits by ours and m by theirs.
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

// sides returns the lines of p in ours and theirs.
func (t texts) sides(p part) (ours, theirs []line) {
	return t.ours.lines[p.ours.lo:p.ours.hi], t.theirs.lines[p.theirs.lo:p.theirs.hi]
}

// splitConflicts replaces each conflict that has lines on both sides by the parts that split returns for it.
func splitConflicts(parts []part, split func(part) []part) []part {
	var out []part
	for _, p := range parts {
		if p.origin == inConflict && p.ours.len() > 0 && p.theirs.len() > 0 {
			out = append(out, split(p)...)
		} else {
			out = append(out, p)
		}
	}
	return out
}

// trimConflict moves the lines that both sides start or end with out of a conflict. The conflict keeps all of the
// base.
func (t texts) trimConflict(p part) []part {
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

// splitConflict splits a conflict into the runs of lines in which the sides differ. The first run keeps the base,
// which this style does not show.
func (t texts) splitConflict(p part) []part {
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

// simplify joins conflicts that are separated by at most three lines, or by lines without a letter or digit: one
// larger conflict is easier to read.
func (t texts) simplify(parts []part) []part {
	var out []part
	last := -1 // index of the last conflict in out, if only lines of both sides follow it
	for _, p := range parts {
		switch p.origin {
		case fromOurs, fromTheirs:
			last = -1
		case inConflict:
			if last >= 0 && t.isTrivial(span{out[last].ours.hi, p.ours.lo}) {
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

// isTrivial reports whether the lines of ours are too few or too plain to separate two conflicts.
func (t texts) isTrivial(lines span) bool {
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
