package resolver

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Resolution is what a version means.
type Resolution struct {
	Pin   ref.Pin
	Notes []string // about the choice, such as `"v1" is a tag and a branch; …`
}

// A repository is a list of refs.
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

// names returns the names of the refs that start with a prefix such as "refs/tags/", without the prefix.
func (r repository) names(prefix string) []string {
	var all []string
	for _, g := range r.refs {
		if name, ok := strings.CutPrefix(g.Name, prefix); ok && name != "" {
			all = append(all, name)
		}
	}
	return all
}

// pin returns the resolution to g.
func (r repository) pin(g ref.GitRef, notes ...string) (Resolution, error) {
	if g.Commit == "" { // a tag may point to any object
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %q does not point to a commit",
			r.url, g.Name).
			WithHint("use a tag of a commit")
	}
	p := ref.Pin{URL: r.url, Ref: g.Name, Object: strings.ToLower(g.Object), Commit: strings.ToLower(g.Commit)}
	if p.Object == "" {
		p.Object = p.Commit
	}
	return Resolution{Pin: p, Notes: notes}, nil
}

// latest finds the head of the default branch: the one that HEAD points to, else master, else main, else HEAD itself.
func (r repository) latest() (Resolution, error) {
	head, hasHead := r.find(ref.Head)
	for _, name := range []string{head.Target, ref.BranchPrefix + "master", ref.BranchPrefix + "main"} {
		if g, ok := r.find(name); ok && name != "" {
			return r.pin(g)
		}
	}
	if hasHead && head.Commit != "" {
		return r.pin(head)
	}
	return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: it has no default branch", r.url).
		WithHint("%s", r.choices())
}

// dev finds the head of branch dev.
func (r repository) dev() (Resolution, error) {
	if g, ok := r.find(ref.BranchPrefix + "dev"); ok {
		return r.pin(g)
	}
	return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: it has no branch \"dev\"", r.url).
		WithHint("%s", r.choices())
}

// exact finds a tag, else a branch, else a commit. A full name such as refs/heads/v1 means that ref.
func (r repository) exact(name string) (Resolution, error) {
	if strings.HasPrefix(name, "refs/") {
		if g, ok := r.find(name); ok {
			return r.pin(g)
		}
	}
	tag, isTag := r.find(ref.TagPrefix + name)
	branch, isBranch := r.find(ref.BranchPrefix + name)
	commits := r.commits(name)
	var notes []string
	note := func(format string, args ...any) { notes = append(notes, fmt.Sprintf(format, args...)) }
	switch {
	case isTag:
		if isBranch {
			note("%q is a tag and a branch; the tag was taken, %s%s is the branch", name, ref.BranchPrefix, name)
		}
		if hasOther(commits, tag.Commit) {
			note("%q is a tag and the start of a commit id; the tag was taken", name)
		}
		return r.pin(tag, notes...)
	case isBranch:
		if hasOther(commits, branch.Commit) {
			note("%q is a branch and the start of a commit id; the branch was taken", name)
		}
		return r.pin(branch, notes...)
	case len(commits) == 1:
		return r.pin(ref.GitRef{Commit: commits[0]})
	case len(commits) > 1:
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %q is the start of several commit ids",
			r.url, name).
			WithHint("write more digits of the id: %s or %s", commits[0], commits[1])
	}
	return Resolution{}, r.errUnknown(name)
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

// hasOther reports whether a commit other than this one is in commits.
func hasOther(commits []string, this string) bool {
	return slices.ContainsFunc(commits, func(c string) bool { return c != this })
}

// glob finds the highest tag that matches a pattern. Tags without a version are lower than all others.
func (r repository) glob(v ref.Version) (Resolution, error) {
	return r.highest(v, literalPrefix(v.String()), matchesGlob(v.String()), asksForPrerelease(v.String()))
}

// versionRange finds the highest tag that consists of the range's prefix and a version in the range.
func (r repository) versionRange(v ref.Version) (Resolution, error) {
	match, err := matchesRange(v)
	if err != nil {
		return Resolution{}, failure.Errorf(failure.Usage, "resolving %s: %w", r.url, err)
	}
	return r.highest(v, v.Prefix(), match, false)
}

// highest returns the highest tag that matches. A prerelease counts only when prereleases is set or the match says
// that it was asked for. prefix is the common prefix of the tags that can match.
func (r repository) highest(v ref.Version, prefix string, match match, prereleases bool) (Resolution, error) {
	var best, skipped tag // skipped: the highest prerelease that was not asked for
	var found ref.GitRef
	for _, g := range r.refs {
		name, ok := strings.CutPrefix(g.Name, ref.TagPrefix)
		if !ok || g.Commit == "" {
			continue
		}
		t, ok := match(name)
		switch {
		case !ok:
		case t.isPrerelease() && !t.asked && !prereleases:
			skipped = higher(skipped, t)
		case best.name == "" || compareTags(t, best) > 0:
			best, found = t, g
		}
	}
	if best.name != "" {
		return r.pin(found)
	}
	err := failure.Errorf(failure.Usage, "resolving %s: no tag matches %q", r.url, v)
	if skipped.name != "" {
		return Resolution{}, err.WithHint("only prereleases match; name one, such as %q", skipped.name)
	}
	if newest := highestNames(r.names(ref.TagPrefix), prefix); len(newest) > 0 {
		return Resolution{}, err.WithHint("use one of the newest tags: %s", strings.Join(newest, ", "))
	}
	return Resolution{}, err.WithHint("%s", r.choices())
}

// errUnknown returns the error that no tag, branch or commit has that name.
func (r repository) errUnknown(name string) error {
	err := failure.Errorf(failure.Usage, "resolving %s: it has no tag, branch or commit %q", r.url, name)
	tags := r.names(ref.TagPrefix)
	longest := ""
	for _, t := range tags {
		if len(t) > len(longest) && strings.HasPrefix(name, t+"/") {
			longest = t
		}
	}
	if longest != "" {
		return err.WithHint("a component starts with //: write %s/%s", longest, name[len(longest):])
	}
	if near := similarNames(tags, name); len(near) > 0 {
		return err.WithHint("use one of the most similar tags: %s", strings.Join(near, ", "))
	}
	return err.WithHint("%s", r.choices())
}

// choices returns the hint that names the newest tags of a repository, else its branches.
func (r repository) choices() string {
	if tags := highestNames(r.names(ref.TagPrefix), ""); len(tags) > 0 {
		return "use one of its tags: " + strings.Join(tags, ", ")
	}
	if branches := highestNames(r.names(ref.BranchPrefix), ""); len(branches) > 0 {
		return "it has no tags; use one of its branches: " + strings.Join(branches, ", ")
	}
	return "check the URL: it has no tags and no branches"
}
