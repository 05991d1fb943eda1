package merge

import "testing"

func TestCommonBytes(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"a\nb\n", "a\nb\n", 4},
		{"a\nbb\nc\n", "a\nx\nc\n", 4}, // one of three lines changed
		{"a\n", "", 0},
		{"", "a\n", 0},
		{"a\nb", "a\nb\n", 2},         // no final newline in one text
		{"a\nb\n", "b\na\n", 2},       // a moved line counts once
		{"a\x00\nb\n", "a\x00\nc", 0}, // different binary texts
		{"a\x00", "a\x00", 2},
	} {
		if got := CommonBytes([]byte(c.a), []byte(c.b)); got != c.want {
			t.Errorf("CommonBytes(%q, %q) = %d, want %d", c.a, c.b, got, c.want)
		}
		if back := CommonBytes([]byte(c.b), []byte(c.a)); back != c.want {
			t.Errorf("CommonBytes(%q, %q) = %d, but %d with the texts swapped", c.b, c.a, back, c.want)
		}
	}
}
