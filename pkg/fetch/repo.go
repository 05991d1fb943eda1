package fetch

import (
	"context"
	"errors"
	"path"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// maxHistory bounds how often a history is read: from a range, from all history, and after damage.
const maxHistory = 3

// A Repo is one repository.
type Repo struct{ reader *reader }

// URL returns the URL that the repository is read from, without credentials.
func (r *Repo) URL() string { return r.reader.backend.url() }

// Refs returns the repository's refs: HEAD first when it has one, then tags and branches by
// name. exact, when not empty, is the only name the caller needs. A cached tag of that name is
// returned alone and without a connection; a commit that exact is the id of, or the unambiguous
// start of an id with at least seven digits, is added with an empty Name.
//
// With Refresh, and for every name but a cached tag or commit, the server is asked. A tag that
// the cache has with another object is an error of kind Integrity. Offline, only the cache is used.
func (r *Repo) Refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	r.reader.mu.Lock()
	defer r.reader.mu.Unlock()
	list, err := r.reader.backend.refs(ctx, exact)
	if limit := r.reader.limits.Refs; err == nil && len(list) > limit {
		return nil, objects.LimitError(r.reader.quoted(), len(list), "refs", limit)
	}
	return list, err
}

// KnownTag returns a tag as the repository had it when it was asked last: just now, or when the cache or the list of
// known tags was written. It asks no server.
func (r *Repo) KnownTag(ctx context.Context, name string) (ref.GitRef, bool) {
	r.reader.mu.Lock()
	defer r.reader.mu.Unlock()
	return r.reader.backend.knownTag(ctx, name)
}

// Snapshot returns the commit of pin. It fetches the commit when it is not on this machine. A pin of a tag makes the
// tag a cached one.
func (r *Repo) Snapshot(ctx context.Context, pin ref.Pin) (*Snapshot, error) {
	s := &Snapshot{r.reader, pin}
	if _, err := objects.ParseID(pin.Commit); err != nil {
		return nil, failure.Errorf(failure.Usage, "opening commit %q of %s: %w", pin.Commit, r.reader.quoted(), err).
			WithHint("give a commit by its 40 hex digits")
	}
	return s, s.read(ctx, func(*treeReader) error { return nil })
}

// Log returns the commits that are reachable from the commit to and not from the commit from, and that changed the
// file or folder at name, a slash-separated path from the pack's root: it differs from that in each of their parents.
// A merge that takes it over from one side is not one of them.
//
// What is not on this machine is fetched, without the content of files where the server can leave it out, and kept in
// the cache. Errors are of kind Usage when there is no such commit, Refused when there are more commits than Limits
// allow, Network when the server does not answer, or must not be asked.
func (r *Repo) Log(ctx context.Context, from, to, name string) (out History, err error) {
	if from == to {
		return History{Commits: []Commit{}, Related: true}, nil
	}
	err = r.withHistory(ctx, from, to, func(l *lineage, a, b objects.ID) error {
		out, err = l.log(ctx, a, b, path.Clean(name), r.reader.limits)
		return err
	})
	return out, err
}

// IsAncestor reports whether a commit is an ancestor of another one, or that commit itself. It fetches what Log does,
// and has its errors.
func (r *Repo) IsAncestor(ctx context.Context, commit, of string) (is bool, err error) {
	if commit == of {
		return true, nil
	}
	err = r.withHistory(ctx, commit, of, func(l *lineage, a, b objects.ID) error {
		_, is, err = l.between(ctx, a, b, r.reader.limits.Commits)
		return err
	})
	return is, err
}

// withHistory calls f with the commits between two commits, and again with more of them when some were missing.
func (r *Repo) withHistory(
	ctx context.Context, from, to string, f func(l *lineage, from, to objects.ID) error,
) error {
	r.reader.mu.Lock()
	defer r.reader.mu.Unlock()
	var ends [2]objects.ID
	for i, s := range []string{from, to} {
		id, err := objects.ParseID(s)
		if err != nil {
			return failure.Errorf(failure.Usage, "reading the history of %s: %q: %w", r.reader.quoted(), s, err).
				WithHint("give commits by their 40 hex digits")
		}
		ends[i] = id
	}
	var damage *objects.DamagedError
	for range maxHistory {
		l, err := r.reader.backend.history(ctx, from, to, damage)
		if err != nil {
			return err
		}
		err = f(l, ends[0], ends[1])
		l.close()
		if !errors.As(err, &damage) {
			return errMalformed(err, r.reader.quoted())
		}
	}
	return failure.Errorf(failure.Other, "reading the history of %s: %w", r.reader.quoted(), damage).
		WithHint("the repository does not have its whole history, as after git clone --depth")
}
