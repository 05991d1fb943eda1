package config

import (
	"iter"
	"net/url"
	"strings"
)

// ForURL yields the settings of section.name and of the section.URL.name whose URL matches u, given in lower case, as
// git-config(1) describes it for http.<url>.*: a setting that matches u less than one before it is left out, so that
// the last one is the best match.
func (c *Config) ForURL(section, name string, u *url.URL) iter.Seq[Setting] {
	want := normalize(u)
	return func(yield func(Setting) bool) {
		var best urlMatch
		for s := range c.All(section, name) {
			m, ok := want.matchText(s.Subsection)
			if !ok || m.less(best) {
				continue
			}
			best = m
			if !yield(s) {
				return
			}
		}
	}
}

// A urlMatch says how well a URL matches: the better, the greater the first of these that differs.
type urlMatch struct {
	host, path int // bytes of the pattern
	user       bool
}

func (m urlMatch) less(o urlMatch) bool {
	switch {
	case m.host != o.host:
		return m.host < o.host
	case m.path != o.path:
		return m.path < o.path
	}
	return !m.user && o.user
}

// A normalURL has the parts that git compares.
type normalURL struct {
	scheme, host, port, path string
	user                     string
	hasUser                  bool
}

// normalize returns the form in which git compares URLs.
func normalize(u *url.URL) normalURL {
	n := normalURL{
		scheme: strings.ToLower(u.Scheme), host: strings.ToLower(u.Hostname()), port: u.Port(),
		path: removeDots(u.Path),
	}
	if n.port == "" {
		n.port = map[string]string{"https": "443", "http": "80"}[n.scheme]
	}
	if u.User != nil {
		n.user, n.hasUser = u.User.Username(), true
	}
	return n
}

// matchText is match for the text of a pattern. The empty one matches every URL.
func (n normalURL) matchText(text string) (urlMatch, bool) {
	if text == "" {
		return urlMatch{}, true
	}
	u, err := url.Parse(text)
	if err != nil || u.Hostname() == "" || removeDots(u.Path) == "" {
		return urlMatch{}, false
	}
	return n.match(normalize(u))
}

// match reports whether n is the pattern or below it.
func (n normalURL) match(pattern normalURL) (urlMatch, bool) {
	if pattern.scheme != n.scheme || pattern.port != n.port ||
		pattern.hasUser && (!n.hasUser || pattern.user != n.user) {
		return urlMatch{}, false
	}
	host, want := strings.Split(n.host, "."), strings.Split(pattern.host, ".")
	if len(host) != len(want) {
		return urlMatch{}, false
	}
	for i := range want {
		if want[i] != host[i] && want[i] != "*" {
			return urlMatch{}, false
		}
	}
	prefix := strings.TrimSuffix(pattern.path, "/")
	if rest, ok := strings.CutPrefix(n.path, prefix); !ok || rest != "" && rest[0] != '/' {
		return urlMatch{}, false
	}
	return urlMatch{len(pattern.host), len(prefix) + 1, pattern.hasUser}, true
}

// removeDots resolves the segments "." and ".." of a path. It returns "" when they lead above the root.
func removeDots(path string) string {
	out := []string{}
	segments := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i, s := range segments {
		last := i == len(segments)-1
		switch {
		case s == ".." && len(out) == 0:
			return ""
		case s == "..":
			out = out[:len(out)-1]
		case s != ".":
			out = append(out, s)
			continue
		}
		if last {
			out = append(out, "") // the path of a folder
		}
	}
	return "/" + strings.Join(out, "/")
}
