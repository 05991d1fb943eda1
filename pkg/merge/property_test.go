package merge

import (
	"bytes"
	"fmt"
	quickrand "math/rand"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"
	"testing/quick"
)

// Generate makes triples for testing/quick.
func (triple) Generate(r *quickrand.Rand, _ int) reflect.Value {
	g := generator{rand.New(rand.NewPCG(r.Uint64(), r.Uint64()))}
	if g.IntN(2) == 0 {
		return reflect.ValueOf(g.reformatted())
	}
	return reflect.ValueOf(g.triple())
}

// check checks a property of random triples, in each style.
func check(t *testing.T, holds func(x triple, style Style) bool) {
	t.Helper()
	all := func(x triple) bool {
		return !slices.ContainsFunc(Styles, func(s Style) bool { return !holds(x, s) })
	}
	config := &quick.Config{MaxCount: 1000, Rand: quickrand.New(quickrand.NewSource(1))}
	if err := quick.Check(all, config); err != nil {
		t.Error(err)
	}
}

func TestUnchangedSideTakesTheOther(t *testing.T) {
	check(t, func(x triple, s Style) bool {
		o := Options{Style: s}
		return gives(ThreeWay(x.base, x.base, x.theirs, o), x.theirs) &&
			gives(ThreeWay(x.base, x.ours, x.base, o), x.ours) && gives(ThreeWay(x.base, x.ours, x.ours, o), x.ours)
	})
}

func gives(r Result, want []byte) bool { return r.Clean() && !r.Binary && bytes.Equal(r.Text, want) }

func TestLossless(t *testing.T) {
	check(t, func(x triple, s Style) bool {
		return ThreeWay(x.base, x.ours, x.theirs, Options{Style: s}).CheckLossless(x.base, x.ours, x.theirs) == nil
	})
}

func TestSymmetric(t *testing.T) {
	check(t, func(x triple, s Style) bool {
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: s})
		swapped := ThreeWay(x.base, x.theirs, x.ours, Options{Style: s})
		return isSymmetric(r, swapped, x)
	})
}

// isSymmetric reports whether the results of a merge and of the merge with the sides swapped are equal. Where both
// sides changed a property of the text in different ways, each result has that of its own ours. With a base that has
// both kinds of line endings, these are a property only if ours has one kind.
func isSymmetric(a, b Result, x triple) bool {
	f, swapped := mergeFormat(x.base, x.ours, x.theirs), mergeFormat(x.base, x.theirs, x.ours)
	if LineEndsOf(x.base) == Mixed && (f.lineEnds == NoLineEnds) != (swapped.lineEnds == NoLineEnds) {
		return true
	}
	if f == swapped {
		return a.Clean() == b.Clean() && (!a.Clean() || bytes.Equal(a.Text, b.Text))
	}
	return a.Clean() == b.Clean() && (!a.Clean() || bytes.Equal(plain(a.Text), plain(b.Text)))
}

// plain returns the lines of a text, all with the same line ending.
func plain(text []byte) []byte {
	text = bytes.ReplaceAll(bytes.TrimPrefix(text, []byte(bom)), []byte("\r\n"), []byte("\n"))
	return append(bytes.TrimSuffix(text, []byte("\n")), '\n')
}

// TestAddedLinesAreKept checks that lines that a side has more often than the base are in the result as often,
// whatever the alignment.
func TestAddedLinesAreKept(t *testing.T) {
	check(t, func(x triple, s Style) bool {
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: s})
		return has(r.Text, added(x.base, x.ours)) && has(r.Text, added(x.base, x.theirs))
	})
}

func count(text []byte) map[string]int {
	n := map[string]int{}
	for l := range bytes.Lines(withoutBOM(text)) {
		n[string(bytes.TrimRight(l, "\r\n"))]++ // a merge may change line endings
	}
	return n
}

func added(base, side []byte) map[string]int {
	n := count(side)
	for l, before := range count(base) {
		n[l] -= before
	}
	return n
}

func has(text []byte, lines map[string]int) bool {
	n := count(text)
	for l, want := range lines {
		if n[l] < want {
			return false
		}
	}
	return true
}

func TestConflictRanges(t *testing.T) {
	check(t, func(x triple, s Style) bool {
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: s})
		lines := slices.Collect(bytes.Lines(withoutBOM(r.Text)))
		for _, c := range r.Conflicts {
			first, n := ParseMarker(lines[c.First-1])
			last, m := ParseMarker(lines[c.Last-1])
			if first != '<' || last != '>' || n != r.MarkerSize || m != n {
				return false
			}
		}
		return HasConflictMarkers(r.Text, r.MarkerSize) == !r.Clean()
	})
}

// TestSeparateEdits checks that edits of both sides are merged if an unchanged line separates them.
func TestSeparateEdits(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(5, 6))}
	for range 1000 {
		var base, ours, theirs, want []byte
		for i, n := 0, 1+g.IntN(40); i < n; i++ {
			was, is := fmt.Appendf(nil, "line %d\n", i), g.edited(i)
			base = append(base, was...)
			switch g.IntN(3) {
			case 0:
				ours, theirs, want = append(ours, is...), append(theirs, was...), append(want, is...)
			case 1:
				ours, theirs, want = append(ours, was...), append(theirs, is...), append(want, is...)
			default:
				ours, theirs, want = append(ours, is...), append(theirs, is...), append(want, is...)
			}
			between := fmt.Appendf(nil, "between %d\n", i)
			base, ours = append(base, between...), append(ours, between...)
			theirs, want = append(theirs, between...), append(want, between...)
		}
		for _, s := range Styles {
			if r := ThreeWay(base, ours, theirs, Options{Style: s}); !gives(r, want) {
				t.Fatalf("style %s\nbase %q\nours %q\ntheirs %q\ngot  %q\nwant %q", s, base, ours, theirs, r.Text,
					want)
			}
		}
	}
}

// edited returns line i after a random edit: replaced, deleted, or with lines inserted next to it.
func (g generator) edited(i int) []byte {
	switch g.IntN(4) {
	case 0:
		return fmt.Appendf(nil, "new %d\n", i)
	case 1:
		return nil
	case 2:
		return fmt.Appendf(nil, "new %d\nline %d\n", i, i)
	}
	return fmt.Appendf(nil, "line %d\nnew %d\nnewer %d\n", i, i, i)
}

func FuzzThree(f *testing.F) {
	for _, seed := range [][3]string{
		{"", "", ""}, {"a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n"}, {"a\r\nb", "a\nb", "a\r\nb\r\n"}, {"\x00", "a", "b"},
		{"x\nx\nx\n", "x\nx\n", "x\nx\nx\nx\n"}, {"=======\n", "<<<<<<<\n=======\n", ">>>>>>>"}, {"\n\n}\n\n",
			"}\n}\n", "\n}\n\n}\n"},
	} {
		f.Add([]byte(seed[0]), []byte(seed[1]), []byte(seed[2]))
	}
	f.Fuzz(func(t *testing.T, base, ours, theirs []byte) {
		for _, s := range Styles {
			r := ThreeWay(base, ours, theirs, Options{Style: s, Labels: Labels{"b", "o", "t"}})
			if err := r.CheckLossless(base, ours, theirs); err != nil {
				t.Errorf("style %s: %v", s, err)
			}
			if !r.Clean() && !r.Binary && !HasConflictMarkers(r.Text, r.MarkerSize) {
				t.Errorf("style %s: HasConflictMarkers misses %v", s, r.Conflicts)
			}
			swapped := ThreeWay(base, theirs, ours, Options{Style: s})
			x := triple{base, ours, theirs}
			if !isSymmetric(r, swapped, x) {
				t.Errorf("style %s: a different merge with the sides swapped", s)
			}
		}
	})
}
