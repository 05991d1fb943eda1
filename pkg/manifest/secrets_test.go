package manifest_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// TestSecretsRefuse parses what would let a project read secrets of the user, or would not do what it says.
func TestSecretsRefuse(t *testing.T) {
	const component = "[[component]]\nsource = \"p@v1//c\"\npath = \"c\"\n"
	for _, c := range []struct {
		layer      manifest.Layer
		text, want string
	}{
		{manifest.ProjectLayer, "[secrets]\nallow = [\"@env:A\"]\n", "does not belong in a project's ppm.toml"},
		{manifest.ProjectLayer, "[secrets]\nallow = []\n", "does not belong in a project's ppm.toml"},
		{manifest.User, "[secrets]\nallow = [\"A\"]\n", `"A" does not name a secret`},
		{manifest.User, "[keys]\na = \"@env:A\"\n", "cannot be a value for all components"},
		{manifest.ProjectLayer, "[keys]\na = \"@file:A\"\n", "cannot be a value for all components"},
		{manifest.ProjectLayer, component + "keys = { a = \"@env:\" }\n", `"@env:" does not name a secret`},
		{manifest.ProjectLayer, component + "keys = { a = \"@env:A-B\" }\n", `"@env:A-B" does not name a secret`},
	} {
		_, err := manifest.Parse("ppm.toml", []byte(c.text), c.layer)
		if failure.KindOf(err) != failure.Usage || !strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("Parse(%q) = %v, hint %q", c.text, err, failure.Hint(err))
		}
	}
	text := component + "keys = { a = \"@@env:A\", b = \"@other\" }\n[keys]\nc = \"@@file:x\"\n"
	if _, err := manifest.Parse("ppm.toml", []byte(text), manifest.ProjectLayer); err != nil {
		t.Error(err)
	}
}

func TestMergeSecrets(t *testing.T) {
	machine := &manifest.Manifest{Secrets: manifest.Secrets{Allow: []string{"@env:A"}}}
	user := &manifest.Manifest{Secrets: manifest.Secrets{Allow: []string{"@env:B"}}}
	if got := manifest.Merge(machine, user).Secrets.Allow; !slices.Equal(got, []string{"@env:A", "@env:B"}) {
		t.Errorf("allowed are %q", got)
	}
}
