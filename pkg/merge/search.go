package merge

import "math"

// maxCost is the number of differences after which a search stops looking for the shortest edit script. It bounds the
// time for texts that have little in common.
const maxCost = 256

// A search matches lines of two versions with Myers' algorithm, from both ends and in linear space.
//
// A point (i, j) is before line i of a and line j of b, on the diagonal i-j. A path leads from one corner of a box to
// the opposite one. A step along a diagonal over equal lines is free; every other step is a changed line.
type search struct {
	a, b               []line
	indexA, indexB     []int  // the positions of these lines in their versions
	changedA, changedB []bool // the changed marks of the versions
	forward, backward  []int  // by diagonal: the furthest i reached from either corner
	zero               int    // the index of diagonal 0 in forth and back
}

func newSearch(a, b version, keptA, keptB []int) *search {
	s := &search{indexA: keptA, indexB: keptB, changedA: a.changed, changedB: b.changed}
	s.a = selectLines(a.lines, keptA)
	s.b = selectLines(b.lines, keptB)
	diagonals := len(s.a) + len(s.b) + 3
	s.forward, s.backward = make([]int, diagonals), make([]int, diagonals)
	s.zero = len(s.b) + 1
	return s
}

func selectLines(lines []line, at []int) []line {
	out := make([]line, len(at))
	for i, n := range at {
		out[i] = lines[n]
	}
	return out
}

func (s *search) run() { s.markChanged(span{0, len(s.a)}, span{0, len(s.b)}, false) }

// markChanged marks the lines that differ between the given ranges of a and b. If exact is set, it finds the fewest,
// whatever that costs.
func (s *search) markChanged(a, b span, exact bool) {
	for {
		for a.lo < a.hi && b.lo < b.hi && s.a[a.lo] == s.b[b.lo] {
			a.lo++
			b.lo++
		}
		for a.lo < a.hi && b.lo < b.hi && s.a[a.hi-1] == s.b[b.hi-1] {
			a.hi--
			b.hi--
		}
		if a.len() == 0 || b.len() == 0 {
			for i := a.lo; i < a.hi; i++ {
				s.changedA[s.indexA[i]] = true
			}
			for j := b.lo; j < b.hi; j++ {
				s.changedB[s.indexB[j]] = true
			}
			return
		}
		m := s.middle(a, b, exact)
		s.markChanged(span{a.lo, m.i}, span{b.lo, m.j}, m.exactBefore)
		a.lo, b.lo, exact = m.i, m.j, m.exactAfter
	}
}

// A midpoint is a point of a path, with whether the path is known to be optimal before and after it.
type midpoint struct {
	i, j                    int
	exactBefore, exactAfter bool
}

// middle returns a point on a shortest path through a box: where the paths from both corners meet. If they have not
// met after maxCost steps, it returns the furthest point of the longest path.
func (s *search) middle(a, b span, exact bool) midpoint {
	lowest, highest := a.lo-b.hi, a.hi-b.lo // the diagonals of the box
	start, end := a.lo-b.lo, a.hi-b.hi
	odd := (start-end)%2 != 0
	f, r := span{start, start}, span{end, end} // the diagonals reached so far, both ends included
	s.forward[s.zero+start], s.backward[s.zero+end] = a.lo, a.hi
	for cost := 1; ; cost++ {
		f = widen(f, lowest, highest, s.forward, s.zero, -1)
		for d := f.hi; d >= f.lo; d -= 2 {
			i := max(s.forward[s.zero+d-1]+1, s.forward[s.zero+d+1])
			for i < a.hi && i-d < b.hi && s.a[i] == s.b[i-d] {
				i++
			}
			s.forward[s.zero+d] = i
			if odd && r.lo <= d && d <= r.hi && s.backward[s.zero+d] <= i {
				return midpoint{i, i - d, true, true}
			}
		}
		r = widen(r, lowest, highest, s.backward, s.zero, math.MaxInt)
		for d := r.hi; d >= r.lo; d -= 2 {
			i := min(s.backward[s.zero+d-1], s.backward[s.zero+d+1]-1)
			for i > a.lo && i-d > b.lo && s.a[i-1] == s.b[i-d-1] {
				i--
			}
			s.backward[s.zero+d] = i
			if !odd && f.lo <= d && d <= f.hi && i <= s.forward[s.zero+d] {
				return midpoint{i, i - d, true, true}
			}
		}
		if !exact && cost >= maxCost {
			return s.furthest(a, b, f, r)
		}
	}
}

// widen returns the diagonals that one more step reaches, and marks those next to them as unreached.
func widen(reached span, lowest, highest int, furthest []int, zero, unreached int) span {
	if reached.lo > lowest {
		reached.lo--
		furthest[zero+reached.lo-1] = unreached
	} else {
		reached.lo++
	}
	if reached.hi < highest {
		reached.hi++
		furthest[zero+reached.hi+1] = unreached
	} else {
		reached.hi--
	}
	return reached
}

// furthest returns the point that is furthest from the corner it was reached from.
func (s *search) furthest(a, b, f, r span) midpoint {
	ahead := midpoint{i: -1, j: 0, exactBefore: true}
	for d := f.hi; d >= f.lo; d -= 2 {
		i := min(s.forward[s.zero+d], a.hi, b.hi+d)
		if i+i-d > ahead.i+ahead.j {
			ahead.i, ahead.j = i, i-d
		}
	}
	behind := midpoint{i: a.hi + 1, j: b.hi, exactAfter: true}
	for d := r.hi; d >= r.lo; d -= 2 {
		i := max(s.backward[s.zero+d], a.lo, b.lo+d)
		if i+i-d < behind.i+behind.j {
			behind.i, behind.j = i, i-d
		}
	}
	if a.hi+b.hi-behind.i-behind.j < ahead.i+ahead.j-a.lo-b.lo {
		return ahead
	}
	return behind
}
