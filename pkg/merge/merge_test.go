package merge

import (
	"bytes"
	"slices"
	"strings"
	"testing"
)

func TestThreeWay(t *testing.T) {
	for _, tt := range []struct{ name, base, ours, theirs, want string }{
		{"separate edits", "a\nb\nc\n", "A\nb\nc\n", "a\nb\nC\n", "A\nb\nC\n"},
		{"the same edit on both sides", "a\nb\nc\n", "a\nX\nc\n", "a\nX\nc\n", "a\nX\nc\n"},
		{"the same edit on both sides, and one of theirs", "a\nb\nc\nd\ne\n", "a\nX\nc\nd\ne\n", "a\nX\nc\nd\nE\n",
			"a\nX\nc\nd\nE\n"},
		{"deleted here, edited below", "a\nb\nc\nd\n", "b\nc\nd\n", "a\nb\nc\nD\n", "b\nc\nD\n"},
		{"CRLF", "a\r\nb\r\nc\r\n", "A\r\nb\r\nc\r\n", "a\r\nb\r\nC\r\n", "A\r\nb\r\nC\r\n"},
		{"mixed line endings", "a\r\nb\nc\r\nd\r", "A\nb\nc\r\nd\r", "a\r\nb\nc\r\nD\r", "A\nb\nc\r\nD\r"},
		{"line endings changed here", "a\nb\nc\n", "a\r\nb\nc\n", "a\nb\nC\n", "a\r\nb\nC\n"},
		{"byte order mark kept", "\ufeffa\nb\nc\n", "\ufeffa\nb\nC\n", "\ufeffA\nb\nc\n", "\ufeffA\nb\nC\n"},
		{"byte order mark added upstream", "a\nb\nc\n", "a\nb\nC\n", "\ufeffa\nb\nc\n", "\ufeffa\nb\nC\n"},
		{"no final newline", "a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC"},
		{"final newline removed here", "a\nb\nc\n", "a\nb\nc", "A\nb\nc\n", "A\nb\nc"},
		{"final newline added upstream", "a\nb\nc", "A\nb\nc", "a\nb\nc\n", "A\nb\nc\n"},
		{"Latin-1 and broken UTF-8", "\xe9\nb\n\xff\xc0\n", "\xe8\nb\n\xff\xc0\n", "\xe9\nb\n\xff\xc1\n",
			"\xe8\nb\n\xff\xc1\n"},
		{"a NUL after 8000 bytes", strings.Repeat("x\n", 4000) + "\x00\nb\nc\n",
			strings.Repeat("x\n", 4000) + "\x00\nb\nC\n",
			strings.Repeat("x\n", 4000) + "\x01\nb\nc\n", strings.Repeat("x\n", 4000) + "\x01\nb\nC\n"},
		{"equal lines around an insertion", "f {\n}\n", "f {\n}\ng {\n}\n", "F {\n}\n", "F {\n}\ng {\n}\n"},
	} {
		for _, style := range []Style{"", Merge, Diff3, ZDiff3} {
			r := three(t, tt.base, tt.ours, tt.theirs, Options{Style: style})
			if string(r.Text) != tt.want || !r.Clean() || r.Binary {
				t.Errorf("%s, style %q: got %q, %d conflicts, want %q", tt.name, style, r.Text, len(r.Conflicts),
					tt.want)
			}
		}
	}
}

// three merges the texts and checks the result with CheckLossless.
func three(t *testing.T, base, ours, theirs string, o Options) Result {
	t.Helper()
	r := ThreeWay([]byte(base), []byte(ours), []byte(theirs), o)
	if err := r.CheckLossless([]byte(base), []byte(ours), []byte(theirs)); err != nil {
		t.Errorf("merging %.200q and %.200q: %v", ours, theirs, err)
	}
	return r
}

func TestConflicts(t *testing.T) {
	labels := Labels{Base: "base", Ours: "ours", Theirs: "theirs"}
	for _, tt := range []struct {
		name, base, ours, theirs string
		options                  Options
		want                     string
		lines                    []LineRange
	}{
		{"both sides", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", Options{Labels: labels},
			"a\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\nc\n", []LineRange{{2, 6}}},
		{"no labels", "a\nb\nc\n", "a\nX\nc\n", "a\nY\nc\n", Options{Style: Diff3},
			"a\n<<<<<<<\nX\n|||||||\nb\n=======\nY\n>>>>>>>\nc\n", []LineRange{{2, 8}}},
		{"a label of two lines is folded", "b\n", "X\n", "Y\n", Options{Labels: Labels{Ours: " v1\n===\t=\r"}},
			"<<<<<<< v1 === =\nX\n=======\nY\n>>>>>>>\n", []LineRange{{1, 5}}},
		{"merge style removes common lines", "b\n", "h\nX\nt\n", "h\nY\nt\n", Options{Labels: labels},
			"h\n<<<<<<< ours\nX\n=======\nY\n>>>>>>> theirs\nt\n", []LineRange{{2, 6}}},
		{"diff3 style shows everything", "b\n", "h\nX\nt\n", "h\nY\nt\n", Options{Style: Diff3, Labels: labels},
			"<<<<<<< ours\nh\nX\nt\n||||||| base\nb\n=======\nh\nY\nt\n>>>>>>> theirs\n", []LineRange{{1, 11}}},
		{"zdiff3 style removes common ends", "b\n", "h\nX\nt\n", "h\nY\nt\n", Options{Style: ZDiff3, Labels: labels},
			"h\n<<<<<<< ours\nX\n||||||| base\nb\n=======\nY\n>>>>>>> theirs\nt\n", []LineRange{{2, 8}}},
		{"deleted here, edited upstream", "a\nb\nc\n", "a\nc\n", "a\nB\nc\n", Options{Labels: labels},
			"a\n<<<<<<< ours\n=======\nB\n>>>>>>> theirs\nc\n", []LineRange{{2, 5}}},
		{"adjacent edits", "a\nb\n", "A\nb\n", "a\nB\n", Options{Labels: labels},
			"<<<<<<< ours\nA\nb\n=======\na\nB\n>>>>>>> theirs\n", []LineRange{{1, 7}}},
		{"markers have the line ending around them", "a\r\nb\r\n", "a\r\nX\r\n", "a\r\nY\r\n", Options{},
			"a\r\n<<<<<<<\r\nX\r\n=======\r\nY\r\n>>>>>>>\r\n", []LineRange{{2, 6}}},
		{"no final newline", "a\nb", "a\nX", "a\nY", Options{}, "a\n<<<<<<<\nX\n=======\nY\n>>>>>>>\n",
			[]LineRange{{2, 6}}},
		{"no final newline and CRLF", "a\r\nb", "a\r\nX", "a\r\nY", Options{Style: Diff3},
			"a\r\n<<<<<<<\r\nX\r\n|||||||\r\nb\r\n=======\r\nY\r\n>>>>>>>\r\n", []LineRange{{2, 8}}},
		{"both added, no base", "", "x\nsame line\na\nb\nc\n1\n", "y\nsame line\na\nb\nc\n2\n", Options{},
			"<<<<<<<\nx\n=======\ny\n>>>>>>>\nsame line\na\nb\nc\n<<<<<<<\n1\n=======\n2\n>>>>>>>\n",
			[]LineRange{{1, 5}, {10, 14}}},
		{"emptied here, edited upstream", "a\n", "", "b", Options{}, "<<<<<<<\n=======\nb\n>>>>>>>\n",
			[]LineRange{{1, 4}}},
		{"an underline of the same size", "T\n=======\nb\n", "T\n=======\nX\n", "T\n=======\nY\n", Options{},
			"T\n=======\n<<<<<<<<\nX\n========\nY\n>>>>>>>>\n", []LineRange{{3, 7}}},
		{"a longer underline", "=========\nb\n", "=========\nX\n", "=========\nY\n", Options{},
			"=========\n<<<<<<<\nX\n=======\nY\n>>>>>>>\n", []LineRange{{2, 6}}},
		{"an older conflict on one side", "b\n", "<<<<<<< x\n======== \nX\n", "Y\n>>>>>>>>>\r\n", Options{},
			"<<<<<<<<<<\n<<<<<<< x\n======== \nX\n==========\nY\n>>>>>>>>>\r\n>>>>>>>>>>\n", []LineRange{{1, 8}}},
		{"angle brackets that are not markers", "b\n", "<<<<<<<x\n", "Y\n", Options{},
			"<<<<<<<\n<<<<<<<x\n=======\nY\n>>>>>>>\n", []LineRange{{1, 5}}},
	} {
		r := three(t, tt.base, tt.ours, tt.theirs, tt.options)
		if string(r.Text) != tt.want || !slices.Equal(r.Conflicts, tt.lines) {
			t.Errorf("%s: got %v\n%s\nwant %v\n%s", tt.name, r.Conflicts, r.Text, tt.lines, tt.want)
		}
		if !HasConflictMarkers(r.Text, r.MarkerSize) {
			t.Errorf("%s: HasConflictMarkers misses it", tt.name)
		}
	}
}

func TestBinary(t *testing.T) {
	for _, tt := range []struct{ name, base, ours, theirs string }{
		{"all binary", "\x00a\n", "\x00b\n", "\x00c\n"},
		{"only theirs", "a\n", "b\n", "\x00"},
		{"only the base", "a\x00", "b\nb", "c"},
		{"emptied here", "a\x00", "", "c\x00"},
	} {
		r := three(t, tt.base, tt.ours, tt.theirs, Options{})
		if string(r.Text) != tt.ours || !r.Binary || r.Clean() || r.Conflicts[0].First != 1 {
			t.Errorf("%s: got %+v", tt.name, r)
		}
	}
	for _, tt := range []struct{ name, base, ours, theirs, want string }{ // no conflict
		{"ours is the base", "\x00a", "\x00a", "\x00b", "\x00b"},
		{"theirs is the base", "\x00a", "\x00b", "\x00a", "\x00b"},
		{"the same on both sides", "\x00a", "\x00b", "\x00b", "\x00b"},
	} {
		if r := three(t, tt.base, tt.ours, tt.theirs, Options{}); string(r.Text) != tt.want || r.Binary || !r.Clean() {
			t.Errorf("%s: got %+v", tt.name, r)
		}
	}
}

func TestHasConflictMarkers(t *testing.T) {
	for _, tt := range []struct {
		name, text string
		size       int
		want       bool
	}{
		{"all three", "<<<<<<< a\nx\n=======\ny\n>>>>>>> b\n", 7, true},
		{"CRLF, no final newline", "a\r\n<<<<<<<\r\n=======\r\n>>>>>>>", 7, true},
		{"with the base", "<<<<<<<\n|||||||\n=======\n>>>>>>>\n", 7, true},
		{"after an opening marker only", "<<<<<<<\n=======\n<<<<<<<\n=======\n>>>>>>>\n", 7, true},
		{"another size", "<<<<<<<\n=======\n>>>>>>>\n", 8, false},
		{"an underline", "Title\n=======\n", 7, false},
		{"an opening marker", "a\n<<<<<<< ours\n", 7, true},
		{"a base marker", "a\n||||||| base\nb\n", 7, true},
		{"a closing marker", "a\n>>>>>>> theirs", 7, true},
		{"not at the start of a line", " <<<<<<<\n=======\n >>>>>>>\n", 7, false},
		{"nothing", "", 7, false},
		{"size 0", "\n\n\n", 0, false},
	} {
		if got := HasConflictMarkers([]byte(tt.text), tt.size); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestCheckLossless(t *testing.T) {
	base := []byte("a\nb\nc\nd\ne\nf\ng\n")
	ours, theirs := []byte("A\nb\nc\nX\ne\nf\ng\n"), []byte("a\nb\nc\nY\ne\nf\nG\n")
	for _, style := range []Style{Merge, Diff3} {
		good := ThreeWay(base, ours, theirs, Options{Style: style})
		if err := good.CheckLossless(base, ours, theirs); err != nil {
			t.Fatal(err)
		}
		at := 0
		for l := range bytes.Lines(good.Text) { // delete or replace each line that is not a marker
			if _, size := ParseMarker(l); size == 0 {
				for _, instead := range []string{"", "?\n"} {
					r := good
					r.Text = slices.Concat(good.Text[:at], []byte(instead), good.Text[at+len(l):])
					if err := r.CheckLossless(base, ours, theirs); err == nil {
						t.Errorf("%s: no error with %q for %q:\n%s", style, instead, l, r.Text)
					}
				}
			}
			at += len(l)
		}
		for i := range good.parts { // claim another origin for each part
			for from := unchanged; from <= inConflict; from++ {
				r := good
				r.parts = slices.Clone(good.parts)
				r.parts[i].origin = from
				ok := from == good.parts[i].origin || good.parts[i].origin == unchanged && from != inConflict
				if err := r.CheckLossless(base, ours, theirs); (err == nil) != ok {
					t.Errorf("%s: part %d of origin %d claimed as %d: got %v", style, i, good.parts[i].origin, from,
						err)
				}
			}
			r := good
			r.parts = slices.Delete(slices.Clone(good.parts), i, i+1)
			if err := r.CheckLossless(base, ours, theirs); err == nil {
				t.Errorf("%s: no error without part %d", style, i)
			}
		}
		longer := append(slices.Clone(ours), "more\n"...)
		if err := good.CheckLossless(base, longer, theirs); err == nil {
			t.Errorf("%s: no error for another text", style)
		}
	}
	if err := (Result{}).CheckLossless(base, ours, theirs); err == nil {
		t.Error("no error for an empty result")
	}
}
