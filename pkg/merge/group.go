package merge

// A group is a run of changed lines of a version. It is empty between two unchanged lines. Both versions have the
// same number of groups, because each unchanged line separates two.
type group struct {
	version
	span
}

func firstGroup(v version) *group {
	g := &group{version: v}
	g.extend()
	return g
}

// extend moves the end of the group past the changed lines that follow.
func (g *group) extend() {
	for g.hi < len(g.lines) && g.changed[g.hi] {
		g.hi++
	}
}

// next moves to the following group and reports whether there is one.
func (g *group) next() bool {
	if g.hi == len(g.lines) {
		return false
	}
	g.lo = g.hi + 1
	g.hi = g.lo
	g.extend()
	return true
}

// previous moves to the preceding group, which must exist.
func (g *group) previous() {
	g.hi = g.lo - 1
	g.lo = g.hi
	for g.lo > 0 && g.changed[g.lo-1] {
		g.lo--
	}
}

// slideUp moves the group up by one line and merges it with a group that it then touches. It reports whether it
// could: the line above must equal the last line of the group.
func (g *group) slideUp() bool {
	if g.lo == 0 || g.lines[g.lo-1] != g.lines[g.hi-1] {
		return false
	}
	g.lo--
	g.hi--
	g.changed[g.lo], g.changed[g.hi] = true, false
	for g.lo > 0 && g.changed[g.lo-1] {
		g.lo--
	}
	return true
}

// slideDown is the inverse of slideUp.
func (g *group) slideDown() bool {
	if g.hi == len(g.lines) || g.lines[g.lo] != g.lines[g.hi] {
		return false
	}
	g.changed[g.lo], g.changed[g.hi] = false, true
	g.lo++
	g.hi++
	g.extend()
	return true
}

// compact slides each group of v that can move to the last position where the other version has changes too, or
// else as far down as possible. Groups that touch become one.
func compact(v, other version) {
	for g, o := firstGroup(v), firstGroup(other); ; o.next() {
		if g.len() > 0 {
			slideGroup(g, o)
		}
		if !g.next() {
			return
		}
	}
}

// slideGroup slides g, and moves o so that it stays the group at the same position.
func slideGroup(g, o *group) {
	var highest int
	var matchesOther bool
	for size := -1; size != g.len(); {
		size = g.len()
		for g.slideUp() {
			o.previous()
		}
		highest, matchesOther = g.hi, o.len() > 0
		for g.slideDown() {
			o.next()
			matchesOther = matchesOther || o.len() > 0
		}
	}
	if g.hi == highest || !matchesOther {
		return
	}
	for o.len() == 0 {
		g.slideUp()
		o.previous()
	}
}
