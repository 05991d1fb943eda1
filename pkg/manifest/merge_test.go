package manifest_test

import (
	"errors"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

func TestMergeTexts(t *testing.T) {
	a1, a2, b, c := "[[component]]\nsource = \"p@v1//a\"\npath = \"a\"\n",
		"[[component]]\nsource = \"p@v2//a\"\npath = \"a\"\n",
		"[[component]]\nsource = \"p@v1//b\"\npath = \"b\"\n", "[[component]]\nsource = \"p@v1//c\"\npath = \"c\"\n"
	named := "# mine\n[project]\nname = \"x\"\n\n"
	for _, c := range []struct{ name, base, ours, theirs, want string }{
		{"each side added one", a1, a1 + "\n" + b, a1 + "\n" + c, a1 + "\n" + b + "\n" + c},
		{"both added the same", "", a1, a1, a1},
		{"theirs upgraded", a1, a1 + "\n" + b, a2, a2 + "\n" + b},
		{"ours upgraded", a1, a2, a1 + "\n" + b, a2 + "\n" + b},
		{"both upgraded equally", a1, a2, a2, a2},
		{"theirs removed one", a1 + "\n" + b, a1 + "\n" + b + "\n" + c, a1, a1 + "\n" + c},
		{"ours added [project]", a1, named + a1, a1 + "\n" + b, named + a1 + "\n" + b},
		{"theirs added [project]", a1, a1 + "\n" + b, named + a1, named + a1 + "\n" + b},
		{"both upgraded, differently", a1, a2, "[[component]]\nsource = \"p@v3//a\"\npath = \"a\"\n", ""},
		{"one removed what the other upgraded", a1, "", a2, ""},
		{"both changed the project, differently", named, "[project]\nname = \"y\"\n", "[project]\nname = \"z\"\n", ""},
	} {
		got, err := manifest.MergeTexts("ppm.toml", []byte(c.base), []byte(c.ours), []byte(c.theirs))
		if c.want == "" {
			if !errors.Is(err, failure.Conflicts) {
				t.Errorf("%s: %q, %v", c.name, got, err)
			}
			continue
		}
		if err != nil || string(got) != c.want {
			t.Errorf("%s: %v\n%s", c.name, err, got)
		}
	}
}
