package merge

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

var triples = flag.Int("triples", 1500, "number of random merges to compare with git merge-file")

// sampleSize returns the number of random merges to compare with git: a tenth of the usual number in short mode.
func sampleSize() int {
	if testing.Short() {
		return *triples / 10
	}
	return *triples
}

// A triple is the three texts of a merge.
type triple struct{ base, ours, theirs []byte }

// A generator makes random texts, some like source code and some not.
type generator struct{ *rand.Rand }

// triple returns a random triple.
func (g generator) triple() triple {
	end := []string{"\n", "\n", "\n", "\r\n"}[g.IntN(4)]
	words := 2 + g.IntN(4)
	if g.IntN(3) > 0 {
		words = 1000
	}
	var base []string
	for range g.IntN([]int{8, 30, 120}[g.IntN(3)]) {
		base = append(base, g.line(words, end))
	}
	edits := 1 + g.IntN(1+len(base)/4)
	ours, theirs := g.edit(base, edits, words, end), g.edit(base, edits, words, end)
	if g.IntN(6) == 0 { // both sides share an edit
		both := g.edit(base, edits, words, end)
		ours, theirs = g.edit(both, edits, words, end), g.edit(both, edits, words, end)
	}
	return triple{g.join(base), g.join(ours), g.join(theirs)}
}

// reformatted returns a random triple of which some texts have other line endings, a byte order mark or no final
// newline.
func (g generator) reformatted() triple {
	x := g.triple()
	for _, text := range []*[]byte{&x.base, &x.ours, &x.theirs} {
		if g.IntN(3) == 0 {
			*text = WithLineEnds(*text, []LineEnds{LF, CRLF}[g.IntN(2)])
		}
		if g.IntN(8) == 0 {
			*text = append([]byte(bom), *text...)
		}
		if g.IntN(4) == 0 {
			*text = bytes.TrimRight(*text, "\r\n")
		}
	}
	return x
}

// lines returns the texts of a triple without the properties that are merged apart.
func (x triple) lines() triple {
	f := mergeFormat(x.base, x.ours, x.theirs)
	return triple{f.lines(x.base), f.lines(x.ours), f.lines(x.theirs)}
}

func (g generator) line(words int, end string) string {
	if g.IntN(40) == 0 { // the other line ending
		end = map[string]string{"\n": "\r\n", "\r\n": "\n"}[end]
	}
	switch g.IntN(8) {
	case 0:
		return end
	case 1:
		return "\t}" + end
	case 2:
		return "\xff\xe9 \x80" + end
	}
	return fmt.Sprintf("line %d%s", g.IntN(words), end)
}

func (g generator) edit(lines []string, edits, words int, end string) []string {
	out := append([]string(nil), lines...)
	for range edits {
		at := g.IntN(len(out) + 1)
		n := min(1+g.IntN(4), len(out)-at)
		if g.IntN(2) == 0 {
			n = min(n, 1)
		}
		var put []string
		switch g.IntN(5) {
		case 0: // delete
		case 1: // repeat
			put = append(append(put, out[at:at+n]...), out[at:at+n]...)
		case 2: // insert
			n = 0
			fallthrough
		default: // replace
			for range 1 + g.IntN(3) {
				put = append(put, g.line(words, end))
			}
		}
		out = append(append(append([]string(nil), out[:at]...), put...), out[at+n:]...)
	}
	return out
}

func (g generator) join(lines []string) []byte {
	var out []byte
	for _, l := range lines {
		out = append(out, l...)
	}
	if g.IntN(5) == 0 {
		out = bytes.TrimRight(out, "\r\n")
	}
	return out
}

// linesOf returns the lines of a merge of x, without the properties that are merged apart.
func (x triple) linesOf(r Result) []byte {
	if r.format == (format{}) { // one text is the result
		return mergeFormat(x.base, x.ours, x.theirs).lines(r.Text)
	}
	return r.lines()
}

// TestSameAsGit compares merges with git's, byte for byte, except for conflicts of git between equal sides. Of texts
// that differ in their line endings, byte order mark or final newline it compares the lines. A thorough run uses
// -triples=100000.
func TestSameAsGit(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	n := sampleSize()
	t.Logf("tried %d random merges", n)
	for done := 0; done < n; {
		batch, lines := make([]triple, min(500, max(1, n/len(Styles)), n-done)), []triple{}
		for i := range batch {
			batch[i] = g.triple()
			if i%4 == 0 {
				batch[i] = g.reformatted()
			}
			lines = append(lines, batch[i].lines())
		}
		style := Styles[done/len(batch)%len(Styles)]
		for i, want := range gitMerge(t, lines, "--"+string(style)) {
			x := batch[i]
			r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: style, Labels: Labels{"B", "O", "T"}})
			if got := x.linesOf(r); !bytes.Equal(got, want) && !bytes.Equal(got, withoutEqualSides(want)) {
				t.Errorf("triple %d, %s\nbase %q\nours %q\ntheirs %q\ngot:\n%s\nwant:\n%s", done+i, style, x.base,
					x.ours, x.theirs, r.Text, want)
			}
		}
		done += len(batch)
	}
}

// TestFavorSameAsGit does the same for merges that favor a side, where git's conflicts between equal sides do not
// show.
func TestFavorSameAsGit(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	for favor, option := range map[Favor]string{FavorOurs: "--ours", FavorTheirs: "--theirs"} {
		batch := make([]triple, sampleSize()/5)
		lines := make([]triple, len(batch))
		for i := range batch {
			batch[i] = g.triple()
			lines[i] = batch[i].lines()
		}
		resolved := 0
		for i, want := range gitMerge(t, lines, option) {
			x := batch[i]
			r := ThreeWay(x.base, x.ours, x.theirs, Options{Favor: favor})
			if err := r.CheckLossless(x.base, x.ours, x.theirs); err != nil || !r.Clean() ||
				!bytes.Equal(x.linesOf(r), want) {
				t.Errorf("triple %d, %s: %v\nbase %q\nours %q\ntheirs %q\ngot:\n%s\nwant:\n%s", i, option, err, x.base,
					x.ours, x.theirs, r.Text, want)
			}
			resolved += r.Resolved
		}
		if resolved < len(batch)/10 {
			t.Errorf("%s: only %d conflicts in %d triples", option, resolved, len(batch))
		}
	}
}

// withoutEqualSides removes the conflicts with equal sides from a diff3-style merge.
func withoutEqualSides(text []byte) []byte {
	var out, conflict, ours, theirs []byte
	inside := byte(0)
	for l := range bytes.Lines(text) {
		char, size := ParseMarker(l)
		if size == DefaultMarkerSize {
			inside = char
		}
		switch {
		case inside == 0:
			out = append(out, l...)
			continue
		case size == DefaultMarkerSize && char == '<':
			conflict, ours, theirs = nil, nil, nil
		case size == DefaultMarkerSize:
		case inside == '<':
			ours = append(ours, l...)
		case inside == '=':
			theirs = append(theirs, l...)
		}
		conflict = append(conflict, l...)
		if inside == '>' {
			inside = 0
			if bytes.Equal(ours, theirs) {
				conflict = ours
			}
			out = append(out, conflict...)
		}
	}
	return out
}

// TestEqualSidesAreNoConflict merges sides that make the same text of a range by different edits, which git shows as a
// conflict.
func TestEqualSidesAreNoConflict(t *testing.T) {
	x := triple{[]byte("q\na\na\nb\nb\na\n"), []byte("a\nb\na\n"), []byte("a\nb\na\nq\n")}
	want := gitMerge(t, []triple{x}, "--diff3")[0]
	r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: Diff3, Labels: Labels{"B", "O", "T"}})
	if bytes.Equal(r.Text, want) || !bytes.Equal(r.Text, withoutEqualSides(want)) || !r.Clean() {
		t.Errorf("got\n%s\ngit has\n%s", r.Text, want)
	}
}

// TestLargeSameAsGit includes texts with so little in common that the search for the shortest diff is given up.
func TestLargeSameAsGit(t *testing.T) {
	cases := []triple{large(10_000, 200), large(1_000, 400), shuffled(3_000)}
	for i, want := range gitMerge(t, cases, "--merge") {
		x := cases[i]
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Labels: Labels{"B", "O", "T"}})
		if err := r.CheckLossless(x.base, x.ours, x.theirs); err != nil {
			t.Errorf("case %d: %v", i, err)
		}
		if !bytes.Equal(r.Text, want) {
			t.Errorf("case %d: got %d bytes and %d conflicts, git has %d bytes", i, len(r.Text), len(r.Conflicts),
				len(want))
		}
	}
}

// gitMerge returns the results of git merge-file for the triples.
func gitMerge(t *testing.T, batch []triple, option string) [][]byte {
	t.Helper()
	dir := t.TempDir()
	for i, x := range batch {
		for name, data := range map[string][]byte{"b": x.base, "o": x.ours, "t": x.theirs} {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i, name)), data, 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
	if option == "--merge" { // the default, which has no option
		option = "-q"
	}
	loop := `i=0
		while [ $i -lt $1 ]; do
			git merge-file $2 -p -L O -L B -L T ${i}o ${i}b ${i}t >${i}r
			[ $? -lt 128 ] || exit 1
			i=$((i+1))
		done`
	cmd := exec.Command("sh", "-c", loop, "sh", fmt.Sprint(len(batch)), option)
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("git merge-file: %v\n%s", err, out)
	}
	results := make([][]byte, len(batch))
	for i := range results {
		var err error
		if results[i], err = os.ReadFile(filepath.Join(dir, fmt.Sprint(i, "r"))); err != nil {
			t.Fatal(err)
		}
	}
	return results
}
