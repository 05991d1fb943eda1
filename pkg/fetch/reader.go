package fetch

import (
	"context"
	"errors"
	"sync"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// maxReads bounds how often something is read: repairs and fills may follow each other.
const maxReads = 4

// A reader reads the objects of one repository, and repairs and fills what a backend keeps of it.
type reader struct {
	backend backend
	limits  Limits

	mu    sync.Mutex     // objects are read by one goroutine at a time
	store *objects.Store // what was opened last; nil before the first snapshot

	opened map[ref.Pin]bool // pins that the backend has checked and recorded
}

// read calls f with a store that has the commit of pin. When f returns damage or missing content, that is repaired or
// fetched, and f is called again.
func (r *reader) read(ctx context.Context, pin ref.Pin, f func(*objects.Store) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last error
	var damage *objects.DamagedError
	for range maxReads {
		if err := r.open(ctx, pin, damage); err != nil {
			return err
		}
		damage, last = nil, f(r.store)
		var missing *missingError
		switch {
		case errors.As(last, &missing):
			if err := r.closeStore(); err != nil {
				return err
			}
			if err := r.backend.fill(ctx, pin, missing); err != nil {
				return err
			}
		case !errors.As(last, &damage):
			return last
		}
	}
	return failure.Errorf(failure.Integrity, "reading commit %s of %s: %w", pin.Commit, r.quoted(), last).
		WithHint("check the repository with git fsck, and the disk")
}

// open makes r.store have the commit of pin.
func (r *reader) open(ctx context.Context, pin ref.Pin, damage *objects.DamagedError) error {
	if damage == nil && r.store != nil && r.opened[pin] {
		if ok, _ := r.store.HasCommit(pin.Commit); ok {
			return nil
		}
	}
	r.closeStore()
	s, err := r.backend.open(ctx, pin, damage)
	if err != nil {
		return err
	}
	if r.opened == nil {
		r.opened = map[ref.Pin]bool{}
	}
	r.store, r.opened[pin] = s, true
	return nil
}

func (r *reader) closeStore() error {
	s := r.store
	r.store = nil
	return s.Close()
}

func (r *reader) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.closeStore(), r.backend.close())
}

// quoted returns the repository's URL for messages.
func (r *reader) quoted() string { return quote(r.backend.url()) }
