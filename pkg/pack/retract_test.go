package pack_test

import (
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
