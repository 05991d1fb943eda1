package langdeps

import (
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// nodeParts splits "PACKAGE[@RANGE]". A scope begins with "@" as well.
func nodeParts(text string) (name, rng string) {
	at := strings.LastIndex(text, "@")
	if first := strings.Index(text[min(1, len(text)):], "@"); first >= 0 {
		at = first + 1
	}
	if at <= 0 {
		return text, ""
	}
	return text[:at], text[at+1:]
}

var nodePackage = regexp.MustCompile(`^(@[\w.~-]+/)?[\w.~][\w.~-]*$`)

// nodeName returns the package of "PACKAGE[@RANGE]".
func nodeName(text string) string {
	if name, _ := nodeParts(text); nodePackage.MatchString(name) {
		return name
	}
	return ""
}

// A nodeRange is what one need says of a package's version.
type nodeRange struct {
	text        string
	constraints *semver.Constraints
}

func (r nodeRange) accepts(v *semver.Version) bool { return r.constraints.Check(v) }

// unionNode joins the ranges of a package. What is no range, such as a tag or a URL, agrees with nothing
// but itself and "any version".
func unionNode(name string, needs []Need) (lines []string, met bool) {
	var ranges []nodeRange
	var others []string
	for _, n := range needs {
		_, text := nodeParts(n.Text)
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
		for _, n := range needs {
			lines = append(lines, n.Text)
		}
		return lines, false
	case len(others) == 1:
		return []string{name + "@" + others[0]}, true
	case len(ranges) == 0:
		return []string{name}, true
	}
	tries := nodeWitnesses(ranges)
	kept, met := settle(ranges, tries, nodeRange.accepts)
	for _, text := range intersection(kept, tries) {
		lines = append(lines, name+"@"+text)
	}
	return lines, met
}

var hyphenRange = regexp.MustCompile(`(\S+)\s+-\s+(\S+)`)

// intersection writes the range of the versions that are in all: npm joins conditions by a blank and
// alternatives by "||", of which those that no version meets are left out. It stays more than one
// range when there are too many alternatives.
func intersection(ranges []nodeRange, tries []*semver.Version) []string {
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
		if joined = next; len(joined) > most {
			return texts
		}
	}
	possible := slices.DeleteFunc(slices.Clone(joined), func(text string) bool {
		c, err := semver.NewConstraint(text)
		return err == nil && !slices.ContainsFunc(tries, c.Check)
	})
	if len(possible) == 0 {
		possible = joined // a conflict, which is shown as it is
	}
	return []string{strings.Join(possible, " || ")}
}

var nodeVersion = regexp.MustCompile(`(\d+)(?:\.(\d+))?(?:\.(\d+))?(-[0-9A-Za-z.-]+)?`)

// nodeWitnesses returns versions at and next to every bound of the ranges.
func nodeWitnesses(ranges []nodeRange) []*semver.Version {
	out := []*semver.Version{semver.New(0, 0, 0, "", "")}
	add := func(major, minor, patch uint64) { out = append(out, semver.New(major, minor, patch, "", "")) }
	for _, r := range ranges {
		for _, m := range nodeVersion.FindAllStringSubmatch(r.text, -1) {
			var n [3]uint64
			for i := range n {
				n[i], _ = strconv.ParseUint(m[i+1], 10, 32) // a part that is missing is 0
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
