package resolver

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxTagName limits the bytes of a tag in which a version is looked for.
const maxTagName = 256

// A tag is the parsed name of a tag.
type tag struct {
	name    string
	prefix  string          // everything before the version, without its "v"; the whole name when there is no version
	version *semver.Version // nil when the name does not end with one
	numbers int             // how many numbers the version has: 3 in "1.2.0", 2 in "1.2"
	asked   bool            // a prerelease that a range asks for
}

func (t tag) isPrerelease() bool { return t.version != nil && t.version.Prerelease() != "" }

// sameSeries reports whether two tags are of one series.
func sameSeries(a, b tag) bool { return a.series() == b.series() }

// A series identifies the series of a tag.
type series struct {
	prefix    string
	versioned bool
}

func (t tag) series() series { return series{t.prefix, t.version != nil} }

// compareTags orders tags by version. Those without one are lower, and ordered by name. Equal versions are ordered by
// the number of their numbers, then by name, so that the order never depends on that of the list.
func compareTags(a, b tag) int {
	switch {
	case a.version != nil && b.version != nil:
		if c := a.version.Compare(b.version); c != 0 {
			return c
		}
		return cmp.Or(cmp.Compare(a.numbers, b.numbers), cmp.Compare(a.name, b.name))
	case a.version != nil:
		return 1
	case b.version != nil:
		return -1
	}
	return cmp.Compare(a.name, b.name)
}

// higher returns the higher of two tags. The zero tag is lower than all others.
func higher(a, b tag) tag {
	if a.name == "" || b.name != "" && compareTags(b, a) > 0 {
		return b
	}
	return a
}

// Newer returns those of tags that are of the series of the tag name and have a higher version, lowest first. It
// contains prereleases only when name is one. It is empty when name has no version.
func Newer(tags []string, name string) []string {
	this := parseTag(name)
	if this.version == nil {
		return nil
	}
	var newer []tag
	for _, n := range tags {
		t := parseTag(n)
		if sameSeries(t, this) && t.version.GreaterThan(this.version) &&
			(t.version.Prerelease() == "" || this.version.Prerelease() != "") {
			newer = append(newer, t)
		}
	}
	slices.SortFunc(newer, compareTags)
	return namesOf(newer)
}

// Newest returns those of tags that are the highest of their series.
func Newest(tags []string) []string {
	highest := map[series]tag{}
	for _, name := range tags {
		t := parseTag(name)
		highest[t.series()] = higher(highest[t.series()], t)
	}
	return namesOf(slices.SortedFunc(maps.Values(highest), compareTags))
}

func namesOf(tags []tag) []string {
	var names []string
	for _, t := range tags {
		names = append(names, t.name)
	}
	return names
}

// parseTag parses the name of a tag. A version of three numbers may follow anything except a digit or a dot. One of
// fewer numbers may follow only a separator, and is not a version where it may be a date such as 2024-01-31.
func parseTag(name string) tag {
	t := tag{name: name, prefix: name}
	if len(name) > maxTagName {
		return t
	}
	for i := range len(name) {
		if !isDigit(name[i]) || i > 0 && (isDigit(name[i-1]) || name[i-1] == '.') {
			continue
		}
		v, numbers := parseVersion(name[i:])
		if v == nil || numbers < 3 && (t.version != nil || !partialAllowed(name, i, numbers, v)) {
			continue
		}
		t.prefix, t.version, t.numbers = cutV(name[:i]), v, numbers
		if numbers == 3 {
			break
		}
	}
	return t
}

// partialAllowed reports whether a version v of one or two numbers may start at name[i].
func partialAllowed(name string, i, numbers int, v *semver.Version) bool {
	before := cutV(name[:i])
	if before != "" && isWord(before[len(before)-1]) {
		return false
	}
	dated := numbers == 1 && len(before) > 1 && isDigit(before[len(before)-2])
	return !dated && (v.Prerelease() == "" || !isDigit(v.Prerelease()[0]))
}

// cutV removes a "v" that starts a version: one at the start of the name or after a separator.
func cutV(prefix string) string {
	if s, ok := strings.CutSuffix(prefix, "v"); ok && (s == "" || !isWord(s[len(s)-1])) {
		return s
	}
	return prefix
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord reports whether c is part of a word: a letter, a digit or a byte of a non-ASCII character.
func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// parseVersion parses a version of one to three numbers, with leading zeros as in 2024.01, and the suffixes of
// semantic versions. It returns nil when s is not one.
func parseVersion(s string) (v *semver.Version, numbers int) {
	core, rest := s, ""
	if i := strings.IndexAny(s, "-+"); i >= 0 {
		core, rest = s[:i], s[i:]
	}
	fields := strings.SplitN(core, ".", 4)
	numbers = len(fields)
	if numbers > 3 || strings.Trim(core, "0123456789.") != "" {
		return nil, 0
	}
	for i, f := range fields {
		if f == "" {
			return nil, 0
		}
		fields[i] = cmp.Or(strings.TrimLeft(f, "0"), "0")
	}
	for len(fields) < 3 {
		fields = append(fields, "0")
	}
	v, err := semver.StrictNewVersion(strings.Join(fields, ".") + rest)
	if err != nil {
		return nil, 0
	}
	return v, numbers
}
