package project

import (
	"context"
	"fmt"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// An UpstreamCommit is a commit of a pack, as its author tells it. Its texts are printable and one line each.
type UpstreamCommit struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Author  string `json:"author"` // the name alone
	Date    string `json:"date"`   // when it was committed, RFC 3339, UTC
}

// touched returns the commits that an install has not got and the commit of to has, and that changed the
// component's files, newest first. When the locked commit is no ancestor of that commit, as after a rewritten
// history, it says so in a note. The error is of the kinds that fetch.Repo.Log has.
func (s *Session) touched(ctx context.Context, c lockfile.Component, to ref.Pin) ([]UpstreamCommit, error) {
	if c.URL != to.URL {
		return nil, failure.Errorf(failure.Usage, "reading the history of %s: it comes from %s now, and came from %s", c.Source, to.URL, c.URL).
			WithHint("the two repositories have no history in common")
	}
	at, err := s.at(ctx, c.Source, to.URL, to.Commit)
	if err != nil {
		return nil, err
	}
	part, err := at.component(c.Source.Component)
	if err != nil {
		return nil, err
	}
	repo, err := s.remote.Repo(c.URL)
	if err != nil {
		return nil, err
	}
	history, err := repo.Log(ctx, c.Commit, to.Commit, part.Source)
	if err != nil {
		return nil, err
	}
	if !history.Related {
		s.setup.Notify(fmt.Sprintf("%s: the locked commit %.12s is no ancestor of %.12s; its commits are those that the locked one does not have", c.Path, c.Commit, to.Commit))
	}
	out := []UpstreamCommit{}
	for _, h := range history.Commits {
		out = append(out, UpstreamCommit{h.ID, h.Subject, h.Author, h.Date.UTC().Format(time.RFC3339)})
	}
	return out, nil
}

// touchedOrNote is touched, but a history that cannot be had is none, and said.
func (s *Session) touchedOrNote(ctx context.Context, c lockfile.Component, to ref.Pin) ([]UpstreamCommit, error) {
	commits, err := s.touched(ctx, c, to)
	if err == nil || failure.KindOf(err) == failure.Interrupted {
		return commits, err
	}
	s.setup.Notify(fmt.Sprintf("%s: what was committed upstream cannot be told: %v", c.Path, err))
	return []UpstreamCommit{}, nil
}

// at reads the pack at a commit, whatever refs name it.
func (s *Session) at(ctx context.Context, r ref.Ref, url, commit string) (stop, error) {
	repo, err := s.remote.Repo(url)
	if err != nil {
		return stop{}, err
	}
	return s.stopAt(ctx, repo, r, ref.Pin{URL: url, Object: commit, Commit: commit})
}
