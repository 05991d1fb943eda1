// Package secreturl holds URLs that may contain a password or a token, and shows them without.
//
// A URL has one in its user, password, query or fragment. What looks like a URL counts: every text that was meant as
// one, and is then shown in an error, passes through this package.
package secreturl

import (
	"strings"
)

// A URL is the address of a repository as somebody wrote it. Every way to print it shows it without its secrets.
type URL struct {
	shown  string
	secret *string // the text itself; a pointer, so that no format of package fmt prints it
}

// New returns the URL with a text.
func New(text string) URL { return URL{Clean(text), &text} }

// String returns the URL without its secrets. A URL without secrets is unchanged.
func (u URL) String() string { return u.shown }

// GoString returns what String does.
func (u URL) GoString() string { return u.shown }

// MarshalText returns what String does.
func (u URL) MarshalText() ([]byte, error) { return []byte(u.shown), nil }

// Reveal returns the URL with its secrets, for the connection to its host.
func (u URL) Reveal() string {
	if u.secret == nil {
		return ""
	}
	return *u.secret
}

// Has reports whether a text contains what may be a secret.
func Has(text string) bool { return Clean(text) != text }

// maxLength bounds what is shown of a URL, in bytes. Longer ones are cut.
const maxLength = 8 << 10

// Hidden stands for a secret that a text is shown without.
const Hidden = "***"

// Clean returns a text as it can be shown. The user and password of a URL are left out, except for the user of an ssh
// URL, which is part of the address; other secrets are replaced by "***". A local path is unchanged.
func Clean(text string) string {
	if len(text) > maxLength {
		text = text[:maxLength] + "…"
	}
	for { // what is left may look like a URL with a secret, too
		clean := cleanOnce(text)
		if clean == text {
			return text
		}
		text = clean
	}
}

// cleanOnce returns a text that is shorter or has more of Hidden in it, or the text itself.
func cleanOnce(text string) string {
	if isPath(text) {
		return text
	}
	if scheme, rest, ok := cutScheme(text); ok {
		rest = withoutUser(rest, strings.Contains(strings.ToLower(scheme), "ssh"))
		if !strings.EqualFold(scheme, "file://") { // the path of a file can start with a drive
			rest = hidePathPasswords(rest)
		}
		return HideQuery(scheme + rest)
	}
	if helper, url, found := strings.Cut(text, "::"); found && strings.Contains(url, "://") {
		if _, _, ok := cutScheme(url); ok { // HELPER::URL, as in git
			return helper + "::" + cleanOnce(url)
		}
	}
	return HideQuery(hidePassword(text))
}

// CleanHost is Clean for a text that was meant as a host: what comes before an "@" is left out.
func CleanHost(text string) string {
	if _, _, ok := cutScheme(text); ok {
		return Clean(text)
	}
	return strings.TrimPrefix(Clean("//"+text), "//")
}

// isPath reports whether a text is a path on this disk.
func isPath(s string) bool {
	for _, prefix := range []string{"./", "../", `.\`, `..\`} {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	isDrive := len(s) > 2 && s[1] == ':' && (s[2] == '/' || s[2] == '\\') && isLetter(s[0])
	return isDrive || strings.HasPrefix(s, "/") && !strings.HasPrefix(s, "//")
}

// cutScheme cuts a URL behind its scheme. Too few slashes after the colon, or a missing scheme, are typing errors.
func cutScheme(s string) (scheme, rest string, ok bool) {
	i := 0
	for i < len(s) && (isLetter(s[i]) || i > 0 && (isDigit(s[i]) || strings.IndexByte("+.-", s[i]) >= 0)) {
		i++
	}
	after := strings.TrimPrefix(s[i:], ":")
	rest = strings.TrimLeft(after, "/")
	if strings.EqualFold(s[:i], "file") { // a third slash begins a path
		rest = strings.TrimPrefix(after, "//")
	}
	hasColon, slashes := len(after) < len(s[i:]), len(after)-len(rest)
	if hasColon && i > 0 && (slashes > 1 || slashes == 1 && isWebScheme(s[:i])) || i == 0 && !hasColon && slashes > 1 {
		return s[:len(s)-len(rest)], rest, true
	}
	return "", s, false
}

func isWebScheme(s string) bool {
	switch strings.ToLower(s) {
	case "http", "https", "ssh", "ftp":
		return true
	}
	return false
}

// withoutUser removes the user and password from a URL behind its scheme. keep keeps the user. A password may have
// been written without the escapes that it needs.
func withoutUser(rest string, keep bool) string {
	end := strings.IndexAny(rest, `/\?#`)
	if end < 0 {
		end = len(rest)
	}
	beforeHost := end < len(rest) && rest[end] != '/' && !strings.Contains(rest[:end], "@")
	if beforeHost || hasOddPort(rest[:end]) {
		end = len(rest)
	}
	at := strings.LastIndexByte(rest[:end], '@')
	if at < 0 {
		return rest
	}
	user, _, _ := strings.Cut(rest[:at], ":")
	if keep && user != "" {
		return user + rest[at:]
	}
	return rest[at+1:]
}

// hasOddPort reports whether a host is followed by something other than a port, which may be the start of a password.
func hasOddPort(authority string) bool {
	_, port, found := strings.Cut(authority, ":")
	return found && !strings.Contains(authority, "@") && !strings.HasPrefix(authority, "[") &&
		strings.Trim(port, "0123456789") != ""
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool  { return '0' <= c && c <= '9' }
