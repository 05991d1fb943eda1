package tomldoc_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

func TestDecodeNamesConflictMarkers(t *testing.T) {
	const ours, theirs = "any.x = 1\n", "any.x = 2\n"
	conflict := func(size int, base string) string {
		marker := func(char, label string) string { return strings.Repeat(char, size) + label + "\n" }
		text := "\n" + marker("<", " HEAD") + ours
		if base != "" {
			text += marker("|", " 1a2b3c") + base
		}
		return text + marker("=", "") + theirs + marker(">", " topic")
	}
	for _, c := range []struct {
		name, text string
		line       int // 0 if there are no markers
	}{
		{"merge", conflict(7, ""), 2},
		{"diff3", conflict(7, "any.x = 0\n"), 2},
		{"longer", conflict(32, ""), 2},
		{"shorter", conflict(3, ""), 2},
		{"of one character", conflict(1, ""), 2},
		{"CRLF", strings.ReplaceAll(conflict(7, "any.x = 0\n"), "\n", "\r\n"), 2},
		{"without labels", "<<<<<<<\n" + ours + "=======\n" + theirs + ">>>>>>>\n", 1},
		{"empty sides", ours + "<<<<<<< a\n=======\n>>>>>>> b", 2},
		{"a byte order mark", "\ufeff<<<<<<< a\n=======\n>>>>>>> b", 1},
		{"nested in a longer one", "<<<<<<<<< a\n" + conflict(7, "") + "=========\n>>>>>>>>> b\n", 1},
		{"only the last marker", ours + theirs + ">>>>>>> topic\n", 3},
		{"only the dividing marker", ours + "=======\n" + theirs, 2},
		{"with another error first", "unknown = 1\n" + conflict(7, ""), 3},
		{"in a string", "any.s = '''" + conflict(7, "") + "'''\n", 2},
		{"a string that looks like half a conflict", "any.s = '''\n<<<<<<< a\n=======\n'''\n", 0},
		{"a heading in a string", "any.s = '''\nTitle\n=======\n'''\n", 0},
		{"a short one in a string", "any.s = '''\n<< a\n==\n>> b\n'''\n", 0},
		{"in a comment", "# <<<<<<< a\n# =======\n# >>>>>>> b\n", 0},
		{"another error", "<<<<<<<a\nb\n", -1},
	} {
		var s schema
		_, err := tomldoc.Decode("f", []byte(c.text), &s)
		want := fmt.Sprintf(`reading "f": line %d: it contains conflict markers`, c.line)
		switch is := errors.Is(err, tomldoc.ErrConflictMarkers); {
		case is != (c.line > 0), c.line == 0 && err != nil, c.line < 0 && err == nil:
			t.Errorf("%s: %v", c.name, err)
		case is && (err.Error() != want || failure.Hint(err) == "" || !errors.Is(err, failure.Usage)):
			t.Errorf("%s: %v, hint %q, want %s", c.name, err, failure.Hint(err), want)
		}
	}
}
