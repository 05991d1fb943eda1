package install

import (
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// Newest opens the pack of a reference at the newest version of the series of a tag, which can be the tag itself. Its
// manifest says which versions of the series are retracted, and what is deprecated.
func (p *Packs) Newest(ctx context.Context, list Listing, r ref.Ref, tag string) (Hop, error) {
	if newer, _ := list.Newer(tag); len(newer) > 0 {
		tag = newer[len(newer)-1]
	}
	g, ok := list.Lookup(ref.TagPrefix + tag)
	if !ok {
		return Hop{}, failure.Errorf(failure.Usage, "tag %q of %s is gone: the server no longer has it",
			tag, list.URL).
			WithHint("choose another version")
	}
	r.Component = ""
	if v, err := ref.ParseVersion(tag); err == nil { // for messages
		r.Version = v
	}
	return p.OpenPin(ctx, r, ref.Pin{URL: list.URL, Ref: g.Name, Object: g.Object, Commit: g.Commit})
}

// Retracts returns why the pack retracts a tag, or "" if it does not. The zero value retracts none.
func (h Hop) Retracts(tag string) string {
	if h.Pack == nil {
		return ""
	}
	for _, r := range h.Pack.Retract {
		if resolver.Matches(r.Versions, tag) {
			return r.Reason
		}
	}
	return ""
}

// Deprecation returns why the pack deprecates a component, or "" if it does not. For a component that the pack does
// not have, it is that of the pack.
func (h Hop) Deprecation(component string) string {
	c, err := h.Find(component)
	if err != nil {
		return h.Pack.Deprecated
	}
	return h.Pack.DeprecationOf(c)
}

// advice returns what the packs of the chain say against their own versions and components.
func (c Chain) advice() []string {
	var out []string
	for _, h := range c {
		if reason := h.Retracts(strings.TrimPrefix(h.Pin.Ref, ref.TagPrefix)); reason != "" {
			out = append(out, fmt.Sprintf("%s is retracted: %s", h.Ref, reason))
		}
		if reason := h.Deprecation(h.Component.Name); reason != "" {
			out = append(out, fmt.Sprintf("%s is deprecated: %s", h.Ref, reason))
		}
	}
	return out
}

// Retraction returns why a tag is retracted by the newest version of its series, or "" if it is not. If that version
// cannot be read, nothing is retracted, and there is a note.
func (p *Packs) Retraction(ctx context.Context, list Listing, r ref.Ref, tag string) (string, error) {
	h, err := p.newestIfKnown(ctx, list, r, tag)
	return h.Retracts(tag), err
}

// newestIfKnown is Newest, with the zero value and a note if that version cannot be read.
func (p *Packs) newestIfKnown(ctx context.Context, list Listing, r ref.Ref, tag string) (Hop, error) {
	h, err := p.Newest(ctx, list, r, tag)
	if err == nil || failure.KindOf(err) == failure.Interrupted {
		return h, err
	}
	p.o.Notify(fmt.Sprintf("cannot tell which versions of %s are retracted: %v", list.URL, err))
	return Hop{}, nil
}

// Newer returns the released tags of the same series as a tag that are newer and not retracted, oldest first. ordered
// is that of Listing.Newer.
func (p *Packs) Newer(
	ctx context.Context, list Listing, r ref.Ref, tag string,
) (newer []string, ordered bool, err error) {
	all, ordered := list.Newer(tag)
	if len(all) == 0 {
		return nil, ordered, nil
	}
	h, err := p.newestIfKnown(ctx, list, r, tag)
	for _, name := range all {
		if h.Retracts(name) == "" {
			newer = append(newer, name)
		}
	}
	return newer, ordered, err
}

// resolve resolves a version. A glob or a range means the highest tag that is not retracted: a retracted version is
// only installed by the name of its tag.
func (p *Packs) resolve(ctx context.Context, r ref.Ref, url string, repo *fetch.Repo) (resolver.Resolution, error) {
	found, err := resolver.Resolve(ctx, url, r.Version, repo)
	if kind := r.Version.Kind(); err != nil || kind != ref.Glob && kind != ref.Range {
		return found, err
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return found, err
	}
	list := Listing{url, repo, refs}
	var highest error
	for left := list.Refs; ; {
		tag := strings.TrimPrefix(found.Pin.Ref, ref.TagPrefix)
		reason, err := p.Retraction(ctx, list, r, tag)
		if err != nil || reason == "" {
			return found, err
		}
		if highest == nil {
			highest = failure.Errorf(failure.Usage, "resolving %s: every tag that matches %q is retracted; %s: %s",
				url, r.Version, tag, reason).
				WithHint("choose another version; to use a retracted one, name its tag")
		}
		if left, err = p.withoutRetracted(ctx, list, left, r, tag); err != nil {
			return found, err
		}
		if found, err = resolver.Resolve(ctx, url, r.Version, listed(left)); err != nil {
			return found, highest
		}
	}
}

// withoutRetracted returns refs without the retracted tags of the series of a tag.
func (p *Packs) withoutRetracted(
	ctx context.Context, list Listing, refs []ref.GitRef, r ref.Ref, tag string,
) ([]ref.GitRef, error) {
	newest, err := p.Newest(ctx, list, r, tag)
	if err != nil {
		return nil, err
	}
	series := map[string]bool{}
	for _, name := range resolver.Series(list.tags(), tag) {
		series[name] = true
	}
	var left []ref.GitRef
	for _, g := range refs {
		name, isTag := strings.CutPrefix(g.Name, ref.TagPrefix)
		if !isTag || !series[name] || newest.Retracts(name) == "" {
			left = append(left, g)
		}
	}
	return left, nil
}

// A listed is a list of refs that is not read again.
type listed []ref.GitRef

// Refs returns the list.
func (l listed) Refs(context.Context, string) ([]ref.GitRef, error) { return l, nil }
