package records_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
)

// TestMergeObeysTheLawsByteForByte also holds for texts that are not records.
func TestMergeObeysTheLawsByteForByte(t *testing.T) {
	texts := []string{
		"", "\n", "broken", "\ufeff" + install("p//a", "a"), "\r\n\r\n" + install("p//b", "b") + "\n\n",
		lockText("a:1 b"),
		strings.TrimSuffix(lockText("b"), "\n"), "version = 99\n", "<<<<<<< a\n=======\n>>>>>>> b\n", "\xff\xfe\x00",
	}
	for _, name := range []string{"ppm.toml", "ppm.lock"} {
		for _, a := range texts {
			for _, b := range texts {
				for _, c := range []struct{ base, ours, theirs, want string }{
					{a, a, b, b}, {a, b, a, b}, {b, a, a, a},
				} {
					r := records.Merge(name, []byte(c.base), []byte(c.ours), []byte(c.theirs), records.Options{})
					if string(r.Text) != c.want || !r.Clean() {
						t.Errorf("%s of %q, %q and %q: %q, %v", name, c.base, c.ours, c.theirs, r.Text, r.ByLines)
					}
				}
			}
		}
	}
}

// TestMergeByLines is about versions that cannot be merged by what they mean. Nothing of them is lost, and the merge
// is never without conflicts.
func TestMergeByLines(t *testing.T) {
	a1, a2 := install("p@v1//a", "a"), install("p@v2//a", "a")
	for _, c := range []struct{ name, file, base, ours, theirs, want, why string }{
		{"ours is broken", "ppm.toml", a1, a1 + "broken\n", a2, a2 + "broken\n", "line 4"},
		{"theirs is broken", "ppm.toml", a1, a2, a1 + "broken\n", a2 + "broken\n", "line 4"},
		{"an unknown field", "ppm.toml", a1, a2, a1 + "new = 1\n", a2 + "new = 1\n",
			`unknown field "component[0].new"`},
		{"markers", "ppm.toml", a1, a2, a1 + "<<<<<<< x\n=======\n>>>>>>> y\n",
			a2 + "<<<<<<< x\n=======\n>>>>>>> y\n", "conflict markers"},
		{"one table in two forms", "ppm.toml", "", "[keys]\na = \"1\"\n", "keys.b = \"1\"\n",
			conflict("[keys]\na = \"1\"\n", "keys.b = \"1\"\n"), "two forms"},
		{"a list and a single value", "ppm.toml", "[pack]\nx = 1\n", "[pack]\nx = [1]\n", "[pack]\nx = 2\ny = 1\n",
			"[pack]\n" + conflict("x = [1]\n", "x = 2\n") + "y = 1\n", "none"},
		{"a newer version of the format", "ppm.lock", lockText("a:1"),
			strings.Replace(lockText("a:1"), "version = 1", "version = 2", 1), lockText("a:1 b"),
			strings.Replace(lockText("a:1 b"), "version = 1", "version = 2", 1), "newer ppm"},
	} {
		r := records.Merge(c.file, []byte(c.base), []byte(c.ours), []byte(c.theirs), records.Options{})
		err := r.Check(c.file)
		if string(r.Text) != c.want || !errors.Is(err, failure.Conflicts) || failure.Hint(err) == "" {
			t.Errorf("%s: got (%v)\n%s\nwant\n%s", c.name, err, r.Text, c.want)
			continue
		}
		if (r.ByLines == nil) != (c.why == "none") || r.ByLines != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
	r := records.Merge("ppm.toml", nil, []byte("a\nb\n"), []byte("a\nc\n"), records.Options{
		Style: merge.Diff3, Labels: merge.Labels{Ours: "HEAD", Theirs: "topic"},
	})
	if want := "<<<<<<< HEAD\na\nb\n||||||| base\n=======\na\nc\n>>>>>>> topic\n"; string(r.Text) != want {
		t.Errorf("got\n%s", r.Text)
	}
}

// TestMergeWithConflictsInTheBase is about criss-cross merges, for which git merges the bases first.
func TestMergeWithConflictsInTheBase(t *testing.T) {
	a1, a2, a3 := install("p@v1//a", "a"), install("p@v2//a", "a"), install("p@v3//a", "a")
	b, c, d := install("p@v1//b", "b"), install("p@v1//c", "c"), install("p@v1//d", "d")
	marked := strings.NewReplacer("<<<<<<<", "<<<<<<<<<", "=======", "=========", ">>>>>>>", ">>>>>>>>>")
	base := blocks(marked.Replace(conflict(a1, a2)), b)
	diff3 := strings.Replace(base, "=========\n", "||||||||| x\n"+a1+"=========\n", 1)
	nested := strings.Replace(base, a1, conflict(a1, a3), 1)
	for _, base := range []string{base, diff3, nested} {
		for _, m := range []mergeCase{
			{"both settled it alike", base, blocks(a2, b), blocks(a2, b, c), blocks(a2, b, c)},
			{"both settled it alike, and one removed another", base, a2, blocks(a2, b, c), blocks(a2, c)},
			{"they settled it differently", base, blocks(a1, b), blocks(a2, b, c),
				blocks(conflict(a1, a2), b, c)},
			{"one removed it", base, b, blocks(a2, b, c), blocks(conflict("", a2), b, c)},
			{"both removed it", base, blocks(b, c), blocks(b, d), blocks(b, c, d)},
		} {
			m.run(t)
		}
	}
	lockBase := "version = 1\n\n" + blocks(marked.Replace(conflict(block("a:1"), block("a:2"))), block("b"))
	for _, c := range []struct{ ours, theirs, want string }{
		{"a:2 b c", "a:2 d", "a:2 c d"},
		{"b c", "b d", "b c d"},
	} {
		r := records.Merge("ppm.lock", []byte(lockBase), []byte(lockText(c.ours)), []byte(lockText(c.theirs)),
			records.Options{})
		if string(r.Text) != lockText(c.want) || !r.Clean() {
			t.Errorf("%v: got\n%s", c, r.Text)
		}
	}
	r := records.Merge("ppm.lock", []byte(lockBase), []byte(lockText("b")), []byte(lockText("a:2 b")),
		records.Options{})
	if want := "version = 1\n\n" + blocks(conflict("", block("a:2")), block("b")); string(r.Text) != want {
		t.Errorf("one removed it: got\n%s", r.Text)
	}
	r = records.Merge("ppm.toml", []byte("broken"), []byte(blocks(a1, b)), []byte(blocks(a2, b)), records.Options{})
	if want := blocks(conflict(a1, a2), b); string(r.Text) != want {
		t.Errorf("a broken base: got\n%s", r.Text)
	}
}
