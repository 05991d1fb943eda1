package merge

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

var ignoreSpace = Options{IgnoreSpaceChange: true, Labels: Labels{"B", "O", "T"}}

func TestIgnoreSpaceChange(t *testing.T) {
	for _, tt := range []struct{ name, base, ours, theirs, want string }{
		{"reindented here, edited upstream", "{\n    a,\n    b\n}\n", "{\n  a,\n  b\n}\n", "{\n    a,\n    B\n}\n",
			"{\n  a,\n    B\n}\n"},
		{"reindented upstream, edited here", "{\n    a,\n    b\n}\n", "{\n    a,\n    B\n}\n", "{\n  a,\n  b\n}\n",
			"{\n    a,\n    B\n}\n"},
		{"reindented here, line added upstream", " a\n b\n", "  a\n  b\n", " a\n b\n c\n", "  a\n  b\n c\n"},
		{"reindented on both sides", " a\n", "  a\n", "\ta\n", "  a\n"},
		{"trailing space", "a\nb\nc\n", "a  \nb\nc\n", "a\nb\nC\n", "a  \nb\nC\n"},
		{"the same edit, spaced differently", "a\nb\nc\n", "a\nx  y\nc\n", "a\nx y\nc\n", "a\nx  y\nc\n"},
		{"only new spaces are a change", "ab\nx\n", "a b\nx\n", "ab\nX\n",
			"<<<<<<< O\na b\nx\n=======\nab\nX\n>>>>>>> T\n"},
		{"edited on both sides", " a\n", "  b\n", "\tc\n", "<<<<<<< O\n  b\n=======\n\tc\n>>>>>>> T\n"},
		{"CRLF here", " a\n b\n", "  a\r\n  b\r\n", " a\n b\n c\n", "  a\r\n  b\r\n c\r\n"},
		{"a form feed is no space", "a\fb\nx\n", "a b\nx\n", "a\fb\nx\nc\n", "a b\nx\nc\n"},
	} {
		if r := three(t, tt.base, tt.ours, tt.theirs, ignoreSpace); string(r.Text) != tt.want {
			t.Errorf("%s: got\n%s\nwant\n%s", tt.name, r.Text, tt.want)
		}
	}
}

// respaced returns a triple whose texts have other white space than x.
func (g generator) respaced(x triple) triple {
	for _, text := range []*[]byte{&x.base, &x.ours, &x.theirs} {
		if g.IntN(3) == 0 {
			continue
		}
		some := 1 + g.IntN(4)
		var out []byte
		for line := range bytes.Lines(*text) {
			if g.IntN(some) == 0 {
				with := []string{"  ", "\t", " \t ", ""}[g.IntN(4)]
				line = bytes.ReplaceAll(line, []byte(" "), []byte(with))
				line = append(bytes.TrimRight(line, "\r\n"), []string{"\n", " \n", "\t\n", "\r\n"}[g.IntN(4)]...)
			}
			out = append(out, line...)
		}
		*text = out
	}
	return x
}

// TestIgnoreSpaceChangeSameAsGit compares merges with those of git merge -Xignore-space-change, with two exceptions.
// If ours has no other changes than white space, git takes the whole text of theirs; ThreeWay keeps the lines of ours
// that theirs did not change. And git merge, other than git merge-file, does not join conflicts that are separated by
// lines without letters and digits, of which these texts have no long runs.
func TestIgnoreSpaceChangeSameAsGit(t *testing.T) {
	g := generator{rand.New(rand.NewPCG(7, 8))}
	batch := make([]triple, sampleSize())
	for i := range batch {
		x := g.triple()
		for _, text := range []*[]byte{&x.base, &x.ours, &x.theirs} {
			*text = bytes.ReplaceAll(plain(*text), []byte("}"), []byte("end"))
			*text = bytes.ReplaceAll(*text, []byte("\x80"), []byte("x"))
		}
		batch[i] = g.respaced(x)
	}
	differ := 0
	for i, want := range gitMergeTrees(t, batch, "-Xignore-space-change") {
		x := batch[i].lines()
		r := ThreeWay(x.base, x.ours, x.theirs, ignoreSpace)
		if err := r.CheckLossless(x.base, x.ours, x.theirs); err != nil {
			t.Errorf("triple %d: %v", i, err)
		}
		if isEqual(x.base, x.ours, true) && !bytes.Equal(x.base, x.theirs) {
			if !bytes.Equal(want, x.theirs) || !r.Clean() || !isEqual(r.lines(), want, true) {
				t.Errorf("triple %d: got\n%s\nwant the lines of\n%s", i, r.Text, want)
			}
			continue
		}
		if !bytes.Equal(r.lines(), want) && !bytes.Equal(r.lines(), withoutEqualSides(want)) {
			t.Errorf("triple %d\nbase %q\nours %q\ntheirs %q\ngot:\n%s\nwant:\n%s", i, x.base, x.ours, x.theirs,
				r.Text, want)
		}
		if plain := ThreeWay(x.base, x.ours, x.theirs, Options{}); len(plain.Conflicts) > len(r.Conflicts) {
			differ++
		}
	}
	if differ < len(batch)/10 {
		t.Errorf("the option avoids conflicts in only %d of %d triples", differ, len(batch))
	}
}

// gitMergeTrees returns the results of one git merge of all triples, each a file of its own.
func gitMergeTrees(t *testing.T, batch []triple, option string) [][]byte {
	t.Helper()
	dir := t.TempDir()
	git := func(args ...string) {
		t.Helper()
		cmd := exec.Command("git", args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
			"GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b")
		if out, err := cmd.CombinedOutput(); err != nil && (args[0] != "merge" || cmd.ProcessState.ExitCode() != 1) {
			t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	commit := func(side func(triple) []byte) {
		for i, x := range batch {
			if err := os.WriteFile(filepath.Join(dir, fmt.Sprint(i)), side(x.lines()), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		git("add", "-A")
		git("commit", "-qm", "x", "--allow-empty")
	}
	git("init", "-q", "-b", "O")
	git("config", "merge.renames", "false")
	commit(func(x triple) []byte { return x.base })
	git("branch", "T")
	commit(func(x triple) []byte { return x.ours })
	git("checkout", "-q", "T")
	commit(func(x triple) []byte { return x.theirs })
	git("checkout", "-q", "O")
	git("merge", "-s", "recursive", option, "-m", "x", "T")
	results := make([][]byte, len(batch))
	for i := range results {
		var err error
		if results[i], err = os.ReadFile(filepath.Join(dir, fmt.Sprint(i))); err != nil {
			t.Fatal(err)
		}
		results[i] = bytes.ReplaceAll(results[i], []byte("<<<<<<< HEAD"), []byte("<<<<<<< O"))
	}
	return results
}
