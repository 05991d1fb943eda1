package manifest_test

import (
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
)

// Every list of [policy] is read, with the line of each entry, and no layer loses the rules of another.
func TestPolicyOfLayers(t *testing.T) {
	const rules = `[policy]
allow_schemes = ["https"]
deny_schemes = ["file"]
allow_hosts = []
deny_hosts = [
  "a.example", "b.example",
  "c.example",
]
allow_namespaces = ["a.example/t"]
deny_namespaces = ["b.example/t"]
allow_licenses = ["MIT"]
deny_licenses = ["GPL-*"]
deny_signers = ["unsigned"]
allow_signers = { "a.example" = ["ann"] }
`
	const permissions = "allow_http = [\"d.example\"]\nallow_redirects = [\"e.example\"]\n"
	const want = `allow_schemes=https:2 deny_schemes=file:3 allow_hosts=:4 deny_hosts=a.example:6 ` +
		`deny_hosts=b.example:6 deny_hosts=c.example:7 allow_namespaces=a.example/t:9 ` +
		`deny_namespaces=b.example/t:10 allow_licenses=MIT:11 deny_licenses=GPL-*:12 deny_signers=unsigned:13 ` +
		`allow_signers=ann:14`
	merged, total := &manifest.Manifest{}, 0
	for _, layer := range []manifest.Layer{machine, user, own} {
		text := rules
		if layer != own {
			text = strings.Replace(rules, "[policy]\n", "[policy]\n"+permissions, 1)
		}
		m, err := manifest.Parse("ppm.toml", []byte(text), layer)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range m.Policy.Rules() {
			if layer == own {
				got = append(got, fmt.Sprintf("%s=%s:%d", r.Field, r.Entry, r.Line))
			}
		}
		if text := strings.Join(got, " "); layer == own && text != want {
			t.Errorf("the rules are\n%s, want\n%s", text, want)
		}
		total += len(m.Policy.Rules())
		merged = manifest.Merge(merged, m)
	}
	if total != 3*12+2*2 || len(merged.Policy.Rules()) != total {
		t.Errorf("%d of %d rules are left", len(merged.Policy.Rules()), total)
	}
	for f := range reflect.TypeFor[policy.Rules]().Fields() {
		if name := f.Tag.Get("toml"); !strings.Contains(rules+permissions, "\n"+name+" =") &&
			!strings.HasPrefix(permissions, name+" =") {
			t.Errorf("the test has no %s", name)
		}
	}
}
