package architecture_test

import (
	"os"
	"path/filepath"
	"regexp"
	"testing"
)

// Every field of ppm.toml, ppm.lock and a pack's manifest is documented.
func TestDocsNameEveryField(t *testing.T) {
	tag := regexp.MustCompile("`toml:\"([a-z_]+)\"`")
	for _, c := range []struct{ code, doc string }{
		{"pkg/manifest/manifest.go", "docs/formats.md"},
		{"pkg/manifest/parse.go", "docs/formats.md"},
		{"pkg/policy/rules.go", "docs/policy.md"},
		{"pkg/lockfile/lockfile.go", "docs/formats.md"},
		{"pkg/lockfile/schema.go", "docs/formats.md"},
		{"pkg/pack/native.go", "docs/packs.md"},
	} {
		code, err := os.ReadFile(filepath.Join(root, c.code))
		if err != nil {
			t.Fatal(err)
		}
		doc, err := os.ReadFile(filepath.Join(root, c.doc))
		if err != nil {
			t.Fatal(err)
		}
		fields := tag.FindAllSubmatch(code, -1)
		if len(fields) == 0 {
			t.Errorf("%s has no fields", c.code)
		}
		for _, f := range fields {
			if !regexp.MustCompile(`(?m)^` + string(f[1]) + ` = |[\x60\[.]` + string(f[1]) + `[\x60\].]`).Match(doc) {
				t.Errorf("%s does not document %q of %s", c.doc, f[1], c.code)
			}
		}
	}
}
