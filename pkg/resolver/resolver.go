// Package resolver owns the way from a version to a pin: which commit of a repository "latest", a tag, a
// branch, a commit id, a glob or a range stands for.
//
// It is pure: the refs come from a Lister, and equal refs give equal pins.
//
// Words: a tag such as "cp-v0.0.1" has a prefix ("cp-") and a semantic version (0.0.1, the "v" dropped).
// Versions of one or two numbers count as 1.0.0 and 1.2.0. Tags of one prefix are a series.
package resolver

import (
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Lister lists the refs of one repository.
type Lister interface {
	// Refs returns the refs of the repository. exact, when not empty, is the only name the caller
	// needs: the lister may answer from a cache when it holds a tag of that name, and when exact is
	// a commit id or the start of one it may add a GitRef with an empty Name for that commit.
	Refs(ctx context.Context, exact string) ([]ref.GitRef, error)
}

// A Resolution is what a version stands for.
type Resolution struct {
	Pin   ref.Pin
	Notes []string // what the user should know about the choice, such as `"v1" is a tag and a branch; …`
}

const (
	tagRefs    = "refs/tags/"
	branchRefs = "refs/heads/"
)

// Resolve returns the pin that v stands for in the repository at url, whose refs l lists. url goes into the
// pin and the messages as it is. Errors are those of l, or *failure.Error of kind Usage whose hint names what
// the repository has instead.
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

// repository is a repository as listed.
type repository struct {
	url  string
	refs []ref.GitRef
}

// find returns the ref with a full name.
func (r repository) find(name string) (ref.GitRef, bool) {
	for _, g := range r.refs {
		if g.Name == name {
			return g, true
		}
	}
	return ref.GitRef{}, false
}

// names returns the refs below a folder such as "refs/tags/", without the folder.
func (r repository) names(folder string) []string {
	var all []string
	for _, g := range r.refs {
		if name, ok := strings.CutPrefix(g.Name, folder); ok && name != "" {
			all = append(all, name)
		}
	}
	return all
}

// pin makes g exact.
func (r repository) pin(g ref.GitRef, notes ...string) (Resolution, error) {
	if g.Commit == "" { // a tag may stand for any object
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %q names no commit", r.url, g.Name).
			WithHint("use a tag of a commit")
	}
	p := ref.Pin{URL: r.url, Ref: g.Name, Object: strings.ToLower(g.Object), Commit: strings.ToLower(g.Commit)}
	if p.Object == "" {
		p.Object = p.Commit
	}
	return Resolution{Pin: p, Notes: notes}, nil
}

// latest finds the head of the default branch: the one HEAD stands for, else master, else main, else HEAD itself.
func (r repository) latest() (Resolution, error) {
	head, hasHead := r.find("HEAD")
	for _, name := range []string{head.Target, branchRefs + "master", branchRefs + "main"} {
		if g, ok := r.find(name); ok && name != "" {
			return r.pin(g)
		}
	}
	if hasHead && head.Commit != "" {
		return r.pin(head)
	}
	return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: it has no default branch", r.url).WithHint("%s", r.choices())
}

// dev finds the head of branch dev.
func (r repository) dev() (Resolution, error) {
	if g, ok := r.find(branchRefs + "dev"); ok {
		return r.pin(g)
	}
	return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: it has no branch \"dev\"", r.url).WithHint("%s", r.choices())
}

// exact finds a tag, else a branch, else a commit. A full name such as refs/heads/v1 is found as it is.
func (r repository) exact(name string) (Resolution, error) {
	if strings.HasPrefix(name, "refs/") {
		if g, ok := r.find(name); ok {
			return r.pin(g)
		}
	}
	tag, isTag := r.find(tagRefs + name)
	branch, isBranch := r.find(branchRefs + name)
	commits := r.commits(name)
	var notes []string
	switch {
	case isTag:
		if isBranch {
			notes = append(notes, fmt.Sprintf("%q is a tag and a branch; the tag was taken, %s%s is the branch", name, branchRefs, name))
		}
		if others(commits, tag.Commit) {
			notes = append(notes, fmt.Sprintf("%q is a tag and the start of a commit id; the tag was taken", name))
		}
		return r.pin(tag, notes...)
	case isBranch:
		if others(commits, branch.Commit) {
			notes = append(notes, fmt.Sprintf("%q is a branch and the start of a commit id; the branch was taken", name))
		}
		return r.pin(branch, notes...)
	case len(commits) == 1:
		return r.pin(ref.GitRef{Commit: commits[0]})
	case len(commits) > 1:
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %q is the start of several commit ids", r.url, name).
			WithHint("write more of the id: %s or %s", commits[0], commits[1])
	}
	return Resolution{}, r.unknown(name)
}

// commits returns at most two commits whose id, or the id of whose tag object, starts with name.
func (r repository) commits(name string) []string {
	if !ref.MayBeCommit(name) {
		return nil
	}
	start := strings.ToLower(name)
	var found []string
	for _, g := range r.refs {
		if g.Commit == "" || !strings.HasPrefix(g.Commit, start) && !strings.HasPrefix(g.Object, start) {
			continue
		}
		if len(found) == 0 || found[0] != g.Commit {
			found = append(found, g.Commit)
		}
		if len(found) == 2 {
			break
		}
	}
	return found
}

// others reports whether a commit other than this one is in commits.
func others(commits []string, this string) bool {
	for _, c := range commits {
		if c != this {
			return true
		}
	}
	return false
}

// glob finds the highest tag that matches a pattern. Tags without a version are below all others.
func (r repository) glob(v ref.Version) (Resolution, error) {
	return r.highest(v, literalPrefix(v.String()), matchesGlob(v.String()), asksForPrerelease(v.String()))
}

// versionRange finds the highest tag that is the range's prefix and a version in the range.
func (r repository) versionRange(v ref.Version) (Resolution, error) {
	match, err := matchesRange(v)
	if err != nil {
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %w", r.url, err)
	}
	return r.highest(v, v.Prefix(), match, false)
}

// highest returns the highest tag that match lets through. A prerelease counts only when prereleases is
// set or match says that it was asked for. prefix is what the tags searched start with.
func (r repository) highest(v ref.Version, prefix string, match func(name string) (tag, bool), prereleases bool) (Resolution, error) {
	var best, left tag // left: the highest prerelease that was not asked for
	var found ref.GitRef
	for _, g := range r.refs {
		name, ok := strings.CutPrefix(g.Name, tagRefs)
		if !ok || g.Commit == "" {
			continue
		}
		t, ok := match(name)
		switch {
		case !ok:
		case t.isPrerelease() && !t.asked && !prereleases:
			left = higher(left, t)
		case best.name == "" || compareTags(t, best) > 0:
			best, found = t, g
		}
	}
	if best.name != "" {
		return r.pin(found)
	}
	err := failure.Errorf(failure.Usage, "resolving %s: no tag matches %q", r.url, v)
	if left.name != "" {
		return Resolution{}, err.WithHint("only prereleases match; name one, such as %q", left.name)
	}
	if newest := highestNames(r.names(tagRefs), prefix); len(newest) > 0 {
		return Resolution{}, err.WithHint("use one of the newest tags: %s", strings.Join(newest, ", "))
	}
	return Resolution{}, err.WithHint("%s", r.choices())
}
