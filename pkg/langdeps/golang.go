package langdeps

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// goName returns the module of "MODULE[@QUERY]".
func goName(text string) string {
	name, _, _ := strings.Cut(text, "@")
	if strings.HasPrefix(name, "-") || strings.Contains(text, " ") {
		return "" // a flag, or no module at all
	}
	return name
}

// unionGo takes the highest version of a module, as minimal version selection does. "latest" is higher than
// all. Any other query, such as a branch, agrees with no other: only a server knows what it means.
func unionGo(name string, needs []Need) (lines []string, met bool) {
	highest, latest := "", false
	queries := map[string]bool{}
	for _, n := range needs {
		_, query, _ := strings.Cut(n.Text, "@")
		switch {
		case query == "":
		case query == "latest" || query == "upgrade":
			latest = true
		case semver.IsValid(query) && strings.Count(semver.Canonical(query), ".") == strings.Count(query, "."): // not a prefix, such as v1.2
			if highest == "" || semver.Compare(query, highest) > 0 {
				highest = query
			}
		default:
			queries[query] = true
		}
	}
	if len(queries) > 1 || len(queries) == 1 && (highest != "" || latest) {
		for _, n := range needs {
			lines = append(lines, n.Text)
		}
		return lines, false
	}
	query := highest
	switch {
	case len(queries) == 1:
		query = slices.Collect(maps.Keys(queries))[0]
	case latest:
		query = "latest"
	}
	if query == "" {
		return []string{name}, true
	}
	return []string{name + "@" + query}, true
}
