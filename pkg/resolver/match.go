package resolver

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Masterminds/semver/v3"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A match reads a tag's name, and reports whether a version may stand for it.
type match func(name string) (tag, bool)

func matchesGlob(pattern string) match {
	return func(name string) (tag, bool) {
		if ok, err := path.Match(pattern, name); err != nil || !ok {
			return tag{}, false
		}
		return splitTag(name), true
	}
}

func matchesRange(v ref.Version) (match, error) {
	in, err := semver.NewConstraint(mendTilde(v.Constraint()))
	if err != nil {
		return nil, fmt.Errorf("range %q: %w", v, err)
	}
	// Which prereleases a range asks for is the library's to say; the first pass lets all
	// through, so that an error can tell of those that were left out.
	all := *in
	all.IncludePrerelease = true
	return func(name string) (tag, bool) {
		rest, ok := strings.CutPrefix(name, v.Prefix())
		if !ok {
			return tag{}, false
		}
		t := tag{name: name, prefix: v.Prefix()}
		t.version, t.numbers = parseVersion(strings.TrimPrefix(rest, "v"))
		if t.version == nil || !all.Check(t.version) {
			return tag{}, false
		}
		t.asked = t.version.Prerelease() == "" || in.Check(t.version)
		return t, true
	}, nil
}

// Tags returns the pins of all tags that v may stand for, the highest version first: those that match a glob or a
// range, prereleases among them, and for every other kind of version all tags of the repository. Errors are those of
// l.
func Tags(ctx context.Context, url string, v ref.Version, l Lister) ([]ref.Pin, error) {
	refs, err := l.Refs(ctx, "")
	if err != nil {
		return nil, err
	}
	matches := func(name string) (tag, bool) { return splitTag(name), true }
	switch v.Kind() {
	case ref.Glob:
		matches = matchesGlob(v.String())
	case ref.Range:
		if matches, err = matchesRange(v); err != nil {
			return nil, err
		}
	}
	r := repository{url: url}
	var tags []tag
	pins := map[string]ref.Pin{}
	for _, g := range refs {
		name, isTag := strings.CutPrefix(g.Name, tagRefs)
		if !isTag {
			continue
		}
		t, ok := matches(name)
		if !ok {
			continue
		}
		if found, err := r.pin(g); err == nil { // a tag of something else than a commit is no version
			tags = append(tags, t)
			pins[name] = found.Pin
		}
	}
	slices.SortFunc(tags, func(a, b tag) int { return compareTags(b, a) })
	out := make([]ref.Pin, len(tags))
	for i, t := range tags {
		out[i] = pins[t.name]
	}
	return out, nil
}
