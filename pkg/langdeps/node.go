package langdeps

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// splitNode splits "PACKAGE[@RANGE]". The scope of a package starts with "@", too.
func splitNode(text string) (name, versions string) {
	at := strings.LastIndex(text, "@")
	if first := strings.Index(text[min(1, len(text)):], "@"); first >= 0 {
		at = first + 1
	}
	if at <= 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

// The forms of a package and its versions. Their sources are the packages of npm: validate-npm-package-name for names,
// npm-package-arg for specifiers, and the grammar in the README of semver for ranges.
var (
	nodeName       = lazyregexp.New(`^(?:@[A-Za-z0-9-][\w.~-]*/)?[A-Za-z0-9][\w.~-]*$`)
	nodeTag        = lazyregexp.New(`^[A-Za-z0-9][\w.~-]*$`)
	nodeComparator = lazyregexp.New(`^(?:[<>]=?|=|~>?|\^)?[v=]?(?:\d+|[xX*])(?:\.(?:\d+|[xX*])){0,2}` +
		`(?:-[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?(?:\+[0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*)?$`)
	nodeOperatorSpace = lazyregexp.New(`([<>]=?|[=~^])\s+`)
	nodeArchive       = lazyregexp.New(`(?i)\.(?:tgz|tar\.gz|tar)$`) // npm reads such a text as the name of a file
)

// nodePackage returns the package of "PACKAGE[@VERSIONS]". The versions are a range, a tag, "npm:" and another
// package, or a URL.
func nodePackage(text string) (string, error) {
	name, versions := splitNode(text)
	switch {
	case len(name) > 214 || !nodeName.MatchString(name):
		return "", fmt.Errorf("%q is not the name of a package", name)
	case nodeArchive.MatchString(text) && !strings.Contains(versions, "://"):
		return "", errors.New("it names a file")
	case len(name) == len(text):
		return name, nil
	}
	if strings.Contains(versions, "://") {
		return name, checkURL(versions)
	}
	if other, isAlias := strings.CutPrefix(versions, "npm:"); isAlias {
		if strings.Contains(other, ":") {
			return "", errors.New("an alias must name a package of the registry")
		}
		_, err := nodePackage(other)
		return name, err
	}
	if !isNodeRange(versions) && !nodeTag.MatchString(versions) {
		return "", fmt.Errorf("%q is not a range of versions", versions)
	}
	return name, nil
}

// isNodeRange reports whether a text is a range: comparators joined by spaces, "A - B", and alternatives by "||".
func isNodeRange(text string) bool {
	for alternative := range strings.SplitSeq(text, "||") {
		alternative = nodeOperatorSpace.ReplaceAllString(hyphenRange.ReplaceAllString(alternative, "$1 $2"), "$1")
		for comparator := range strings.FieldsSeq(alternative) {
			if !nodeComparator.MatchString(comparator) {
				return false
			}
		}
	}
	return true
}

// A nodeRange is the version range of one requirement.
type nodeRange struct {
	text        string
	constraints *semver.Constraints
}

func (r nodeRange) accepts(v *semver.Version) bool { return r.constraints.Check(v) }

// mergeNode merges the ranges of a package. Any other specifier, such as a tag or a URL, conflicts with all but itself
// and "any version".
func mergeNode(name string, requirements []Requirement) (lines []string, ok bool) {
	var ranges []nodeRange
	var others []string
	for _, r := range requirements {
		_, text := splitNode(r.Text)
		if text == "" || text == "*" {
			continue
		}
		c, err := semver.NewConstraint(text)
		if err != nil {
			others = append(others, text)
			continue
		}
		ranges = append(ranges, nodeRange{text, c})
	}
	switch {
	case len(others) > 1 || len(others) == 1 && len(ranges) > 0:
		for _, r := range requirements {
			lines = append(lines, r.Text)
		}
		return lines, false
	case len(others) == 1:
		return []string{name + "@" + others[0]}, true
	case len(ranges) == 0:
		return []string{name}, true
	}
	samples := nodeSamples(ranges)
	kept, ok := simplify(ranges, samples, nodeRange.accepts)
	for _, text := range intersection(kept, samples) {
		lines = append(lines, name+"@"+text)
	}
	return lines, ok
}

var hyphenRange = lazyregexp.New(`(\S+)\s+-\s+(\S+)`)

// intersection returns the range of the versions in all ranges: comparators joined by spaces, and alternatives by
// "||", without alternatives that no version satisfies. With too many alternatives it returns more than one range.
func intersection(ranges []nodeRange, samples []*semver.Version) []string {
	var texts []string
	for _, r := range ranges {
		texts = append(texts, r.text)
	}
	if len(texts) == 1 {
		return texts
	}
	joined := []string{""}
	for _, r := range ranges {
		var next []string
		for alternative := range strings.SplitSeq(r.text, "||") {
			alternative = hyphenRange.ReplaceAllString(strings.TrimSpace(alternative), ">=$1 <=$2")
			for _, left := range joined {
				next = append(next, strings.TrimSpace(left+" "+alternative))
			}
		}
		if joined = next; len(joined) > maxConstraints {
			return texts
		}
	}
	possible := slices.DeleteFunc(slices.Clone(joined), func(text string) bool {
		c, err := semver.NewConstraint(text)
		return err == nil && !slices.ContainsFunc(samples, c.Check)
	})
	if len(possible) == 0 {
		possible = joined // a conflict
	}
	return []string{strings.Join(possible, " || ")}
}

var nodeVersion = lazyregexp.New(`(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?`)

// nodeSamples returns versions at and next to each bound of the ranges.
func nodeSamples(ranges []nodeRange) []*semver.Version {
	out := []*semver.Version{semver.New(0, 0, 0, "", "")}
	add := func(major, minor, patch uint64) { out = append(out, semver.New(major, minor, patch, "", "")) }
	for _, r := range ranges {
		for _, m := range nodeVersion.Get().FindAllStringSubmatch(r.text, -1) {
			var n [3]uint64
			for i := range n {
				n[i], _ = strconv.ParseUint(m[i+1], 10, 32) // 0 if missing
			}
			major, minor, patch := n[0], n[1], n[2]
			if v, err := semver.NewVersion(m[0]); err == nil {
				out = append(out, v)
			}
			add(major, minor, patch)
			add(major, minor, patch+1)
			add(major, minor, far)
			add(major, minor+1, 0)
			add(major, far, far)
			add(major+1, 0, 0)
			add(far, 0, 0)
			switch {
			case patch > 0:
				add(major, minor, patch-1)
			case minor > 0:
				add(major, minor-1, far)
			case major > 0:
				add(major-1, far, far)
			}
		}
	}
	return out
}
