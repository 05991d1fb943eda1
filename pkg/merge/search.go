package merge

import "math"

// tooFar is the number of differences after which a search no longer looks for the fewest.
// It bounds the time for texts that have little in common.
const tooFar = 256

// A search pairs lines of two versions with Myers' algorithm from both ends in linear space.
//
// A point (i, j) stands before line i of a and line j of b, on the diagonal i-j. A path goes from
// the one corner of a box to the other; it steps along a diagonal for free where the lines
// are equal, and each other step is a changed line.
type search struct {
	a, b               []line
	atA, atB           []int  // where these lines are in their versions
	changedA, changedB []bool // the marks of the changed lines of the versions
	forth, back        []int  // for each diagonal the furthest i of the paths from either corner
	zero               int    // the index of diagonal 0 in forth and back
}

func newSearch(a, b version, keptA, keptB []int) *search {
	s := &search{atA: keptA, atB: keptB, changedA: a.changed, changedB: b.changed}
	s.a = pick(a.lines, keptA)
	s.b = pick(b.lines, keptB)
	diagonals := len(s.a) + len(s.b) + 3
	s.forth, s.back = make([]int, diagonals), make([]int, diagonals)
	s.zero = len(s.b) + 1
	return s
}

func pick(lines []line, at []int) []line {
	out := make([]line, len(at))
	for i, n := range at {
		out[i] = lines[n]
	}
	return out
}

func (s *search) run() { s.box(span{0, len(s.a)}, span{0, len(s.b)}, false) }

// box marks what is changed between the lines of a and those of b; exact asks for the fewest marks whatever they cost.
func (s *search) box(a, b span, exact bool) {
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
				s.changedA[s.atA[i]] = true
			}
			for j := b.lo; j < b.hi; j++ {
				s.changedB[s.atB[j]] = true
			}
			return
		}
		m := s.middle(a, b, exact)
		s.box(span{a.lo, m.i}, span{b.lo, m.j}, m.exactBefore)
		a.lo, b.lo, exact = m.i, m.j, m.exactAfter
	}
}

// A meeting is a point of a path, and whether the path is known to be a cheap one on its either side.
type meeting struct {
	i, j                    int
	exactBefore, exactAfter bool
}

// middle returns a point on a shortest path through a box: where the paths from its corners meet.
// Where they are tooFar from meeting, it returns the point that the longest of them has reached.
func (s *search) middle(a, b span, exact bool) meeting {
	lowest, highest := a.lo-b.hi, a.hi-b.lo // the diagonals of the box
	start, end := a.lo-b.lo, a.hi-b.hi
	odd := (start-end)%2 != 0
	f, r := span{start, start}, span{end, end} // the diagonals that are reached, both ends included
	s.forth[s.zero+start], s.back[s.zero+end] = a.lo, a.hi
	for cost := 1; ; cost++ {
		f = widen(f, lowest, highest, s.forth, s.zero, -1)
		for d := f.hi; d >= f.lo; d -= 2 {
			i := max(s.forth[s.zero+d-1]+1, s.forth[s.zero+d+1])
			for i < a.hi && i-d < b.hi && s.a[i] == s.b[i-d] {
				i++
			}
			s.forth[s.zero+d] = i
			if odd && r.lo <= d && d <= r.hi && s.back[s.zero+d] <= i {
				return meeting{i, i - d, true, true}
			}
		}
		r = widen(r, lowest, highest, s.back, s.zero, math.MaxInt)
		for d := r.hi; d >= r.lo; d -= 2 {
			i := min(s.back[s.zero+d-1], s.back[s.zero+d+1]-1)
			for i > a.lo && i-d > b.lo && s.a[i-1] == s.b[i-d-1] {
				i--
			}
			s.back[s.zero+d] = i
			if !odd && f.lo <= d && d <= f.hi && i <= s.forth[s.zero+d] {
				return meeting{i, i - d, true, true}
			}
		}
		if !exact && cost >= tooFar {
			return s.furthest(a, b, f, r)
		}
	}
}

// widen returns the diagonals that one more step reaches, and closes those beside them with unreached.
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
func (s *search) furthest(a, b, f, r span) meeting {
	ahead := meeting{i: -1, j: 0, exactBefore: true}
	for d := f.hi; d >= f.lo; d -= 2 {
		i := min(s.forth[s.zero+d], a.hi, b.hi+d)
		if i+i-d > ahead.i+ahead.j {
			ahead.i, ahead.j = i, i-d
		}
	}
	behind := meeting{i: a.hi + 1, j: b.hi, exactAfter: true}
	for d := r.hi; d >= r.lo; d -= 2 {
		i := max(s.back[s.zero+d], a.lo, b.lo+d)
		if i+i-d < behind.i+behind.j {
			behind.i, behind.j = i, i-d
		}
	}
	if a.hi+b.hi-behind.i-behind.j < ahead.i+ahead.j-a.lo-b.lo {
		return ahead
	}
	return behind
}
