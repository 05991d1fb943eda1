package merge

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestFormat(t *testing.T) {
	for _, tt := range []struct{ name, base, ours, theirs, want string }{
		{"CRLF here, edited upstream", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "a\nB\nc\n", "a\r\nB\r\nc\r\n"},
		{"CRLF here, edited on both sides", "a\nb\nc\n", "A\r\nb\r\nc\r\n", "a\nb\nC\n", "A\r\nb\r\nC\r\n"},
		{"CRLF upstream, edited here", "a\nb\nc\n", "A\nb\nc\n", "a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n"},
		{"LF here, edited upstream", "a\r\nb\r\nc\r\n", "a\nb\nc\n", "a\r\nB\r\nc\r\n", "a\nB\nc\n"},
		{"LF on both sides, and edits", "a\r\nb\r\nc\r\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},
		{"CRLF here, one line left upstream", "a\nb\nc\n", "a\r\nb\r\nc\r\n", "a", "a"},
		{"CRLF here, more than one line added upstream", "a", "a\r\nb\r\n", "A\n",
			"<<<<<<<\r\na\r\nb\r\n=======\r\nA\r\n>>>>>>>\r\n"},
		{"both added, CRLF here", "", "a\r\nb\r\n", "a\nb\n", "a\r\nb\r\n"},
		{"both added, CRLF upstream", "", "a\nb\n", "a\r\nb\r\n", "a\nb\n"},
		{"CRLF here, mixed upstream", "a\nb\nc\nd\n", "a\r\nb\r\nc\r\nd\r\n", "a\r\nb\nc\nD\n",
			"a\r\nb\r\nc\r\nD\r\n"},
		{"mixed here, CRLF upstream", "a\nb\nc\nd\n", "A\r\nb\nc\nd\n", "a\r\nb\r\nc\r\nd\r\n",
			"A\r\nb\r\nc\r\nd\r\n"},
		{"mixed here, edited upstream", "a\nb\nc\n", "a\r\nb\nc\n", "a\nb\nC\n", "a\r\nb\nC\n"},
		{"mixed upstream, edited here", "a\nb\nc\n", "a\nb\nC\n", "a\r\nb\nc\n", "a\r\nb\nC\n"},
		{"mixed everywhere", "a\r\nb\nc\n", "A\r\nb\nc\n", "a\r\nb\nC\n", "A\r\nb\nC\n"},
		{"an odd line fixed upstream", "a\r\nb\nc\n", "a\r\nb\nC\n", "a\nb\nc\n", "a\nb\nC\n"},
		{"CRLF here, mixed before", "a\nb\r\nc\n", "a\r\nb\r\nC\r\n", "A\nb\r\nc\n", "A\r\nb\r\nC\r\n"},
		{"a conflict in CRLF", "a\nb\nc\n", "a\r\nX\r\nc\r\n", "a\nY\nc\n",
			"a\r\n<<<<<<<\r\nX\r\n=======\r\nY\r\n>>>>>>>\r\nc\r\n"},
		{"a conflict in LF", "a\r\nb\r\nc\r\n", "a\nX\nc\n", "a\r\nY\r\nc\r\n",
			"a\n<<<<<<<\nX\n=======\nY\n>>>>>>>\nc\n"},
		{"a carriage return before a line end", "a\nb\n", "a\r\r\nb\r\n", "a\nb\nc\n",
			"<<<<<<<\na\r\r\nb\r\n=======\na\nb\nc\n>>>>>>>\n"},

		{"newline added here, line appended upstream", "a\nb", "a\nb\n", "a\nb\nc", "a\nb\nc\n"},
		{"newline added here, line appended with a newline", "a\nb", "a\nb\n", "a\nb\nc\n", "a\nb\nc\n"},
		{"line appended here, newline added upstream", "a\nb", "a\nb\nc", "a\nb\n", "a\nb\nc\n"},
		{"line appended with a newline here, newline added upstream", "a\nb", "a\nb\nc\n", "a\nb\n", "a\nb\nc\n"},
		{"newline removed here, line appended upstream", "a\nb\n", "a\nb", "a\nb\nc\n", "a\nb\nc"},
		{"line appended, edit not next to it, never a newline", "a\nb\nc", "A\nb\nc", "a\nb\nc\nd", "A\nb\nc\nd"},
		{"newline added here, last line edited upstream", "a\nb", "a\nb\n", "a\nB", "a\nB\n"},
		{"newline and CRLF here, line appended upstream", "a\nb", "a\r\nb\r\n", "a\nb\nc", "a\r\nb\r\nc\r\n"},
		{"a file of one line", "a", "a\n", "a\nb", "a\nb\n"},
		{"newline removed, an empty line is last", "a\nb\n", "a\nb", "a\nb\n\n", "a\nb\n\n"},
		{"a conflict at the end", "a\nb", "a\nX\n", "a\nY", "a\n<<<<<<<\nX\n=======\nY\n>>>>>>>\n"},
		{"a carriage return at the end", "a\nb\r", "a\nb\r\n", "a\nb\r\nc",
			"a\nb\r\n<<<<<<<\n=======\nc\n>>>>>>>\n"},

		{"BOM added here, first line edited upstream", "a\nb\n", "\ufeffa\nb\n", "A\nb\n", "\ufeffA\nb\n"},
		{"BOM removed here, first line edited upstream", "\ufeffa\nb\n", "a\nb\n", "\ufeffA\nb\n", "A\nb\n"},
		{"BOM added here, a conflict", "a\nb\n", "\ufeffX\nb\n", "Y\nb\n",
			"\ufeff<<<<<<<\nX\n=======\nY\n>>>>>>>\nb\n"},
		{"everything deleted here, BOM added upstream", "a\n", "", "\ufeffa\n", ""},
	} {
		r := three(t, tt.base, tt.ours, tt.theirs, Options{})
		if string(r.Text) != tt.want {
			t.Errorf("%s: got\n%q, want\n%q", tt.name, r.Text, tt.want)
		}
		if !r.Binary && HasConflictMarkers(r.Text, r.MarkerSize) == r.Clean() {
			t.Errorf("%s: HasConflictMarkers says %t", tt.name, r.Clean())
		}
	}
}

// TestFormatIsKept checks that a change of a property of one side or of both changes only that property of the result.
func TestFormatIsKept(t *testing.T) {
	trim := func(text []byte) []byte {
		if without := bytes.TrimSuffix(text, []byte("\n")); hasFinalNewline(without) == absent {
			return without
		}
		return text
	}
	changes := map[string]func([]byte) []byte{
		"CRLF":             func(text []byte) []byte { return WithLineEnds(text, CRLF) },
		"BOM":              func(text []byte) []byte { return append([]byte(bom), text...) },
		"no final newline": trim,
		"all of them": func(text []byte) []byte {
			return append([]byte(bom), WithLineEnds(trim(text), CRLF)...)
		},
	}
	clean := 0
	check(t, func(x triple, s Style) bool {
		x = triple{plain(x.base), plain(x.ours), plain(x.theirs)}
		o := Options{Style: s}
		unchanged := ThreeWay(x.base, x.ours, x.theirs, o)
		if !unchanged.Clean() || slices.Min([]int{countLines(x.base), countLines(x.ours), countLines(x.theirs),
			countLines(unchanged.Text)}) < 2 { // a single line need not have line endings
			return true
		}
		clean++
		for name, change := range changes {
			if name != "CRLF" && name != "BOM" && slices.ContainsFunc(
				[][]byte{x.base, x.ours, x.theirs, unchanged.Text}, endsInEmptyLine) {
				continue
			}
			want := change(unchanged.Text)
			if !gives(ThreeWay(x.base, change(x.ours), x.theirs, o), want) ||
				!gives(ThreeWay(x.base, x.ours, change(x.theirs), o), want) ||
				!gives(ThreeWay(x.base, change(x.ours), change(x.theirs), o), want) ||
				!gives(ThreeWay(change(x.base), change(x.ours), x.theirs, o), unchanged.Text) ||
				!gives(ThreeWay(change(x.base), x.ours, change(x.theirs), o), unchanged.Text) {
				t.Log(name)
				return false
			}
		}
		return true
	})
	if clean < 100 {
		t.Errorf("only %d triples merge without a conflict", clean)
	}
}

// endsInEmptyLine reports whether the last line of a text is nothing but a newline, so that it cannot do without.
func endsInEmptyLine(text []byte) bool { return bytes.HasSuffix(text, []byte("\n\n")) }

func TestLineEnds(t *testing.T) {
	for _, tt := range []struct {
		text       string
		is         LineEnds
		asLF, crlf string
	}{
		{"", NoLineEnds, "", ""},
		{"a", NoLineEnds, "a", "a"},
		{"a\r", NoLineEnds, "a\r", "a\r"},
		{"a\nb", LF, "a\nb", "a\r\nb"},
		{"\n", LF, "\n", "\r\n"},
		{"a\rb\n", LF, "a\rb\n", "a\rb\r\n"},
		{"a\r\nb\r\n", CRLF, "a\nb\n", "a\r\nb\r\n"},
		{"a\r\nb\n", Mixed, "a\nb\n", "a\r\nb\r\n"},
		{"a\r\r\n", Mixed, "a\r\n", "a\r\r\n"},
		{"\x00\r\n", NoLineEnds, "\x00\r\n", "\x00\r\n"},
		{strings.Repeat("x", 8000) + "\x00\n", LF, strings.Repeat("x", 8000) + "\x00\n",
			strings.Repeat("x", 8000) + "\x00\r\n"},
	} {
		text := []byte(tt.text)
		if got := LineEndsOf(text); got != tt.is {
			t.Errorf("%.20q: got %d, want %d", text, got, tt.is)
		}
		if got := WithLineEnds(text, LF); string(got) != tt.asLF {
			t.Errorf("%.20q: got %q with LF", text, got)
		}
		if got := WithLineEnds(text, CRLF); string(got) != tt.crlf {
			t.Errorf("%.20q: got %q with CRLF", text, got)
		}
		if tt.is.IsUniform() && !bytes.Equal(WithLineEnds(WithLineEnds(text, tt.is.Other()), tt.is), text) {
			t.Errorf("%.20q is not the same after two conversions", text)
		}
	}
}
