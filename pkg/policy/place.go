package policy

import (
	"cmp"
	"net/url"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
)

// Schemes of places that no connection leads to.
const (
	File    = "file"    // a repository on this machine
	Builtin = "builtin" // a pack inside the binary
)

// A Place is where a repository is.
type Place struct {
	Scheme string // "https", "http", "ssh", File or Builtin
	Host   string // canonical, without port; empty for File and Builtin

	// Path is the path below the host, the absolute path of a local repository or the name of a built-in pack, without
	// slashes at its ends and without ".git". It is empty when different paths may mean the same repository.
	Path string
}

// NewPlace returns the place of a repository. path is escaped in a URL of http, and has slashes as separators. A
// remote path that is still escaped, or has a backslash, is not known: the server may decode it, or take it for a
// slash.
func NewPlace(scheme, host, path string) Place {
	p := Place{Scheme: scheme}
	isRemote := scheme != File && scheme != Builtin
	if isRemote {
		p.Host = hostname.Canonical(host)
	}
	if plain, err := url.PathUnescape(path); err == nil && isRemote && scheme != "ssh" {
		path = plain
	}
	path = strings.TrimSuffix(strings.Trim(path, "/"), ".git")
	if isPlainPath(path) && !(isRemote && strings.ContainsAny(path, `%\`)) {
		p.Path = path
	}
	return p
}

// isPlainPath reports whether a path has no segments that a server resolves.
func isPlainPath(path string) bool {
	for segment := range strings.SplitSeq(path, "/") {
		if segment == "" || segment == "." || segment == ".." {
			return false
		}
	}
	return !strings.ContainsFunc(path, unicode.IsControl)
}

// String returns the place as patterns of namespaces name it: "HOST/PATH", "file/PATH" or "builtin/NAME". A path that
// is not known is "?".
func (p Place) String() string { return cmp.Or(p.Host, p.Scheme) + "/" + cmp.Or(p.Path, "?") }

// A pattern is a pattern of places: "*" for all of them, or a host pattern, "file" or "builtin", and the first
// segments of the path.
type pattern struct {
	text     string
	all      bool
	scheme   string // File, Builtin or empty
	host     hostname.Pattern
	segments []string
}

// parsePattern parses a pattern. The text of the error completes the sentence "… is not a namespace: ".
func parsePattern(text string) (pattern, string) {
	p := pattern{text: text}
	if text == "*" {
		p.all = true
		return p, ""
	}
	first, path, hasPath := strings.Cut(text, "/")
	switch {
	case strings.Contains(text, "://"):
		return p, "it has a scheme"
	case first == File || first == Builtin:
		p.scheme = first
	default:
		host, err := hostname.ParsePattern(first)
		if err != nil {
			return p, "it does not begin with a host, \"file\" or \"builtin\""
		}
		p.host = host
	}
	if !hasPath {
		return p, ""
	}
	path = strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git")
	if !isPlainPath(path) || strings.Contains(path, "*") || p.scheme == "" && strings.ContainsAny(path, `%\`) {
		return p, "its path has an empty segment, \".\" or \"..\", or one of the characters * % \\"
	}
	p.segments = strings.Split(path, "/")
	return p, ""
}

// covers reports whether a place may be one that the pattern means: an unclear path may be any.
func (p pattern) covers(at Place) bool {
	return p.matches(at, strings.EqualFold) || at.Path == "" && p.isHost(at)
}

// means reports whether the pattern certainly means a place. Servers differ in whether case matters: what is allowed
// must be written as it is in the URL.
func (p pattern) means(at Place) bool { return p.matches(at, func(a, b string) bool { return a == b }) }

func (p pattern) isHost(at Place) bool {
	if at.Host == "" {
		return p.all || p.scheme == at.Scheme
	}
	return p.all || p.scheme == "" && p.host.Matches(at.Host)
}

func (p pattern) matches(at Place, equal func(a, b string) bool) bool {
	if !p.isHost(at) {
		return false
	}
	path := strings.Split(at.Path, "/")
	if len(path) < len(p.segments) {
		return false
	}
	for i, segment := range p.segments {
		if !equal(segment, path[i]) {
			return false
		}
	}
	return true
}

// compare orders patterns by how specific they are, the most specific first.
func (p pattern) compare(q pattern) int {
	if p.all != q.all {
		if q.all {
			return -1
		}
		return 1
	}
	if d := len(q.segments) - len(p.segments); d != 0 {
		return d
	}
	if d := strings.Count(string(p.host), "*") - strings.Count(string(q.host), "*"); d != 0 {
		return d
	}
	return len(q.host) - len(p.host)
}
