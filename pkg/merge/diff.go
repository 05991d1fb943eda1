package merge

// A hunk says that the lines a of one text became the lines b of another. Between two hunks of
// one difference stands at least one line that both texts have.
type hunk struct{ a, b span }

// A differ finds the differences of texts that were read with one table.
//
// It looks for them in the way that git does by default, so that the same lines count as changed
// where there is a choice, and a merge has the conflicts that git's would have: equal ends are
// cut off; lines that cannot help are put aside; a Myers search in linear space pairs the rest;
// then each hunk slides to where both texts have changed lines, or as far down as it goes. The
// libraries for this choose other lines in one merge of ten, and some give up after a hundred
// differences and make all that is left one change.
type differ struct {
	inA, inB []int32 // how often each line is in a text; all zero between two calls
}

func newDiffer(lines int) differ {
	return differ{inA: make([]int32, lines), inB: make([]int32, lines)}
}

// A version is one of two texts that are compared.
type version struct {
	lines   []line
	changed []bool // the lines that the other version lacks
}

// diff returns how a became b.
func (d differ) diff(a, b []line) []hunk {
	va := version{a, make([]bool, len(a))}
	vb := version{b, make([]bool, len(b))}
	d.mark(va, vb)
	compact(va, vb)
	compact(vb, va)
	return hunks(va, vb)
}

// mark finds the changed lines of both versions.
func (d differ) mark(a, b version) {
	for _, l := range a.lines {
		d.inA[l]++
	}
	for _, l := range b.lines {
		d.inB[l]++
	}
	head, tail := commonEnds(a.lines, b.lines)
	keptA := a.useful(span{head, len(a.lines) - tail}, d.inB)
	keptB := b.useful(span{head, len(b.lines) - tail}, d.inA)
	for _, l := range a.lines {
		d.inA[l] = 0
	}
	for _, l := range b.lines {
		d.inB[l] = 0
	}
	newSearch(a, b, keptA, keptB).run()
}

// commonEnds returns how many lines a and b begin with and end with in common.
func commonEnds(a, b []line) (head, tail int) {
	shorter := min(len(a), len(b))
	for head < shorter && a[head] == b[head] {
		head++
	}
	for tail < shorter-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	return head, tail
}

// The worth of a line for finding what two versions have in common.
const (
	unmatched = iota // the other version lacks it
	matched
	frequent // the other version has so many that pairing one says little
)

// useful returns the indices of the lines of within that are worth a search, and marks the others as changed.
func (v version) useful(within span, inOther []int32) []int {
	many := min(roughRoot(len(v.lines)), 1024)
	worth := make([]uint8, within.len())
	for i := range worth {
		switch n := int(inOther[v.lines[within.lo+i]]); {
		case n >= many:
			worth[i] = frequent
		case n > 0:
			worth[i] = matched
		}
	}
	kept := make([]int, 0, len(worth))
	for i, w := range worth {
		if w == matched || w == frequent && !isNoise(worth, i) {
			kept = append(kept, within.lo+i)
		} else {
			v.changed[within.lo+i] = true
		}
	}
	return kept
}

// isNoise reports whether the frequent line i stands among unmatched lines, which outnumber the
// frequent ones around it by far: to pair it would tear a change apart.
func isNoise(worth []uint8, i int) bool {
	const window = 100
	before, frequentBefore := 0, 1
	for j := i - 1; j >= max(0, i-window) && worth[j] != matched; j-- {
		if worth[j] == unmatched {
			before++
		} else {
			frequentBefore++
		}
	}
	after, frequentAfter := 0, 1
	for j := i + 1; j <= min(len(worth)-1, i+window) && worth[j] != matched; j++ {
		if worth[j] == unmatched {
			after++
		} else {
			frequentAfter++
		}
	}
	return before > 0 && after > 0 && 3*(frequentBefore+frequentAfter) < before+after
}

// roughRoot returns a power of two near the square root of n.
func roughRoot(n int) int {
	root := 1
	for ; n > 0; n >>= 2 {
		root <<= 1
	}
	return root
}

// hunks returns the runs of changed lines, in order.
func hunks(a, b version) []hunk {
	var out []hunk
	i, j := 0, 0
	for i < len(a.lines) || j < len(b.lines) {
		h := hunk{span{i, i}, span{j, j}}
		for h.a.hi < len(a.lines) && a.changed[h.a.hi] {
			h.a.hi++
		}
		for h.b.hi < len(b.lines) && b.changed[h.b.hi] {
			h.b.hi++
		}
		if h.a.len() > 0 || h.b.len() > 0 {
			out = append(out, h)
		}
		i, j = h.a.hi+1, h.b.hi+1
	}
	return out
}
