package resolver

import (
	"cmp"
	"fmt"
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A match parses the name of a tag, and reports whether a version may mean it.
type match func(name string) (tag, bool)

// Matches reports whether a version may mean a tag: its name, with or without a "v", or a glob or range that matches
// it, also if the tag is a prerelease.
func Matches(v ref.Version, name string) bool {
	ok := false
	switch v.Kind() {
	case ref.Exact:
		ok = withoutV(v.String()) == withoutV(name)
	case ref.Glob:
		_, ok = matchesGlob(v.String())(name)
	case ref.Range:
		if matches, err := matchesRange(v); err == nil {
			_, ok = matches(name)
		}
	}
	return ok
}

// withoutV returns the name of a tag without the "v" before its version.
func withoutV(name string) string {
	if t := parseTag(name); t.v && t.hasVersion() {
		return t.prefix + name[len(t.prefix)+1:]
	}
	return name
}

// matchesGlob returns the match of a pattern.
func matchesGlob(pattern string) match {
	return func(name string) (tag, bool) {
		if ok, err := path.Match(pattern, name); err != nil || !ok {
			return tag{}, false
		}
		return parseTag(name), true
	}
}

// matchesRange returns the match of a range.
func matchesRange(v ref.Version) (match, error) {
	in, err := semver.NewConstraint(fixTilde(v.Constraint()))
	if err != nil {
		return nil, fmt.Errorf("range %q: %w", v, err)
	}
	// The library decides which prereleases a range asks for. All others match, too, so that an error can name them.
	all := *in
	all.IncludePrerelease = true
	return func(name string) (tag, bool) {
		rest, ok := strings.CutPrefix(name, v.Prefix())
		if !ok {
			return tag{}, false
		}
		rest = strings.TrimPrefix(rest, "v")
		version := parseVersion(rest)
		if version == nil || !all.Check(version) {
			return tag{}, false
		}
		t, ok := parseVersionAt(name, len(name)-len(rest))
		t.asked = version.Prerelease() == "" || in.Check(version)
		return t, ok
	}, nil
}

// parseVersion parses a version of one to three numbers, with leading zeros as in 2024.01, and the suffixes of
// semantic versions. It returns nil when s is not one.
func parseVersion(s string) *semver.Version {
	core, rest := s, ""
	if i := strings.IndexAny(s, "-+"); i >= 0 {
		core, rest = s[:i], s[i:]
	}
	fields := strings.SplitN(core, ".", 4)
	if len(fields) > 3 || strings.Trim(core, "0123456789.") != "" {
		return nil
	}
	for i, f := range fields {
		if f == "" {
			return nil
		}
		fields[i] = cmp.Or(strings.TrimLeft(f, "0"), "0")
	}
	for len(fields) < 3 {
		fields = append(fields, "0")
	}
	v, err := semver.StrictNewVersion(strings.Join(fields, ".") + rest)
	if err != nil {
		return nil
	}
	return v
}

// tildeZero matches "~0.0.0", which means any version to the semver library.
var tildeZero = lazyregexp.New(`(~>?\s*v?0\.0)\.0\b`)

// fixTilde replaces "~0.0.0" by the equivalent "~0.0", which the library reads correctly: >=0.0.0 <0.1.0.
func fixTilde(constraint string) string { return tildeZero.ReplaceAllString(constraint, "$1") }

// literalPrefix returns a glob up to its first wildcard.
func literalPrefix(glob string) string { return glob[:strings.IndexAny(glob, "*?[")] }

var (
	globVersion    = lazyregexp.New(`(?:^|[^0-9A-Za-z.*?\]])v?([0-9]+(?:[.*?\[-].*|$))`)
	globPrerelease = lazyregexp.New(`[*?\]]-[A-Za-z]`)
)

// asksForPrerelease reports whether a glob names a prerelease: it has a hyphen after a version ("cp-1.0.0-*"), or a
// word after a wildcard and a hyphen ("cp-*-rc*").
func asksForPrerelease(glob string) bool {
	if m := globVersion.FindStringSubmatch(glob); m != nil {
		return strings.Contains(m[1], "-")
	}
	return globPrerelease.MatchString(glob)
}
