package audit

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// A FoundSecret is a part of a text that looks like a secret. It does not contain the secret.
type FoundSecret struct {
	Line, Column int // from 1; the column counts code points
	Kind         string
	Key          string // the key of the line of TOML that it is on; "" if there is none
}

// A secretForm is how secrets of one kind look. The pattern is long enough that other texts do not match by chance.
type secretForm struct {
	kind    string
	pattern *regexp.Regexp
}

// secretForms are the forms that their services document so that scanners find them: GitHub's "About authentication",
// GitLab's "Token overview", AWS's "IAM identifiers", Google's "API keys", Slack's "Token types", npm's "About access
// tokens", PyPI's "pypitoken" format, Stripe's "API keys", Hugging Face's "User access tokens", and RFC 7468, RFC 7519
// and the format of age.
var secretForms = sync.OnceValue(func() []secretForm {
	return []secretForm{
		{"a GitHub token", regexp.MustCompile(`\bgh[pousr]_[A-Za-z0-9]{36,251}\b`)},
		{"a GitHub token", regexp.MustCompile(`\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b`)},
		{"a GitLab token", regexp.MustCompile(`\bgl(?:pat|oas|dt|rt|ptt|agent|soat|ft)-[A-Za-z0-9_-]{20,}`)},
		{"an AWS access key", regexp.MustCompile(`\b(?:AKIA|ASIA)[A-Z2-7]{16}\b`)},
		{"a Google API key", regexp.MustCompile(`\bAIza[A-Za-z0-9_-]{35}\b`)},
		{"a Slack token", regexp.MustCompile(`\bxox[abeoprs]-(?:[A-Za-z0-9]+-)+[A-Za-z0-9]{10,}`)},
		{"an npm token", regexp.MustCompile(`\bnpm_[A-Za-z0-9]{36}\b`)},
		{"a PyPI token", regexp.MustCompile(`\bpypi-Ag[A-Za-z0-9_-]{50,}`)},
		{"a Stripe key", regexp.MustCompile(`\b[rs]k_live_[A-Za-z0-9]{20,}\b`)},
		{"a Hugging Face token", regexp.MustCompile(`\bhf_[A-Za-z]{34}\b`)},
		{"a SendGrid key", regexp.MustCompile(`\bSG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}\b`)},
		{"a JSON web token", regexp.MustCompile(`\beyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}`)},
		{"a private key", regexp.MustCompile(`-----BEGIN (?:[A-Z0-9]+ )*PRIVATE KEY(?: BLOCK)?-----`)},
		{"a private key", regexp.MustCompile(`\bAGE-SECRET-KEY-1[A-Z0-9]{58}\b`)},
	}
})

// passwordURL matches a URL with a password; the groups are the password and the host.
var passwordURL = lazyregexp.New(
	`\b[A-Za-z][A-Za-z0-9+.-]*://[^/\s:@"']*:([^/\s@"']+)@(\[[0-9A-Fa-f:]+\]|[^/\s:@"']+)`)

// FindSecrets finds what looks like a secret in a text of TOML.
func FindSecrets(text []byte) []FoundSecret {
	var out []FoundSecret
	line := 0
	for l := range bytes.Lines(text) {
		line++
		for _, form := range secretForms() {
			for _, at := range form.pattern.FindAllIndex(l, -1) {
				out = append(out, newSecret(l, line, at[0], form.kind))
			}
		}
		for _, at := range passwordURL.Get().FindAllSubmatchIndex(l, -1) {
			if isRealPassword(string(l[at[2]:at[3]]), string(l[at[4]:at[5]])) {
				out = append(out, newSecret(l, line, at[2], "a password in a URL"))
			}
		}
	}
	return out
}

func newSecret(line []byte, number, at int, kind string) FoundSecret {
	s := FoundSecret{Line: number, Column: utf8.RuneCount(line[:at]) + 1, Kind: kind}
	if key, _, ok := bytes.Cut(line[:at], []byte("=")); ok {
		s.Key = string(bytes.TrimSpace(key))
	}
	return s
}

// isRealPassword reports whether a password in a URL is neither a placeholder nor one for this machine.
func isRealPassword(password, host string) bool {
	switch strings.ToLower(password) {
	case "password", "passwd", "pass", "pwd", "secret", "token", "changeme", "example", "user", "root", "postgres",
		"admin", "guest":
		return false
	}
	if strings.ContainsAny(password, "{}<>$%*…") || strings.Trim(password, password[:1]) == "" {
		return false
	}
	switch host = strings.ToLower(host); host {
	case "localhost", "127.0.0.1", "[::1]", "db", "host", "hostname", "server":
		return false
	}
	return !strings.HasSuffix(host, "example.com") && !strings.HasSuffix(host, ".example") &&
		!strings.HasSuffix(host, ".test") && !strings.HasSuffix(host, ".localhost")
}
