package langdeps

import (
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/semver"
)

// goModule returns the module of "MODULE[@QUERY]", or "" for flags and text that is not a module.
func goModule(text string) string {
	name, _, _ := strings.Cut(text, "@")
	if strings.HasPrefix(name, "-") || strings.Contains(text, " ") {
		return ""
	}
	return name
}

// mergeGo selects the highest version of a module, as minimal version selection does. "latest" is higher than all
// versions. Any other query, such as a branch, conflicts with all others, because only a server can resolve it.
func mergeGo(module string, requirements []Requirement) (lines []string, ok bool) {
	highest, latest := "", false
	queries := map[string]bool{}
	for _, r := range requirements {
		_, query, _ := strings.Cut(r.Text, "@")
		switch {
		case query == "":
		case query == "latest" || query == "upgrade":
			latest = true
		case isFullVersion(query):
			if highest == "" || semver.Compare(query, highest) > 0 {
				highest = query
			}
		default:
			queries[query] = true
		}
	}
	if len(queries) > 1 || len(queries) == 1 && (highest != "" || latest) {
		for _, r := range requirements {
			lines = append(lines, r.Text)
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
		return []string{module}, true
	}
	return []string{module + "@" + query}, true
}

// isFullVersion reports whether a query is a version, not a prefix such as v1.2.
func isFullVersion(query string) bool {
	return semver.IsValid(query) && strings.Count(semver.Canonical(query), ".") == strings.Count(query, ".")
}
