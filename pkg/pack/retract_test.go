package pack_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

func TestLicenseAndDeprecation(t *testing.T) {
	p, err := pack.Load("p", files{pack.Native: full}.read)
	if err != nil {
		t.Fatal(err)
	}
	a, b := p.Components["a"], p.Components["b"]
	if got := p.LicenseOf(a) + "," + p.LicenseOf(b); got != "LicenseRef-own,MIT OR (Apache-2.0 AND BSD-3-Clause)" {
		t.Errorf("the licenses are %s", got)
	}
	if got := p.LicenseFilesOf(a); !slices.Equal(got, []string{"LICENSE", "legal/NOTICE"}) {
		t.Errorf("the license files of a are %q", got)
	}
	if got := p.LicenseFilesOf(b); len(got) != 0 {
		t.Errorf("the license files of b are %q", got)
	}
	if got := p.DeprecationOf(a) + "," + p.DeprecationOf(b); got != "use b,use other" {
		t.Errorf("the reasons are %s", got)
	}
	if len(p.Retract) != 2 || p.Retract[0].Versions.Kind() != ref.Range || p.Retract[1].Versions.Kind() != ref.Glob ||
		p.Retract[1].Reason != "published by mistake" {
		t.Errorf("the retractions are %+v", p.Retract)
	}
}

func TestLoadRefusesLicensesAndRetractions(t *testing.T) {
	const (
		ok      = "[pack]\ntype = 'module'\n[pack.components.bee]\nsource = 'b'\n"
		retract = ok + "[[pack.retract]]\nreason = 'x'\n"
	)
	for _, c := range []struct{ text, want, hint string }{
		{"[pack]\ntype = 'module'\nlicense = 'Apache 2.0'\n",
			`line 3: "Apache 2.0" is not a license expression: "2.0" cannot follow "Apache"`, "SPDX"},
		{"[pack]\ntype = 'module'\nlicense_files = ['../LICENSE']\n", "line 3: ", ""},
		{"[pack]\ntype = 'module'\nlicense_files = ['L.jinja']\n",
			`line 3: license file "L.jinja" is a template`, "name"},
		{"[pack]\ntype = 'module'\nlicense_files = ['a/L', 'b/l']\n",
			"line 3: two license files have the same name", ""},
		{ok + "license_files = ['a/L', 'b/L']\n", `line 5: component "bee": two license files`, ""},
		{ok + "license_files = [" + strings.Repeat("'L', ", 65) + "]\n",
			"it has 65 license files; at most 64", "fewer"},
		{ok + "license = 'MIT or ISC'\n",
			`line 5: component "bee": "MIT or ISC" is not a license expression`, "SPDX"},
		{ok + "[[pack.retract]]\nversions = 'v1'\n",
			"line 5: a [[pack.retract]] needs versions and a reason", "say what"},
		{retract, "line 5: a [[pack.retract]] needs versions and a reason", "versions ="},
		{retract + "versions = 'v 1'\n", `line 7: reading version "v 1"`, ""},
		{retract + "versions = 'latest'\n", `line 7: "latest" names a branch`, "a tag"},
		{retract + "version = 'v1'\n", `unknown field "pack.retract[0].version"`, "versions"},
	} {
		refused(t, files{pack.Native: c.text}, c.want, c.hint, pack.Native+" of p@v1")
	}
}
