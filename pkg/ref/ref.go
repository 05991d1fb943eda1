// Package ref owns references: what a user types to name a component, and what it becomes when made exact.
//
//	reference = origin [ "@" version ] [ "//" component ]
//	origin    = [ [ host "::" ] namespace "::" ] repo              a name
//	          | "https://" … | "http://" … | "ssh://" … | "file://" …
//	          | user "@" host ":" path                              as in scp
//	          | "./" … | "../" … | "/" … | "C:/" …                  a local path
//	          | the address of a folder or file in a forge's web pages
//	version   = "latest" | "dev" | tag | branch | commit | glob | prefix range
//	component = a component's name, or a path inside the pack
//
// An origin says which repository, a version which commit of it, and a component which part of
// that commit. The first "//" after the origin's scheme starts the component, so that a tag may
// contain "/". In a name or URL the first "@" behind user and host starts the version; a local
// path may contain "@" itself, and there the last one does.
//
// The web address of a forge stands for an origin, a version and a component together. Its
// version is one path segment: a tag that contains "/" has to be typed as a reference.
//
// Everything here is pure: no network, no disk.
package ref

import (
	"strings"
)

// A Ref is a reference as typed. It is comparable: equal references are equal with ==.
type Ref struct {
	Origin    Origin
	Version   Version
	Component string // name or source path; "" is the pack as a whole
}

// An Origin names a repository: by name when Repo is set, by location when URL is set.
type Origin struct {
	Host      string // "" when not typed; lower case, with ":port" when typed
	Namespace string // "" when not typed; nested groups are separated by "/"
	Repo      string // without ".git"
	URL       string // https, http, ssh or file URL, scp form, or local path; never with a password
}

// maxLength is the length in bytes beyond which a text is refused unread.
const maxLength = 4096

// Parse reads a reference. Its errors are *failure.Error of kind Usage around a *SyntaxError.
func Parse(s string) (Ref, error) {
	p := parser{what: "reference", input: s}
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
	if user, host, path, ok := scpParts(all); ok {
		return p.scp(user, host, path)
	}
	return p.name(all)
}

// String returns the canonical form of r, which Parse reads back to the same value.
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

// String returns the origin as it stands at the start of a reference.
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

// IsLocal reports whether the origin is a repository on this machine: a path or a file URL.
func (o Origin) IsLocal() bool { return isPath(o.URL) || strings.HasPrefix(o.URL, "file://") }

// CloneURL returns the URL to clone from: that of the location, or for a name
// "https://HOST/NAMESPACE/REPO.git" with the defaults for what was not typed.
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

// parts is a reference cut at its version and component.
type parts struct {
	origin, version, component span
	hasVersion, hasComponent   bool
}

// split cuts s at the first "//", and what stands before it at the "@" that at finds.
func split(s span, at func(string, byte) int) parts {
	var t parts
	t.origin, t.component, t.hasComponent = s.cut("//")
	if i := at(t.origin.text, '@'); i >= 0 {
		t.version, t.hasVersion = t.origin.from(i+1), true
		t.origin = t.origin.upto(i)
	}
	return t
}

// finish reads the version and component that stand behind origin o.
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

// component reads a component's name or source path.
func (p parser) component(t parts) (string, error) {
	c := t.component
	if c.text == "" {
		return "", p.fail(c, "the component after // is empty", p.replace(c, "COMPONENT"))
	}
	if at := c.index("@"); at.text != "" {
		if t.hasVersion {
			return "", p.fail(at, "a component has no version of its own", p.replace(c, c.text[:at.at-c.at]))
		}
		name, version := c.text[:at.at-c.at], c.text[at.at-c.at+1:]
		return "", p.fail(at, "the version stands before //", t.origin.text+"@"+version+"//"+name)
	}
	if err := p.componentPath(c, c.text); err != nil {
		return "", err
	}
	return c.text, nil
}

// componentPath checks text, which stands (maybe percent-encoded) at c, as a name or path inside a pack.
func (p parser) componentPath(c span, text string) error {
	for segment := range strings.SplitSeq(text, "/") {
		switch {
		case segment == "":
			return p.fail(c, "the component has an empty path segment", formName)
		case segment == "." || segment == "..":
			return p.fail(c, "a component's path has no . or .. segment", formName)
		case segment[0] == '-':
			return p.fail(c, "no part of a component's path starts with -", formName)
		}
	}
	if bad := c.indexAny(" @#:?*\\\"<>|%`"); bad.text != "" && text == c.text {
		return p.fail(bad, "a component has no "+bad.text+" in its name", formName)
	}
	if strings.ContainsAny(text, " @#:?*\\\"<>|%`") {
		return p.fail(c, "the path has a character that no component may have", formName)
	}
	return nil
}
