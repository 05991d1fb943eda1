package secreturl

import "strings"

// HideQuery replaces the values of a query or fragment, up to a component, which starts at "//".
func HideQuery(s string) string {
	i := QueryIndex(s)
	if i < 0 {
		return s
	}
	query, component := cutComponent(s[i:])
	if hasSecretParameter(query) { // the component can be the end of a token
		component = ""
	}
	return s[:i] + query[:1] + Hidden + component
}

// cutComponent cuts a text before its last "//". What has a "=" can be the end of a token, or a query behind the
// component.
func cutComponent(s string) (before, component string) {
	if i := strings.LastIndex(s, "//"); i >= 0 && !strings.Contains(s[i:], "=") {
		return s[:i], s[i:]
	}
	return s, ""
}

// QueryIndex returns the index of the "?", "#", ";" or "&" of a text after which there may be a secret, or -1. A "?"
// after a version can be a pattern, and a "#" the start of a line number or part of a branch.
func QueryIndex(s string) int {
	if isPath(s) {
		return -1
	}
	_, rest, isURL := cutScheme(s)
	start := len(s) - len(rest)
	isPattern := !isURL && !strings.ContainsAny(s, ":/") // a name with a pattern as its version
	query, _ := cutComponent(rest)
	query = s[:start+len(query)]
	value := strings.LastIndexByte(query, '=')
	version := len(s)
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		if at := strings.IndexByte(rest[slash:], '@'); at >= 0 {
			version = start + slash + at
		}
	}
	for i := start; i < len(query)-1; i++ {
		c := query[i]
		if strings.IndexByte("?#;&", c) < 0 {
			continue
		}
		isMark := c == '?' || c == '#'
		isQuery := isURL && i < version && (c == '?' || c == '#' && !isLineNumber(query[i+1:]))
		if isQuery || isMark && !isPattern && i < value || isSecretParameter(query[i+1:]) {
			return i
		}
	}
	return -1
}

// isLineNumber reports whether a fragment is a line, or a range of lines, of a web address: L10, L10C2-L20, lines-3:5.
func isLineNumber(fragment string) bool {
	number := strings.TrimPrefix(strings.TrimPrefix(fragment, "lines-"), "L")
	return number != "" && number != fragment && isDigit(number[0]) && strings.Trim(number, "0123456789LC-:") == ""
}

// hasSecretParameter reports whether a query has a parameter whose value is a secret.
func hasSecretParameter(query string) bool {
	for i := range len(query) {
		if strings.IndexByte("?#;&", query[i]) >= 0 && isSecretParameter(query[i+1:]) {
			return true
		}
	}
	return false
}

// isSecretParameter reports whether s starts with NAME=VALUE, and the value is a secret according to its name.
func isSecretParameter(s string) bool {
	name, value, found := strings.Cut(s, "=")
	if !found || value == "" || value == Hidden || strings.ContainsAny(name, "?#;&/@:") {
		return false
	}
	name = strings.ToLower(name)
	switch name {
	case "auth", "jwt", "pass", "pat", "pwd", "sig":
		return true
	}
	for _, part := range []string{"token", "secret", "passw", "credential", "signature", "oauth"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "key")
}
