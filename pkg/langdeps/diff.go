package langdeps

import "slices"

// Diff compares what an install requires in two versions: added has the lines that are new or changed, removed those
// whose package is not required any more.
func Diff(language string, before, after []Requirement) (added, removed []string) {
	pkg := ecosystemOf(language).pkg
	name := func(line string) string {
		if pkg == nil || pkg(line) == "" {
			return line
		}
		return pkg(line)
	}
	old, now := Merge(language, before).Lines, Merge(language, after).Lines
	for _, line := range now {
		if !slices.Contains(old, line) {
			added = append(added, line)
		}
	}
	for _, line := range old {
		if !slices.ContainsFunc(now, func(other string) bool { return name(other) == name(line) }) {
			removed = append(removed, line)
		}
	}
	return added, removed
}
