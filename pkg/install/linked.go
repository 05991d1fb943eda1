package install

import (
	"context"
	"errors"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// checkChain returns an error of kind Integrity unless the packs in via led to the source of an install: the
// repository of each reference has the locked commit where its version says, and the component there refers to the
// next one. Other errors say why that cannot be found out.
func (p *Packs) checkChain(ctx context.Context, c lockfile.Component) error {
	if len(c.Via) == 0 || p.accepts(c) {
		return nil
	}
	references := c.References()
	hops := make([]lockfile.Component, len(references)) // each as if it were installed
	url := ""
	for i, r := range references {
		if url == "" || !isSameRepository(r.Origin, url) {
			url = p.shared.URL(r.Origin)
		}
		hops[i] = c
		hops[i].Source, hops[i].URL, hops[i].Via = r, url, nil
		if i == len(c.Via) {
			break
		}
		hops[i].Commit, hops[i].Object = c.ViaCommits[i], c.ViaCommits[i]
		var err error
		if hops[i].Ref, err = p.refOf(ctx, hops[i]); err != nil {
			return err
		}
		if err := p.checkReached(ctx, hops[i]); err != nil {
			return err
		}
	}
	for i := range c.Via {
		if err := p.checkLink(ctx, hops[i], hops[i+1]); err != nil {
			return err
		}
	}
	return nil
}

// checkLink returns an error unless the component of one hop refers to that of the next.
func (p *Packs) checkLink(ctx context.Context, from, to lockfile.Component) error {
	h, err := p.openHop(ctx, from)
	if err != nil {
		return err
	}
	component, err := h.Find(from.Source.Component)
	if err != nil {
		return errOrigin(from, "commit %s of %s does not have the component", from.Commit, from.URL)
	}
	next, isLink, err := component.Link()
	if err != nil {
		return err
	}
	if !isSameRepository(next.Origin, from.URL) && next.Origin != to.Source.Origin {
		next.Origin = p.Portable(next.Origin)
	}
	if isLink && next.Component != to.Source.Component { // it may have been renamed
		at, err := p.openHop(ctx, to)
		if err != nil {
			return err
		}
		if renamed, err := at.Find(next.Component); err == nil {
			next.Component = renamed.Name
		}
	}
	if !isLink || next != to.Source {
		return errOrigin(from, "at commit %s it does not refer to %s", from.Commit, to.Source)
	}
	return nil
}

// openHop reads the pack of a hop at its commit.
func (p *Packs) openHop(ctx context.Context, c lockfile.Component) (Hop, error) {
	h, err := p.OpenPin(ctx, c.Source, ref.Pin{URL: c.URL, Object: c.Commit, Commit: c.Commit})
	if errors.Is(err, fetch.ErrNoCommit) {
		err = errOrigin(c, "%v", err)
	}
	return h, err
}

// refOf returns the full name of the ref by which the version of a hop means its commit; "" for a commit id.
func (p *Packs) refOf(ctx context.Context, c lockfile.Component) (string, error) {
	v := c.Source.Version
	switch v.Kind() {
	case ref.Latest:
		return ref.Head, nil
	case ref.Dev:
		return ref.BranchPrefix + "dev", nil
	}
	name := v.String()
	if v.Kind() != ref.Exact {
		name = ""
	}
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return "", err
	}
	refs, err := repo.Refs(ctx, name)
	if err != nil {
		return "", err
	}
	list := Listing{c.URL, repo, refs}
	if v.Kind() == ref.Exact {
		for _, full := range []string{name, ref.TagPrefix + name, ref.BranchPrefix + name} {
			if _, ok := list.Lookup(full); ok {
				return full, nil
			}
		}
		if id := strings.ToLower(name); ref.MayBeCommit(name) && strings.HasPrefix(c.Commit, id) {
			return "", nil
		}
		return ref.TagPrefix + name, nil // it is gone
	}
	for _, g := range refs {
		tag, isTag := strings.CutPrefix(g.Name, ref.TagPrefix)
		if isTag && g.Commit == c.Commit && resolver.Matches(v, tag) {
			return g.Name, nil
		}
	}
	return "", failure.Errorf(failure.Integrity, "verifying %q against %s: no tag that it matches has commit %s",
		c.Path, c.Source, c.Commit).
		WithHint("restore ppm.lock from version control, or find out where the tag went")
}
