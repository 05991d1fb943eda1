package pack

import (
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Selects reports whether the patterns of the component select an entry: a file, or a folder that may have files that
// they select. The path is relative to the component. A pattern that matches a folder matches everything in it.
func (c Component) Selects(path string, dir bool) bool {
	if matchesAny(c.Exclude, path) {
		return false
	}
	if len(c.Include) == 0 || matchesAny(c.Include, path) {
		return true
	}
	return dir && slices.ContainsFunc(c.Include, func(p string) bool { return mayMatchBelow(p, path) })
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return doublestar.MatchUnvalidated(p, name) || doublestar.MatchUnvalidated(p+"/**", name)
	})
}

// mayMatchBelow reports whether a pattern may match a path below a folder. It compares the segments that both have, so
// that folders without a match need not be read.
func mayMatchBelow(pattern, dir string) bool {
	if strings.Contains(pattern, "{") { // alternatives may contain slashes
		return true
	}
	segments := strings.Split(pattern, "/")
	for i, name := range strings.Split(dir, "/") {
		switch {
		case i >= len(segments):
			return false
		case segments[i] == "**":
			return true
		case !doublestar.MatchUnvalidated(segments[i], name):
			return false
		}
	}
	return true
}
