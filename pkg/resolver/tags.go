package resolver

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// maxTagName is the length in bytes beyond which no version is looked for in a tag.
const maxTagName = 256

// A tag is a tag's name, read.
type tag struct {
	name    string
	prefix  string          // all before the version, without its "v"; the whole name when there is no version
	version *semver.Version // nil when the name ends with none
	numbers int             // how many numbers were written: 3 in "1.2.0", 2 in "1.2"
	asked   bool            // a prerelease that the range names
}

func (t tag) isPrerelease() bool { return t.version != nil && t.version.Prerelease() != "" }

// compareTags orders tags by version; those without one are below, by name. Equal versions are ordered by how
// completely they are written, then by name, so that the order never depends on that of the list.
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

// higher returns the higher of two tags; one without a name is none.
func higher(a, b tag) tag {
	if a.name == "" || b.name != "" && compareTags(b, a) > 0 {
		return b
	}
	return a
}

// Newer returns those of tags that have the prefix of the tag name and a higher version, lowest first.
// Prereleases are among them only when name is one. It is empty when name ends with no version.
func Newer(tags []string, name string) []string {
	this := splitTag(name)
	if this.version == nil {
		return nil
	}
	var newer []tag
	for _, n := range tags {
		t := splitTag(n)
		if t.version != nil && t.prefix == this.prefix && t.version.GreaterThan(this.version) &&
			(t.version.Prerelease() == "" || this.version.Prerelease() != "") {
			newer = append(newer, t)
		}
	}
	slices.SortFunc(newer, compareTags)
	return namesOf(newer)
}

// Newest returns those of tags that are the highest of their series. A tag without a version is a series of its own.
func Newest(tags []string) []string {
	highest := map[string]tag{} // by prefix, or by name for a tag without a version
	for _, name := range tags {
		t := splitTag(name)
		series := "name " + name
		if t.version != nil {
			series = "prefix " + t.prefix
		}
		highest[series] = higher(highest[series], t)
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

// splitTag reads a tag's name. A version of three numbers may follow anything but a digit or dot; one of
// fewer only a separator, and is none where a date such as 2024-01-31 is as likely.
func splitTag(name string) tag {
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

// partialAllowed reports whether the version v of one or two numbers may start at name[i].
func partialAllowed(name string, i, numbers int, v *semver.Version) bool {
	before := cutV(name[:i])
	if before != "" && isWord(before[len(before)-1]) {
		return false
	}
	dated := numbers == 1 && len(before) > 1 && isDigit(before[len(before)-2])
	return !dated && (v.Prerelease() == "" || !isDigit(v.Prerelease()[0]))
}

// cutV removes a "v" that starts a version: one at the start of the name or behind a separator.
func cutV(prefix string) string {
	if s, ok := strings.CutSuffix(prefix, "v"); ok && (s == "" || !isWord(s[len(s)-1])) {
		return s
	}
	return prefix
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// isWord reports whether c belongs to a word: a letter, a digit or a byte of a character beyond ASCII.
func isWord(c byte) bool {
	return isDigit(c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c >= 0x80
}

// parseVersion reads s as a version of one to three numbers, leading zeros allowed as in 2024.01, with what
// semantic versions allow behind them. It returns nil when s is none.
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

// tildeZero is "~0.0.0", which the semver library takes for any version at all.
var tildeZero = regexp.MustCompile(`(~>?\s*v?0\.0)\.0\b`)

// mendTilde writes "~0.0.0" as the equal "~0.0", which the library reads right: >=0.0.0 <0.1.0.
func mendTilde(constraint string) string { return tildeZero.ReplaceAllString(constraint, "$1") }

// literalPrefix returns a glob up to its first wildcard.
func literalPrefix(glob string) string { return glob[:strings.IndexAny(glob, "*?[")] }

var (
	globVersion    = regexp.MustCompile(`(?:^|[^0-9A-Za-z.*?\]])v?([0-9]+(?:[.*?\[-].*|$))`)
	globPrerelease = regexp.MustCompile(`[*?\]]-[A-Za-z]`)
)

// asksForPrerelease reports whether a glob names a prerelease: has a hyphen behind the version it starts
// ("cp-1.0.0-*"), or a word behind a wildcard and a hyphen ("cp-*-rc*").
func asksForPrerelease(glob string) bool {
	if m := globVersion.FindStringSubmatch(glob); m != nil {
		return strings.Contains(m[1], "-")
	}
	return globPrerelease.MatchString(glob)
}
