package merge

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"testing"
)

func TestUnifiedDiff(t *testing.T) {
	for _, tt := range []struct {
		name, before, after string
		context             int
		want                string
	}{
		{"equal", "a\n", "a\n", 3, ""},
		{"one line", "a\nb\nc\n", "a\nB\nc\n", 3, "--- a/x\n+++ b/x\n@@ -1,3 +1,3 @@\n a\n-b\n+B\n c\n"},
		{"no context", "a\nb\nc\n", "a\nc\n", 0, "--- a/x\n+++ b/x\n@@ -2 +1,0 @@\n-b\n"},
		{"negative context is none", "a\nb\nc\n", "a\nc\n", -1, "--- a/x\n+++ b/x\n@@ -2 +1,0 @@\n-b\n"},
		{"unlimited context", "a\nb\nc\nd\ne\n", "a\nb\nc\nd\nE\n", int(^uint(0) >> 1),
			"--- a/x\n+++ b/x\n@@ -1,5 +1,5 @@\n a\n b\n c\n d\n-e\n+E\n"},
		{"changes that share a hunk", "a\nb\nc\nd\n", "A\nb\nc\nD\n", 1,
			"--- a/x\n+++ b/x\n@@ -1,4 +1,4 @@\n-a\n+A\n b\n c\n-d\n+D\n"},
		{"changes that do not", "a\nb\nc\nd\ne\n", "A\nb\nc\nd\nE\n", 1,
			"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n@@ -4,2 +4,2 @@\n d\n-e\n+E\n"},
		{"from nothing", "", "a\n", 3, "--- a/x\n+++ b/x\n@@ -0,0 +1 @@\n+a\n"},
		{"to nothing", "a\nb\n", "", 3, "--- a/x\n+++ b/x\n@@ -1,2 +0,0 @@\n-a\n-b\n"},
		{"final newline added", "a", "a\n", 3,
			"--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\n\\ No newline at end of file\n+a\n"},
		{"no final newline in either", "a\nb", "A\nb", 3,
			"--- a/x\n+++ b/x\n@@ -1,2 +1,2 @@\n-a\n+A\n b\n\\ No newline at end of file\n"},
		{"carriage returns are content", "a\r\n", "a\n", 3, "--- a/x\n+++ b/x\n@@ -1 +1 @@\n-a\r\n+a\n"},
		{"binary", "a\x00", "b\n", 3, "Binary files a/x and b/x differ\n"},
	} {
		if got := string(UnifiedDiff("a/x", "b/x", []byte(tt.before), []byte(tt.after), tt.context)); got != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, got, tt.want)
		}
	}
}

func TestUnifiedDiffNames(t *testing.T) {
	for _, tt := range []struct{ name, want string }{
		{"a/x.py", "--- a/x.py\n"},
		{"a/名", "--- a/名\n"},                              // printable
		{"a/x y", "--- a/x y\t\n"},                        // patch would cut the name at the space
		{"a/\n+++ \"\\", `--- "a/\012+++ \"\\"` + "\t\n"}, // stays on one line
	} {
		got, _, _ := bytes.Cut(UnifiedDiff(tt.name, "b", []byte("a"), []byte("b"), 3), []byte("+++ b\n"))
		if string(got) != tt.want {
			t.Errorf("%q: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

var hunkHeader = regexp.MustCompile(`^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@\n$`)

// apply applies a unified diff.
func apply(before, diff []byte) ([]byte, error) {
	var out []byte
	var old [][]byte
	for l := range bytes.Lines(before) {
		old = append(old, l)
	}
	at := 0 // the next line of before
	var mark byte
	for i, l := range bytes.SplitAfter(diff, []byte("\n")) {
		if i < 2 || len(l) == 0 {
			continue
		}
		if l[0] == '\\' && mark != '-' { // about the previous line
			out = bytes.TrimSuffix(out, []byte("\n"))
		}
		mark = l[0]
		if head := hunkHeader.FindSubmatch(l); head != nil {
			start, err := strconv.Atoi(string(head[1]))
			if err != nil {
				return nil, err
			}
			if string(head[2]) != "0" {
				start--
			}
			for ; at < start; at++ {
				out = append(out, old[at]...)
			}
		}
		if mark == ' ' || mark == '-' {
			if at == len(old) || !bytes.Equal(bytes.TrimSuffix(old[at], []byte("\n")),
				bytes.TrimSuffix(l[1:], []byte("\n"))) {
				return nil, fmt.Errorf("line %d of the diff does not apply: %q", i+1, l)
			}
			at++
		}
		if mark == ' ' || mark == '+' {
			out = append(out, l[1:]...)
		}
	}
	for ; at < len(old); at++ {
		out = append(out, old[at]...)
	}
	return out, nil
}

func FuzzUnifiedDiff(f *testing.F) {
	for _, seed := range [][2]string{{"", ""}, {"a\nb\nc\n", "a\nc"}, {"a\r\n", "a"}, {"a", "b"},
		{"x\nx\nx\n", "x\ny\nx\n"}, {"", "\n"}} {
		f.Add([]byte(seed[0]), []byte(seed[1]), 3)
	}
	f.Fuzz(func(t *testing.T, before, after []byte, context int) {
		if isBinary(before) || isBinary(after) || bytes.Equal(before, after) {
			return
		}
		diff := UnifiedDiff("a", "b", before, after, context)
		if got, err := apply(before, diff); err != nil || !bytes.Equal(got, after) {
			t.Errorf("applying\n%q\nto %q: got %q, %v, want %q", diff, before, got, err, after)
		}
	})
}

// TestUnifiedDiffSameAsGit compares diffs with git diff, without git's header and function names, and applies them
// with git apply.
func TestUnifiedDiffSameAsGit(t *testing.T) {
	heading := regexp.MustCompile(`(?m)^(@@ [-+,0-9 ]+ @@).*$`)
	extra := regexp.MustCompile(`(?m)^(diff --git|index) .*\n`)
	g := generator{rand.New(rand.NewPCG(7, 8))}
	for _, context := range []int{0, 1, 3} {
		dir := t.TempDir()
		var pairs []triple
		var all []byte
		for len(pairs) < sampleSize()/3 {
			x, name := g.triple(), fmt.Sprintf("%03d", len(pairs))
			write(t, filepath.Join(dir, "a", name), x.base)
			write(t, filepath.Join(dir, "b", name), x.ours)
			all = append(all, UnifiedDiff("a/"+name, "b/"+name, x.base, x.ours, context)...)
			pairs = append(pairs, x)
		}
		diff := exec.Command("git", "diff", "--no-index", "--no-prefix", "--no-indent-heuristic", "--no-color",
			fmt.Sprint("-U", context), "a", "b")
		diff.Dir = dir
		out, _ := diff.Output() // exits with 1 if there are differences
		if want := extra.ReplaceAll(heading.ReplaceAll(out, []byte("$1")), nil); !bytes.Equal(all, want) {
			t.Errorf("context %d: got\n%s\ngit has\n%s", context, all, want)
		}
		if context == 0 { // git apply cannot apply even git's own diffs if they delete a last line without newline
			continue
		}
		apply := exec.Command("git", "apply", "--whitespace=nowarn", "-")
		apply.Dir, apply.Stdin = filepath.Join(dir, "a"), bytes.NewReader(all)
		if out, err := apply.CombinedOutput(); err != nil {
			t.Fatalf("git apply: %v\n%s", err, out)
		}
		for i, x := range pairs {
			got, err := os.ReadFile(filepath.Join(dir, "a", fmt.Sprintf("%03d", i)))
			if len(x.ours) == 0 && errors.Is(err, fs.ErrNotExist) { // git apply deletes a file that becomes empty
				err = nil
			}
			if err != nil || !bytes.Equal(got, x.ours) {
				t.Errorf("%v: git apply made %q of %q, want %q", err, got, x.base, x.ours)
			}
		}
	}
}

func write(t testing.TB, path string, data []byte) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
}
