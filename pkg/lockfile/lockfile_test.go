package lockfile_test

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// reference parses a valid reference.
func reference(s string) ref.Ref {
	r, err := ref.Parse(s)
	if err != nil {
		panic(err)
	}
	return r
}

const (
	commit = "1111111111111111111111111111111111111111"
	tag    = "2222222222222222222222222222222222222222"
	tree   = "3333333333333333333333333333333333333333"
	signer = "ssh:SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	sum    = "h1:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
	sha    = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
)

// golden is a lock of two installs: a file at an annotated tag that links led to, and a folder at a bare commit.
const golden = `version = 1

[[component]]
path = "a.py"
source = "p@v1//a"
url = "builtin:p"
ref = "refs/tags/v1"
object = "` + tag + `"
commit = "` + commit + `"
signer = "builtin"
tree = "` + tree + `"
digest = "` + sum + `"
render = 1
via = ["q//a", "q@v2//b"]
via_commits = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]
keys.typed = { docker = false, "odd key" = "a \"b\"\n", source = "timer" }
keys.project = { keywords = ["a", "b \"c\""], none = [] }
[[component.file]]
path = "a.py"
digest = "` + sha + `"
mode = "0755"

[[component]]
path = "b/c"
source = "git@h.x:p.git@1111111//b"
url = "git@h.x:p.git"
ref = ""
commit = "` + commit + `"
signer = "` + signer + `"
tree = "` + tree + `"
digest = "` + sum + `"
render = 1
[[component.file]]
path = "b/c/1"
digest = "` + sha + `"
mode = "0644"
found = true
conflict = "` + sha + `"
marker = 9
sides = true
[[component.file]]
path = "d"
from = "b/c/2"
digest = "` + sha + `"
mode = "0644"
`

func goldenLock() *lockfile.Lock {
	l := &lockfile.Lock{}
	l.Put(lockfile.Component{
		Path: "b/c", Source: reference("git@h.x:p.git@1111111//b"), URL: "git@h.x:p.git", Object: commit,
		Commit: commit, Signer: signer, Tree: tree, Digest: sum, Render: 1, Dir: true,
		Files: []lockfile.File{{Path: "d", From: "b/c/2", Digest: sha, Mode: "0644"},
			{Path: "b/c/1", Digest: sha, Mode: "0644", Found: true, Conflict: sha, Marker: 9, Sides: true}},
	})
	l.Put(lockfile.Component{
		Path: "a.py", Source: reference("p@v1//a"), URL: "builtin:p", Ref: "refs/tags/v1", Object: tag, Commit: commit,
		Signer: lockfile.Builtin,
		Tree:   tree, Digest: sum, Render: 1,
		Keys: map[string]lockfile.Key{
			"source": key("timer", lockfile.Typed), "odd key": key("a \"b\"\n", lockfile.Typed),
			"docker": key(false, lockfile.Typed), "keywords": key([]string{"a", "b \"c\""}, lockfile.Project),
			"none": key([]string{}, lockfile.Project),
		},
		Via:        []ref.Ref{reference("q//a"), reference("q@v2//b")},
		ViaCommits: []string{strings.Repeat("a", 40), strings.Repeat("b", 40)},
		Files:      []lockfile.File{{Path: "a.py", Digest: sha, Mode: "0755"}},
	})
	return l
}

func TestFormat(t *testing.T) {
	if got := string(goldenLock().Format()); got != golden {
		t.Errorf("Format:\n%s\nwant\n%s", got, golden)
	}
	if got := string((&lockfile.Lock{}).Format()); got != "version = 1\n" {
		t.Errorf("Format of an empty lock: %q", got)
	}
}

func TestParse(t *testing.T) {
	blocks := strings.SplitAfter(golden, "\n\n")
	for _, text := range []string{
		golden,
		strings.ReplaceAll(golden, "\n", "\r\n"), // as git checks it out on Windows
		"\ufeff# a comment\n" + golden,
		blocks[0] + blocks[2] + blocks[1], // in another order
	} {
		l, err := lockfile.Parse("ppm.lock", []byte(text))
		if err != nil || !reflect.DeepEqual(l, goldenLock()) {
			t.Errorf("Parse(%q):\n%+v, %v", text, l, err)
		}
	}
}

// fields are lines of the golden lock with invalid values for them. Unless it is optional, a line must not be missing.
var fields = []struct {
	line     string
	optional bool // a lock without it is valid; sync compares it with the pack
	bad      []string
}{
	{`version = 1`, false, []string{`0`, `-1`, `2`, `"1"`, `1.0`}},
	// Of the component.
	{`path = "a.py"` + "\nsource", false,
		[]string{`""`, `"/a.py"`, `"../a.py"`, `"./a.py"`, `"a.py/"`, `".git/a.py"`, `"b.py"`, `"a\u0000.py"`, `1`}},
	{`source = "p@v1//a"`, false,
		[]string{`""`, `"p@v1"`, `"p@@//"`, `"https://user:secret@h.x/p.git//a"`, `"\u0007"`, `true`}},
	{`url = "builtin:p"`, false,
		[]string{`""`, `"--upload-pack=x"`, `"https://token@h.x/p.git"`, `"https://user:secret@h.x/p.git"`,
			`"ssh://user:secret@h.x/p.git"`, `"a\nb"`, `[]`}},
	{`ref = "refs/tags/v1"`, false,
		[]string{`"v1"`, `"refs/tags/a b"`, `"refs/tags/../../v1"`, `"refs/tags//v1"`, `"refs/tags/v1.lock"`,
			`"--x"`, `1`, `"refs/tags/v2"`, `"refs/heads/v2"`, `"HEAD"`, `""`}},
	{`object = "` + tag + `"`, true,
		[]string{`""`, `"22"`, `"` + commit + `"`, `"` + strings.Repeat("G", 40) + `"`, `1`}},
	{`commit = "` + commit + `"`, false,
		[]string{`""`, `"1111111"`, `"` + strings.Repeat("A", 40) + `"`, `"HEAD"`, `1`}},
	{`signer = "builtin"`, false,
		[]string{`""`, `"unsigned"`, `"builtin:x"`, `"` + signer + `"`, `true`}},
	{`signer = "` + signer + `"`, false,
		[]string{`""`, `"builtin"`, `"unsigned:x"`, `"unverified:"`, `"ssh:"`, `"pgp:0123"`, `"openpgp:a b"`,
			`"x509:\u202e"`, `"x509:` + strings.Repeat("x", 512) + `"`, `1`}},
	{`tree = "` + tree + `"`, false, []string{`""`, `"333"`, `"` + strings.Repeat("3", 41) + `"`, `1`}},
	{`digest = "` + sum + `"`, false,
		[]string{`""`, `"h1:"`, `"h1:AAAA"`, `"` + sum + `\n"`, `"h2:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="`,
			`"` + strings.Replace(sum, "U=", "V=", 1) + `"`, `"` + sha + `"`, `1`}},
	{`render = 1`, false, []string{`0`, `-1`, `"1"`, `99999999999999999999`}},
	{`via_commits = ["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]`, false,
		[]string{`["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"]`, `["aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "x"]`,
			`[1, 2]`, `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`}},
	{`via = ["q//a", "q@v2//b"]`, false, []string{`[""]`, `["@@"]`, `[1]`, `"q//a"`}},
	{`keys.typed = { docker = false, "odd key" = "a \"b\"\n", source = "timer" }`, true,
		[]string{`{ a = 1 }`, `{ a = [1] }`, `{ a = ["x", ["y"]] }`, `{ a = {} }`, `{ a = [{}] }`, `[]`, `"x"`,
			`{ keywords = "twice" }`}},
	{`keys.project = { keywords = ["a", "b \"c\""], none = [] }`, true, []string{`{ source = "twice" }`, `true`}},
	// Of a file.
	{`path = "b/c/1"`, false,
		[]string{`""`, `"/b/c/1"`, `"b/c/../1"`, `"b/d"`, `"b/c"`, `"b/cd"`, `"d"`, `"d/3"`, `"b/c/.git/x"`,
			`"b/c/CON"`, `1`}},
	{`digest = "` + sha + `"`, false,
		[]string{`""`, `"sha256:"`, `"` + sum + `"`, `"` + strings.ToUpper(sha) + `"`, `"md5:00"`, `1`}},
	{`from = "b/c/2"`, false, []string{`"/b/c/2"`, `"b/c/../2"`, `"b/2"`, `"d"`, `"b/c/1"`, `"b/c/.git/x"`, `1`}},
	{`conflict = "` + sha + `"`, false, []string{`""`, `"sha256:"`, `"` + sum + `"`, `1`}},
	{`marker = 9`, true, []string{`-1`, `"9"`, `true`}},
	{`sides = true`, true, []string{`1`, `"true"`}},
	{`found = true`, true, []string{`1`, `"true"`, `[]`}},
	{`mode = "0755"`, false, []string{`""`, `"0777"`, `"755"`, `"4755"`, `"0o755"`, `493`}},
}

func TestParseRefusesEveryChange(t *testing.T) {
	refuse := func(what, text string) {
		t.Helper()
		l, err := lockfile.Parse("ppm.lock", []byte(text))
		want := failure.Usage
		if strings.Contains(fmt.Sprint(err), "does not match its source") {
			want = failure.Integrity
		}
		if err == nil || l != nil || !errors.Is(err, want) || failure.Hint(err) == "" ||
			!strings.Contains(err.Error(), `"ppm.lock"`) {
			t.Errorf("%s: %+v, %v (hint %q), want an error of kind %v", what, l, err, failure.Hint(err), want)
		}
	}
	for _, f := range fields {
		line, rest, _ := strings.Cut(f.line, "\n") // the second line distinguishes equal lines
		if !strings.Contains(golden, f.line) {
			t.Fatalf("the golden lock has no line %q", f.line)
		}
		replace := func(by string) string {
			return strings.Replace(golden, f.line, strings.TrimPrefix(by+"\n"+rest, "\n"), 1)
		}
		key, _, _ := strings.Cut(line, " ")
		refuse("twice: "+line, replace(line+"\n"+line))
		refuse("unknown: "+line, replace(strings.ToUpper(key)+" = 1\n"+line))
		for _, v := range f.bad {
			refuse(key+" = "+v, replace(key+" = "+v))
		}
		if !f.optional {
			refuse("without "+line, replace(""))
		} else if _, err := lockfile.Parse("ppm.lock", []byte(replace(""))); err != nil {
			t.Errorf("without %s: %v", line, err)
		}
	}
}

func TestParseComparesRefWithVersion(t *testing.T) {
	abbreviated := commit[:7]
	for _, c := range []struct {
		source  string
		allowed []string // of all refs below
	}{
		{"p//a", []string{"HEAD", "refs/heads/main", "refs/heads/dev", "refs/heads/v1"}},
		{"p@latest//a", []string{"HEAD", "refs/heads/main", "refs/heads/dev", "refs/heads/v1"}},
		{"p@dev//a", []string{"refs/heads/dev"}},
		{"p@v1//a", []string{"refs/tags/v1", "refs/heads/v1"}},
		{"p@refs/heads/v1//a", []string{"refs/heads/v1"}},
		{"p@main//a", []string{"refs/heads/main"}},
		{"p@v*//a", []string{"refs/tags/v1", "refs/tags/v2"}},
		{"p@v~1.0.0//a", []string{"refs/tags/v1", "refs/tags/v2"}},
		{"p@" + abbreviated + "//a", []string{""}},
		{"p@abcdef0//a", nil}, // no commit of the lock
		{"p@" + commit + "//a", []string{""}},
	} {
		for _, ref := range []string{"", "HEAD", "refs/heads/main", "refs/heads/dev", "refs/heads/v1", "refs/tags/v1",
			"refs/tags/v2"} {
			text := strings.NewReplacer(`"p@v1//a"`, strconv.Quote(c.source), `"refs/tags/v1"`, strconv.Quote(ref)).
				Replace(golden)
			_, err := lockfile.Parse("ppm.lock", []byte(text))
			if allowed := slices.Contains(c.allowed, ref); (err == nil) != allowed ||
				!allowed && !errors.Is(err, failure.Integrity) {
				t.Errorf("source %q and ref %q: %v", c.source, ref, err)
			}
		}
	}
}

func TestParseRefuses(t *testing.T) {
	parts := strings.SplitAfter(golden, "\n\n")
	files := strings.Index(golden, "[[component.file]]")
	for _, c := range []struct{ text, want string }{
		{"", "version of the format is missing"},
		{"version = 2\n[future]\nx = 1\n", "newer ppm"}, // with a field that this version does not know
		{"version = 2\n", "newer ppm"},
		{parts[0] + parts[1] + parts[1] + parts[2], "line 24: two components at one path"},
		{golden[:files], "has no files"},
		{parts[0] + parts[1] + "[[component.file]]\npath = \"A.PY\"\ndigest = \"" + sha + "\"\nmode = \"0644\"\n",
			"outside its component"},
		{fileLock("b.LICENSE"), "outside its component"},
		{fileLock("b.LICENSE\"\nlicense = true\nfrom = \"c.LICENSE"), "outside its component"},
		{fileLock("b/LICENSE"), "more than one file"},
		// On some file systems.
		{parts[0] + parts[2] + strings.ReplaceAll(strings.ReplaceAll(parts[2], `"b/c"`, `"B"`), `"b/c/`, `"B/c/`),
			"one name"},
		{golden + shared("0755"), `"b/c" and "b/c/1" both have "b/c/1", with different content`},
		{"version = 1\n<<<<<<< HEAD\nx\n=======\ny\n>>>>>>> theirs\n", "conflict markers"},
		{"version = 1\r\n=======\r\n", "conflict markers"},
		{"version = 1\n[component]\n", "array of tables"},
		{"version = 1\n[[components]]\n", "unknown field"},
		{strings.Replace(golden, "keys.typed", "keys.guessed", 1), `unknown field "component[0].keys.guessed"`},
		// A table of values without origins.
		{strings.Replace(golden, "keys.typed", "keys", 1), `unknown field "component[0].keys.`},
		{strings.Replace(golden, "none = []", "source = []", 1), `key "source" is both project and typed`},
		{"\x00\xff", "line 1"},
	} {
		l, err := lockfile.Parse("ppm.lock", []byte(c.text))
		if l != nil || !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), c.want) ||
			failure.Hint(err) == "" {
			t.Errorf("Parse(%q) = %+v, %v (hint %q), want an error with %q", c.text, l, err, failure.Hint(err), c.want)
		}
	}
}

// shared is an install of the single file "b/c/1", which also belongs to a folder of the golden lock.
func shared(mode string) string {
	first, _, _ := strings.Cut(golden[strings.Index(golden, `path = "b/c"`):], "[[")
	first = strings.Replace(first, `"b/c"`, `"b/c/1"`, 1)
	file := "path = \"b/c/1\"\ndigest = \"" + sha + "\"\nmode = \"" + mode + "\"\n"
	return "\n[[component]]\n" + first + "[[component.file]]\n" + file
}

func TestSharedFile(t *testing.T) {
	l, err := lockfile.Parse("ppm.lock", []byte(golden+shared("0644")))
	if err != nil || len(l.Components) != 3 {
		t.Errorf("two installs with the same file: %+v, %v", l, err)
	}
}

func TestLookups(t *testing.T) {
	l := goldenLock()
	if c, ok := l.Component("b/c"); !ok || !c.Dir {
		t.Errorf("Component(b/c) = %+v, %v", c, ok)
	}
	if _, ok := l.Component("b"); ok {
		t.Error("Component(b) found b/c")
	}
	if c, f, ok := l.Owner("d"); !ok || c.Path != "b/c" || f.Rendered() != "b/c/2" {
		t.Errorf("Owner(d) = %+v, %+v, %v", c, f, ok)
	}
	if _, _, ok := l.Owner("b/c/3"); ok {
		t.Error("Owner(b/c/3) found a file that no component has")
	}
	copied := l.Clone()
	if !copied.Remove("b/c") || copied.Remove("b/c") || len(l.Components) != 2 {
		t.Errorf("Remove(b/c) of a clone left %d components, and %d in the lock itself", len(copied.Components),
			len(l.Components))
	}
	c, _ := l.Component("a.py")
	c.Render = 2
	if l.Put(c); len(l.Components) != 2 || l.Components[0].Render != 2 {
		t.Errorf("Put at a known path: %+v", l.Components)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(golden))
	f.Add([]byte("version = 1\n"))
	f.Add([]byte(strings.ReplaceAll(golden, "\n", "\r\n")))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := lockfile.Parse("ppm.lock", data)
		if err != nil {
			return
		}
		text := l.Format()
		again, err := lockfile.Parse("ppm.lock", text)
		if err != nil || !reflect.DeepEqual(again, l) {
			t.Fatalf("Parse(Format(x)) = %+v, %v, want %+v", again, err, l)
		}
		if !bytes.Equal(again.Format(), text) {
			t.Errorf("Format(Parse(b)) = %q, want %q", again.Format(), text)
		}
		for _, text := range [][]byte{text, bytes.ReplaceAll(text, []byte("\n"), []byte("\r\n"))} {
			if fast := lockfile.ParseFormatted(text); !reflect.DeepEqual(fast, l) {
				t.Errorf("ParseFormatted(%q) = %+v, want %+v", text, fast, l)
			}
		}
		decoded, err := lockfile.Parse("ppm.lock", append(text, "# a comment"...))
		if err != nil || !reflect.DeepEqual(decoded, again) {
			t.Errorf("with a comment, %q is parsed as %+v, %v; without it as %+v", text, decoded, err, again)
		}
	})
}

func FuzzFormat(f *testing.F) {
	f.Add("a/b.py", "name", "value \"x\"\n\x7f", "refs/tags/v1")
	f.Fuzz(func(t *testing.T, path, name, value, ref string) {
		if !utf8.ValidString(strings.Join([]string{path, name, value, ref}, " ")) {
			return // not allowed in a lock
		}
		l := goldenLock()
		l.Components[0].Path, l.Components[0].Files[0].Path, l.Components[0].Ref = path, path, ref
		l.Components[0].Keys = map[string]lockfile.Key{
			name:       {Value: value, Origin: lockfile.Typed},
			name + "s": {Value: []string{value, name}, Origin: lockfile.Project},
		}
		got, err := lockfile.Parse("ppm.lock", l.Format())
		if err != nil {
			return // an invalid path or ref
		}
		if c, ok := got.Component(path); !ok || !reflect.DeepEqual(c, l.Components[0]) {
			t.Errorf("Parse(Format(%+v)) = %+v", l.Components[0], c)
		}
	})
}

// fileLock returns the lock of an install that is the file "b" and has a second file, whose path ends the text before
// its other fields.
func fileLock(second string) string {
	sum := strings.Repeat("1", 64)
	return "version = 1\n\n[[component]]\npath = \"b\"\nsource = \"p@v1//x\"\nurl = \"builtin:p\"\n" +
		"ref = \"refs/tags/v1\"\n" +
		"commit = \"" + sum[:40] + "\"\nsigner = \"builtin\"\ntree = \"" + sum[:40] + "\"\n" +
		"digest = \"h1:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\"\nrender = 1\n" +
		"[[component.file]]\npath = \"b\"\ndigest = \"sha256:" + sum + "\"\nmode = \"0644\"\n" +
		"[[component.file]]\npath = \"" + second + "\"\ndigest = \"sha256:" + sum + "\"\nmode = \"0644\"\n"
}

// A license file can be beside an install that is a file, which stays one.
func TestParseLicenseFile(t *testing.T) {
	l, err := lockfile.Parse("ppm.lock", []byte(fileLock("b.LICENSE\"\nlicense = true\n#")))
	if err != nil {
		t.Fatal(err)
	}
	if c := l.Components[0]; c.Dir || len(c.Files) != 2 || !c.Files[1].License {
		t.Errorf("got %+v", c)
	}
}
