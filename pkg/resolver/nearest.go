package resolver

import (
	"cmp"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

const (
	maxShown    = 5    // names in a hint
	maxCompared = 2000 // names whose edit distance is computed: a repository may have a million tags
)

// unknown returns the error that no tag, branch or commit is called name.
func (r repository) unknown(name string) error {
	err := failure.Errorf(failure.Usage, "resolving %s: it has no tag, branch or commit %q", r.url, name)
	tags := r.names(tagRefs)
	longest := ""
	for _, t := range tags {
		if len(t) > len(longest) && strings.HasPrefix(name, t+"/") {
			longest = t
		}
	}
	if longest != "" {
		return err.WithHint("a component starts with //: write %s/%s", longest, name[len(longest):])
	}
	if near := nearestNames(tags, name); len(near) > 0 {
		return err.WithHint("use one of the nearest tags: %s", strings.Join(near, ", "))
	}
	return err.WithHint("%s", r.choices())
}

// choices returns the hint that names the newest tags, or else the branches, of a repository.
func (r repository) choices() string {
	if tags := highestNames(r.names(tagRefs), ""); len(tags) > 0 {
		return "use one of its tags: " + strings.Join(tags, ", ")
	}
	if branches := highestNames(r.names(branchRefs), ""); len(branches) > 0 {
		return "it has no tags; use one of its branches: " + strings.Join(branches, ", ")
	}
	return "check the URL: it has no tags and no branches"
}

// highestNames returns the highest of the names that start with prefix, or of all when none does.
func highestNames(names []string, prefix string) []string {
	var top []tag // sorted, highest first; short, so that a million names take one pass
	for _, n := range names {
		if !strings.HasPrefix(n, prefix) || !canBeTyped(n) {
			continue
		}
		t := splitTag(n)
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

// nearestNames returns the names that look most like want: those of its series first, then by edit
// distance, then the highest version.
func nearestNames(names []string, want string) []string {
	type candidate struct {
		tag
		foreign  int // 0 in the series of want, else 1
		distance int
	}
	series := splitTag(want)
	var all []candidate
	for _, n := range mostAlike(names, want) {
		c := candidate{tag: splitTag(n), foreign: 1, distance: suggest.Distance(n, want)}
		if series.version != nil && c.version != nil && c.prefix == series.prefix {
			c.foreign = 0
		}
		all = append(all, c)
	}
	slices.SortFunc(all, func(a, b candidate) int {
		return cmp.Or(cmp.Compare(a.foreign, b.foreign), cmp.Compare(a.distance, b.distance), compareTags(b.tag, a.tag))
	})
	var near []string
	for _, c := range all[:min(len(all), maxShown)] {
		near = append(near, c.name)
	}
	return near
}

// mostAlike returns at most maxCompared names of moderate length that can be typed, those with the longest
// start in common with want.
func mostAlike(names []string, want string) []string {
	if len(want) > maxTagName {
		return nil
	}
	buckets := make([][]string, len(want)+1) // by length of the common start
	for _, n := range names {
		if i := commonStart(n, want); len(n) <= maxTagName && len(buckets[i]) < maxCompared && canBeTyped(n) {
			buckets[i] = append(buckets[i], n)
		}
	}
	var alike []string
	for _, b := range slices.Backward(buckets) {
		alike = append(alike, b...)
		if len(alike) >= maxCompared {
			return alike[:maxCompared]
		}
	}
	return alike
}

// commonStart returns the number of bytes that a and b start with alike.
func commonStart(a, b string) int {
	n := min(len(a), len(b))
	for i := range n {
		if a[i] != b[i] {
			return i
		}
	}
	return n
}

// canBeTyped reports whether a name can stand as a version in a reference. Only such names go into a hint:
// they come from a server, and others would be of no use there, or unfit for a terminal.
func canBeTyped(name string) bool {
	v, err := ref.ParseVersion(name)
	return err == nil && v.Kind() != ref.Glob && v.Kind() != ref.Range
}
