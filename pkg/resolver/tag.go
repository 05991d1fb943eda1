package resolver

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// maxTagName limits the bytes of a tag in which a version is looked for.
const maxTagName = 256

const letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

// A tag is the parsed name of a tag: a prefix, perhaps a "v", numbers, perhaps a prerelease, and a suffix.
type tag struct {
	name    string
	prefix  string   // everything before the version, without its "v"; the whole name when there is no version
	v       bool     // the version starts with a "v"
	joint   string   // joins the numbers: "." or "_", and in a date also "-"
	numbers []string // as they are written; none when the name has no version
	pre     []string // the words and numbers of a prerelease: alpha and 2 in "1.0.0-alpha.2"
	suffix  []string // the rest: "-alpine", "3", "." and "18" in "1.2.3-alpine3.18"
	asked   bool     // a prerelease that a range asks for
}

func (t tag) hasVersion() bool { return len(t.numbers) > 0 }

// isPrerelease reports whether globs and ranges skip the tag unless they ask for it. Semantic versioning counts every
// version with a hyphen as a prerelease.
func (t tag) isPrerelease() bool {
	return len(t.pre) > 0 || len(t.suffix) > 0 && t.suffix[0][0] == '-'
}

// compareTags orders tags by version, and those without a version by name below all others. Tags of one version are
// ordered by the numbers of their suffixes, then by how many numbers they have, then by name, so that the order never
// depends on that of the list.
func compareTags(a, b tag) int {
	if a.hasVersion() != b.hasVersion() {
		return cmp.Compare(len(a.numbers), len(b.numbers))
	}
	return cmp.Or(
		compareNumbers(a.numbers, b.numbers),
		comparePrereleases(a.pre, b.pre),
		slices.CompareFunc(numbersIn(a.suffix), numbersIn(b.suffix), compareNumber),
		cmp.Compare(len(a.numbers), len(b.numbers)),
		cmp.Compare(a.name, b.name))
}

// compareNumbers compares lists of numbers; one that is missing counts as 0.
func compareNumbers(a, b []string) int {
	for i := range max(len(a), len(b)) {
		x, y := "0", "0"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if c := compareNumber(x, y); c != 0 {
			return c
		}
	}
	return 0
}

// compareNumber compares numbers of any length by value.
func compareNumber(a, b string) int {
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	return cmp.Or(cmp.Compare(len(a), len(b)), cmp.Compare(a, b))
}

// comparePrereleases orders prereleases below the release, which has none, and else as semantic versioning does, with
// rc2 read as rc.2: numbers are below words.
func comparePrereleases(a, b []string) int {
	if len(a) == 0 || len(b) == 0 {
		return cmp.Compare(len(b), len(a))
	}
	return slices.CompareFunc(a, b, func(x, y string) int {
		switch isX, isY := isDigit(x[0]), isDigit(y[0]); {
		case isX && isY:
			return compareNumber(x, y)
		case isX:
			return -1
		case isY:
			return 1
		}
		return cmp.Compare(x, y)
	})
}

func numbersIn(words []string) []string {
	var out []string
	for _, w := range words {
		if isDigit(w[0]) {
			out = append(out, w)
		}
	}
	return out
}

// higher returns the higher of two tags. The zero tag is lower than all others.
func higher(a, b tag) tag {
	if a.name == "" || b.name != "" && compareTags(b, a) > 0 {
		return b
	}
	return a
}

func namesOf(tags []tag) []string {
	var names []string
	for _, t := range tags {
		names = append(names, t.name)
	}
	return names
}

// parseTag parses the name of a tag. In order of preference, its version is: three or more numbers; a date; fewer
// numbers at the start or after a separator; fewer numbers at the end of a word, as in "r9".
func parseTag(name string) tag {
	none := tag{name: name, prefix: name}
	if len(name) > maxTagName || ref.MayBeCommit(name) && strings.Trim(name, "0123456789") != "" {
		return none
	}
	best, found := none, 0
	for i := range len(name) {
		if !isDigit(name[i]) || i > 0 && (isDigit(name[i-1]) || name[i-1] == '.' && found > 0) {
			continue
		}
		t, ok := parseVersionAt(name, i)
		if !ok {
			continue
		}
		if rank := t.rank(); rank > found {
			best, found = t, rank
		}
	}
	return best
}

// rank says how likely a version is meant as one, from 1 to 4, or 0 when it is not: the last digits of an id.
func (t tag) rank() int {
	before := t.prefix
	switch {
	case len(t.numbers) >= 3 && t.joint == ".":
		return 4
	case t.joint == "-" || len(t.numbers) >= 3:
		return 3
	case before == "" || !isWord(before[len(before)-1]):
		return 2
	}
	word := strings.TrimRight(before, letters)
	if word != "" && isWord(word[len(word)-1]) {
		return 0
	}
	return 1
}

// parseVersionAt parses the version that starts at name[i] and ends with the name.
func parseVersionAt(name string, i int) (tag, bool) {
	t := tag{name: name, prefix: cutV(name[:i])}
	t.v = len(t.prefix) < i
	var rest string
	t.numbers, t.joint, rest = cutNumbers(name[i:])
	if len(t.numbers) > 1 && len(rest) == 1 && 'a' <= rest[0] && rest[0] <= 'z' { // 1.1.1b follows 1.1.1a
		t.numbers, rest = append(t.numbers, strconv.Itoa(int(rest[0]-'a')+1)), ""
	}
	t.pre, rest = cutPrerelease(rest)
	var ok bool
	t.suffix, ok = splitSuffix(rest)
	return t, ok
}

// cutNumbers cuts the numbers off the start of s, and returns what joins them.
func cutNumbers(s string) (numbers []string, joint, rest string) {
	for {
		n := len(s) - len(strings.TrimLeft(s, "0123456789"))
		numbers, s = append(numbers, s[:n]), s[n:]
		if joint == "" && len(s) > 1 && isDigit(s[1]) &&
			(s[0] == '.' || s[0] == '_' || s[0] == '-' && startsDate(numbers[0], s[1:])) {
			joint = s[:1]
		}
		if joint == "" || len(s) < 2 || s[:1] != joint || !isDigit(s[1]) || joint == "-" && len(numbers) == 3 {
			return numbers, joint, s
		}
		s = s[1:]
	}
}

// startsDate reports whether a number is a year and what follows starts with a month of two digits.
func startsDate(year, rest string) bool {
	return isYear(year) && len(rest) >= 2 && isMonth(rest[:2]) && (len(rest) == 2 || !isDigit(rest[2]))
}

func isYear(s string) bool  { return len(s) == 4 && s >= "1900" && s <= "2199" }
func isMonth(s string) bool { return len(s) == 2 && s >= "01" && s <= "12" }
func isDay(s string) bool   { return len(s) == 2 && s >= "01" && s <= "31" }

// prereleaseWord reports whether a word begins a prerelease. For a short form it returns the word that it stands for.
func prereleaseWord(word string) (string, bool) {
	switch word = strings.ToLower(word); word {
	case "a":
		return "alpha", true
	case "b":
		return "beta", true
	case "c", "cr":
		return "rc", true
	case "m":
		return "milestone", true
	case "alpha", "beta", "rc", "pre", "preview", "prerelease", "milestone", "dev", "snapshot", "nightly", "canary",
		"next", "ea", "experimental", "unstable", "insiders":
		return word, true
	}
	return "", false
}

// cutPrerelease cuts words and numbers of a prerelease off the start of s, which follows the numbers of a version.
func cutPrerelease(s string) (pre []string, rest string) {
	for s != "" {
		next := s
		if strings.ContainsRune("-._~", rune(next[0])) {
			next = next[1:]
		}
		n := wordLength(next)
		word, known := prereleaseWord(next[:n])
		// A single letter is a prerelease only before a number.
		if known && n == 1 && (len(next) < 2 || !isDigit(next[1])) {
			known = false
		}
		if digits := len(next) - len(strings.TrimLeft(next, "0123456789")); n == 0 && digits > 0 && len(pre) > 0 {
			word, n, known = next[:digits], digits, true
		}
		if !known {
			break
		}
		pre, s = append(pre, word), next[n:]
	}
	return pre, s
}

// wordLength returns the length of the letters at the start of s.
func wordLength(s string) int { return len(s) - len(strings.TrimLeft(s, letters)) }

// splitSuffix splits what follows a version into numbers and texts. ok is false when that cannot follow a version: one
// word, perhaps with a number, may follow without a separator.
func splitSuffix(s string) (words []string, ok bool) {
	n := wordLength(s)
	digits := len(s[n:]) - len(strings.TrimLeft(s[n:], "0123456789"))
	if end := n + digits; end < len(s) && isWord(s[end]) {
		return nil, false
	}
	for s != "" {
		n := strings.IndexAny(s, "0123456789")
		if n == 0 {
			n = len(s) - len(strings.TrimLeft(s, "0123456789"))
		}
		if n < 0 {
			n = len(s)
		}
		words, s = append(words, s[:n]), s[n:]
	}
	return words, true
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
