package plan_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// TestLineEnds makes plans for a file whose lines end in another way on the disk. In a state, a comma is a line end:
// LF with lower-case letters and CRLF with upper-case ones.
func TestLineEnds(t *testing.T) {
	lines := func(s string) string {
		if s == "-" {
			return s
		}
		s, executable := strings.CutSuffix(s, "x")
		end := "\n"
		if strings.ToUpper(s) == s {
			end = "\r\n"
		}
		s = strings.ReplaceAll(strings.ToLower(s), ",", end)
		if executable {
			s += "x"
		}
		return s
	}
	for _, tt := range []struct{ name, base, disk, upstream, action, result string }{
		{"unchanged", "a,b,", "A,B,", "a,b,", "unchanged up to date", "A,B,"},
		{"changed upstream", "a,b,", "A,B,", "a,c,", "update changed upstream", "A,C,"},
		{"deleted upstream", "a,b,", "A,B,", "-", "delete not edited locally", "-"},
		{"CRLF upstream, too", "a,b,", "A,B,", "A,B,", "unchanged up to date", "A,B,"},
		{"CRLF upstream, not here", "a,b,", "a,b,", "A,B,", "update changed upstream", "A,B,"},
		{"CRLF upstream and edited", "a,b,", "A,B,", "A,C,", "update changed upstream", "A,C,"},
		{"LF here", "A,B,", "a,b,", "A,C,", "update changed upstream", "a,c,"},
		{"emptied upstream", "a,b,", "A,B,", "", "update changed upstream", ""},
		{"mode changed upstream", "a,b,", "A,B,", "a,b,x", "update mode changed upstream", "A,B,x"},
		{"mode changed here", "a,b,", "A,B,x", "a,c,", "update changed upstream", "A,C,x"},
		{"edited here", "a,b,", "A,C,", "a,b,", "keep edited locally", "A,C,"},
		{"edited here, deleted upstream", "a,b,", "A,C,", "-",
			"keep kept because you edited it; ppm no longer tracks it", "A,C,"},
		{"the same edit", "a,b,", "A,C,", "a,c,", "unchanged up to date", "A,C,"},
		{"added on both sides", "-", "A,B,", "a,b,", "unchanged already there", "A,B,"},
	} {
		in := input(lines(tt.base), lines(tt.disk), lines(tt.upstream), "", false)
		data := []byte(strings.TrimSuffix(lines(tt.disk), "x"))
		if c, ok := plan.Convert(data); ok && in.Disk["f"].Digest != in.Base["f"].Digest {
			in.Converted = map[string]plan.Converted{"f": c}
		}
		pl, err := plan.Make(in)
		if err != nil {
			t.Fatal(err)
		}
		c := pl.Changes[0]
		if got := string(c.Action) + " " + c.Reason; got != tt.action {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.action)
		}
		if want := state(lines(tt.result)); c.New != want || c.Old != in.Disk["f"] {
			t.Errorf("%s: %v becomes %v, want %v", tt.name, c.Old, c.New, want)
		}
	}
}

func TestConvert(t *testing.T) {
	for _, text := range []string{"", "a", "a\r\nb\n", "\x00\n"} {
		if c, ok := plan.Convert([]byte(text)); ok {
			t.Errorf("%q is converted to %v", text, c)
		}
	}
	want := plan.Converted{LineEnds: merge.CRLF, Digest: plan.FileState([]byte("a\n"), 0).Digest}
	if c, ok := plan.Convert([]byte("a\r\n")); !ok || c != want {
		t.Errorf("got %v, want %v", c, want)
	}
}

// TestRenamedWithLineEnds renames a file upstream that is in CRLF on the disk, at its old path or, because the user
// moved it there, at its new one.
func TestRenamedWithLineEnds(t *testing.T) {
	c, _ := plan.Convert([]byte("a\r\nb\r\n"))
	for at, want := range map[string]string{
		"old": "new:create=a\r\nc\r\n old:delete=", "new": "new:update=a\r\nc\r\n old:unchanged=",
	} {
		in := plan.Input{
			Base:      map[string]plan.State{"old": state("a\nb\n")},
			Disk:      plan.Disk{at: state("a\r\nb\r\n")},
			Theirs:    theirs("new", "a\nc\n"),
			Renamed:   map[string]string{"new": "old"},
			Converted: map[string]plan.Converted{at: c},
		}
		if got, _ := makePlan(t, in, plan.Texts{}); got != want {
			t.Errorf("at %s: got %q, want %q", at, got, want)
		}
	}
}

func TestVersionsHaveLineEndsOfUser(t *testing.T) {
	in := input("a\nb\n", "a\r\nx\r\n", "a\ny\n", "", false)
	_, changes := makePlan(t, in, plan.Texts{Base: []byte("a\nb\n"), Ours: []byte("a\r\nx\r\n")})
	v := changes[0].Versions
	got := []string{string(v.Base.Data), string(v.Ours.Data), string(v.Theirs.Data)}
	if want := []string{"a\r\nb\r\n", "a\r\nx\r\n", "a\r\ny\r\n"}; !slices.Equal(got, want) {
		t.Errorf("got %q", got)
	}
}

// TestMixedLineEnds makes plans for a file that has both kinds of line ends in the base, and one on the disk.
func TestMixedLineEnds(t *testing.T) {
	base := state("a\nb\r\nc\n")
	base.LFDigest = state("a\nb\nc\n").Digest
	for disk, want := range map[string]string{
		"a\nb\nc\n": "f:update=a\nb\nC\n", "a\r\nb\r\nc\r\n": "f:update=a\r\nb\r\nC\r\n",
		"a\nb\r\nc\n": "f:update=a\nb\r\nC\n", "a\r\nb\r\nc\n": "f:merge=mine",
	} {
		in := plan.Input{
			Base: map[string]plan.State{"f": base}, Disk: plan.Disk{"f": state(disk)},
			Theirs: theirs("f", "a\nb\r\nC\n"), Converted: map[string]plan.Converted{},
		}
		if c, ok := plan.Convert([]byte(disk)); ok {
			in.Converted["f"] = c
		}
		texts := plan.Texts{Base: []byte("a\nb\r\nC\n"), Ours: []byte("mine")}
		if got, _ := makePlan(t, in, texts); got != want {
			t.Errorf("%q: got %q, want %q", disk, got, want)
		}
	}
}
