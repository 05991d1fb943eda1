package project

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// OutdatedResult is what could be upgraded.
type OutdatedResult struct {
	Installs []Outdated `json:"installs"` // those with a newer version, or whose tag has moved
	Failed   []Failed   `json:"failed"`   // those of which nothing is known; FailedError tells of them
}

// An Outdated is an install that is not at the newest version of its series of tags or of its range.
type Outdated struct {
	Path   string `json:"path"`
	Source string `json:"source"`
	// A tag, or the commit that a branch is at now; empty when only the tag moved.
	Newest  string   `json:"newest"`
	Between []string `json:"between"` // the newer tags before Newest, oldest first
	// The component's files are the same there: there is nothing to do.
	Same  bool   `json:"same"`
	Moved string `json:"moved,omitempty"` // the commit that the locked tag names now
	// That changed the component on the way, newest first; none when Same.
	Commits []UpstreamCommit `json:"commits"`
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
			if err == nil && (out.Newest != "" || out.Moved != "") {
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

func (p *Project) outdated(ctx context.Context, c lockfile.Component) (Outdated, error) {
	out := Outdated{
		Path: c.Path, Source: p.Wanted(c).Source.String(), Between: []string{}, Commits: []UpstreamCommit{},
	}
	to, err := p.newest(ctx, c, &out)
	if err != nil || out.Newest == "" && out.Moved == "" {
		return out, err
	}
	source, err := to.Source(ctx)
	if err != nil {
		return out, err
	}
	if out.Same = source.ID == c.Tree && source.Digest() == c.Digest; out.Same {
		return out, nil
	}
	out.Commits, err = p.commitsIfKnown(ctx, c, to.Pin)
	return out, err
}

// newest returns the pack to which an install would be upgraded, or where its tag is now when nothing is newer, and
// notes in out which version that is.
func (p *Project) newest(ctx context.Context, c lockfile.Component, out *Outdated) (to install.Hop, err error) {
	r := p.Wanted(c).Source
	if out.Moved, err = p.movedTo(ctx, c); err != nil {
		return to, err
	}
	if r.Version.Kind() == ref.Exact {
		tags, err := p.packs.Newer(ctx, r)
		if err != nil {
			return to, err
		}
		if len(tags) == 0 {
			return p.openMoved(ctx, c, out.Moved)
		}
		out.Newest, out.Between = tags[len(tags)-1], append(out.Between, tags[:len(tags)-1]...)
		if r.Version, err = ref.ParseVersion(out.Newest); err != nil {
			return to, err
		}
	}
	chain, err := p.packs.Follow(ctx, r)
	if out.Moved != "" && failure.KindOf(err) == failure.Integrity { // the range ends with the very tag that moved
		return p.openMoved(ctx, c, out.Moved)
	}
	if err != nil {
		return to, err
	}
	to = chain.Last()
	if out.Newest == "" && to.Pin.Commit != c.Commit && out.Moved == "" {
		name := strings.TrimPrefix(strings.TrimPrefix(to.Pin.Ref, ref.TagPrefix), ref.BranchPrefix)
		out.Newest = cmp.Or(name, to.Pin.Commit)
	}
	return to, nil
}

// openMoved returns the pack at the commit to which the tag of an install moved; the zero value when it did not move.
func (p *Project) openMoved(ctx context.Context, c lockfile.Component, commit string) (install.Hop, error) {
	if commit == "" {
		return install.Hop{}, nil
	}
	return p.packs.OpenAt(ctx, c, c.URL, commit)
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
	repo, err := p.packs.Client().Repo(c.URL)
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
