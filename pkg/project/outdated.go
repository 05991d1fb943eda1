package project

import (
	"cmp"
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// OutdatedResult is what could be upgraded.
type OutdatedResult struct {
	Installs []Outdated `json:"installs"` // those with a newer version, or whose tag has moved
}

// An Outdated is an install that is not at the newest version of its tags' prefix or of its range.
type Outdated struct {
	Path    string           `json:"path"`
	Source  string           `json:"source"`
	Newest  string           `json:"newest"`          // a tag, or the commit that a branch is at now; empty when only the tag moved
	Between []string         `json:"between"`         // the newer tags before Newest, oldest first
	Same    bool             `json:"same"`            // the component's files are the same at Newest, or where the tag is now: there is nothing to do
	Moved   string           `json:"moved,omitempty"` // the commit that the locked tag names now
	Commits []UpstreamCommit `json:"commits"`         // that changed the component on the way there, newest first; none when the files are the same
}

// Outdated asks the servers for newer versions of all installs, or of the named ones, and for the commits
// that lead to them. A server that tells no history is a note.
func (s *Session) Outdated(ctx context.Context, names []string) (result *OutdatedResult, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	installs, err := s.chosen(names)
	if err != nil {
		return nil, err
	}
	result = &OutdatedResult{Installs: []Outdated{}}
	for _, c := range installs {
		out, err := s.outdated(ctx, c)
		if err != nil {
			return nil, err
		}
		if out.Newest != "" || out.Moved != "" {
			result.Installs = append(result.Installs, out)
		}
	}
	return result, nil
}

func (s *Session) outdated(ctx context.Context, c lockfile.Component) (Outdated, error) {
	out := Outdated{Path: c.Path, Source: s.wanted(c).Source.String(), Between: []string{}, Commits: []UpstreamCommit{}}
	to, err := s.newest(ctx, c, &out)
	if err != nil || out.Newest == "" && out.Moved == "" {
		return out, err
	}
	tree, err := to.snapshot.Component(ctx, to.part.Source)
	if err != nil {
		return out, err
	}
	if out.Same = tree.ID == c.Tree; out.Same {
		return out, nil
	}
	out.Commits, err = s.touchedOrNote(ctx, c, to.pin)
	return out, err
}

// newest returns the pack where an install would be upgraded to, or where its tag is now when there is
// nothing newer, and notes in out which version that is.
func (s *Session) newest(ctx context.Context, c lockfile.Component, out *Outdated) (to stop, err error) {
	r := s.wanted(c).Source
	if out.Moved, err = s.movedTo(ctx, c); err != nil {
		return to, err
	}
	if r.Version.Kind() == ref.Exact {
		tags, err := s.newer(ctx, r)
		if err != nil {
			return to, err
		}
		if len(tags) == 0 {
			return s.whereMoved(ctx, c, out.Moved)
		}
		out.Newest, out.Between = tags[len(tags)-1], append(out.Between, tags[:len(tags)-1]...)
		if r.Version, err = ref.ParseVersion(out.Newest); err != nil {
			return to, err
		}
	}
	t, err := s.follow(ctx, r)
	if out.Moved != "" && failure.KindOf(err) == failure.Integrity { // the range ends with the very tag that moved
		return s.whereMoved(ctx, c, out.Moved)
	}
	if err != nil {
		return to, err
	}
	to = t.last()
	if out.Newest == "" && to.pin.Commit != c.Commit && out.Moved == "" {
		out.Newest = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(to.pin.Ref, "refs/tags/"), "refs/heads/"), to.pin.Commit)
	}
	return to, nil
}

// whereMoved returns the pack at the commit that the tag of an install names now; the zero value when it did not move.
func (s *Session) whereMoved(ctx context.Context, c lockfile.Component, commit string) (to stop, err error) {
	if commit == "" {
		return to, nil
	}
	if to, err = s.at(ctx, c.Source, c.URL, commit); err != nil {
		return to, err
	}
	to.part, err = to.component(c.Source.Component)
	return to, err
}

// movedTo returns the commit that the tag of an install names now, when it is another than the locked one.
func (s *Session) movedTo(ctx context.Context, c lockfile.Component) (string, error) {
	if !strings.HasPrefix(c.Ref, "refs/tags/") {
		return "", nil
	}
	repo, err := s.remote.Repo(c.URL)
	if err != nil {
		return "", err
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return "", err
	}
	for _, line := range refs {
		if line.Name == c.Ref && line.Commit != c.Commit {
			return line.Commit, nil
		}
	}
	return "", nil
}
