package suggest_test

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

func TestTo(t *testing.T) {
	for _, c := range []struct{ word, words, want string }{
		{"sorce", "source path keys", "source"},
		{"Source", "source path", "source"},                          // case is no difference
		{strings.Repeat("a", 1<<20), strings.Repeat("a", 1<<20), ""}, // no name, and long to compare
		{"ws", "wscli aiowscli", ""},                                 // too short to be a part of anything
		{"wsc", "aiowscli wscli ssecli", "wscli aiowscli"},           // a part, the nearest first
		{"aa", "ab ac ad ae", "ab ac ad"},                            // three are enough
		{"zzzzzz", "source path", ""},
		{"", "a b", ""},
		{"名字", "名称 key", "名称"}, // letters, not bytes
	} {
		if got := strings.Join(suggest.To(c.word, strings.Fields(c.words)), " "); got != c.want {
			t.Errorf("To(%q, %q) = %q, want %q", c.word, c.words, got, c.want)
		}
	}
}

func TestHint(t *testing.T) {
	for _, c := range []struct{ word, words, want string }{
		{"sorce", "source path", `did you mean "source"?`},
		{"aa", "ab ac", `did you mean "ab" or "ac"?`},
		{"zzzzzz", "b a", `choose a field of "a", "b"`},
		{"zzzzzz", "", "there is no field"},
		{"naem", "name version", `did you mean "name"?`}, // two letters in the wrong order are one slip
	} {
		if got := suggest.Hint("field", c.word, strings.Fields(c.words)); got != c.want {
			t.Errorf("Hint(%q, %q) = %q, want %q", c.word, c.words, got, c.want)
		}
	}
}
