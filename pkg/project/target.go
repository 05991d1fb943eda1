package project

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

// A target is the version to which an install is upgraded when none is named. Upgrade and Outdated use the same one.
type target struct {
	version ref.Version // what the manifest says then; the same as now if no tag is newer
	newer   []string    // the newer tags up to version, oldest first; only when the manifest names a tag
	shown   string      // the version as Outdated shows it: a tag or a commit
	latest  string      // the newest tag of the series, in the range or not; "" when the install is of no tag
	held    string      // why nothing newer can be found; else ""
	older   bool        // the version is now older than the install, which therefore stays
}

// target finds the version for an install. That its tag or branch is gone, and nothing newer is there, is an error.
func (p *Project) target(ctx context.Context, c lockfile.Component) (target, error) {
	r := p.Wanted(c).Source
	list, err := p.packs.List(ctx, r)
	if err != nil {
		return target{}, err
	}
	if r.Version.Kind() == ref.Exact {
		return p.newerTag(ctx, c, r, list)
	}
	pin, err := p.packs.Resolve(ctx, list, r)
	if err != nil {
		return target{}, err
	}
	t := target{version: r.Version, shown: pin.Commit}
	if tag, ok := strings.CutPrefix(pin.Ref, ref.TagPrefix); ok {
		t.latest, t.shown = tag, tag
		newer, _, err := p.packs.Newer(ctx, list, r, tag)
		if err != nil {
			return target{}, err
		}
		if len(newer) > 0 {
			t.latest = newer[len(newer)-1]
		}
	}
	older, err := p.isOlder(ctx, c, list, pin.Commit)
	if older {
		t.hold(c, r, pin.Commit)
	}
	return t, err
}

// hold makes the target the installed version, because the one that the manifest names is an older commit now.
func (t *target) hold(c lockfile.Component, r ref.Ref, commit string) {
	name := cmp.Or(r.Version.String(), "latest")
	t.older, t.held = true, fmt.Sprintf("%s is commit %.12s now, which is older than the installed one; "+
		"to go back to it, run ppm project upgrade %s --to %s", name, commit, shell.Quote(c.Path), shell.Quote(name))
}

// newerTag finds the target of an install whose manifest names a tag, a branch or a commit.
func (p *Project) newerTag(
	ctx context.Context, c lockfile.Component, r ref.Ref, list install.Listing,
) (target, error) {
	name := r.Version.String()
	t := target{version: r.Version, shown: c.Commit}
	_, isTag := list.Find(ref.TagPrefix + name)
	branch, isBranch := list.Find(ref.BranchPrefix + name)
	if _, full := list.Find(name); full && strings.HasPrefix(name, "refs/") {
		isBranch = true // its tags are not followed either
		branch, _ = list.Find(name)
	}
	isCommit := ref.MayBeCommit(name) && c.Ref == ""
	gone := !isTag && !isBranch && !isCommit && !p.setup.Offline
	wasBranch := strings.HasPrefix(c.Ref, ref.BranchPrefix) && len(c.Via) == 0
	switch {
	case isCommit && !isTag && !isBranch:
		return t, nil
	case isBranch && !isTag:
		older, err := p.isOlder(ctx, c, list, branch)
		if older {
			t.hold(c, r, branch)
		}
		t.shown = branch
		return t, err
	case gone && wasBranch:
		return t, errGone(c, "branch", name)
	}
	newer, ordered, err := p.packs.Newer(ctx, list, r, name)
	if err != nil {
		return t, err
	}
	t.shown, t.latest, t.newer = name, name, newer
	for len(t.newer) > 0 {
		last := t.newer[len(t.newer)-1]
		commit, _ := list.Find(ref.TagPrefix + last)
		older, err := p.isOlder(ctx, c, list, commit)
		if err != nil {
			return t, err
		}
		if !older {
			t.shown, t.latest = last, last
			t.version, err = ref.ParseVersion(last)
			return t, err
		}
		t.newer = t.newer[:len(t.newer)-1]
	}
	switch {
	case gone:
		return t, errGone(c, "tag", name)
	case len(t.newer) == 0 && ordered:
		err := p.noteOtherForms(ctx, c, list, &t)
		return t, err
	case !ordered:
		t.latest, t.held = "", "its tags cannot be ordered; name one with --to"
	}
	return t, nil
}

// noteOtherForms holds the target of an install that is the newest of its series, when the pack goes on with tags of
// another form, such as v1.1.0 after 1.0.0: when one of them is a descendant of the installed commit.
func (p *Project) noteOtherForms(ctx context.Context, c lockfile.Component, list install.Listing, t *target) error {
	for _, tag := range list.OtherForms(t.latest) {
		commit, _ := list.Find(ref.TagPrefix + tag)
		if list.URL != c.URL || commit == c.Commit {
			continue
		}
		continues, err := list.Repo.IsAncestor(ctx, c.Commit, commit)
		if err := onlyInterrupted(err); err != nil {
			return err
		}
		if continues && err == nil {
			t.held = fmt.Sprintf("the pack has newer tags of another form; to change to them, run "+
				"ppm project upgrade %s --to %s", shell.Quote(c.Path), shell.Quote(tag))
		}
	}
	return nil
}

// errGone returns the error that the tag or branch of an install is gone.
func errGone(c lockfile.Component, kind, name string) error {
	return failure.Errorf(failure.Usage, "%s %q of %s is gone: the server no longer has it",
		kind, name, c.URL).
		WithHint("%q stays at commit %.12s; choose another version with ppm project upgrade %s --to VERSION",
			c.Path, c.Commit, shell.Quote(c.Path))
}

// isOlder reports whether a commit is an ancestor of the one that an install has. Where the history cannot be read,
// no commit counts as older.
func (p *Project) isOlder(
	ctx context.Context, c lockfile.Component, list install.Listing, commit string,
) (bool, error) {
	if list.URL != c.URL || commit == c.Commit || commit == "" {
		return false, nil
	}
	newer, err := list.Repo.IsAncestor(ctx, c.Commit, commit)
	if err == nil && !newer {
		older, err := list.Repo.IsAncestor(ctx, commit, c.Commit)
		return older && err == nil, onlyInterrupted(err)
	}
	return false, onlyInterrupted(err)
}

// onlyInterrupted drops all errors but an interruption.
func onlyInterrupted(err error) error {
	if failure.KindOf(err) == failure.Interrupted {
		return err
	}
	return nil
}
