package manifest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

const trustText = `
[sources]
host = "git.example.com"
[sources."github.com"]
verify = "off"
allowed_signers = "all"
[sources."GitHub.com/acme"]
verify = "tofu"
[sources."github.com/acme/secret.git"]
verify = "signed"
openpgp_keys = "keys.asc"
[sources."127.0.0.1:8080/x"]
verify = "tofu"
[sources."keys.example.com"]
allowed_signers = "only"
`

func TestTrustFor(t *testing.T) {
	m, err := manifest.Parse("/etc/ppm/ppm.toml", []byte(trustText), manifest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	for urls, want := range map[string]string{
		"https://github.com/other/x.git":       "off all ",
		"https://github.com/acme/x.git":        "tofu all ",
		"https://github.com/ACME/x.git":        "tofu all ",
		"https://GITHUB.com:443/acme/x":        "tofu all ",
		"https://github.com./acme/x":           "tofu all ",
		"https://user@github.com/%61cme/x.git": "tofu all ",
		"ssh://git@github.com/acme/x.git":      "tofu all ",
		"git@github.com:acme/x.git":            "tofu all ",
		"github.com:acme/x.git":                "tofu all ",
		"git@github.com:/acme/x.git":           "tofu all ",
		"https://github.com/acme2/x.git":       "off all ",
		"https://github.com/acme":              "tofu all ",
		"https://github.com/acme/secret":       "signed all keys.asc",
		"https://github.com/acme/secret.git/":  "signed all keys.asc",
		"https://github.com/acme/secret2":      "tofu all ",
		// Unclear paths may be any.
		"https://github.com/x/../acme/secret":                       "signed all keys.asc",
		"https://github.com//acme/secret":                           "signed all keys.asc",
		"https://github.com/%2e%2e/acme/secret":                     "signed all keys.asc",
		"https://github.com/%252e%252e/acme/x":                      "signed all keys.asc",
		`https://github.com/acme\secret`:                            "signed all keys.asc",
		"http://127.0.0.1:8080/x/y":                                 "tofu  ",
		"http://127.0.0.1:8081/x/y":                                 "none",
		"http://[::ffff:127.0.0.1]:8080/x/y":                        "tofu  ",
		"https://keys.example.com/a":                                "signed only ",
		"builtin:github.com":                                        "none",
		"/github.com/acme/x":                                        "none",
		"file:///github.com/acme/x":                                 "none",
		"https://example.com/github.com/acme/x":                     "none",
		"https://github.com.example.com/acme/x":                     "none",
		"https://mirror.example.com/x https://github.com/acme/x":    "tofu all ",
		"https://github.com/acme/x https://mirror.example.com/x":    "tofu all ",
		"https://github.com/other/x https://github.com/acme/secret": "signed all keys.asc",
		"https://keys.example.com/a https://github.com/acme/x":      "signed only ",
	} {
		trust, ok := m.Trust[0].For(strings.Fields(urls)...)
		got := fmt.Sprintf("%s %s %s", trust.Verify, trust.AllowedSigners, trust.OpenPGPKeys)
		if !ok {
			got = "none"
		}
		if got != want {
			t.Errorf("%s: %q, want %q", urls, got, want)
		}
	}
}

func TestTrustIsKeptByLayer(t *testing.T) {
	machine, err := manifest.Parse("/etc/ppm/ppm.toml", []byte(trustText), manifest.Machine)
	if err != nil {
		t.Fatal(err)
	}
	project, err := manifest.Parse("ppm.toml", []byte("[sources.\"github.com\"]\nverify = \"tofu\"\n"),
		manifest.ProjectLayer)
	if err != nil {
		t.Fatal(err)
	}
	all := manifest.Merge(machine, project)
	if len(all.Trust) != 2 || all.Trust[0].Layer != manifest.Machine || all.Trust[1].File != "ppm.toml" {
		t.Errorf("%+v", all.Trust)
	}
}

func TestTrustRefuses(t *testing.T) {
	for _, c := range []struct {
		text  string
		layer manifest.Layer
		want  string
	}{
		{"[sources.\"a.example/x\"]\nverify = \"yes\"\n", manifest.User, `no value of verify "yes"`},
		{"[sources.\"a.example/x\"]\nverfy = \"off\"\n", manifest.User, `unknown field "sources.a.example/x.verfy"`},
		{"[sources.\"https://a.example/x\"]\nverify = \"off\"\n", manifest.User, "is not a host"},
		{"[sources.\"a.example/../x\"]\nverify = \"off\"\n", manifest.User, "is not a namespace"},
		{"[sources.\"a.example//x\"]\nverify = \"off\"\n", manifest.User, "is not a namespace"},
		{"[sources.\"/x\"]\nverify = \"off\"\n", manifest.User, "is not a host"},
		{"[sources.\"a.example/x\"]\n[sources.\"A.example/X/\"]\n", manifest.User, "are the same"},
		{"[sources.\"a.example/x\"]\nverify = \"off\"\n", manifest.ProjectLayer, "cannot turn the check"},
		{"[sources.\"a.example/x\"]\nallowed_signers = \"/etc/passwd\"\n", manifest.ProjectLayer, "absolute"},
		{"[sources.\"a.example/x\"]\nallowed_signers = \"../keys\"\n", manifest.ProjectLayer, ".."},
		{"[sources.\"a.example/x\"]\nopenpgp_keys = \"../keys\"\n", manifest.ProjectLayer, ".."},
		{"[sources]\nverify = \"off\"\n", manifest.User, `unknown field "sources.verify"`},
	} {
		_, err := manifest.Parse("ppm.toml", []byte(c.text), c.layer)
		if failure.KindOf(err) != failure.Usage || !strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("%q: %v (hint %q), want %q", c.text, err, failure.Hint(err), c.want)
		}
	}
}
