package suggest_test

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

func TestWords(t *testing.T) {
	for _, c := range []struct{ word, known, want string }{
		{"sorce", "source path keys", "source"},
		{"Source", "source path", "source"},                          // ignores case
		{strings.Repeat("a", 1<<20), strings.Repeat("a", 1<<20), ""}, // too long to compare
		// Two letters are contained in too many words.
		{"ws", "wscli aiowscli", ""},
		{"wsc", "aiowscli wscli ssecli", "wscli aiowscli"},               // contained, the most similar first
		{"aa", "ab ac ad ae", "ab ac ad"},                                // at most three
		{"part/mon.txt", "part/moon.txt part/head.txt", "part/moon.txt"}, // the other is much less similar
		{"zzzzzz", "source path", ""},
		{"", "a b", ""},
		{"名字", "名称 key", "名称"}, // letters, not bytes
	} {
		if got := strings.Join(suggest.Words(c.word, strings.Fields(c.known)), " "); got != c.want {
			t.Errorf("Words(%q, %q) = %q, want %q", c.word, c.known, got, c.want)
		}
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{
		{"", "", 0},
		{"", "abc", 3},
		{"abc", "abc", 0},
		{"abc", "abd", 1},  // replaced
		{"abc", "abxc", 1}, // inserted
		{"naem", "name", 1},
		{"badc", "abcd", 2}, // two swaps
		{"ca", "abc", 3},    // swapped letters are not edited again
		{"名字", "名称", 1},
		{"kitten", "sitting", 3},
	} {
		if got, back := suggest.Distance(c.a, c.b), suggest.Distance(c.b, c.a); got != c.want || back != c.want {
			t.Errorf("Distance(%q, %q) = %d, reversed %d, want %d", c.a, c.b, got, back, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct{ word, known, want string }{
		{"sorce", "source path", `did you mean "source"?`},
		{"aa", "ab ac", `did you mean "ab" or "ac"?`},
		{"zzzzzz", "b a", `choose one of "a", "b"`},
		{"zzzzzz", "", "there are no fields"},
		{"naem", "name version", `did you mean "name"?`}, // swapped letters
	} {
		if got := suggest.Hint("field", c.word, strings.Fields(c.known)); got != c.want {
			t.Errorf("Hint(%q, %q) = %q, want %q", c.word, c.known, got, c.want)
		}
	}
}
