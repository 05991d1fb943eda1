package langdeps

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// goQuery matches the query of a requirement, as in https://go.dev/ref/mod#version-queries: a version, a prefix of one
// or a comparison with one, or a name such as "latest" or a branch.
var goQuery = lazyregexp.New(`^(?:(?:[<>]=?)?v\d+(?:\.\d+){0,2}(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?|` +
	`[0-9A-Za-z][\w.+-]*(?:/[0-9A-Za-z][\w.+-]*)*)$`)

// goModule returns the module of a requirement. The rules of the path are those of the go command, which refuses
// options, patterns and local paths: https://go.dev/ref/mod#go-mod-file-ident.
func goModule(text string) (string, error) {
	name, query := splitGo(text)
	if err := module.CheckPath(name); err != nil {
		return "", err
	}
	if strings.HasSuffix(name, ".go") {
		return "", errors.New("it names a file")
	}
	// The query "none" removes a module.
	if name != text && !goQuery.MatchString(query) || query == "none" || strings.Contains(query, "..") {
		return "", fmt.Errorf("%q is not a version", query)
	}
	return name, nil
}

// splitGo splits "MODULE[@QUERY]" or, as in go.mod, "MODULE VERSION", which packs for pmfp can have.
func splitGo(text string) (module, query string) {
	if f := strings.Fields(text); len(f) == 2 && semver.IsValid(f[1]) {
		return f[0], f[1]
	}
	module, query, _ = strings.Cut(text, "@")
	return module, query
}

// mergeGo selects the highest version of a module, as minimal version selection does. "latest" is higher than all
// versions. Any other query, such as a branch, conflicts with all others, because only a server can resolve it.
func mergeGo(module string, requirements []Requirement) (lines []string, ok bool) {
	highest, latest := "", false
	queries := map[string]bool{}
	for _, r := range requirements {
		_, query := splitGo(r.Text)
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
