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

var triples = flag.Int("triples", 1500, "how many random triples to merge with git merge-file, too")

// A triple is three texts to merge.
type triple struct{ base, ours, theirs []byte }

// A generator makes texts that are much like files, or much unlike them.
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
	if g.IntN(6) == 0 { // both sides begin with the same edit
		both := g.edit(base, edits, words, end)
		ours, theirs = g.edit(both, edits, words, end), g.edit(both, edits, words, end)
	}
	return triple{g.join(base), g.join(ours), g.join(theirs)}
}

func (g generator) line(words int, end string) string {
	if g.IntN(40) == 0 { // the other line end
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

// Each merge is byte for byte that of git, but for conflicts of git's with nothing in conflict; the default is a share of the 100,000 that -triples=100000 tries.
func TestMergesAreThoseOfGit(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(1, 2))}
	styles := []Style{Merge, Diff3, ZDiff3}
	for done := 0; done < *triples; {
		batch := make([]triple, min(500, *triples-done))
		for i := range batch {
			batch[i] = g.triple()
		}
		style := styles[done/len(batch)%len(styles)]
		for i, want := range gitMerge(t, batch, "--"+string(style)) {
			x := batch[i]
			r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: style, Labels: Labels{"B", "O", "T"}})
			if !bytes.Equal(r.Text, want) && !bytes.Equal(r.Text, withoutAgreed(want)) {
				t.Errorf("triple %d, %s\nbase %q\nours %q\ntheirs %q\ngot:\n%s\nwant:\n%s", done+i, style, x.base, x.ours, x.theirs, r.Text, want)
			}
		}
		done += len(batch)
	}
}

// Where one side is favored, too; git's conflicts between equals make no difference then.
func TestFavoredMergesAreThoseOfGit(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(3, 4))}
	for favor, option := range map[Favor]string{FavorOurs: "--ours", FavorTheirs: "--theirs"} {
		batch := make([]triple, *triples/5)
		for i := range batch {
			batch[i] = g.triple()
		}
		settled := 0
		for i, want := range gitMerge(t, batch, option) {
			x := batch[i]
			r := ThreeWay(x.base, x.ours, x.theirs, Options{Favor: favor})
			if err := r.CheckLossless(x.base, x.ours, x.theirs); err != nil || !r.Clean() || !bytes.Equal(r.Text, want) {
				t.Errorf("triple %d, %s: %v\nbase %q\nours %q\ntheirs %q\ngot:\n%s\nwant:\n%s", i, option, err, x.base, x.ours, x.theirs, r.Text, want)
			}
			settled += r.Resolved
		}
		if settled < len(batch)/10 {
			t.Errorf("%s: %d conflicts in %d triples, which is too few to tell", option, settled, len(batch))
		}
	}
}

// withoutAgreed returns a merge of git's, with the base shown, without the conflicts in which both sides are the same.
func withoutAgreed(text []byte) []byte {
	var out, conflict, ours, theirs []byte
	inside := byte(0)
	for l := range bytes.Lines(text) {
		char, size := asMarker(l)
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

// Both sides made the same of the base, by changes that are not the same: git shows a conflict between equals.
func TestEqualSidesAreNoConflict(t *testing.T) {
	x := triple{[]byte("q\na\na\nb\nb\na\n"), []byte("a\nb\na\n"), []byte("a\nb\na\nq\n")}
	want := gitMerge(t, []triple{x}, "--diff3")[0]
	r := ThreeWay(x.base, x.ours, x.theirs, Options{Style: Diff3, Labels: Labels{"B", "O", "T"}})
	if bytes.Equal(r.Text, want) || !bytes.Equal(r.Text, withoutAgreed(want)) || !r.Clean() {
		t.Errorf("got\n%s\ngit has\n%s", r.Text, want)
	}
}

// Where texts have so little in common that the search for the fewest changes is given up, too.
func TestLargeMergesAreThoseOfGit(t *testing.T) {
	cases := []triple{large(10_000, 200), large(1_000, 400), shuffled(3_000)}
	for i, want := range gitMerge(t, cases, "--merge") {
		x := cases[i]
		r := ThreeWay(x.base, x.ours, x.theirs, Options{Labels: Labels{"B", "O", "T"}})
		if err := r.CheckLossless(x.base, x.ours, x.theirs); err != nil {
			t.Errorf("case %d: %v", i, err)
		}
		if !bytes.Equal(r.Text, want) {
			t.Errorf("case %d: got %d bytes and %d conflicts, git has %d bytes", i, len(r.Text), len(r.Conflicts), len(want))
		}
	}
}

// gitMerge returns what git merge-file makes of the triples.
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
	if option == "--merge" { // is git's own way
		option = "-q"
	}
	loop := `i=0; while [ $i -lt $1 ]; do git merge-file $2 -p -L O -L B -L T ${i}o ${i}b ${i}t >${i}r; [ $? -lt 128 ] || exit 1; i=$((i+1)); done`
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
