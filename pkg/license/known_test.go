package license_test

import (
	"fmt"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/license"
)

func TestStandard(t *testing.T) {
	for _, c := range []struct{ text, want, refs string }{
		{"mit", "MIT", "map[]"},
		{"(mit OR apache-2.0) AND ISC", "(MIT OR Apache-2.0) AND ISC", "map[]"},
		{"MIT OR (ISC AND Zlib)", "MIT OR ISC AND Zlib", "map[]"},
		{"gpl-2.0+ WITH classpath-exception-2.0", "GPL-2.0+ WITH Classpath-exception-2.0", "map[]"},
		{"Own-1.0 OR MIT", "LicenseRef-Own-1.0 OR MIT", "map[LicenseRef-Own-1.0:Own-1.0]"},
		{"Own+", "LicenseRef-Own-or-later", "map[LicenseRef-Own-or-later:Own+]"},
		{"GPL-2.0-only WITH own", "LicenseRef-GPL-2.0-only-WITH-own",
			"map[LicenseRef-GPL-2.0-only-WITH-own:GPL-2.0-only WITH own]"},
		{"LicenseRef-x", "LicenseRef-x", "map[LicenseRef-x:LicenseRef-x]"},
		{"DocumentRef-d:LicenseRef-x", "LicenseRef-DocumentRef-d-LicenseRef-x",
			"map[LicenseRef-DocumentRef-d-LicenseRef-x:DocumentRef-d:LicenseRef-x]"},
	} {
		e, err := license.Parse(c.text)
		if err != nil {
			t.Fatal(err)
		}
		got, refs := e.Standard()
		if got.String() != c.want || fmt.Sprint(refs) != c.refs {
			t.Errorf("Standard of %q: %q, %v", c.text, got, refs)
		}
		if again, err := license.Parse(got.String()); err != nil || again.String() != got.String() {
			t.Errorf("Standard of %q is %q: %v", c.text, got, err)
		}
	}
	if none, refs := (license.Expression{}).Standard(); none.String() != "" || len(refs) > 0 {
		t.Errorf("Standard of no license: %q, %v", none, refs)
	}
}
