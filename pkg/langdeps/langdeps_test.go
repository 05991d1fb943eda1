package langdeps

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// merge merges texts that are required by the installs "a", "b" and so on.
func merge(language string, texts ...string) Union {
	var requirements []Requirement
	for i, text := range texts {
		requirements = append(requirements, Requirement{Text: text, By: []string{string(rune('a' + i))}})
	}
	u, err := Merge(language, requirements)
	if err != nil {
		panic(err)
	}
	return u
}

// merges holds lists of requirements and what they merge to.
var merges = []struct {
	language     string
	requirements string // separated by |
	want         string
	conflict     string // the package
}{
	{"py", "", "", ""},
	{"py", "b|a|b", "a|b", ""}, // sorted, without duplicates
	// The higher bound.
	{"py", "grpcio>=1.60|grpcio>=1.66,<2", "grpcio>=1.66,<2", ""},
	// One name in several spellings.
	{"py", "Foo_Bar|foo.bar>=1|foo--bar", "foo-bar>=1", ""},
	// Extras.
	{"py", "a[x,Y]|a[z_z,x]", "a[x,y,z-z]", ""},
	// The old form with parentheses.
	{"py", "a ( >= 1 , < 3 )", "a>=1,<3", ""},
	// A pin implies all.
	{"py", "a==1.5|a>=1.0", "a==1.5", ""},
	// Two spellings of one version.
	{"py", "a==1.0|a==1", "a==1.0", ""},
	// Implied.
	{"py", "a!=1.3|a>=1.5", "a>=1.5", ""},
	// An excluded range.
	{"py", "a!=1.5.*|a>=1,<2", "a>=1,<2,!=1.5.*", ""},
	// Compatible release.
	{"py", "a~=1.4.2|a>=1.4", "a~=1.4.2", ""},
	// Neither implies the other.
	{"py", "a~=1.4.2|a>=1.4.9", "a~=1.4.2,>=1.4.9", ""},
	// Allows pre-releases.
	{"py", "a>=2.0a1|a>=2.0", "a>=2.0a1,>=2.0", ""},
	// A package with the name of a language.
	{"py", "cython", "cython", ""},
	// One marker in two spellings.
	{"py", `a>=1; python_version<'3.9'|a>=2; python_version<"3.9"`, `a>=2 ; python_version < "3.9"`, ""},
	// In different environments.
	{"py", "a==1; os_name=='nt'|a==2; os_name=='posix'", `a==1 ; os_name == "nt"|a==2 ; os_name == "posix"`, ""},
	// Both apply on Windows.
	{"py", "a<2|a>=2; os_name=='nt'", `a<2|a>=2 ; os_name == "nt"`, "a"},
	// A URL and a version.
	{"py", "a @ https://e.example/a.whl|a>=1", "a @ https://e.example/a.whl|a>=1", ""},
	{"py", "a @ https://e.example/1.whl|a @ https://e.example/2.whl",
		"a @ https://e.example/1.whl|a @ https://e.example/2.whl", "a"},
	{"py", "a==1.0|a>=2", "a==1.0,>=2", "a"},
	{"py", "a>1,<1.0.1", "a>1,<1.0.1", ""},           // 1.0.0.1 is between
	{"py", "a<1|a>=1", "a>=1,<1", "a"},               // no version
	{"py", "a<=1|a>=1", "a>=1,<=1", ""},              // one version
	{"py", "a<2.0|a>=2.0rc1", "a>=2.0rc1,<2.0", "a"}, // "<2.0" excludes pre-releases of 2.0
	{"py", "a<2.1|a>=2.0rc1", "a>=2.0rc1,<2.1", ""},
	{"py", "a==1.*|a<1.2|a==2!1.0", "a==1.*,==2!1.0,<1.2", "a"}, // another epoch
	{"py", "a<1!0.1|a>=2020", "a>=2020,<1!0.1", ""},             // a higher epoch
	{"py", "a===1.0|a>=1", "a===1.0", ""},
	{"py", "a==1.0+cpu|a>=1", "a==1.0+cpu", ""},                  // local versions
	{"py", "a==1.0+cpu|a==1.0+gpu", "a==1.0+cpu,==1.0+gpu", "a"}, // different local versions
	// Uses the packages of Python.
	{"cython", "b==1|b>=2", "b==1,>=2", "b"},
	{"go", "example.com/m@v1.2.0|example.com/m@v1.10.0|example.com/m", "example.com/m@v1.10.0", ""}, // the highest
	{"go", "example.com/m@latest|example.com/m@v1.2.0", "example.com/m@latest", ""},
	{"go", "example.com/m|example.com/m/v2@v2.0.0", "example.com/m|example.com/m/v2@v2.0.0", ""}, // two modules
	{"go", "example.com/m@main|example.com/m@v1.2.0", "example.com/m@main|example.com/m@v1.2.0", "example.com/m"},
	{"go", "example.com/m@main|example.com/m", "example.com/m@main", ""},
	{"go", "example.com/m v1.2.0|example.com/m@v1.1.0", "example.com/m@v1.2.0", ""}, // as in go.mod
	{"js", "left@^1.2.0|left@^1.5.0|@a/b|left", "@a/b|left@^1.5.0", ""},
	{"js", "@a/b@~1.2|@a/b@>=1.2.3 <2", "@a/b@>=1.2.3 <2 ~1.2", ""},
	{"js", "x@1 || 2|x@>=1.5", "x@1 >=1.5 || 2 >=1.5", ""}, // alternatives
	// A hyphen range, without versions in ^3.
	{"js", "x@1.0.0 - 1.4.0|x@>=1.2.0 || ^3", "x@>=1.0.0 <=1.4.0 >=1.2.0", ""},
	{"js", "x@^1|x@^2", "x@^1 ^2", "x"},
	{"js", "x@next|x@^2", "x@^2|x@next", "x"}, // only a server can resolve a tag
	{"js", "x@next|x", "x@next", ""},
	{"js", "x@*", "x", ""},
	{"C", "zlib >= 1|libcurl|zlib >= 1", "libcurl|zlib >= 1", ""}, // a language without an installer
}

func TestMerge(t *testing.T) {
	for _, c := range merges {
		var texts []string
		if c.requirements != "" {
			texts = strings.Split(strings.ReplaceAll(c.requirements, " || ", " ∥ "), "|")
		}
		for i := range texts {
			texts[i] = strings.ReplaceAll(texts[i], " ∥ ", " || ")
		}
		u := merge(c.language, texts...)
		if u.Lines == nil || strings.Join(u.Lines, "|") != c.want {
			t.Errorf("%s %q: lines %q, want %q", c.language, c.requirements, u.Lines, c.want)
		}
		conflict := ""
		for _, found := range u.Conflicts {
			conflict += found.Package
		}
		if conflict != c.conflict {
			t.Errorf("%s %q: conflicts %v, want %q", c.language, c.requirements, u.Conflicts, c.conflict)
		}
		slices.Reverse(texts)
		if again := merge(c.language, texts...); !slices.Equal(again.Lines, u.Lines) {
			t.Errorf("%s %q: in reverse order %q, not %q", c.language, c.requirements, again.Lines, u.Lines)
		}
		if again := merge(c.language, u.Lines...); !slices.Equal(again.Lines, u.Lines) {
			t.Errorf("%s %q: merged again %q, not %q", c.language, c.requirements, again.Lines, u.Lines)
		}
	}
}

func TestConflictNamesInstalls(t *testing.T) {
	u := merge("py", "a==1.0", "a>=2", "a==1.0", "b")
	if len(u.Conflicts) != 1 {
		t.Fatalf("conflicts: %v", u.Conflicts)
	}
	r := u.Conflicts[0].Requirements
	if len(r) != 2 || r[0].Text != "a==1.0" || !slices.Equal(r[0].By, []string{"a", "c"}) ||
		!slices.Equal(r[1].By, []string{"b"}) {
		t.Errorf("the conflict is %+v", r)
	}
}

func TestEcosystem(t *testing.T) {
	for _, c := range []struct{ language, ecosystem, command string }{
		{"py", "py", "pip install -- x"},
		{"cython", "py", "pip install -- x"},
		{"go", "go", "go get -- x"},
		{"js", "js", "npm install -- x"},
		{"md", "md", ""},
	} {
		command := InstallCommand(c.language, []string{"x"})
		if Ecosystem(c.language) != c.ecosystem || command != c.command {
			t.Errorf("%s: ecosystem %q, command %q", c.language, Ecosystem(c.language), command)
		}
	}
}

// The expected results are those of the reference implementation of PEP 440.
func TestSpecifierAccepts(t *testing.T) {
	for _, c := range []struct {
		specifier string
		yes, no   string
	}{
		{"==1.2", "1.2 1.2.0 1.2+local v1.2", "1.2.1 1.2rc1 1.2.post1 1.2.dev0"},
		{"==1.2.*", "1.2 1.2.9 1.2rc1 1.2.post1 1.2.dev0", "1 1.3.dev0 1.1 1!1.2"},
		{"==1.0.*", "1 1.0.5", "1.1"}, // padded with zeros
		{"!=1.2.*", "1.3 1", "1.2 1.2.5"},
		{"~=1.4.2", "1.4.2 1.4.9 1.4.2.post1", "1.4.1 1.5 1.4.2rc1"},
		{"~=1.4", "1.4 1.9", "2.0 1.3"},
		{">1.7", "1.7.1 1.8 1.7.0.1", "1.7 1.7.0.post1 1.7+local 1.7.post1.dev1"},
		{">1.7.post2", "1.7.post3 1.7.1", "1.7.post2 1.7"},
		{"<3.1", "3.0 3.0.dev0", "3.1 3.1.dev0 3.1rc1"},
		{"<3.1rc1", "3.1b2 3.1.dev0 3.0", "3.1rc1 3.1"},
		{">=1.0.dev1", "1.0.dev1 1.0a1.dev1 1.0a1 1.0b1 1.0rc1 1.0 1.0.post1.dev1 1.0.post1", "1.0.dev0 0.9"},
		{"<=1.0", "1.0 1.0+local 1.0rc1 1-dev", "1.0.post0 1.0-1 1.0.1"},
		{"==1.0+cpu.1", "1.0+cpu.1 1.0+CPU-1", "1.0 1.0+gpu"},
		{"===1.0", "1.0", "1.0.1 1.0+local"},
	} {
		s, ok := parseSpecifier(c.specifier)
		if !ok {
			t.Errorf("parseSpecifier refused %q", c.specifier)
			continue
		}
		for want, texts := range map[bool]string{true: c.yes, false: c.no} {
			for text := range strings.FieldsSeq(texts) {
				v, ok := parsePyVersion(text)
				if got := s.accepts(v); !ok || got != want {
					t.Errorf("%s accepts %s: %v, parsed: %v", c.specifier, text, got, ok)
				}
			}
		}
	}
	for _, text := range []string{"=1", "==", "==a", "~=1", ">=1.*", ">=1+local", "==1rc1.*", "<1.2.3.4.x", "==1-",
		"1.0"} {
		if _, ok := parseSpecifier(text); ok {
			t.Errorf("parseSpecifier accepted %q", text)
		}
	}
}

// The manifest of a pack must not be able to slow ppm down.
func TestManyConstraintsAreNotSimplified(t *testing.T) {
	var specifiers, alternatives []string
	for i := range 5000 {
		specifiers = append(specifiers, fmt.Sprintf("!=1.%d", i))
		alternatives = append(alternatives, fmt.Sprintf("^%d", i))
	}
	if u := merge("py", "a"+strings.Join(specifiers, ",")); len(u.Lines) != 1 || len(u.Conflicts) != 0 {
		t.Errorf("specifiers become %d lines, %d conflicts", len(u.Lines), len(u.Conflicts))
	}
	if u := merge("js", "a@"+strings.Join(alternatives[:20], " || "),
		"a@"+strings.Join(alternatives[10:30], " || ")); len(u.Lines) != 2 || len(u.Conflicts) != 0 {
		t.Errorf("alternatives become %d lines, %d conflicts", len(u.Lines), len(u.Conflicts))
	}
}

func FuzzMerge(f *testing.F) {
	for _, seed := range [][3]string{
		{"py", "a[x]>=1.0rc1,!=1.2.*; os_name=='nt'", "A @ https://e.example/a"}, {"py", "a~=1.4", "a<0"},
		{"cython", "a==1!2+l", "a>0.0.dev0"},
		{"go", "m@v1", "m@v1.2.3+incompatible"}, {"js", "@a/b@1 - 2 || 3.x", "@a/b@<0.0.0"}, {"js", "@", "a@"},
	} {
		f.Add(seed[0], seed[1], seed[2])
	}
	f.Fuzz(func(t *testing.T, language, a, b string) {
		for _, text := range []string{a, b} {
			r := Requirement{Text: text}
			if Check(language, r) != nil {
				t.Skip()
			}
		}
		u := merge(language, a, b)
		for _, line := range u.Lines {
			if err := Check(language, Requirement{Text: line}); err != nil {
				t.Errorf("%q and %q: a merged line is refused: %v", a, b, err)
			}
		}
		if again := merge(language, b, a, b); !slices.Equal(u.Lines, again.Lines) {
			t.Errorf("%q and %q: %q in one order, %q in another", a, b, u.Lines, again.Lines)
		}
	})
}
