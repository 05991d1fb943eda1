package blame

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// openText returns the File that was rendered from text.
func openText(t *testing.T, text string) *File {
	t.Helper()
	trace, err := render.TraceFile(fileset.Set{{Path: "x", Data: []byte(text)}}, true, "x", nil, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return &File{trace: trace, source: "pack", dir: true}
}

// describeLines returns a word for each line: its owner and its template line or its side of a conflict, "~" if the
// line is edited, and "!" if its line ending differs.
func describeLines(lines []Line) string {
	var out []string
	for _, l := range lines {
		word := map[string]string{ByInstall: "i", ByUser: "u", InConflict: "c"}[l.Owner] + l.Side
		for _, p := range l.From {
			word += fmt.Sprint(p.Line)
		}
		if l.Was != nil {
			word += "~"
		}
		if l.LineEnd {
			word += "!"
		}
		out = append(out, word)
	}
	return strings.Join(out, " ")
}

var linesTests = []struct {
	name, base, disk, conflict string
	want                       string
	count                      Count
}{
	{"as installed", "a\nb\n", "a\nb\n", "", "i1 i2", Count{Installed: 2}},
	{"empty", "", "", "", "", Count{}},
	{"emptied", "a\nb\n", "", "", "", Count{Deleted: 2}},
	{"filled", "", "a\nb", "", "u u", Count{Added: 2}},
	{"edited", "a\nb\nc\n", "a\nxyz\nc\n", "", "i1 u2~ i3", Count{Installed: 2, Edited: 1}},
	{"edited and added", "a\nport = 1\nc\n", "a\nnew\nport = 2\nc\n", "", "i1 u u2~ i3",
		Count{Installed: 2, Edited: 1, Added: 1}},
	{"edited and deleted", "a\nport = 1\nother\nc\n", "a\nport = 2\nc\n", "", "i1 u2~ i4",
		Count{Installed: 2, Edited: 1, Deleted: 1}},
	{"added at the ends", "a\n", "x\na\ny\n", "", "u i1 u", Count{Installed: 1, Added: 2}},
	{"deleted", "a\nb\nc\n", "a\nc\n", "", "i1 i3", Count{Installed: 2, Deleted: 1}},
	{"indented", "a\nif x\nb\n", "a\n\nnew\n    if x\nb\n", "", "i1 u u u2~ i3",
		Count{Installed: 2, Edited: 1, Added: 2}},
	{"CRLF", "a\nb\n", "a\r\nb\r\n", "", "i1 i2", Count{Installed: 2}},
	{"CRLF in one line", "a\nb\n", "a\r\nb\n", "", "i1! i2", Count{Installed: 2}},
	{"line end removed from the last line", "a\nb\n", "a\nb", "", "i1 i2!", Count{Installed: 2}},
	{"line end added to the last line", "a\nb", "a\nb\n", "", "i1 i2!", Count{Installed: 2}},
	{"a byte order mark", "a\nb\n", "\ufeffa\nb\n", "", "i1! i2", Count{Installed: 2}},
	{"only a byte order mark", "", "\ufeff", "", "", Count{}},
	{"CRLF upstream", "a\r\nb\r\n", "a\r\nB\r\n", "", "i1 u2~", Count{Installed: 1, Edited: 1}},
	{"invalid UTF-8", "\xff\n\xfe\n", "\xff\n\xfd\n", "", "i1 u2~", Count{Installed: 1, Edited: 1}},
	{"a conflict", "a\nB\nc\n", "a\n<<<<<<< yours\nb\n=======\nB\n>>>>>>> upstream\nc\n", "sha256:x",
		"i1 cmarker cours cmarker ctheirs2 cmarker i3", Count{Installed: 2, Conflict: 5}},
	{"a resolved conflict", "a\nB\nc\n", "a\nb\nc\n", "sha256:x", "i1 u2~ i3", Count{Installed: 2, Edited: 1}},
	{"markers without a conflict", "a\n", "<<<<<<< x\n=======\n>>>>>>> y\na\n", "", "u u u i1",
		Count{Installed: 1, Added: 3}},
	{"a conflict with longer markers", "=======\n", "<<<<<<<< yours\n========\n=======\n>>>>>>>> theirs\n",
		"sha256:x", "cmarker cmarker ctheirs1 cmarker", Count{Conflict: 4}},
}

func TestLines(t *testing.T) {
	for _, c := range linesTests {
		o := openText(t, c.base)
		f := lockfile.File{Conflict: c.conflict}
		if strings.HasPrefix(c.disk, "<<<<<<<<") {
			f.Marker = 8
		}
		lines, count := o.Lines([]byte(c.disk), f, Range{1, 99})
		if got := describeLines(lines); got != c.want || count != c.count {
			t.Errorf("%s: %s, %+v, want %s, %+v", c.name, got, count, c.want, c.count)
		}
		for i := range lines { // a range of one line gives the same line
			alone, _ := o.Lines([]byte(c.disk), f, Range{i + 1, i + 1})
			if len(alone) != 1 || describeLines(alone) != describeLines(lines[i:i+1]) || alone[0].Line != i+1 {
				t.Errorf("%s: the range of line %d gives %+v", c.name, i+1, alone)
			}
		}
		if lines, alone := o.Lines([]byte(c.disk), f, Range{}); lines != nil || alone != count {
			t.Errorf("%s: the empty range gives %v, %+v", c.name, lines, alone)
		}
		if got := CountLines([]byte(c.disk)); got != len(lines) {
			t.Errorf("%s: CountLines = %d, want %d", c.name, got, len(lines))
		}
	}
}

// TestLinesOfLargeChanges checks that a change of thousands of lines is fast, and that unedited lines belong to the
// template.
func TestLinesOfLargeChanges(t *testing.T) {
	long := strings.Repeat("x", 1000)
	base := "first\n" + strings.Repeat(long+"a\n", 3000) + "last\n"
	disk := "first\n" + strings.Repeat(long+"b\n", 3001) + "last\n"
	lines, count := openText(t, base).Lines([]byte(disk), lockfile.File{}, Range{1, 1})
	if want := (Count{Installed: 2, Added: 3001, Deleted: 3000}); count != want || describeLines(lines) != "i1" {
		t.Errorf("%s, %+v, want %+v", describeLines(lines), count, want)
	}
}

func TestOwnLines(t *testing.T) {
	for name, c := range map[string]struct {
		text  string
		lines Range
		want  []string // nil for an error
	}{
		"a line":                           {"a\nb\n", Range{2, 2}, []string{"2:b"}},
		"the last line without a line end": {"a\r\nb", Range{1, 2}, []string{"1:a", "2:b"}},
		"after the last line":              {"a\nb\n", Range{2, 3}, nil},
		"an empty file":                    {"", Range{1, 1}, nil},
		"a binary file":                    {"a\x00\n", Range{1, 1}, nil},
	} {
		lines, err := LinesOf("x", []byte(c.text), c.lines, ByUser)
		var got []string
		for _, l := range lines {
			got = append(got, fmt.Sprintf("%d:%s", l.Line, l.Text))
		}
		if !slices.Equal(got, c.want) || (err == nil) != (c.want != nil) {
			t.Errorf("%s: %q, %v, want %q", name, got, err, c.want)
		}
	}
}
