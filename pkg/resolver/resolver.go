// Package resolver finds the pin of a version: the commit of a repository that "latest", a tag, a branch, a
// commit id, a glob or a range means.
//
// It is pure: the refs come from a Lister, and equal refs give equal pins.
//
// A tag such as "cp-v0.0.1-rc.1" has a prefix ("cp-"), perhaps a "v", a version of any number of numbers, of which
// missing ones count as 0, and perhaps a prerelease and a suffix such as "-alpine". Tags of one shape are a series:
// the same prefix and suffix, with or without a "v", and either numbers or dates. Tags without a version have no
// order.
package resolver

import (
	"context"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Lister lists the refs of one repository.
type Lister interface {
	// Refs returns the refs of the repository. exact, when not empty, is the only name the caller
	// needs: the lister may answer from a cache when the cache has a tag of that name, and when exact is
	// a commit id or the start of one it may add a GitRef with an empty Name for that commit.
	Refs(ctx context.Context, exact string) ([]ref.GitRef, error)
}

// Resolve returns the pin that v means in the repository at url, whose refs l lists. The pin and the messages contain
// url unchanged. Errors are those of l, or *failure.Error of kind Usage whose hint names what the repository has
// instead.
func Resolve(ctx context.Context, url string, v ref.Version, l Lister) (Resolution, error) {
	exact := ""
	if v.Kind() == ref.Exact {
		exact = v.String()
	}
	refs, err := l.Refs(ctx, exact)
	if err != nil {
		return Resolution{}, err
	}
	if len(refs) == 0 {
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: the repository is empty", url).
			WithHint("check the URL, or push a commit and a tag to it")
	}
	r := repository{url: url, refs: refs}
	switch v.Kind() {
	case ref.Latest:
		return r.latest()
	case ref.Dev:
		return r.dev()
	case ref.Glob:
		return r.glob(v)
	case ref.Range:
		return r.versionRange(v)
	default:
		return r.exact(v.String())
	}
}

// Tags returns the pins of all tags that v may mean, the highest version first: those that match a glob or a range,
// including prereleases, and for every other kind of version all tags of the repository. Errors are those of l.
func Tags(ctx context.Context, url string, v ref.Version, l Lister) ([]ref.Pin, error) {
	refs, err := l.Refs(ctx, "")
	if err != nil {
		return nil, err
	}
	matches := func(name string) (tag, bool) { return parseTag(name), true }
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
		name, isTag := strings.CutPrefix(g.Name, ref.TagPrefix)
		if !isTag {
			continue
		}
		t, ok := matches(name)
		if !ok {
			continue
		}
		if found, err := r.pin(g); err == nil { // tags of other objects than commits are left out
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
