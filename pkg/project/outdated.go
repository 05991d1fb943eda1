package project

import (
	"cmp"
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// OutdatedResult is what could be upgraded.
type OutdatedResult struct {
	Installs []Outdated `json:"installs"` // those with a newer version, or whose tag has moved
}

// An Outdated is an install that is not at the newest version of its tags' prefix or of its range.
type Outdated struct {
	Path    string   `json:"path"`
	Source  string   `json:"source"`
	Newest  string   `json:"newest"`          // a tag, or the commit that a branch is at now
	Between []string `json:"between"`         // the newer tags before Newest, oldest first
	Same    bool     `json:"same"`            // the component's files are the same at Newest: there is nothing to do
	Moved   string   `json:"moved,omitempty"` // the commit that the locked tag names now
}

// Outdated asks the servers for newer versions of all installs, or of the named ones.
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
	out := Outdated{Path: c.Path, Source: s.wanted(c).Source, Between: []string{}}
	r, err := ref.Parse(out.Source)
	if err != nil {
		return out, err
	}
	if out.Moved, err = s.movedTo(ctx, c); err != nil {
		return out, err
	}
	switch r.Version.Kind() {
	case ref.Exact:
		tags, err := s.newer(ctx, r)
		if err != nil || len(tags) == 0 {
			return out, err
		}
		out.Newest, out.Between = tags[len(tags)-1], append(out.Between, tags[:len(tags)-1]...)
		if r.Version, err = ref.ParseVersion(out.Newest); err != nil {
			return out, err
		}
	}
	t, err := s.follow(ctx, r)
	if err != nil {
		return out, err
	}
	pin := t.last().pin
	if out.Newest == "" && pin.Commit != c.Commit && out.Moved == "" {
		out.Newest = cmp.Or(strings.TrimPrefix(strings.TrimPrefix(pin.Ref, "refs/tags/"), "refs/heads/"), pin.Commit)
	}
	tree, err := t.last().snapshot.Component(ctx, t.last().part.Source)
	if err != nil {
		return out, err
	}
	out.Same = tree.ID == c.Tree
	return out, nil
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
