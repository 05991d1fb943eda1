package merge

import "testing"

func TestCommon(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a\nb\n", "a\nb\n", 4},
		{"a\nbb\nc\n", "a\nx\nc\n", 4}, // one line of three changed
		{"a\n", "", 0},
		{"", "a\n", 0},
		{"a\nb", "a\nb\n", 2},         // the last line has no end in one
		{"a\nb\n", "b\na\n", 2},       // a moved line counts once
		{"a\x00\nb\n", "a\x00\nc", 0}, // binary: equal or not
		{"a\x00", "a\x00", 2},
	} {
		if got := CommonBytes([]byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("Common(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if back := CommonBytes([]byte(c.b), []byte(c.a)); back != c.want {
			t.Errorf("Common(%q, %q) = %d, but %d the other way round", c.b, c.a, back, c.want)
		}
	}
}
