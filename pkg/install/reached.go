package install

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
)

// reachedFact is the fact that the ref of an install has its commit, for fetch.Repo.SetProven.
func reachedFact(c lockfile.Component) string {
	parts := []string{c.URL, c.Ref, c.Object, c.Commit}
	for _, r := range c.References() {
		parts = append(parts, r.String())
	}
	return hashFact("reached", strings.Join(append(parts, c.ViaCommits...), "\n"))
}

// renderedFact is the fact that a pack renders to the files of an install, wherever the user moved them.
func renderedFact(c lockfile.Component) string {
	c.Files = slices.Clone(c.Files)
	for i, f := range c.Files {
		c.Files[i] = lockfile.File{
			Path: f.Rendered(), Digest: f.Digest, LFDigest: f.LFDigest, Mode: f.Mode, License: f.License,
		}
	}
	slices.SortFunc(c.Files, func(a, b lockfile.File) int { return strings.Compare(a.Path, b.Path) })
	return hashFact("rendered", string(c.Format()))
}

func hashFact(kind, text string) string {
	sum := sha256.Sum256([]byte(text))
	return kind + ":" + hex.EncodeToString(sum[:])
}

// IsProven reports whether Base has proven an install on this machine, or Remember was called for it.
func (p *Packs) IsProven(c lockfile.Component) bool {
	return p.client.AreProven(p.registry.Mirror(c.URL), reachedFact(c), renderedFact(c))
}

// Remember records that installs were just rendered from what their sources mean. That the cache cannot be written is
// no error: the installs are proven again.
func (p *Packs) Remember(ctx context.Context, made []lockfile.Component) {
	facts := map[*fetch.Repo][]string{}
	for _, c := range made {
		if repo, err := p.Repo(c.Source, c.URL); err == nil {
			facts[repo] = append(facts[repo], reachedFact(c), renderedFact(c))
		}
	}
	for repo, list := range facts {
		_ = repo.SetProven(ctx, list...)
	}
}

// proveRest proves the signer of an install that was rendered again, and then remembers that it is proven. That the
// signature cannot be read is not an error: it is verified again.
func (p *Packs) proveRest(ctx context.Context, c lockfile.Component) error {
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	fact := renderedFact(c)
	if repo.IsProven(fact) {
		return nil
	}
	_, err = p.LockedSigner(ctx, c)
	switch kind := failure.KindOf(err); {
	case kind == failure.Integrity, kind == failure.Interrupted:
		return err
	case err == nil && p.Unasked(c) == nil:
		_ = repo.SetProven(ctx, fact)
	}
	return nil
}

// checkReachedOnce is CheckReached, unless it has succeeded on this machine before. A server that does not answer, or
// must not be asked, is not an error: see Unasked. What the user accepts is accepted on this machine from then on.
func (p *Packs) checkReachedOnce(ctx context.Context, c lockfile.Component) error {
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	fact := reachedFact(c)
	if _, asked := p.reached[fact]; asked || repo.IsProven(fact) {
		return nil
	}
	if err = p.checkReached(ctx, c); err == nil {
		err = p.checkChain(ctx, c)
	}
	switch failure.KindOf(err) {
	case failure.Integrity, failure.Interrupted:
		return err
	}
	if p.reached[fact] = err; err == nil {
		_ = repo.SetProven(ctx, fact)
	}
	return nil
}

// Unasked returns why no server could be asked whether the ref of an install has its commit, or nil.
func (p *Packs) Unasked(c lockfile.Component) error { return p.reached[reachedFact(c)] }

// accepts reports whether the user accepts that the ref of an install does not have its commit.
func (p *Packs) accepts(c lockfile.Component) bool {
	name := strings.TrimPrefix(strings.TrimPrefix(c.Ref, ref.TagPrefix), ref.BranchPrefix)
	return slices.Contains(p.o.Fetch.AcceptMoved, name)
}

// CheckReached returns an error of kind Integrity unless the repository of an install has its commit where the
// lockfile says: at the tag, in the history of the branch, or in that of the default branch for a version that means
// that one. Of a ref that is gone, the commit must be in the history of the default branch, or at a tag; for a range
// or glob at a tag that it matches. That the server sends a commit is not enough: servers share the objects of forks.
// An install of a bare commit has only that.
//
// A tag that was moved is a note if the component is the same where it is now. Other errors say why the server could
// not be asked.
func (p *Packs) CheckReached(ctx context.Context, c lockfile.Component) error {
	err := p.checkReached(ctx, c)
	p.reportMoved(err)
	return err
}

// reportMoved reports the notes on moved tags, unless an error makes them misleading.
func (p *Packs) reportMoved(err error) {
	if err == nil {
		for _, note := range p.moved {
			p.o.Notify(note)
		}
	}
	p.moved = nil
}

// checkReached is CheckReached without the note.
func (p *Packs) checkReached(ctx context.Context, c lockfile.Component) error {
	if c.Ref == "" || p.accepts(c) {
		return nil
	}
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return err
	}
	tag, isTag := strings.CutPrefix(c.Ref, ref.TagPrefix)
	name := strings.TrimPrefix(tag, ref.BranchPrefix)
	isLatest := c.Source.Version.Kind() == ref.Latest
	if isLatest || c.Ref == ref.Head {
		name = ""
	}
	refs, err := repo.Refs(ctx, name)
	if err != nil {
		return err
	}
	list := Listing{c.URL, repo, refs}
	g, found := list.Lookup(c.Ref)
	_, isBuiltIn := ref.BuiltinName(c.URL)
	// A tag comes before a branch, whatever the lockfile says.
	if t, ok := list.Lookup(ref.TagPrefix + c.Source.Version.String()); ok && c.Source.Version.Kind() == ref.Exact {
		g, found, tag, isTag = t, true, c.Source.Version.String(), true
	}
	if isLatest {
		latest, err := resolver.Resolve(ctx, c.URL, c.Source.Version, repo)
		g, found = ref.GitRef{Name: latest.Pin.Ref, Commit: latest.Pin.Commit}, err == nil
	}
	switch {
	case !found && isBuiltIn:
		return nil // a newer ppm may have it. Without the commit, the pack cannot be read
	case !found:
		return p.checkReachedAnyhow(ctx, c, repo)
	case g.Commit == c.Commit:
		return nil
	case isTag:
		return p.checkMovedTag(ctx, c, tag, g.Commit)
	}
	is, err := isAncestor(ctx, repo, c.Commit, g.Commit)
	if err == nil && !is {
		err = errNotReached(c, "%s of %s does not have commit %s in its history", g.Name, c.URL, c.Commit)
	}
	return err
}

// isAncestor is fetch.Repo.IsAncestor. A commit that the repository does not have is not an ancestor.
func isAncestor(ctx context.Context, repo *fetch.Repo, commit, of string) (bool, error) {
	is, err := repo.IsAncestor(ctx, commit, of)
	if kind := failure.KindOf(err); err != nil && (kind == failure.Usage || kind == failure.Other) {
		return false, nil
	}
	return is, err
}

// checkReachedAnyhow is CheckReached for a ref that is gone.
func (p *Packs) checkReachedAnyhow(ctx context.Context, c lockfile.Component, repo *fetch.Repo) error {
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return err
	}
	v := c.Source.Version
	isRange := v.Kind() == ref.Glob || v.Kind() == ref.Range
	for _, g := range refs {
		tag, isTag := strings.CutPrefix(g.Name, ref.TagPrefix)
		if isTag && g.Commit == c.Commit && (!isRange || resolver.Matches(v, tag)) {
			return nil
		}
	}
	if latest, err := resolver.Resolve(ctx, c.URL, ref.Version{}, repo); err == nil && !isRange {
		if is, err := isAncestor(ctx, repo, c.Commit, latest.Pin.Commit); is || err != nil {
			return err
		}
	}
	return errNotReached(c, "%s of %s is gone, and neither a tag nor the default branch has commit %s",
		c.Ref, c.URL, c.Commit)
}

// checkMovedTag returns an error about a tag that was moved, unless the component of the install is the same there.
func (p *Packs) checkMovedTag(ctx context.Context, c lockfile.Component, tag, commit string) error {
	same, err := p.IsSameAt(ctx, c, commit)
	if err != nil {
		return err
	}
	if same {
		p.moved = append(p.moved, fmt.Sprintf("%s: tag %q of %s was moved from commit %s to commit %s, "+
			"and the component is the same there",
			c.Path, tag, c.URL, c.Commit, commit))
		return nil
	}
	return errNotReached(c, "tag %q of %s is commit %s, and not commit %s", tag, c.URL, commit, c.Commit)
}

// IsSameAt reports whether the component of an install is the same at another commit. One that is not there is none.
func (p *Packs) IsSameAt(ctx context.Context, c lockfile.Component, commit string) (bool, error) {
	at, err := p.OpenAt(ctx, c, c.URL, commit)
	if err != nil {
		return false, ignoreUsage(err)
	}
	source, err := at.Source(ctx)
	return err == nil && source.ID == c.Tree && source.Digest() == c.Digest, ignoreUsage(err)
}

// ignoreUsage drops the errors of a pack that does not have, or does not say, what is looked for in it.
func ignoreUsage(err error) error {
	if kind := failure.KindOf(err); kind == failure.Usage || kind == failure.Refused {
		return nil
	}
	return err
}

// errNotReached returns the error about an install whose commit its repository does not have where the lockfile says.
func errNotReached(c lockfile.Component, format string, args ...any) error {
	name := strings.TrimPrefix(strings.TrimPrefix(c.Ref, ref.TagPrefix), ref.BranchPrefix)
	return failure.Errorf(failure.Integrity, "verifying %q against %s: %s", c.Path, c.Source,
		fmt.Sprintf(format, args...)).
		WithHint("if ppm.lock was altered, restore it from version control; if upstream changed its history, "+
			"find out why, and accept the locked commit with --accept-moved %s", name)
}
