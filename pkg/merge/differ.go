package merge

// An edit says that the lines a of one text became the lines b of another. Two edits of one diff are separated by
// at least one unchanged line.
type edit struct{ a, b span }

// A differ computes line diffs of texts that were split with the same table.
//
// It follows git's default algorithm, so that a merge has the same conflicts as git's: common lines at both ends are
// cut off; lines that cannot help are set aside; a linear-space Myers search matches the rest; then each group of
// changed lines slides to where both texts have changes, or as far down as possible. The available Go libraries
// choose other lines in one of ten merges, and some give up after a hundred differences.
type differ struct {
	inA, inB []int32 // how often each line occurs in a text; all zero between calls
}

// differ returns a differ of texts that were split with the table.
func (t table) differ() differ {
	return differ{inA: make([]int32, len(t.numbers)), inB: make([]int32, len(t.numbers))}
}

// A version is one of the two texts of a diff.
type version struct {
	lines   []line
	changed []bool // for each line, whether the other version lacks it
}

// diff returns the edits that turn a into b.
func (d differ) diff(a, b []line) []edit {
	va := version{a, make([]bool, len(a))}
	vb := version{b, make([]bool, len(b))}
	d.mark(va, vb)
	compact(va, vb)
	compact(vb, va)
	return editsOf(va, vb)
}

// mark sets the changed marks of both versions.
func (d differ) mark(a, b version) {
	for _, l := range a.lines {
		d.inA[l]++
	}
	for _, l := range b.lines {
		d.inB[l]++
	}
	head, tail := commonEnds(a.lines, b.lines)
	keptA := a.candidates(span{head, len(a.lines) - tail}, d.inB)
	keptB := b.candidates(span{head, len(b.lines) - tail}, d.inA)
	for _, l := range a.lines {
		d.inA[l] = 0
	}
	for _, l := range b.lines {
		d.inB[l] = 0
	}
	newSearch(a, b, keptA, keptB).run()
}

// commonEnds returns how many lines a and b have in common at their start and at their end.
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

// Classes of lines, by how much they help to align two versions.
const (
	unmatched = iota // not in the other version
	matched
	frequent // so common in the other version that a match says little
)

// candidates returns the indices of the lines in the range that are worth a search, and marks the others as changed.
func (v version) candidates(within span, inOther []int32) []int {
	many := min(approxSqrt(len(v.lines)), 1024)
	class := make([]uint8, within.len())
	for i := range class {
		switch n := int(inOther[v.lines[within.lo+i]]); {
		case n >= many:
			class[i] = frequent
		case n > 0:
			class[i] = matched
		}
	}
	kept := make([]int, 0, len(class))
	for i, w := range class {
		if w == matched || w == frequent && !isNoise(class, i) {
			kept = append(kept, within.lo+i)
		} else {
			v.changed[within.lo+i] = true
		}
	}
	return kept
}

// isNoise reports whether frequent line i is surrounded by far more unmatched lines than frequent ones. Matching it
// would split a change in two.
func isNoise(class []uint8, i int) bool {
	const window = 100
	before, frequentBefore := 0, 1
	for j := i - 1; j >= max(0, i-window) && class[j] != matched; j-- {
		if class[j] == unmatched {
			before++
		} else {
			frequentBefore++
		}
	}
	after, frequentAfter := 0, 1
	for j := i + 1; j <= min(len(class)-1, i+window) && class[j] != matched; j++ {
		if class[j] == unmatched {
			after++
		} else {
			frequentAfter++
		}
	}
	return before > 0 && after > 0 && 3*(frequentBefore+frequentAfter) < before+after
}

// approxSqrt returns a power of two near the square root of n.
func approxSqrt(n int) int {
	root := 1
	for ; n > 0; n >>= 2 {
		root <<= 1
	}
	return root
}

// editsOf returns the runs of changed lines, in order.
func editsOf(a, b version) []edit {
	var out []edit
	i, j := 0, 0
	for i < len(a.lines) || j < len(b.lines) {
		h := edit{span{i, i}, span{j, j}}
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
