package resolver

import (
	"maps"
	"slices"
	"strings"
)

// A series identifies tags of the same shape. Only they are versions of one another.
type series struct {
	prefix   string
	v        bool
	joint    string // of a date such as 2024-01-31 or of numbers such as 1_2_3; "" for a dot, or for one number
	calendar calendar
	suffix   string // with "0" for each number that stands alone
	version  bool
}

// A calendar is the way in which a version is a date. Versions of a pack that went from dates to numbers, or the other
// way round, cannot be compared.
type calendar int

const (
	none   calendar = iota
	year            // 2022.11.3
	day             // 20240131, or longer with the time of day
	padded          // 22.04, 22.10
)

// A shapes tells which tags of one list are of the same series.
type shapes struct {
	padded map[series]string // the lowest first number of a tag such as 22.04, by its series without calendar
}

func newShapes(tags []tag) shapes {
	s := shapes{map[series]string{}}
	for _, t := range tags {
		if !isPadded(t) {
			continue
		}
		key := shape(t)
		if first, known := s.padded[key]; !known || compareNumber(t.numbers[0], first) < 0 {
			s.padded[key] = t.numbers[0]
		}
	}
	return s
}

// isPadded reports whether the second number is written with a leading zero, as months are: 22.04.
func isPadded(t tag) bool {
	return len(t.numbers) > 1 && !isYear(t.numbers[0]) && len(t.numbers[1]) > 1 && t.numbers[1][0] == '0'
}

// shape returns the series of a tag without its calendar.
func shape(t tag) series {
	s := series{prefix: t.prefix, v: t.v, version: t.hasVersion()}
	if t.joint != "." {
		s.joint = t.joint
	}
	s.suffix = suffixShape(t)
	return s
}

// suffixShape returns the suffix of a tag with "0" for each number that counts up: 1.2.3-4 and 1.2.3-5 are of one
// series, and so are 1.2.3-r1 and 1.2.3-r2. A number of another word belongs to it: linux32 and linux64, py3.8 and
// py3.9 are not versions of one another. What follows a day is the time of day.
func suffixShape(t tag) string {
	var out strings.Builder
	attached := false
	for i, word := range t.suffix {
		switch {
		case !isDigit(word[0]):
			attached = attached && word == "." || isWord(word[len(word)-1]) && !endsInCounter(word)
		case i > 0 && attached && t.joint != "-" && !isDate(t.numbers):
		default:
			word = "0"
		}
		out.WriteString(word)
	}
	return out.String()
}

// endsInCounter reports whether the last word of s says that the number after it counts patches or builds.
func endsInCounter(s string) bool {
	switch strings.ToLower(s[len(strings.TrimRight(s, letters)):]) {
	case "b", "build", "fix", "hotfix", "p", "patch", "pl", "post", "r", "rel", "release", "rev", "revision", "sp",
		"u", "update":
		return true
	}
	return false
}

// variant returns the shape of a suffix without what only counts patches or builds: 1.2.4 may follow 1.2.3-r1 and
// 1.2.3+b7, but not 1.2.3-alpine.
func variant(suffix string) string {
	suffix, _, _ = strings.Cut(suffix, "+") // semantic versioning gives builds no order
	for {
		rest, counts := strings.CutSuffix(suffix, "0")
		word := strings.TrimRight(rest, letters)
		if !counts || rest != "" && isDigit(rest[len(rest)-1]) || word != rest && !endsInCounter(rest) {
			return suffix
		}
		suffix = strings.TrimRight(word, "-._~")
	}
}

// isDate reports whether a version is one number that is a day: 20240131, or longer with the time of day.
func isDate(numbers []string) bool {
	s := numbers[0]
	return len(numbers) == 1 && (len(s) == 8 || len(s) >= 12) && isYear(s[:4]) && isMonth(s[4:6]) && isDay(s[6:8])
}

// of returns the series of a tag of the list.
func (s shapes) of(t tag) series {
	out := shape(t)
	if !out.version {
		return out
	}
	first := t.numbers[0]
	lowest, hasPadded := s.padded[out]
	switch {
	case len(t.numbers) > 1 && isYear(first):
		out.calendar = year
	case isDate(t.numbers):
		out.calendar = day
	case isPadded(t):
		out.calendar = padded
	case hasPadded && len(t.numbers) > 1 && len(t.numbers[1]) == 2 &&
		(compareNumber(first, lowest) >= 0 || compareNumber(first, "10") >= 0):
		out.calendar = padded // 22.10 beside 22.04
	}
	return out
}

// IsOrdered reports whether a tag has a version, so that other tags of its series can be higher.
func IsOrdered(name string) bool { return parseTag(name).hasVersion() }

// Newer returns those of tags that are of the series of the tag name and have a higher version, lowest first. It
// contains prereleases only when name is one. It is empty when name has no version.
func Newer(tags []string, name string) []string {
	this := parseTag(name)
	if !this.hasVersion() {
		return nil
	}
	all := parseTags(tags)
	shapes := newShapes(append(all, this))
	var newer []tag
	for _, t := range all {
		if shapes.of(t) == shapes.of(this) && isNewer(t, this) && (len(t.pre) == 0 || len(this.pre) > 0) {
			newer = append(newer, t)
		}
	}
	slices.SortFunc(newer, compareTags)
	return namesOf(newer)
}

// Series returns those of tags that are of the series of the tag name, which it contains.
func Series(tags []string, name string) []string {
	this := parseTag(name)
	all := parseTags(tags)
	shapes := newShapes(append(all, this))
	out := []string{name}
	for _, t := range all {
		if t.name != name && this.hasVersion() && shapes.of(t) == shapes.of(this) {
			out = append(out, t.name)
		}
	}
	return out
}

// OtherForms returns the highest release of each other series that may continue the one of the tag name: with the same
// prefix and variant, but with or without a "v", of another build, or with dates for numbers. Only the history can
// tell which is newer.
func OtherForms(tags []string, name string) []string {
	this := parseTag(name)
	if !this.hasVersion() {
		return nil
	}
	all := parseTags(tags)
	shapes := newShapes(append(all, this))
	own := shapes.of(this)
	highest := map[series]tag{}
	for _, t := range all {
		s := shapes.of(t)
		related := s.prefix == own.prefix && variant(s.suffix) == variant(own.suffix)
		if s.version && s != own && related && len(t.pre) == 0 {
			highest[s] = higher(highest[s], t)
		}
	}
	return namesOf(slices.SortedFunc(maps.Values(highest), compareTags))
}

// isNewer reports whether a tag has a higher version than another one of its series, not only another way to write it.
func isNewer(t, than tag) bool {
	than.name, than.numbers = t.name, slices.Clone(than.numbers)
	for len(than.numbers) < len(t.numbers) {
		than.numbers = append(than.numbers, "0")
	}
	return compareTags(t, than) > 0
}

// Newest returns those of tags that are the highest of their series.
func Newest(tags []string) []string {
	all := parseTags(tags)
	shapes := newShapes(all)
	highest := map[series]tag{}
	for _, t := range all {
		highest[shapes.of(t)] = higher(highest[shapes.of(t)], t)
	}
	return namesOf(slices.SortedFunc(maps.Values(highest), compareTags))
}

func parseTags(names []string) []tag {
	out := make([]tag, len(names))
	for i, name := range names {
		out[i] = parseTag(name)
	}
	return out
}
