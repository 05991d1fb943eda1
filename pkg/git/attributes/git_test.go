package attributes_test

import (
	"bytes"
	"flag"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/attributes"
)

var rounds = flag.Int("rounds", 60, "number of random checkouts to compare with those of git")

// Parts of random .gitattributes files and the names and contents of files.
var (
	patterns = []string{
		"*", "*.txt", "*.t?t", "a.txt", "b.bin", "/a.txt", "d/*", "d/**", "d/e/b.bin", "**/b.bin", "d/**/b.bin",
		"**/e/*",
		"e/*.txt", "*.{txt,bin}",
		"{a}.txt", "[ab].txt", "[!a].txt", "[[:alpha:]].txt", "d/", "!a.txt", `"a b.txt"`,
		`"d/\303\251.txt"`, `\a.txt`, "a**t", "e", "?.bin", "**", "/**", "é.txt", "[", "a.txt/**", "#a", `"a.txt`,
	}
	words = []string{
		"text", "-text", "!text", "text=auto", "text=input", "text=odd", "crlf", "-crlf", "crlf=input", "crlf=auto",
		"eol=crlf", "eol=lf", "eol=crlf", "eol=odd", "!eol",
		"ident", "-ident", "!ident", "ident=x", "binary", "-binary",
		"windows", "nested", "-windows", "!windows", "filter=lfs", "-filter", "diff", "bad/name=x", "-bad=eol",
		"working-tree-encoding=UTF-16", "working-tree-encoding=utf16le", "working-tree-encoding=UTF-16BE",
		"working-tree-encoding=UTF-16LE-BOM", "working-tree-encoding=UTF-16BE-BOM", "working-tree-encoding=UTF-32",
		"working-tree-encoding=UTF-32LE", "working-tree-encoding=UTF-8", "working-tree-encoding=ISO-8859-1",
		"working-tree-encoding=windows-1252", "working-tree-encoding=EUC-JP", "working-tree-encoding=",
		"!working-tree-encoding",
	}
	names = []string{
		"a.txt", "b.bin", "d/a.txt", "d/b.bin", "d/e/a.txt", "d/e/b.bin", "d/e/f/x.txt", "a b.txt", "d/é.txt",
		"{a}.txt", "e",
	}
	// Of stranger identifiers git has two opinions, depending on the other attributes.
	contents = []string{
		"", "one\ntwo\n", "one\r\ntwo\n", "one\r\ntwo\r\n", "one\rtwo\n", "no end", "\n\n",
		"a\x00b\n", "a\x1bb\tc\fd\n",
		"\x01\x02\n", strings.Repeat("long ", 60) + "\x01\n", "end\n\x1a", "\x1a\n", "$Id$\n",
		"$Id: old $\n$Id:x$ $Id: a b $\n",
		"$Id: cut\n$ $Id", "$Id: $ $Id:  $ $Id:ab$\n$Id: \n", "$Idea $Id$\r\n",
	}
)

const macros = "[attr]windows text eol=crlf\n[attr]nested windows ident\n"

func randomAttributes(r *rand.Rand, root bool) string {
	var out strings.Builder
	if root && r.IntN(2) == 0 {
		out.WriteString("\ufeff")
	}
	lines := []string{"# comment", ""}
	if r.IntN(2) == 0 { // also after the lines that use them, and where git ignores them
		lines = append(lines, macros)
	}
	for range 1 + r.IntN(6) {
		line := patterns[r.IntN(len(patterns))]
		for range 1 + r.IntN(4) {
			line += " " + words[r.IntN(len(words))]
		}
		lines = append(lines, line)
	}
	r.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	out.WriteString(strings.Join(lines, "\n"))
	return out.String()
}

// TestConversionIsThatOfGit compares the conversion of random files with what git checks out.
func TestConversionIsThatOfGit(t *testing.T) {
	count := *rounds
	if testing.Short() {
		count = min(count, 12)
	}
	converted := 0
	for seed := range count {
		r := rand.New(rand.NewPCG(uint64(seed), 9))
		files := map[string]string{".gitattributes": randomAttributes(r, true)}
		for _, dir := range []string{"d", "d/e"} {
			if r.IntN(2) == 0 {
				files[dir+"/.gitattributes"] = randomAttributes(r, false)
			}
		}
		var rules attributes.Rules
		for _, dir := range []string{".", "d", "d/e"} {
			if err := rules.Add(dir, []byte(files[path.Join(dir, ".gitattributes")])); err != nil {
				t.Fatal(err)
			}
		}
		for _, name := range names {
			files[name] = contents[r.IntN(len(contents))]
		}
		checkout := gitCheckout(t, files)
		for _, name := range names {
			want, err := os.ReadFile(filepath.Join(checkout, name))
			if err != nil {
				t.Fatal(err)
			}
			c := rules.Conversion(name)
			got, err := c.Apply([]byte(files[name]))
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("seed %d: %s %q with %+v is %q, and git's is %q", seed, name, files[name], c, got, want)
				for _, dir := range []string{"", "d/", "d/e/"} {
					t.Logf("%s.gitattributes:\n%s", dir, files[dir+".gitattributes"])
				}
			}
			if !bytes.Equal(got, []byte(files[name])) {
				if converted++; c.String() == "" {
					t.Errorf("%+v converts, and has no text", c)
				}
			}
		}
	}
	t.Logf("tried %d random checkouts", count)
	if converted < count {
		t.Errorf("only %d files of %d rounds were converted", converted, count)
	}
}

// gitCheckout makes a commit whose blobs are exactly files, and returns a clone of it.
func gitCheckout(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	git := func(stdin string, args ...string) string {
		cmd := exec.Command("git", args...)
		cmd.Dir, cmd.Stdin = filepath.Join(dir, "repo"), strings.NewReader(stdin)
		cmd.Env = []string{
			"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "GIT_CONFIG_NOSYSTEM=1", "GIT_AUTHOR_NAME=A",
			"GIT_AUTHOR_EMAIL=a",
			"GIT_COMMITTER_NAME=A", "GIT_COMMITTER_EMAIL=a",
		}
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
		return strings.TrimSpace(string(out))
	}
	if err := os.Mkdir(filepath.Join(dir, "repo"), 0o755); err != nil {
		t.Fatal(err)
	}
	git("", "init", "-q")
	var stream strings.Builder
	stream.WriteString("commit refs/heads/main\ncommitter A <a> 0 +0000\ndata 0\n")
	for _, name := range slices.Sorted(func(yield func(string) bool) {
		for name := range files {
			if !yield(name) {
				return
			}
		}
	}) {
		fmt.Fprintf(&stream, "M 100644 inline %s\ndata %d\n%s\n", name, len(files[name]), files[name])
	}
	git(stream.String(), "fast-import", "--quiet")
	git("", "clone", "-q", "-b", "main", ".", "../clone")
	return filepath.Join(dir, "clone")
}
