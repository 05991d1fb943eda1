package license_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/license"
)

func TestParse(t *testing.T) {
	for _, c := range []struct{ text, want, licenses string }{
		{"MIT", "MIT", "MIT"},
		{" MIT  OR\tApache-2.0 ", "MIT OR Apache-2.0", "MIT,Apache-2.0"},
		{"GPL-2.0+", "GPL-2.0+", "GPL-2.0+"},
		{"(MIT AND(BSD-3-Clause))", "(MIT AND (BSD-3-Clause))", "MIT,BSD-3-Clause"},
		{"GPL-2.0-only WITH Classpath-exception-2.0 AND MIT", "GPL-2.0-only WITH Classpath-exception-2.0 AND MIT",
			"GPL-2.0-only WITH Classpath-exception-2.0,MIT"},
		{"LicenseRef-Own.1 OR DocumentRef-x:LicenseRef-y OR LicenseRef-Own.1",
			"LicenseRef-Own.1 OR DocumentRef-x:LicenseRef-y OR LicenseRef-Own.1",
			"LicenseRef-Own.1,DocumentRef-x:LicenseRef-y"},
		{"Newer-Than-Any-List-9.9", "Newer-Than-Any-List-9.9", "Newer-Than-Any-List-9.9"},
		{"Android AND Orc", "Android AND Orc", "Android,Orc"}, // they begin like operators
	} {
		got, err := license.Parse(c.text)
		if err != nil || got.String() != c.want || strings.Join(got.Licenses(), ",") != c.licenses {
			t.Errorf("Parse(%q) = %q with %q, %v", c.text, got, got.Licenses(), err)
			continue
		}
		again, err := license.Parse(got.String())
		if err != nil || again.String() != got.String() {
			t.Errorf("Parse(%q) = %q, %v", got, again, err)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"":                          "it is empty",
		" ":                         "it is empty",
		"Apache 2.0":                `"2.0" cannot follow "Apache"`,
		"MIT or BSD-3-Clause":       "write OR in upper case",
		"MIT WITH":                  `it ends after "WITH"`,
		"MIT OR":                    `it ends after "OR"`,
		"OR MIT":                    `it begins with "OR"`,
		"and MIT":                   "write AND in upper case",
		"MIT AND OR BSD-3-Clause":   `"OR" cannot follow "AND"`,
		"(MIT":                      `a "(" has no ")"`,
		"MIT)":                      `a ")" has no "("`,
		"()":                        `a ")" has no "("`,
		"(MIT BSD-3-Clause)":        `"BSD-3-Clause" cannot follow "MIT"`,
		"MIT WITH (x)":              `"(" cannot follow "WITH"`,
		"MIT WITH x+":               `"x+" is not an exception`,
		"(MIT) WITH x":              `"WITH" cannot follow ")"`,
		"MIT WITH x WITH y":         `"WITH" cannot follow "x"`,
		"MIT/Apache-2.0":            `"MIT/Apache-2.0" is not a license`,
		"MIT++":                     `"MIT++" is not a license`,
		"+":                         `"+" is not a license`,
		"LicenseRef-":               `"LicenseRef-" is not a license`,
		"LicenseRef-a+":             `"LicenseRef-a+" is not a license`,
		"DocumentRef-a:MIT":         `"DocumentRef-a:MIT" is not a license`,
		"DocumentRef-:LicenseRef-a": "is not a license",
		"NOASSERTION":               "names no license",
		"MIT OR none":               "names no license",
		"Лицензия":                  "is not a license",
		strings.Repeat("(", 40) + "MIT" + strings.Repeat(")", 40): "more than 32 parentheses",
		"MIT" + strings.Repeat(" OR MIT", 200):                    "more than 1024 bytes",
	} {
		_, err := license.Parse(text)
		if err == nil || !strings.Contains(err.Error(), want) ||
			!errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
			t.Errorf("Parse(%q): %v, want %q", text, err, want)
		}
	}
}

func TestIsSatisfied(t *testing.T) {
	for _, c := range []struct {
		text, allowed string
		want          bool
	}{
		{"MIT", "MIT", true},
		{"MIT", "ISC", false},
		{"MIT OR ISC", "ISC", true},
		{"MIT AND ISC", "ISC", false},
		{"MIT AND ISC", "ISC MIT", true},
		{"MIT OR ISC AND Zlib", "ISC", false}, // AND binds first
		{"MIT OR ISC AND Zlib", "MIT", true},
		{"(MIT OR ISC) AND Zlib", "MIT", false},
		{"(MIT OR ISC) AND Zlib", "Zlib ISC", true},
		{"MIT AND ISC OR Zlib OR X", "X", true},
		{"GPL-2.0-only WITH e", "GPL-2.0-only", false},
	} {
		e, err := license.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		allowed := strings.Fields(c.allowed)
		if got := e.IsSatisfied(func(l string) bool { return slices.Contains(allowed, l) }); got != c.want {
			t.Errorf("%q with %q: %v", c.text, c.allowed, got)
		}
	}
	if (license.Expression{}).IsSatisfied(func(string) bool { return true }) {
		t.Error("no license is satisfied")
	}
}

func FuzzParse(f *testing.F) {
	f.Add("(MIT AND GPL-2.0+ WITH x) OR LicenseRef-a")
	f.Fuzz(func(t *testing.T, text string) {
		e, err := license.Parse(text)
		if err != nil {
			return
		}
		again, err := license.Parse(e.String())
		if err != nil || again.String() != e.String() || !slices.Equal(again.Licenses(), e.Licenses()) {
			t.Errorf("%q gives %q, which gives %q, %v", text, e, again, err)
		}
	})
}
