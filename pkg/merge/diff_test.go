package merge_test

import (
	"bytes"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

func TestDiff(t *testing.T) {
	for name, c := range map[string]struct {
		a, b string
		want []merge.Hunk
	}{
		"nothing":                        {"", "", nil},
		"the same":                       {"a\nb", "a\nb", nil},
		"from nothing":                   {"", "a\nb\n", []merge.Hunk{{0, 0, 0, 2}}},
		"to nothing":                     {"a\nb", "", []merge.Hunk{{0, 2, 0, 0}}},
		"an edit":                        {"a\nb\nc\n", "a\nB\nc\n", []merge.Hunk{{1, 2, 1, 2}}},
		"a longer edit and an insertion": {"a\nb\nc\n", "a\nB\nB2\nc\nd\n", []merge.Hunk{{1, 2, 1, 3}, {3, 3, 4, 5}}},
		"the final newline":              {"a\nb\n", "a\nb", []merge.Hunk{{1, 2, 1, 2}}},
		"not UTF-8":                      {"\xff\n\x00\n", "\xff\n\x00\r\n", []merge.Hunk{{1, 2, 1, 2}}},
	} {
		if got := merge.Diff([]byte(c.a), []byte(c.b)); !slices.Equal(got, c.want) {
			t.Errorf("%s: %v, want %v", name, got, c.want)
		}
	}
}

// TestDiffApplies checks that applying the hunks to one text gives the other.
func TestDiffApplies(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	text := func() []byte {
		var b bytes.Buffer
		for range random.IntN(12) {
			b.WriteString(strings.Repeat("x", random.IntN(4)) + "\n")
		}
		return b.Bytes()
	}
	for range 2000 {
		a, b := text(), text()
		before, after := slices.Collect(bytes.Lines(a)), slices.Collect(bytes.Lines(b))
		var got [][]byte
		at := 0
		for _, c := range merge.Diff(a, b) {
			got = append(append(got, before[at:c.AFrom]...), after[c.BFrom:c.BTo]...)
			at = c.ATo
		}
		got = append(got, before[at:]...)
		if !bytes.Equal(bytes.Join(got, nil), b) {
			t.Fatalf("%q does not become %q with %v", a, b, merge.Diff(a, b))
		}
	}
}
