package similarity_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/similarity"
)

func TestCompare(t *testing.T) {
	many := strings.Repeat("line\n", 1000)
	for _, c := range []struct {
		a, b            string
		percent         float64
		exact, lineEnds bool
	}{
		{"a\nb\n", "a\nb\n", 100, true, false},
		{"", "", 100, true, false},   // two empty files are equal
		{"", "a\n", 0, false, false}, // an empty file and a text
		{"a\nb\n", "c\nd\n", 0, false, false},
		{"aa\nbb\ncc\n", "aa\nxx\ncc\n", 70, false, false},  // two lines of three, and one byte for each file
		{"a\nb\n", "a\r\nb\r\n", 100, false, true},          // CRLF
		{"a\nb\nc\n", "a\r\nb\r\nd\r\n", 71.4, false, true}, // CRLF and an edit
		{"a\n", "b\r\n", 0, false, false},                   // CRLF and nothing in common
		{"a\r\nb\r\n", "a\r\nc\r\n", 60, false, false},      // CRLF on both sides
		{"\x00\x01", "\x00\x02", 0, false, false},           // binary
		{many, many + "x\n", 99.9, false, false},            // rounded down
		{"a\nb", "a\nb\n", 66.6, false, false},              // no final newline
		{"one\n", strings.Repeat("x\n", 50), 0, false, false},
	} {
		f := similarity.Compare([]byte(c.a), []byte(c.b))
		if f.Percent() != c.percent || f.Exact != c.exact || f.LineEnds != c.lineEnds {
			t.Errorf("Compare(%.20q, %.20q) = %v %%, exact %v, line ends %v; want %v", c.a, c.b, f.Percent(), f.Exact,
				f.LineEnds, c)
		}
	}
	if got := (similarity.Score{}).Percent(); got != 0 {
		t.Errorf("two sides without files: %v %%", got)
	}
	both := similarity.Compare([]byte("aa\n"), []byte("aa\n")).Add(similarity.Alone(7))
	if both.Percent() != 50 || !both.Less(similarity.Score{Common: 2, Total: 3}) {
		t.Errorf("an equal file and one of one side: %v %%", both.Percent())
	}
}

func TestSearch(t *testing.T) {
	// Each key with the right value adds a third.
	right := map[string]string{"a": "3", "b": "2", "c": "1"}
	trials := 0
	try := func(values map[string]string) (similarity.Score, bool, error) {
		trials++
		l := similarity.Score{Total: 3}
		for key, value := range values {
			if value == "bad" {
				return l, false, nil
			}
			if right[key] == value {
				l.Common++
			}
		}
		return l, true, nil
	}
	for _, c := range []struct {
		choices map[string][]string
		want    string
	}{
		{map[string][]string{}, "map[] 0"}, // no keys: one trial
		// Several candidates.
		{map[string][]string{"a": {"1", "2", "3"}, "b": {"1", "2"}, "c": {"1"}}, "map[a:3 b:2 c:1] 100"},
		// The first values cannot be rendered.
		{map[string][]string{"a": {"bad", "3"}, "b": {"2", "bad"}}, "map[a:3 b:2] 66.6"},
		{map[string][]string{"a": {"bad"}}, "none"},
		{map[string][]string{"a": {"7", "8"}}, "map[a:7] 0"}, // the default among equal ones
	} {
		trials = 0
		found, err := similarity.Search(c.choices, try)
		got := "none"
		if len(found) > 0 {
			got = fmt.Sprint(found[0].Values, " ", found[0].Percent())
		}
		if err != nil || got != c.want {
			t.Errorf("Search(%v) = %s, %v; want %s", c.choices, got, err, c.want)
		}
		for i := 1; i < len(found); i++ {
			if found[i-1].Less(found[i].Score) {
				t.Errorf("Search(%v): the findings are not sorted", c.choices)
			}
		}
	}
	wide := map[string][]string{}
	for i := range 40 {
		wide[fmt.Sprint("key", i)] = []string{"1", "2", "3", "4", "5", "6", "7", "8"}
	}
	trials = 0
	if _, err := similarity.Search(wide, try); err != nil || trials > 128 {
		t.Errorf("a search with many keys took %d trials, %v", trials, err)
	}
	failed := errors.New("disk")
	if _, err := similarity.Search(nil, func(map[string]string) (similarity.Score, bool, error) {
		return similarity.Score{}, false, failed
	}); !errors.Is(err, failed) {
		t.Errorf("the error of a trial became %v", err)
	}
}
