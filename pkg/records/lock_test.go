package records_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// locked returns an install for a word "PATH", "PATH:TAG" or "PATH:TAG:FILE".
func locked(word string) lockfile.Component {
	path, rest, _ := strings.Cut(word, ":")
	tag, file, _ := strings.Cut(rest, ":")
	from := path // the user moved it from there
	if file == "" || file == path {
		file, from = path, ""
	}
	source, err := ref.Parse("p@v" + tag + "0//" + path)
	if err != nil {
		panic(err)
	}
	id := strings.Repeat("1", 40)
	return lockfile.Component{
		Path: path, Source: source, URL: "builtin:p", Ref: "refs/tags/v" + tag + "0", Object: id, Commit: id,
		Signer: lockfile.Builtin, Tree: id, Digest: "h1:" + strings.Repeat("A", 43) + "=", Render: 1,
		Files: []lockfile.File{{
			Path: file, From: from, Digest: fmt.Sprintf("sha256:%064x", len(rest)+int(path[0])), Mode: "0644",
		}},
	}
}

// block returns the text of the install for a word.
func block(word string) string { return string(locked(word).Format()) }

// lockText returns the text of a lock with the installs for the words.
func lockText(words string) string {
	l := &lockfile.Lock{}
	for word := range strings.FieldsSeq(words) {
		l.Put(locked(word))
	}
	return string(l.Format())
}

func TestMergeLocks(t *testing.T) {
	for _, c := range []struct{ base, ours, theirs, want string }{
		{"a", "a b", "a c", "a b c"},     // each side added one
		{"", "a", "a", "a"},              // both added the same
		{"a b", "a", "a b c", "a c"},     // one removed, one added
		{"a:1", "a:2", "a:1 b", "a:2 b"}, // ours upgraded
		{"a:1", "a:1 b", "a:2", "a:2 b"}, // theirs upgraded
		{"a:1", "a:2 b", "a:2", "a:2 b"}, // both upgraded to the same
		{"a b", "b", "a", ""},            // each side removed one
		{"a", "a f:1:x", "a", "a f:1:x"}, // a file in a folder
		{"a:1", "b a:2", "a:2 c", "a:2 b c"},
	} {
		r := records.Merge("ppm.lock", []byte(lockText(c.base)), []byte(lockText(c.ours)), []byte(lockText(c.theirs)),
			records.Options{})
		if string(r.Text) != lockText(c.want) || !r.Clean() || r.Check("ppm.lock") != nil {
			t.Errorf("%v: got (%v)\n%s", c, r.Check("ppm.lock"), r.Text)
		}
	}
}

func TestMergeLocksWithConflicts(t *testing.T) {
	const header = "version = 1\n\n"
	for _, c := range []struct {
		name, base, ours, theirs string
		want, about              string
	}{
		{"both upgraded", "a:1 z:1", "a:1 z:2", "a:2 b z:3",
			header + blocks(block("a:2"), block("b"), conflict(block("z:2"), block("z:3"))), `the install at "z"`},
		{"both added", "b", "a:1 b", "a:2 b c",
			header + blocks(conflict(block("a:1"), block("a:2")), block("b"), block("c")), `the install at "a"`},
		{"one removed what the other upgraded", "a:1 b", "b", "a:2 b",
			header + blocks(conflict("", block("a:2")), block("b")), `the install at "a"`},
		{"two installs of one file", "m", "a:1:x m", "m z:2:x",
			header + blocks(conflict(block("a:1:x"), block("z:2:x")), block("m")),
			`the installs at "a" and "z", which have files in common`},
		{"a file where the other side needs a folder", "m", "a:1:x m", "m z:1:x/y",
			header + blocks(conflict(block("a:1:x"), block("z:1:x/y")), block("m")), `the installs at "a" and "z"`},
		{"names that differ in case", "", "a", "A",
			header + conflict(block("a"), block("A")), `the installs at "A" and "a"`},
		{"an upgrade that takes the file of a new install", "z:1:y", "z:22:x", "a:1:x z:1:y",
			header + conflict(block("z:22:x"), blocks(block("a:1:x"), block("z:1:y"))), `the installs at "a" and "z"`},
		{"two against one", "m", "a:1:x b:1:y m", "m z:1:x/y",
			header + blocks(conflict(block("a:1:x"), block("z:1:x/y")), block("b:1:y"), block("m")), `"a" and "z"`},
	} {
		r := records.Merge("ppm.lock", []byte(lockText(c.base)), []byte(lockText(c.ours)), []byte(lockText(c.theirs)),
			records.Options{})
		err := r.Check("ppm.lock")
		if string(r.Text) != c.want || r.ByLines != nil || !errors.Is(err, failure.Conflicts) ||
			!strings.Contains(err.Error(), c.about) || failure.Hint(err) == "" {
			t.Errorf("%s: got (%v)\n%s\nwant (%s)\n%s", c.name, err, r.Text, c.about, c.want)
		}
	}
}

func TestMergeLocksInOtherForms(t *testing.T) {
	crlf := func(s string) string { return strings.ReplaceAll(s, "\n", "\r\n") }
	base, ours, theirs := lockText("z:1"), lockText("a z:2"), lockText("z:3")
	for name, c := range map[string]struct{ base, ours, theirs, want string }{
		"CRLF": {crlf(base), crlf(ours), crlf(theirs),
			crlf("version = 1\n\n" + blocks(block("a"), conflict(block("z:2"), block("z:3"))))},
		"CRLF without conflict": {crlf(base), crlf(lockText("z:2")), crlf(lockText("a z:1")), crlf(lockText("a z:2"))},
		"ours changed to CRLF":  {base, crlf(lockText("z:2")), lockText("a z:1"), crlf(lockText("a z:2"))},
		"no base":               {"", lockText("a"), lockText("b"), lockText("a b")},
		"in another order":      {base, "# edited\n" + base + "\n" + block("a"), lockText("z:2"), lockText("a z:2")},
	} {
		r := records.Merge("ppm.lock", []byte(c.base), []byte(c.ours), []byte(c.theirs), records.Options{})
		if string(r.Text) != c.want {
			t.Errorf("%s: got\n%q\nwant\n%q", name, r.Text, c.want)
		}
	}
	r := records.Merge("ppm.lock", []byte(base), []byte(ours), []byte(theirs), records.Options{Style: merge.Diff3})
	want := "<<<<<<< ours\n" + block("z:2") + "||||||| base\n" + block("z:1") + "=======\n" + block("z:3") +
		">>>>>>> theirs\n"
	if !strings.HasSuffix(string(r.Text), want) {
		t.Errorf("diff3: got\n%s", r.Text)
	}
}

// everyField is the block of an install with every field.
const everyField = `[[component]]
path = "d"
source = "p@v1//x"
url = "builtin:p"
ref = "refs/tags/v1"
object = "2222222222222222222222222222222222222222"
commit = "1111111111111111111111111111111111111111"
signer = "builtin"
tree = "1111111111111111111111111111111111111111"
digest = "h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA="
render = 1
via = ["q@v1//link"]
via_commits = ["1111111111111111111111111111111111111111"]
keys.typed = { name = "text" }
[[component.file]]
path = "e"
from = "d/e"
digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"
lf_digest = "sha256:3333333333333333333333333333333333333333333333333333333333333333"
mode = "0644"
license = true
found = true
conflict = "sha256:2222222222222222222222222222222222222222222222222222222222222222"
marker = 8
sides = true
`

// TestMergeLocksKeepsEveryField fails when a new field is not in everyField, or not in the result of a merge.
func TestMergeLocksKeepsEveryField(t *testing.T) {
	text := "version = 1\n\n" + everyField
	l, err := lockfile.Parse("ppm.lock", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range []reflect.Value{reflect.ValueOf(l.Components[0]), reflect.ValueOf(l.Components[0].Files[0])} {
		for f, value := range v.Fields() {
			if value.IsZero() {
				t.Errorf("%s.%s is not in everyField", v.Type(), f.Name)
			}
		}
	}
	for _, c := range [][3]string{
		{lockText(""), text, lockText("z")},
		{lockText(""), lockText("z"), text},
		{text, text + "\n" + block("z"), text + "\n" + block("a")},
	} {
		r := records.Merge("ppm.lock", []byte(c[0]), []byte(c[1]), []byte(c[2]), records.Options{})
		if !strings.Contains(string(r.Text), "\n"+everyField) || !r.Clean() {
			t.Errorf("got\n%s", r.Text)
		}
	}
}

func TestMergeLocksWithMovedInstalls(t *testing.T) {
	moved := func(word, to string) string {
		path, _, _ := strings.Cut(word, ":")
		return strings.ReplaceAll(block(word), "path = \""+path+"\"", "path = \""+to+"\"")
	}
	lock := func(blocks ...string) string { return "version = 1\n\n" + strings.Join(blocks, "\n") }
	x, y := moved("a:1", "x"), moved("a:1", "y")
	for _, c := range []struct{ name, base, ours, theirs, want, about string }{
		{"the other left it", lockText("a:1 b"), lock(block("b"), x), lockText("a:1 b c"),
			lock(block("b"), block("c"), x), ""},
		{"the other upgraded it", lockText("a:1 b"), lock(block("b"), x), lockText("a:2 b c"),
			lock(conflict(x, block("a:2")), block("b"), block("c")), `the install at "a", which ours moved to "x"`},
		{"the other removed it", lockText("a:1 b"), lockText("b c"), lock(block("b"), x),
			lock(block("b"), block("c"), conflict("", x)), `the install at "a", which theirs moved to "x"`},
		{"both moved it", lockText("a:1 b"), lock(block("b"), x), lock(block("b"), y),
			lock(block("b"), conflict(x, y)), `the install at "a", which was moved to "x" and to "y"`},
		{"both moved it to one place", lockText("a:1 b"), lock(block("b"), x), lock(block("b"), block("c"), x),
			lock(block("b"), block("c"), x), ""},
	} {
		r := records.Merge("ppm.lock", []byte(c.base), []byte(c.ours), []byte(c.theirs), records.Options{})
		if string(r.Text) != c.want || strings.Join(r.Conflicts, ", ") != c.about || r.ByLines != nil {
			t.Errorf("%s: got (%q, %v)\n%s\nwant (%q)\n%s", c.name, r.Conflicts, r.ByLines, r.Text, c.about, c.want)
		}
	}
}
