package merge

// A group is a run of changed lines of a version; it may be empty, between two unchanged lines.
// Both versions have the same number of groups: each unchanged line separates two.
type group struct {
	version
	span
}

func firstGroup(v version) *group {
	g := &group{version: v}
	g.stretch()
	return g
}

func (g *group) stretch() {
	for g.hi < len(g.lines) && g.changed[g.hi] {
		g.hi++
	}
}

// next moves on to the following group, and reports whether there is one.
func (g *group) next() bool {
	if g.hi == len(g.lines) {
		return false
	}
	g.lo = g.hi + 1
	g.hi = g.lo
	g.stretch()
	return true
}

// previous moves back to the preceding group, which there must be.
func (g *group) previous() {
	g.hi = g.lo - 1
	g.lo = g.hi
	for g.lo > 0 && g.changed[g.lo-1] {
		g.lo--
	}
}

// slideUp moves the group one line up, and takes in a group that it then touches.
// It reports whether it could: the line above must equal the group's last.
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

// slideDown is the opposite of slideUp.
func (g *group) slideDown() bool {
	if g.hi == len(g.lines) || g.lines[g.lo] != g.lines[g.hi] {
		return false
	}
	g.changed[g.lo], g.changed[g.hi] = false, true
	g.lo++
	g.hi++
	g.stretch()
	return true
}

// compact slides each group of v that can be slid: to the last place where the other version has
// changed lines as well, else as far down as it goes. Groups that meet become one.
func compact(v, other version) {
	for g, o := firstGroup(v), firstGroup(other); ; o.next() {
		if g.len() > 0 {
			settle(g, o)
		}
		if !g.next() {
			return
		}
	}
}

// settle slides g, and moves o to stay the group at the same place.
func settle(g, o *group) {
	var top int
	var facing bool
	for size := -1; size != g.len(); {
		size = g.len()
		for g.slideUp() {
			o.previous()
		}
		top, facing = g.hi, o.len() > 0
		for g.slideDown() {
			o.next()
			facing = facing || o.len() > 0
		}
	}
	if g.hi == top || !facing {
		return
	}
	for o.len() == 0 {
		g.slideUp()
		o.previous()
	}
}
