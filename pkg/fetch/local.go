package fetch

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/repository"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
)

// local is the backend of a repository on this disk. It is only read.
type local struct {
	location string // as the user wrote it
	repo     *repository.Repository
}

// openLocal opens the repository at a path, relative to dir, or a file URL.
func openLocal(dir, location string) (*local, error) {
	invalid := func(err error) error {
		return failure.Errorf(failure.Usage, "opening the repository %s: %w", quote(secreturl.Clean(location)), err).
			WithHint("give the path of a git repository")
	}
	if secreturl.Has(location) {
		return nil, invalid(errors.New("it contains a user or password, and is not the URL of a server"))
	}
	path, err := localPath(dir, location)
	if err != nil {
		return nil, invalid(err)
	}
	switch info, err := os.Stat(path); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, invalid(fmt.Errorf("%s does not exist", quote(path)))
	case err != nil:
		return nil, failure.Errorf(failure.LocalIO, "opening the repository %s: %w", quote(location), err).
			WithHint("check the permissions")
	case !info.IsDir():
		return nil, invalid(errors.New("it is a file, not a git repository"))
	}
	repo, err := repository.Open(path)
	switch {
	case errors.Is(err, repository.ErrSHA256):
		return nil, failure.Errorf(failure.Refused, "opening the repository %s: %w", quote(location), err).
			WithHint("make a copy with SHA-1 object ids, by git fast-export --all and git fast-import")
	case errors.Is(err, repository.ErrFormat):
		return nil, failure.Errorf(failure.Refused, "opening the repository %s: %w", quote(location), err).
			WithHint("convert it to the files ref format, or update ppm")
	case err != nil:
		return nil, invalid(err)
	}
	return &local{location, repo}, nil
}

func (l *local) url() string { return l.location }

func (l *local) close() error { return l.repo.Close() }

func (l *local) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	list, err := l.repo.Refs(ctx)
	if err != nil {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		return nil, failure.Errorf(failure.LocalIO, "listing the refs of %s: %w", quote(l.location), err).
			WithHint("check the repository with git fsck")
	}
	if mayBeCommit(list, exact) {
		return addCommit(list, l.location, exact, l.repo.Objects())
	}
	return list, nil
}

func (l *local) open(_ context.Context, pin ref.Pin, damage *objects.DamagedError) (*objects.Store, error) {
	s := l.repo.Objects()
	if ok, err := s.HasCommit(pin.Commit); err == nil && !ok && damage == nil {
		return nil, errNoCommit(l.location, pin.Commit)
	}
	if damage != nil && damage.Absent() && l.repo.IsPartial() {
		return nil, failure.Errorf(failure.Network, "reading commit %s of %s: it is a partial clone, and does not "+
			"have object %s",
			pin.Commit, quote(l.location), damage.ID).
			WithHint("name the URL that it was cloned from, or make it complete with git fetch --refetch --no-filter")
	}
	return s, nil // damage shows when it is read
}

// fill is never needed: the repository is read where it is.
func (l *local) fill(context.Context, ref.Pin, *missingError) error { return nil }

// history returns all commits of the repository.
func (l *local) history(_ context.Context, from, to string, _ *objects.DamagedError) (*lineage, error) {
	return fullLineage(l.repo.Objects(), l.location, from, to)
}
