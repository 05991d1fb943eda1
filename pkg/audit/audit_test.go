package audit_test

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/audit"
)

func TestFindHidden(t *testing.T) {
	for _, c := range []struct{ what, text, want string }{
		{"Trojan source", "ok\nif x { \u202e // \u2066 }\n", "2:8 error U+202E (right-to-left override)|" +
			"2:13 error U+2066 (left-to-right isolate)"},
		{"a mark", "é\u200ea\n", "1:2 warning U+200E (left-to-right mark)"},
		{"a zero width space", "pass\u200bword", "1:5 warning U+200B (zero width space)"},
		{"an identifier that is invisible", "var \u3164 = 1", "1:5 warning U+3164 (Hangul filler)"},
		{"a joiner in a word", "a\u200db", "1:2 warning U+200D (zero width joiner)"},
		{"a run", "x = '\u200b\u200c\u200d'", "1:6 warning U+200B (zero width space), " +
			"U+200C (zero width non-joiner), U+200D (zero width joiner)"},
		{"a text in tags", "a" + "\U000E0068\U000E0065\U000E006C\U000E006C",
			"1:2 error U+E0068 (tag character), U+E0065 (tag character), U+E006C (tag character) " +
				"and 1 more hidden characters"},
		{"a text in variation selectors", "a" + "\ufe00\U000E0101\U000E0102\U000E0103",
			"1:2 error U+FE00 (variation selector), U+E0101 (variation selector), " +
				"U+E0102 (variation selector) and 1 more hidden characters"},
		{"a byte order mark inside", "a\ufeffb", "1:2 warning U+FEFF (zero width no-break space)"},
		{"after bytes that are not UTF-8", "\xff\xfe\u202d", "1:3 error U+202D (left-to-right override)"},
		{"Latin 1", "caf\xe9\n", ""},
		{"a byte order mark", "\ufeffa\n", ""},
		{"binary", "\x00\u202e", ""},
		{"a family, a keycap and a flag", "👨\u200d👩\u200d👧 ❤\ufe0f\u200d🔥 1\ufe0f\u20e3 🏴" +
			"\U000E0067\U000E0062\U000E0065\U000E006E\U000E0067\U000E007F", ""},
		{"Persian", "می\u200cخواهم", ""},
		{"Hindi", "क\u094d\u200dष", ""},
		{"an ideograph", "葛\U000E0100", ""},
		{"a soft hyphen and Chinese", "Zu\u00adcker 组件\r\n\t", ""},
	} {
		var got []string
		for _, h := range audit.FindHidden([]byte(c.text)) {
			got = append(got, fmt.Sprintf("%d:%d %s %s", h.Line, h.Column, h.Level, h.Message))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", c.what, strings.Join(got, "|"), c.want)
		}
	}
}

func TestFindHiddenIsLimited(t *testing.T) {
	found := audit.FindHidden([]byte(strings.Repeat("\u202ea", 1000)))
	if len(found) != 50 || !strings.HasSuffix(found[49].Message, "; the file has 950 more") {
		t.Errorf("%d findings, the last is %+v", len(found), found[len(found)-1])
	}
}

// Every control that Unicode calls a bidi control is found, wherever it is.
func TestFindHiddenFindsAllBidiControls(t *testing.T) {
	for _, r := range unicode.Bidi_Control.R16 {
		for c := r.Lo; c <= r.Hi; c += r.Stride {
			for _, text := range []string{"a%cb", "%c", "組%c件", "א%cב"} {
				text = fmt.Sprintf(text, c)
				if len(audit.FindHidden([]byte(text))) != 1 {
					t.Errorf("no finding in %+q", text)
				}
			}
		}
	}
}

func FuzzFindHidden(f *testing.F) {
	f.Add([]byte("a\u202eb\n\u200d\xff\ufe0f"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := strings.Count(string(text), "\n") + 1
		for _, h := range audit.FindHidden(text) {
			if h.Line < 1 || h.Line > lines || h.Column < 1 || h.Column > utf8.RuneCount(text) || h.Message == "" {
				t.Errorf("%+v in %q", h, text)
			}
		}
	})
}

// The secrets are put together here, so that no scanner takes this file for one that has secrets.
func TestFindSecrets(t *testing.T) {
	letters := strings.Repeat("aB3dE6gH", 12)
	for _, c := range []struct{ text, want string }{
		{`token = "ghp_` + letters[:36] + `"`, "1:10 token a GitHub token"},
		{"\n[keys]\nt = \"github_pat_" + letters[:22] + "_" + letters[:59] + `"`, "3:6 t a GitHub token"},
		{`keys = { a = "组", b = "glpat-` + letters[:20] + `" }`, `1:24 keys a GitLab token`},
		{`a = "AKIA` + strings.Repeat("Q2", 8) + `"`, "1:6 a an AWS access key"},
		{`a = "AIza` + letters[:35] + `"`, "1:6 a a Google API key"},
		{`a = "xoxb-123456789012-` + letters[:24] + `"`, "1:6 a a Slack token"},
		{`a = "npm_` + letters[:36] + `"`, "1:6 a an npm token"},
		{`a = "pypi-AgEIcHlwaS5vcmc` + letters[:60] + `"`, "1:6 a a PyPI token"},
		{`a = "sk_live_` + letters[:24] + `"`, "1:6 a a Stripe key"},
		{`a = "hf_` + strings.Repeat("aB", 17) + `"`, "1:6 a a Hugging Face token"},
		{`a = "SG.` + letters[:22] + "." + letters[:43] + `"`, "1:6 a a SendGrid key"},
		{`a = "eyJ` + letters[:20] + ".eyJ" + letters[:20] + "." + letters[:43] + `"`, "1:6 a a JSON web token"},
		{`a = """` + "\n-----BEGIN " + "OPENSSH PRIVATE KEY-----\n", "2:1  a private key"},
		{`a = "-----BEGIN ` + `PGP PRIVATE KEY BLOCK-----\n"`, "1:6 a a private key"},
		{`a = "AGE-SECRET-KEY-1` + strings.Repeat("Q2", 29) + `"`, "1:6 a a private key"},
		{`url = "postgres://app:s3cr3t@db.shop.io/x"`, "1:23 url a password in a URL"},
		{`url = "redis://:s3cr3t@[2001:db8::1]:6379"`, "1:17 url a password in a URL"},

		{`url = "postgres://app:s3cr3t@localhost/x"`, ""},
		{`url = "postgres://app:password@db.shop.io/x"`, ""},
		{`url = "postgres://app:${PASSWORD}@db.shop.io/x"`, ""},
		{`url = "postgres://app:xxxx@db.shop.io/x"`, ""},
		{`url = "https://git@github.com/a/b"`, ""},
		{`url = "ssh://git@host:22/a"`, ""},
		{`commit = "` + strings.Repeat("0123456789", 4) + `"`, ""},
		{`digest = "sha256:` + strings.Repeat("0123456789abcdef", 4) + `"`, ""},
		{`a = "ghp_short"`, ""},
		{`a = "-----BEGIN PUBLIC KEY-----"`, ""},
		{`a = "AKIAshop"`, ""},
	} {
		var got []string
		for _, s := range audit.FindSecrets([]byte(c.text)) {
			got = append(got, fmt.Sprintf("%d:%d %s %s", s.Line, s.Column, s.Key, s.Kind))
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: %q, want %q", c.text, got, c.want)
		}
	}
}

// The files of this repository that have keys and digests have no secrets.
func TestFindSecretsInRealFiles(t *testing.T) {
	for _, pattern := range []string{"../../ppm.toml", "../../go.sum", "../../docs/*.md"} {
		names, err := filepath.Glob(pattern)
		if err != nil || len(names) == 0 {
			t.Fatal(pattern, err)
		}
		for _, name := range names {
			text, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			if got := audit.FindSecrets(text); len(got) > 0 {
				t.Errorf("%s: %+v", name, got)
			}
		}
	}
}

// docs/audit.md has every rule, and no other.
func TestRulesAreDocumented(t *testing.T) {
	page, err := os.ReadFile("../../docs/audit.md")
	if err != nil {
		t.Fatal(err)
	}
	var documented, rules []string
	for line := range strings.Lines(string(page)) {
		if name, ok := strings.CutPrefix(line, "| `"); ok {
			name, _, _ = strings.Cut(name, "`")
			documented = append(documented, name)
		}
	}
	for _, r := range audit.Rules() {
		rules = append(rules, r.ID)
		if audit.RuleOf(r.ID) != r {
			t.Errorf("RuleOf(%q) is another rule", r.ID)
		}
	}
	if !slices.Equal(documented, rules) {
		t.Errorf("docs/audit.md has the rules %q, the code has %q", documented, rules)
	}
}
