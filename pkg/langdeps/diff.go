package langdeps

import "slices"

// Diff compares what an install requires in two versions: added has the lines that are new or changed, removed those
// whose package is not required any more. Errors are those of Merge.
func Diff(language string, before, after []Requirement) (added, removed []string, err error) {
	old, err := Merge(language, before)
	if err != nil {
		return nil, nil, err
	}
	now, err := Merge(language, after)
	if err != nil {
		return nil, nil, err
	}
	for _, line := range now.Lines {
		if !slices.Contains(old.Lines, line) {
			added = append(added, line)
		}
	}
	e := ecosystemOf(language)
	for _, line := range old.Lines {
		isSame := func(other string) bool { return e.nameOf(other) == e.nameOf(line) }
		if !slices.ContainsFunc(now.Lines, isSame) {
			removed = append(removed, line)
		}
	}
	return added, removed, nil
}

// nameOf returns the package of a merged line, or the line if the language has no packages.
func (e ecosystem) nameOf(line string) string {
	if pkg, err := e.pkg(line); err == nil && pkg != "" {
		return pkg
	}
	return line
}
