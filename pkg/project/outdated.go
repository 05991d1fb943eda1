package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

// OutdatedResult is what could be upgraded.
type OutdatedResult struct {
	Installs []Outdated `json:"installs"` // those that are not known to be at their newest version
	Failed   []Failed   `json:"failed"`   // those that cannot be upgraded; see FailedError
}

// An Outdated is an install with a newer version, or with something else to report. A version in it is
// a tag, or the commit of an install of a branch or a commit.
type Outdated struct {
	Path    string   `json:"path"`
	Source  string   `json:"source"`
	Current string   `json:"current"`          // installed
	Wanted  string   `json:"wanted"`           // to which ppm project upgrade goes; Current if nothing is pending
	Latest  string   `json:"latest"`           // the newest of the series, in the range or not; "" if it is not known
	Between []string `json:"between"`          // the newer tags before Wanted, oldest first
	Pending bool     `json:"pending"`          // ppm project upgrade changes the install
	Same    bool     `json:"same"`             // the component's files are the same in Wanted, or where the tag moved
	Moved   string   `json:"moved,omitempty"`  // the commit that the locked tag names now
	Signer  string   `json:"signer"`           // of the installed version, as the lockfile records it
	Reason  string   `json:"reason,omitempty"` // why there may be no newer version, or what the upgrade needs
	// Of Wanted, if it is another one.
	WantedSigner string `json:"wanted_signer,omitempty"`
	// That changed the component on the way, newest first; none when Same.
	Commits []UpstreamCommit `json:"commits"`

	Retracted  string `json:"retracted,omitempty"`  // why the installed version should not be used; see Notice
	Deprecated string `json:"deprecated,omitempty"` // why the component should not be used
}

// An UpstreamCommit is a commit of a pack. Its texts are printable and one line each.
type UpstreamCommit struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Author  string `json:"author"` // the name only
	Date    string `json:"date"`   // when it was committed, RFC 3339, UTC
}

// Outdated asks the servers for newer versions of all installs, or of the named ones, and for the commits that lead
// to them. A server that has no history is a note.
func (p *Project) Outdated(ctx context.Context, names []string) (*OutdatedResult, error) {
	installs, err := p.FindAll(names)
	if err != nil {
		return nil, err
	}
	result := &OutdatedResult{Installs: []Outdated{}}
	var failures Failures
	for _, c := range installs {
		_, err := failures.of(c, p.Wanted(c).Source.String(), func() error {
			out, err := p.outdated(ctx, c)
			if err == nil && out.isListed() {
				result.Installs = append(result.Installs, out)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	if err := failures.only(len(installs)); err != nil {
		return nil, err
	}
	result.Failed = failures.all()
	return result, nil
}

// isListed reports whether outdated lists an install: it has a newer version, or the newest one is not known.
func (o Outdated) isListed() bool {
	return o.Pending || o.Moved != "" || o.Retracted+o.Deprecated != "" || o.Reason != "" || o.Latest != o.Wanted
}

func (p *Project) outdated(ctx context.Context, c lockfile.Component) (Outdated, error) {
	want := p.Wanted(c).Source
	out := Outdated{
		Path: c.Path, Source: want.String(), Current: shownVersion(c.Typed(), c), Between: []string{},
		Commits: []UpstreamCommit{}, Signer: c.Signer,
	}
	t, err := p.target(ctx, c)
	if err == nil {
		out.Moved, err = p.movedTo(ctx, c)
	}
	if err == nil {
		out.Retracted, out.Deprecated, err = p.noticesIfKnown(ctx, c)
	}
	if err != nil {
		return out, err
	}
	out.Reason, out.Wanted = t.held, out.Current
	if out.Retracted != "" && out.Reason == "" && t.latest == out.Current {
		out.Reason = fmt.Sprintf("no newer version of the series can replace it; choose another one with "+
			"ppm project upgrade %s --to VERSION", p.Quote(c.Path))
	}
	if t.older {
		out.Latest = cmp.Or(t.latest, out.Current)
		return out, nil
	}
	if len(t.newer) == 0 && want.Version.Kind() == ref.Exact && out.Moved != "" {
		out.Latest = out.Current
		return p.outdatedByMove(ctx, c, out)
	}
	installs, err := p.successor(ctx, c, t.version, UpgradeOptions{silent: true})
	if out.Moved != "" && failure.KindOf(err) == failure.Integrity { // the range ends with the very tag that moved
		out.Latest = cmp.Or(t.latest, out.Current)
		return p.outdatedByMove(ctx, c, out)
	}
	if err != nil {
		err = out.wait(t, err)
		return out, err
	}
	next := installs[0]
	out.Wanted = shownVersion(next.Want.Source, next.Locked)
	out.Latest = t.latest
	if !strings.HasPrefix(next.Locked.Ref, ref.TagPrefix) && t.held == "" {
		out.Latest = out.Wanted
	}
	if n := len(t.newer); n > 0 {
		out.Between = append(out.Between, t.newer[:n-1]...)
	}
	if next.Locked.Signer != c.Signer {
		out.WantedSigner = next.Locked.Signer
	}
	out.Pending = next.Locked.Commit != c.Commit || next.Locked.Ref != c.Ref || next.Want.Source != want
	if out.Same = hasSameFiles(c, next.Locked); out.Same || !out.Pending {
		return out, nil
	}
	out.Commits, err = p.commitsIfKnown(ctx, c, ref.Pin{URL: next.Locked.URL, Commit: next.Locked.Commit})
	return out, err
}

// wait describes an upgrade that fails until the user decides something. It returns all other errors.
func (o *Outdated) wait(t target, err error) error {
	var changed *signers.ChangedError
	switch {
	case errors.As(err, &changed):
		o.WantedSigner, o.Reason = changed.Signer, changed.Error()
	case errors.Is(err, errAsks):
		o.Reason = "a key needs a value: run ppm project upgrade at a terminal, or with --kv"
	default:
		return err
	}
	o.Wanted, o.Latest, o.Pending = t.shown, cmp.Or(t.latest, t.shown), true
	return nil
}

// shownVersion returns the version of an install that the user typed as r: a tag, or else the commit.
func shownVersion(r ref.Ref, c lockfile.Component) string {
	if len(c.Via) > 0 && r.Version.Kind() == ref.Exact {
		return r.Version.String()
	}
	if tag, ok := strings.CutPrefix(c.Ref, ref.TagPrefix); ok {
		return tag
	}
	return c.Commit
}

// outdatedByMove describes an install whose tag was moved, and that has no newer version.
func (p *Project) outdatedByMove(ctx context.Context, c lockfile.Component, out Outdated) (Outdated, error) {
	to, err := p.packs.OpenAt(ctx, c, c.URL, out.Moved)
	if err != nil {
		return out, err
	}
	tree, err := to.Source(ctx)
	if err != nil {
		return out, err
	}
	if out.Same = tree.ID == c.Tree; out.Same {
		return out, nil
	}
	out.Commits, err = p.commitsIfKnown(ctx, c, to.Pin)
	return out, err
}

// movedTo returns the commit that the tag of an install names now, when it is not the locked one.
func (p *Project) movedTo(ctx context.Context, c lockfile.Component) (string, error) {
	if !strings.HasPrefix(c.Ref, ref.TagPrefix) {
		return "", nil
	}
	commit, err := p.packs.RefCommit(ctx, c)
	if commit == c.Commit {
		return "", err
	}
	return commit, err
}

// commits returns the commits up to a pin that an install does not have and that changed the component's files, newest
// first. When the locked commit is not an ancestor of the pin's, as after a rewritten history, there is a note. The
// errors are those of fetch.Repo.Log.
func (p *Project) commits(ctx context.Context, c lockfile.Component, to ref.Pin) ([]UpstreamCommit, error) {
	if c.URL != to.URL {
		return nil, failure.Errorf(failure.Usage, "reading the history of %s: its URL is %s now and was %s",
			c.Source, to.URL, c.URL).WithHint("the two repositories have no history in common")
	}
	at, err := p.packs.OpenAt(ctx, c, to.URL, to.Commit)
	if err != nil {
		return nil, err
	}
	repo, err := p.packs.Repo(c.Source, c.URL)
	if err != nil {
		return nil, err
	}
	history, err := repo.Log(ctx, c.Commit, to.Commit, at.Component.Source)
	if err != nil {
		return nil, err
	}
	if !history.Related {
		p.setup.Notify(fmt.Sprintf("%s: the locked commit %.12s is not an ancestor of %.12s; the commits listed "+
			"are those that it does not have",
			c.Path, c.Commit, to.Commit))
	}
	out := []UpstreamCommit{}
	for _, h := range history.Commits {
		out = append(out, UpstreamCommit{h.ID, h.Subject, h.Author, h.Date.UTC().Format(time.RFC3339)})
	}
	return out, nil
}

// commitsIfKnown is commits, with none and a note when the history cannot be read.
func (p *Project) commitsIfKnown(ctx context.Context, c lockfile.Component, to ref.Pin) ([]UpstreamCommit, error) {
	commits, err := p.commits(ctx, c, to)
	if err == nil || failure.KindOf(err) == failure.Interrupted {
		return commits, err
	}
	p.setup.Notify(fmt.Sprintf("%s: cannot read the upstream history: %v", c.Path, err))
	return []UpstreamCommit{}, nil
}
