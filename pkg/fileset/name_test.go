package fileset_test

import (
	"errors"
	"io/fs"
	"path"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

func TestCheckPathAccepts(t *testing.T) {
	for _, p := range []string{
		"a",                   // the shortest
		"src/pkg/__init__.py", // an ordinary path
		".gitignore",          // files of git that are content
		".gitattributes",
		".gitmodules", // has no effect until the user runs git submodule
		".github/workflows/a.yml",
		"git", // not .git
		"ppm.toml",
		"...a",                 // leading dots
		"a b/c d.txt",          // spaces inside
		"测试/組件.py",             // other scripts
		"é.txt", "e\u0301.txt", // either Unicode form
		"console.go", "com.txt", "com10", "nullable", // only start like devices
		"file~.txt", "~1x", "backup-of-it~1", // not short names
		// All ASCII punctuation that Windows allows.
		"a#b%c&d'e(f)g+h,i;j=k@l[m]n{o}^`!$-_",
		strings.Repeat("a", 255),                                                    // the longest segment
		strings.Repeat("a/", 63) + "a",                                              // the deepest path
		strings.Repeat(strings.Repeat("a", 127)+"/", 31) + strings.Repeat("b", 128), // the longest path
	} {
		if err := fileset.CheckPath(p); err != nil {
			t.Errorf("CheckPath(%q) = %v", p, err)
		}
	}
}

func TestCheckPathRefuses(t *testing.T) {
	for _, p := range []string{
		"",                              // empty
		"/", "/a", "//host/share", "a/", // absolute; empty segments
		"a//b",
		".", "..", "./a", "a/..", "a/../b", "../a", "a/./b", // not names
		"a\\b", "..\\a", "\\\\host\\share", "C:/a", "C:a", "a:b", "a::$DATA", // Windows paths and streams
		"a<b", "a>b", "a\"b", "a|b", "a?b", "a*b", // not allowed on Windows
		"a\x00b", "a\nb", "a\tb", "a\x1b[31mb", "a\x7fb", "a\u0085b", // control characters
		"a\u202eb", "a\u2066b", "a\u200fb", "a\u061cb", // bidirectional marks
		// Invisible.
		"a\u200bb", "a\u200cb", "a\u200db", "\ufeffa", "a\u00adb", "a\u2060b", "a\u3164b", "a\ufe0fb", "a\U000e0041b",
		"a\u2028b", "a\u2029b", // line separators
		"a\xffb", "\xc0\xaf", "\xed\xa0\x80", // not UTF-8
		"a.", "a ", "a./b", "a /b", "...", "a. .", // trailing dot or space
		// Git.
		".git", ".git/config", "a/.git/hooks/x", ".GIT", ".Git", ".g\u200cit", ".gi\u200dt", ".git\u200e",
		".\u202agit", "\ufeff.git",
		".git.", ".git ", ".git...", ".git . .", ".git::$INDEX_ALLOCATION", ".git:x", ".git\\config", "git~1", "GIT~1",
		"GIT~2", "gi7eba~1", "git~1.",
		"．git", ".ｇit", ".ⓖit", // wide and circled letters
		// Other tools.
		".hg", ".HG/x", "hg~1", ".svn", ".SvN", ".ſvn", ".bzr", ".jj", ".ppm", ".PPM/lock", "a/.ppm", "ppm~1",
		// Devices.
		"con", "CON", "Con.txt", "a/con.tar.gz", "aux.c", "nul", "prn", "COM1", "com9.txt", "LPT1", "lpt0", "COM¹",
		"LPT³.x", "com².c", "conin$", "CONOUT$", "con .txt",
		"PROGRA~1", "x~1.txt", // short names
		strings.Repeat("a", 256),                               // the segment is too long
		strings.Repeat("é", 128),                               // bytes count, not characters
		strings.Repeat("a/", 64) + "a",                         // the path is too deep
		strings.Repeat(strings.Repeat("a", 127)+"/", 32) + "b", // the path is too long
	} {
		err := fileset.CheckPath(p)
		if !errors.Is(err, failure.Refused) {
			t.Errorf("CheckPath(%q) = %v, want it refused", p, err)
			continue
		}
		if failure.Hint(err) == "" || len(err.Error()) > 1100 ||
			strings.ContainsAny(err.Error(), "\n\x1b\u202e\u200c") {
			t.Errorf("CheckPath(%q): the error is not printable: %q", p, err)
		}
	}
}

func TestCheckCollisions(t *testing.T) {
	for _, c := range []struct {
		paths string // separated by spaces
		want  string // part of the error, "" = none
	}{
		{"", ""},
		{"a b c/d c/e c/f/g", ""},
		{"a a.b a-b a/b-c", "both a file and a folder"}, // others sort between them
		{"a/b a", "both a file and a folder"},           // in any order
		{"a/b/c a/b", "both a file and a folder"},       // deeper
		{"a b a", "two files at one path"},
		{"README readme", `"README" and "readme"`},
		{"a/x A/y", `"A" and "a"`},    // folders
		{"a/x A", `"A" and "a"`},      // a folder and a file
		{"é e\u0301", "Unicode form"}, // composed and decomposed
		{"É e\u0301", "Unicode form"}, // case and form
		{"ß SS", "one name"},          // full case folding
		{"Σ ς σ", "one name"},         // three forms of sigma
		{"K k", "one name"},           // the Kelvin sign
		{"a/B/c/d a/b/c/d", "a/B"},    // reports the folder, not the files in it
		{"é/a é/b", ""},               // one folder, spelled once
	} {
		err := fileset.CheckCollisions(strings.Fields(c.paths))
		switch {
		case c.want == "" && err != nil:
			t.Errorf("CheckCollisions(%q) = %v", c.paths, err)
		case c.want != "" && (!errors.Is(err, failure.Refused) || !strings.Contains(err.Error(), c.want)):
			t.Errorf("CheckCollisions(%q) = %v, want %q", c.paths, err, c.want)
		}
	}
}

func FuzzCheckPath(f *testing.F) {
	for _, p := range []string{"a/b", ".g\u200cit", "../a", "COM¹.txt", "a\xff", "Ａ/ﬁ", "x~1"} {
		f.Add(p)
	}
	f.Fuzz(func(t *testing.T, p string) {
		if fileset.CheckPath(p) != nil {
			return
		}
		if path.Clean(p) != p || !fs.ValidPath(p) || strings.HasPrefix(p, "..") && p[:3] == "../" {
			t.Errorf("accepted %q, which is not clean", p)
		}
		if lower := strings.ToLower(p); lower == ".git" || strings.Contains("/"+lower+"/", "/.git/") {
			t.Errorf("accepted %q, which is in .git", p)
		}
		if err := fileset.CheckPath("folder/" + p); len(p) < 4000 && strings.Count(p, "/") < 60 && err != nil {
			t.Errorf("accepted %q, but refused it in a folder: %v", p, err)
		}
		if err := fileset.CheckCollisions([]string{p}); err != nil {
			t.Errorf("%q collides with itself: %v", p, err)
		}
		if fileset.CheckCollisions([]string{p, p}) == nil {
			t.Errorf("%q twice does not collide", p)
		}
	})
}
