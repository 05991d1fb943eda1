package secreturl

import (
	"net/netip"
	"strings"
)

// hidePassword replaces the password in USER:PASSWORD@HOST:PATH and USER:PASSWORD@HOST/PATH, which are not URLs. A
// reference that such a text is similar to, NAMESPACE:REPO@TAG//COMPONENT, has no host after the "@".
func hidePassword(s string) string {
	for at := strings.LastIndexByte(s, '@'); at >= 0; at = strings.LastIndexByte(s[:at], '@') {
		colon := passwordColon(s[:at])
		if colon < 0 {
			continue
		}
		password, after := s[colon+1:at], s[at+1:]
		isAliasPath := strings.Contains(password, "/") || strings.HasSuffix(password, ".git")
		isPassword := isAddress(after)
		switch {
		case strings.Contains(s[:colon], "::"): // neither a name nor a remote helper has HOST:PATH behind it
			isPassword = isPassword || !isAliasPath && !isVersion(after)
		case !strings.Contains(s[:colon], "@"): // else it can be USER@HOST:PATH@VERSION
			isPassword = isPassword || !isAliasPath && isHostPath(after)
		}
		if isPassword {
			return s[:colon+1] + Hidden + s[at:]
		}
	}
	return s
}

// passwordColon returns the index of the colon before what may be a password at the end of s, or -1. It is the first
// one, or the one behind the last "::". HOST:PORT::NAMESPACE::REPO and an IPv6 address have none.
func passwordColon(s string) int {
	start := 0
	if i := strings.LastIndex(s, "::"); i >= 0 {
		if strings.Contains(s, "[") {
			return -1
		}
		start = i + 2
	}
	if i := strings.IndexByte(s[start:], ':'); i >= 0 {
		return start + i
	}
	return -1
}

// hidePathPasswords replaces the password of each USER:PASSWORD@HOST that is a segment of the path of a URL.
func hidePathPasswords(rest string) string {
	segments := strings.Split(rest, "/")
	for i, segment := range segments[1:] {
		colon := strings.IndexByte(segment, ':')
		at := strings.LastIndexByte(segment, '@')
		for at > colon+1 && isVersion(segment[at+1:]) { // the password can end before
			at = strings.LastIndexByte(segment[:at], '@')
		}
		if colon >= 0 && at > colon+1 {
			segments[i+1] = segment[:colon+1] + Hidden + segment[at:]
		}
	}
	return strings.Join(segments, "/")
}

// isVersion reports whether s starts with what is more likely a version than a host: 1.0, v1, cp-1.0, cp-*, latest.
func isVersion(s string) bool {
	if i := strings.IndexByte(s, '/'); i >= 0 {
		s = s[:i]
	}
	switch s {
	case "", "latest", "dev", "main", "master":
		return true
	}
	if _, err := netip.ParseAddr(s); err == nil || strings.Contains(s, ":") || isHostPath(s) {
		return false
	}
	_, last, hasDot := cutLast(s, ".")
	number := strings.TrimPrefix(s, "v")
	return strings.ContainsAny(s, "*?~^[") || isDigit(s[0]) || number != "" && isDigit(number[0]) ||
		hasDot && last != "" && isDigit(last[0])
}

// isAddress reports whether s starts with HOST and a colon. A version contains no colon.
func isAddress(s string) bool {
	s, _, _ = strings.Cut(s, "//")
	return strings.Contains(s, ":")
}

// isHostPath reports whether s starts with HOST/PATH or the full name of a host, and not with a version.
func isHostPath(s string) bool {
	end := strings.IndexAny(s, "/@")
	if end < 0 {
		end = len(s)
	}
	if strings.HasPrefix(s[end:], "/") && !strings.HasPrefix(s[end:], "//") {
		return true
	}
	_, top, hasDot := cutLast(s[:end], ".")
	return hasDot && len(top) > 1 && strings.Trim(strings.ToLower(top), "abcdefghijklmnopqrstuvwxyz") == ""
}

// cutLast is strings.Cut at the last separator.
func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}
