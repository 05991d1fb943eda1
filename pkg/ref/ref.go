// Package ref parses references, by which users name components, and defines the exact forms that they resolve to.
//
//	reference = origin [ "@" version ] [ "//" component ]
//	origin    = [ [ host "::" ] namespace "::" ] repo              a name
//	          | "https://" … | "http://" … | "ssh://" … | "file://" …
//	          | [ user "@" ] host ":" path                          as in scp
//	          | "./" … | "../" … | "/" … | "C:/" …                  a local path
//	          | the web address of a folder or file on a forge
//	version   = "latest" | "dev" | tag | branch | commit | glob | prefix range
//	component = a component's name, or a path inside the pack
//
// The origin denotes a repository, the version a commit of it, and the component a part of that
// commit. The component starts at the first "//" after the scheme, so that a tag can contain "/".
// In a name or URL the version starts at the first "@" after user and host; in a local path,
// which can contain "@", it starts at the last one.
//
// The web address of a forge contains an origin, a version and a component. Its version is one
// path segment: a tag that contains "/" must be written as a reference.
//
// The package does not use the network or the disk.
package ref

import (
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// A Ref is a parsed reference. References are comparable with ==.
type Ref struct {
	Origin    Origin
	Version   Version
	Component string // name or source path; "" for the whole pack
}

// An Origin denotes a repository, either by name (Repo is set) or by location (URL is set).
type Origin struct {
	Host      string // in lower case, with optional ":port"; "" for the default
	Namespace string // nested groups are separated by "/"; "" for the default
	Repo      string // without ".git"
	URL       string // https, http, ssh or file URL, scp form, or local path; never with a password
}

// maxLength is the maximum length of a reference or version in bytes.
const maxLength = 4096

// Parse parses a reference. Its errors are of kind Usage and wrap a *SyntaxError.
func Parse(s string) (Ref, error) {
	p := parser{what: "reference", input: s}
	if i := secreturl.QueryIndex(s); i >= 0 {
		p.input, p.query = secreturl.HideQuery(s), i
		p.hidesComponent = strings.Contains(s[i:], "//") && !strings.Contains(p.input[i:], "//")
	}
	s = p.input
	if err := p.checkText(); err != nil {
		return Ref{}, err
	}
	all := span{text: s}
	if scheme, _, ok := strings.Cut(s, "://"); ok && isScheme(scheme) {
		return p.url(all, scheme)
	}
	if isPath(s) {
		return p.local(all)
	}
	if site, path, ok := scpParts(all); ok {
		return p.scp(site, path)
	}
	return p.name(all)
}

// String returns the canonical form of r. Parse is its inverse.
func (r Ref) String() string {
	s := r.Origin.String()
	if v := r.Version.String(); v != "" {
		s += "@" + v
	}
	if r.Component != "" {
		s += "//" + r.Component
	}
	return s
}

// String returns the origin in the form of a reference.
func (o Origin) String() string {
	switch {
	case o.URL != "":
		return o.URL
	case o.Host != "":
		return o.Host + "::" + o.Namespace + "::" + o.Repo
	case o.Namespace != "":
		return o.Namespace + "::" + o.Repo
	}
	return o.Repo
}

// IsLocal reports whether the origin is a local path or a file URL.
func (o Origin) IsLocal() bool { return isPath(o.URL) || strings.HasPrefix(o.URL, "file://") }

// IsBare reports whether the origin is a name without host and namespace: of an alias, of a built-in pack, or of a
// repository in the default namespace.
func (o Origin) IsBare() bool { return o.URL == "" && o.Host == "" && o.Namespace == "" }

// CloneURL returns the URL to clone: the location, or "https://HOST/NAMESPACE/REPO.git" for a name, with the defaults
// for a missing host and namespace.
func (o Origin) CloneURL(defaultHost, defaultNamespace string) string {
	if o.URL != "" {
		return o.URL
	}
	host, namespace := o.Host, o.Namespace
	if host == "" {
		host = defaultHost
	}
	if namespace == "" {
		namespace = defaultNamespace
	}
	return "https://" + host + "/" + namespace + "/" + o.Repo + ".git"
}

// parts are the parts of a reference.
type parts struct {
	origin, version, component span
	hasVersion, hasComponent   bool
}

// split splits s at the first "//", and the part before it at the "@" that index returns.
func split(s span, index func(string, byte) int) parts {
	var t parts
	t.origin, t.component, t.hasComponent = s.cut("//")
	if i := index(t.origin.text, '@'); i >= 0 {
		t.version, t.hasVersion = t.origin.from(i+1), true
		t.origin = t.origin.upto(i)
	}
	return t
}

// finish parses the version and component after origin o.
func (p parser) finish(o Origin, t parts) (Ref, error) {
	r := Ref{Origin: o}
	var err error
	if t.hasVersion {
		if r.Version, err = p.version(t.version); err != nil {
			return Ref{}, err
		}
	}
	if t.hasComponent {
		if r.Component, err = p.component(t); err != nil {
			return Ref{}, err
		}
	}
	return r, nil
}

// component parses the name or source path of a component.
func (p parser) component(t parts) (string, error) {
	c := t.component
	if c.text == "" {
		return "", p.fail(c, "the component after // is empty", p.replace(c, "COMPONENT"))
	}
	if at := c.index("@"); at.text != "" {
		if t.hasVersion {
			return "", p.fail(at, "a component cannot have a version of its own", p.replace(c, c.text[:at.at-c.at]))
		}
		name, version := c.text[:at.at-c.at], c.text[at.at-c.at+1:]
		return "", p.fail(at, "the version belongs before //", t.origin.text+"@"+version+"//"+name)
	}
	if err := p.checkComponent(c, c.text); err != nil {
		return "", err
	}
	return c.text, nil
}

// checkComponent checks the name or path of a component. text is the text of c, which may be percent-encoded.
func (p parser) checkComponent(c span, text string) error {
	for segment := range strings.SplitSeq(text, "/") {
		switch {
		case segment == "":
			return p.fail(c, "the component has an empty path segment", formName)
		case segment == "." || segment == "..":
			return p.fail(c, "a component's path cannot have . or .. segments", formName)
		case segment[0] == '-':
			return p.fail(c, "a segment of a component's path cannot start with -", formName)
		}
	}
	const forbidden = " @#:?*\\\"<>|%`"
	if bad := c.indexAny(forbidden); bad.text != "" && text == c.text {
		return p.fail(bad, "a component cannot contain "+bad.text, formName)
	}
	if strings.ContainsAny(text, forbidden) {
		return p.fail(c, "the path contains a character that is not allowed in a component", formName)
	}
	return nil
}
