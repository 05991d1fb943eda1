package project

import (
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// RelocateOptions name a repository that moved, each place as a URL or as a reference writes it.
type RelocateOptions struct {
	From, To string
	Optional bool // no install of From is not an error
}

// Relocate changes the installs of a repository that moved, in the manifest and the lockfile. No file and no version
// changes. It is an error of kind Integrity, and nothing changes, unless the new place has for each install the locked
// commit, in the history of the same tag or branch, with the same component.
func (p *Project) Relocate(ctx context.Context, o RelocateOptions) (*UpgradeResult, *Transaction, error) {
	if err := checkUnresolved(p.Lock); err != nil {
		return nil, nil, err
	}
	from, err := parseOrigin(o.From)
	if err != nil {
		return nil, nil, err
	}
	to, err := parseOrigin(o.To)
	if err != nil {
		return nil, nil, err
	}
	to = p.packs.Portable(to)
	if isSameURL(p.packs.URL(from), p.packs.URL(to)) {
		return nil, nil, failure.Errorf(failure.Usage, "%s and %s are the same repository", o.From, o.To).
			WithHint("give the old URL with --from-url, and the new one as the argument")
	}
	result := &UpgradeResult{Upgrades: []Upgraded{}, Changes: []Change{}, Failed: []Failed{}}
	lock := p.Lock.Clone()
	var moved []install.Component
	var paths []string
	for _, c := range p.Lock.Components {
		if !p.isFrom(c, from, o.From) {
			continue
		}
		next, err := p.relocate(ctx, c, to)
		if err != nil {
			return nil, nil, err
		}
		moved, paths = append(moved, next), append(paths, c.Path)
		lock.Put(next.Locked)
		result.Upgrades = append(result.Upgrades, Upgraded{
			Path: c.Path, From: p.Wanted(c).Source.String(), To: next.Want.Source.String(),
			FromCommit: c.Commit, ToCommit: next.Locked.Commit, Same: true,
		})
	}
	if err := p.CheckOrigins(p.Lock, paths...); err != nil {
		return nil, nil, err
	}
	if len(moved) == 0 && !o.Optional {
		return nil, nil, failure.Errorf(failure.Usage, "no install comes from %s", o.From).
			WithHint("see the sources with ppm project list")
	}
	r := request{command: fmt.Sprintf("upgrade --from-url %s %s", from, to), components: moved}
	pl := plan.Plan{}
	if len(moved) > 0 {
		if err := p.addRecords(&pl, lock, r); err != nil {
			return nil, nil, err
		}
	}
	t := newTransaction(pl, apply.Meta{Command: r.command}, lock)
	result.Changes = append(result.Changes, t.Changes...)
	return result, t, nil
}

// parseOrigin parses the place of a repository.
func parseOrigin(text string) (ref.Origin, error) {
	r, err := ref.Parse(text)
	if err == nil && (r.Component != "" || r.Version.String() != "") {
		err = failure.Errorf(failure.Usage, "%q names more than a repository", text).
			WithHint("write it without version and component, as %s", r.Origin)
	}
	return r.Origin, err
}

// isFrom reports whether the repository that the user names for an install is the one at an origin.
func (p *Project) isFrom(c lockfile.Component, o ref.Origin, text string) bool {
	old := p.packs.URL(o)
	urls := []string{p.packs.URL(c.Typed().Origin)}
	if len(c.Via) == 0 {
		urls = append(urls, c.URL)
	}
	for _, url := range urls {
		if isSameURL(url, old) || isSameURL(url, text) {
			return true
		}
	}
	return false
}

func isSameURL(a, b string) bool {
	trim := func(s string) string { return strings.TrimSuffix(strings.TrimRight(s, "/"), ".git") }
	return trim(a) == trim(b)
}

// relocate returns an install at the new place of its repository, after a check that it is the same there.
func (p *Project) relocate(ctx context.Context, c lockfile.Component, to ref.Origin) (install.Component, error) {
	want, url := p.Wanted(c), p.packs.URL(to)
	if p.packs.URL(want.Source.Origin) != url { // an alias may name the new place already
		want.Source.Origin = to
	}
	next := c
	if len(c.Via) > 0 {
		chain, err := p.packs.Follow(ctx, want.Source)
		if err != nil {
			return install.Component{}, err
		}
		pin := chain.Last().Pin
		next.URL, next.Ref, next.Object = pin.URL, pin.Ref, pin.Object
		next.Via, next.ViaCommits, next.Source = chain.Via(), chain.ViaCommits(), chain.Source()
		if pin.Commit != c.Commit {
			return install.Component{}, errOtherHistory(c, to,
				"its component comes from commit %.12s there", pin.Commit)
		}
	} else {
		next.Source.Origin, next.URL = want.Source.Origin, url
		object, err := p.checkHistory(ctx, c, next.Source)
		if err != nil {
			return install.Component{}, err
		}
		next.Object = object
	}
	base, err := p.base(ctx, next)
	if err == nil {
		_, err = p.verifySigner(ctx, next)
	}
	if err != nil {
		return install.Component{}, err
	}
	return install.Component{
		Want: manifest.Component{
			Source: want.Source, Path: want.Path, Keys: want.Keys, Own: want.Own, Moved: want.Moved,
			Strategy: want.Strategy,
		},
		Locked: next, Files: base.Files,
	}, nil
}

// checkHistory checks that the locked commit of an install is in the history of the same tag or branch of another
// repository, or, of an install of a commit, in the history of its default branch. That the repository has the commit
// is not enough: servers share the objects of forks. It returns the id of the object that the ref names.
func (p *Project) checkHistory(ctx context.Context, c lockfile.Component, at ref.Ref) (object string, err error) {
	list, err := p.packs.List(ctx, at)
	if err != nil {
		return "", err
	}
	g, found := list.Lookup(c.Ref)
	switch {
	case strings.HasPrefix(c.Ref, ref.TagPrefix):
		if found && g.Commit != c.Commit {
			return "", errOtherHistory(c, at.Origin, "%s is commit %.12s there", c.Ref, g.Commit)
		}
		if found {
			return g.Object, nil
		}
	case c.Ref == "":
		var pin ref.Pin
		head := ref.Ref{Origin: at.Origin}
		if pin, err = p.packs.Resolve(ctx, list, head); err != nil {
			return "", err
		}
		g.Commit, found = pin.Commit, true
	}
	if !found {
		return "", errOtherHistory(c, at.Origin, "it has no %s", c.Ref)
	}
	has, err := list.Repo.IsAncestor(ctx, c.Commit, g.Commit)
	if err != nil && failure.KindOf(err) != failure.Usage && failure.KindOf(err) != failure.Other {
		return "", err
	}
	if !has {
		return "", errOtherHistory(c, at.Origin, "the locked commit %.12s is not in its history", c.Commit)
	}
	return c.Object, nil
}

// errOtherHistory returns the error that a repository is not the one that an install came from.
func errOtherHistory(c lockfile.Component, at ref.Origin, format string, args ...any) error {
	return failure.Errorf(failure.Integrity, "%s is not the repository that %q came from: %s",
		at, c.Path, fmt.Sprintf(format, args...)).
		WithHint("check the new URL; to install from it anyway, run ppm project add with --force")
}
