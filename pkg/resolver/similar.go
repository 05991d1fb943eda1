package resolver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

const (
	maxShown    = 5    // names in a hint
	maxCompared = 2000 // names whose edit distance is computed: a repository may have a million tags
)

// highestNames returns the highest maxShown of the names that start with prefix, or of all when none does.
func highestNames(names []string, prefix string) []string {
	var top []tag // highest first; it is short, so that a million names take one pass
	for _, n := range names {
		if !strings.HasPrefix(n, prefix) || !canBeTyped(n) {
			continue
		}
		t := parseTag(n)
		i, _ := slices.BinarySearchFunc(top, t, func(a, b tag) int { return compareTags(b, a) })
		if i < maxShown {
			top = slices.Insert(top, i, t)
			top = top[:min(len(top), maxShown)]
		}
	}
	if len(top) == 0 && prefix != "" {
		return highestNames(names, "")
	}
	return namesOf(top)
}

// similarNames returns the maxShown names that are most similar to want: first those of its series, then by edit
// distance, then the highest version.
func similarNames(names []string, want string) []string {
	type candidate struct {
		tag
		series   int // 0 in the series of want, else 1
		distance int
	}
	wanted := parseTag(want)
	shapes := newShapes(parseTags(names))
	var all []candidate
	for _, n := range withLongestPrefix(names, want) {
		c := candidate{tag: parseTag(n), series: 1, distance: suggest.Distance(n, want)}
		if wanted.hasVersion() && shapes.of(c.tag) == shapes.of(wanted) {
			c.series = 0
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(
			cmp.Compare(a.series, b.series), cmp.Compare(a.distance, b.distance), compareTags(b.tag, a.tag))
	})
	var similar []string
	for _, c := range all[:min(len(all), maxShown)] {
		similar = append(similar, c.name)
	}
	return similar
}

// withLongestPrefix returns at most maxCompared names that can be typed: those with the longest prefix in common with
// want.
func withLongestPrefix(names []string, want string) []string {
	if len(want) > maxTagName {
		return nil
	}
	buckets := make([][]string, len(want)+1) // by length of the common prefix
	for _, n := range names {
		if i := commonPrefix(n, want); len(n) <= maxTagName && len(buckets[i]) < maxCompared && canBeTyped(n) {
			buckets[i] = append(buckets[i], n)
		}
	}
	var found []string
	for _, b := range slices.Backward(buckets) {
		found = append(found, b...)
		if len(found) >= maxCompared {
			return found[:maxCompared]
		}
	}
	return found
}

// commonPrefix returns the length of the common prefix of a and b in bytes.
func commonPrefix(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// canBeTyped reports whether a name can be the version of a reference. Only such names are shown in a hint: they come
// from a server, and others would be useless, or dangerous for a terminal.
func canBeTyped(name string) bool {
	v, err := ref.ParseVersion(name)
	return err == nil && v.Kind() != ref.Glob && v.Kind() != ref.Range
}
