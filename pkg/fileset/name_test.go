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
		"a",                       // the shortest
		"src/pkg/__init__.py",     // an ordinary one
		".gitignore",              // git's files that are content
		".gitattributes",          //
		".gitmodules",             // needs the user to run git submodule
		".github/workflows/a.yml", //
		"git",                     // not metadata without its dot
		"ppm.toml",                //
		"...a",                    // dots that lead
		"a b/c d.txt",             // spaces inside
		"测试/組件.py",                // other scripts
		"é.txt", "e\u0301.txt",    // either Unicode form
		"console.go", "com.txt", "com10", "nullable", // only begin like devices
		"file~.txt", "~1x", "backup-of-it~1", // not short names
		"a#b%c&d'e(f)g+h,i;j=k@l[m]n{o}^`!$-_",                                      // every ASCII mark that Windows allows
		strings.Repeat("a", 255),                                                    // as long as a segment may be
		strings.Repeat("a/", 63) + "a",                                              // as deep as may be
		strings.Repeat(strings.Repeat("a", 127)+"/", 31) + strings.Repeat("b", 128), // as long as may be
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
		"a//b",                                              //
		".", "..", "./a", "a/..", "a/../b", "../a", "a/./b", // not names
		"a\\b", "..\\a", "\\\\host\\share", "C:/a", "C:a", "a:b", "a::$DATA", // Windows paths and streams
		"a<b", "a>b", "a\"b", "a|b", "a?b", "a*b", // what Windows does not allow
		"a\x00b", "a\nb", "a\tb", "a\x1b[31mb", "a\x7fb", "a\u0085b", // control characters
		"a\u202eb", "a\u2066b", "a\u200fb", "a\u061cb", // bidirectional marks
		"a\u200bb", "a\u200cb", "a\u200db", "\ufeffa", "a\u00adb", "a\u2060b", "a\u3164b", "a\ufe0fb", "a\U000e0041b", // not shown
		"a\u2028b", "a\u2029b", // line separators
		"a\xffb", "\xc0\xaf", "\xed\xa0\x80", // not UTF-8
		"a.", "a ", "a./b", "a /b", "...", "a. .", // trailing dot or space
		".git", ".git/config", "a/.git/hooks/x", ".GIT", ".Git", ".g\u200cit", ".gi\u200dt", ".git\u200e", ".\u202agit", "\ufeff.git", // git's
		".git.", ".git ", ".git...", ".git . .", ".git::$INDEX_ALLOCATION", ".git:x", ".git\\config", "git~1", "GIT~1", "GIT~2", "gi7eba~1", "git~1.", //
		"．git", ".ｇit", ".ⓖit", // wide and circled letters
		".hg", ".HG/x", "hg~1", ".svn", ".SvN", ".ſvn", ".bzr", ".jj", ".ppm", ".PPM/lock", "a/.ppm", "ppm~1", // other tools'
		"con", "CON", "Con.txt", "a/con.tar.gz", "aux.c", "nul", "prn", "COM1", "com9.txt", "LPT1", "lpt0", "COM¹", "LPT³.x", "com².c", "conin$", "CONOUT$", "con .txt", // devices
		"PROGRA~1", "x~1.txt", // short names
		strings.Repeat("a", 256),                               // too long a segment
		strings.Repeat("é", 128),                               // bytes count, not characters
		strings.Repeat("a/", 64) + "a",                         // too deep
		strings.Repeat(strings.Repeat("a", 127)+"/", 32) + "b", // too long
	} {
		err := fileset.CheckPath(p)
		if !errors.Is(err, failure.Refused) {
			t.Errorf("CheckPath(%q) = %v, want it refused", p, err)
			continue
		}
		if failure.Hint(err) == "" || len(err.Error()) > 1100 || strings.ContainsAny(err.Error(), "\n\x1b\u202e\u200c") {
			t.Errorf("CheckPath(%q): unfit for output: %q", p, err)
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
		{"a a.b a-b a/b-c", "both a file and a folder"}, // others sort between
		{"a/b a", "both a file and a folder"},           // in any order
		{"a/b/c a/b", "both a file and a folder"},       // deeper
		{"a b a", "two files at one path"},
		{"README readme", `"README" and "readme"`},
		{"a/x A/y", `"A" and "a"`},    // folders
		{"a/x A", `"A" and "a"`},      // a folder and a file
		{"é e\u0301", "Unicode form"}, // composed and decomposed
		{"É e\u0301", "Unicode form"}, // both at once
		{"ß SS", "one name"},          // full folding
		{"Σ ς σ", "one name"},         // three sigmas
		{"K k", "one name"},           // the Kelvin sign
		{"a/B/c/d a/b/c/d", "a/B"},    // the folder, not each file in it
		{"é/a é/b", ""},               // one folder, one spelling
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
			t.Errorf("accepted %q, which lies in .git", p)
		}
		if err := fileset.CheckPath("folder/" + p); len(p) < 4000 && strings.Count(p, "/") < 60 && err != nil {
			t.Errorf("accepted %q, but not in a folder: %v", p, err)
		}
		if err := fileset.CheckCollisions([]string{p}); err != nil {
			t.Errorf("%q collides with itself: %v", p, err)
		}
		if fileset.CheckCollisions([]string{p, p}) == nil {
			t.Errorf("%q twice does not collide", p)
		}
	})
}
