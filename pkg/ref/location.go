package ref

import (
	"cmp"
	"net/netip"
	"net/url"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

var (
	schemePattern = lazyregexp.New(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	userPattern   = lazyregexp.New(`^[A-Za-z0-9_.][A-Za-z0-9_.-]*$`)
	drivePattern  = lazyregexp.New(`^[A-Za-z]:[/\\]`)
)

func isScheme(s string) bool { return schemePattern.MatchString(s) }

// isPath reports whether a reference starts with a local path.
func isPath(s string) bool {
	if drivePattern.MatchString(s) || strings.HasPrefix(s, "/") {
		return true
	}
	rest := strings.TrimPrefix(strings.TrimPrefix(s, "."), ".")
	return rest != s && (rest == "" || rest[0] == '/' || rest[0] == '@')
}

// url parses SCHEME://AUTHORITY/PATH[@version][//component], and the web addresses of forges.
func (p parser) url(all span, scheme string) (Ref, error) {
	tail := all.from(len(scheme) + len("://"))
	scheme = strings.ToLower(scheme)
	authority, path := tail, tail.from(len(tail.text))
	if i := strings.IndexByte(tail.text, '/'); i >= 0 {
		authority, path = tail.upto(i), tail.from(i)
	}
	base, err := p.base(all.upto(len(scheme)), scheme, authority)
	if err != nil {
		return Ref{}, err
	}
	if scheme == "https" || scheme == "http" {
		r, ok, err := p.forge(base, path)
		if ok {
			err = cmp.Or(p.checkForgeQuery(), err)
		}
		if err != nil {
			return Ref{}, err
		}
		if ok {
			return r, nil
		}
	}
	if err := p.checkQuery(); err != nil {
		return Ref{}, err
	}
	t := split(path, strings.IndexByte)
	drive := ""
	if scheme == "file" && drivePattern.MatchString(strings.TrimPrefix(t.origin.text, "/")) {
		drive, t.origin = t.origin.text[:len("/C:")], t.origin.from(len("/C:"))
	}
	clean, err := p.path(t.origin)
	if err != nil {
		return Ref{}, err
	}
	return p.finish(Origin{URL: base + drive + clean}, t)
}

// base checks the scheme at s and the authority, and returns them in canonical form, such as "https://host:443".
func (p parser) base(s span, scheme string, authority span) (string, error) {
	user, host := "", authority
	switch scheme {
	case "https", "http":
	case "ssh":
		if name, rest, ok := authority.cut("@"); ok {
			if !userPattern.MatchString(name.text) {
				return "", p.fail(name, "it is not a valid user name", formSSH)
			}
			user, host = name.text+"@", rest
		}
	case "file":
		if host.text == "" || strings.EqualFold(host.text, "localhost") {
			return "file://", nil
		}
		return "", p.fail(authority, "a file URL cannot name another machine", "file:///PATH@TAG//COMPONENT")
	default:
		return "", p.fail(s, "the scheme is not one of https, http, ssh and file", formURL)
	}
	name := strings.ToLower(host.text)
	if i := strings.LastIndexByte(name, ':'); i >= 0 && !isAuthority(name) && isAuthority(name[:i]) {
		return "", p.fail(host.from(i+1), badPort, scheme+"://HOST:PORT/PATH@TAG//COMPONENT")
	}
	if !isAuthority(name) {
		return "", p.fail(host, "it is not a valid host name", scheme+"://HOST/PATH@TAG//COMPONENT")
	}
	return scheme + "://" + user + name, nil
}

// isAuthority reports whether s is a host name, an IPv4 address or an IPv6 address in brackets, with an optional port.
func isAuthority(s string) bool {
	rest, ok := strings.CutPrefix(s, "[")
	if !ok {
		return isHostPort(s)
	}
	literal, port, ok := strings.Cut(rest, "]")
	addr, err := netip.ParseAddr(literal)
	if port != "" {
		number, colon := strings.CutPrefix(port, ":")
		ok = ok && colon && isPort(number)
	}
	return ok && err == nil && addr.Is6() && addr.Zone() == ""
}

// path checks the path of a URL or an scp form, and returns it without trailing slashes.
func (p parser) path(s span) (string, error) {
	s = s.trimRight("/")
	if strings.Trim(s.text, "/") == "" {
		return "", p.fail(s, "the path of the repository is missing", p.replace(s, "/PATH"))
	}
	if bad := s.indexAny("?#"); bad.text != "" {
		return "", p.fail(bad, "the URL of a repository cannot contain "+bad.text, p.input[:bad.at]+"@TAG//COMPONENT")
	}
	if bad := s.indexAny(" \\\"<>^`{|}:*["); bad.text != "" {
		return "", p.fail(bad, "the path of a URL cannot contain "+bad.text, formURL)
	}
	relative := s.from(len(s.text) - len(strings.TrimPrefix(s.text, "/")))
	for _, segment := range relative.split("/") {
		plain, err := url.PathUnescape(segment.text)
		switch {
		case err != nil:
			return "", p.fail(segment, "% must be followed by two hex digits", formURL)
		case plain == "." || plain == "..":
			return "", p.fail(segment, "the path cannot have . or .. segments", formURL)
		case strings.HasPrefix(plain, "-"):
			return "", p.fail(segment, "a path segment cannot start with -", formURL)
		case strings.ContainsAny(plain, `/\`):
			return "", p.fail(segment, `the path contains an escaped / or \`, formURL)
		case strings.ContainsFunc(plain, isNotPrintable):
			return "", p.fail(segment, "the path contains an escaped character that is not printable", formURL)
		}
	}
	return s.text, nil
}

// scpParts splits USER@HOST:PATH… and HOST:PATH… into their parts; site is USER@HOST or HOST in canonical form. The
// versions latest and dev are not hosts.
func scpParts(s span) (site string, path span, ok bool) {
	head, path, ok := s.cut(":")
	if !ok {
		return "", path, false
	}
	name, host, at := head.cut("@")
	if !at {
		return head.text, path, isAlias(head.text) && isAliasPath(split(path, strings.IndexByte).origin.text)
	}
	h := strings.ToLower(host.text)
	ok = userPattern.MatchString(name.text) && isHost(h) && h != "latest" && h != "dev"
	return name.text + "@" + h, path, ok
}

// isAlias reports whether s can be a host without a user: often an alias in the configuration of ssh, so that its case
// matters. A single letter is a drive.
func isAlias(s string) bool {
	switch strings.ToLower(s) {
	case "https", "http", "ssh", "file", "ftp": // mistyped URLs
		return false
	}
	const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	return len(s) > 1 && strings.Trim(s, letters+"._-") == "" && strings.Contains(letters, s[:1])
}

// isAliasPath reports whether s is the path of a host without a user. HOST:NAME is more often a mistyped "::".
func isAliasPath(s string) bool {
	s = strings.TrimRight(s, "/")
	return !strings.HasPrefix(s, ":") && !strings.Contains(s, "::") &&
		(strings.Contains(s, "/") || strings.HasSuffix(s, ".git"))
}

// scp parses SITE:PATH[@version][//component].
func (p parser) scp(site string, path span) (Ref, error) {
	if strings.HasPrefix(path.text, ":") {
		return Ref{}, p.fail(path.upto(1), "host and path are separated by one :", p.replace(path.upto(1), ""))
	}
	if err := p.checkQuery(); err != nil {
		return Ref{}, err
	}
	t := split(path, strings.IndexByte)
	text, err := p.path(t.origin)
	if err != nil {
		return Ref{}, err
	}
	return p.finish(Origin{URL: site + ":" + text}, t)
}

// local parses PATH[@version][//component].
func (p parser) local(s span) (Ref, error) {
	t := split(s, strings.LastIndexByte)
	o := t.origin.trimRight(`/`)
	path := o.text
	if drivePattern.MatchString(s.text) {
		o = t.origin.trimRight(`/\`)
		path = strings.ReplaceAll(o.text, `\`, "/")
	}
	if path == "" || !isPath(path) {
		return Ref{}, p.fail(o, "the path of the repository is missing", formLocal)
	}
	for i, segment := range strings.Split(path, "/") {
		switch {
		case segment == "" && i > 0:
			return Ref{}, p.fail(o, "the path has an empty segment", formLocal)
		case strings.HasPrefix(segment, "-"):
			return Ref{}, p.fail(o, "a path segment cannot start with -", formLocal)
		case strings.TrimSpace(segment) != segment:
			return Ref{}, p.fail(o, "a path segment cannot start or end with a space", formLocal)
		}
	}
	if bad := o.index(`\`); bad.text != "" && path == o.text {
		return Ref{}, p.fail(bad, `a reference uses / and not \`, strings.ReplaceAll(p.input, `\`, "/"))
	}
	return p.finish(Origin{URL: path}, t)
}
