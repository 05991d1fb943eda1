package fetch

import (
	"context"
	"errors"
	"sync"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// maxReads is how often something is read before it is given up: repairs and fills may follow each other.
const maxReads = 4

// A Repo is one repository.
type Repo struct {
	origin origin
	limits Limits

	mu      sync.Mutex // git objects are read by one goroutine at a time
	objects *objects   // what was opened last; nil before the first snapshot
}

// An origin knows where the refs and objects of one repository come from.
type origin interface {
	// url returns the repository's address without credentials.
	url() string
	// refs returns the refs, HEAD first, the others by name; see Repo.Refs.
	refs(ctx context.Context, exact string) ([]ref.GitRef, error)
	// open returns objects among which the commit of pin is. damage is nil, or says what was
	// wrong with the objects returned before: an origin that can make them anew does so.
	open(ctx context.Context, pin ref.Pin, damage *damaged) (*objects, error)
	// fill brings what objects lacked of the snapshot of pin. What was opened has to be opened again.
	fill(ctx context.Context, pin ref.Pin, missing *lacking) error
	// history returns the commits between two commits; see Repo.Log. damage is what could not be read
	// of those returned before.
	history(ctx context.Context, from, to string, damage *damaged) (*lineage, error)
	// close ends what refs and open keep open for later calls.
	close() error
}

// URL returns the address that the repository is read from, without credentials.
func (r *Repo) URL() string { return r.origin.url() }

// Refs returns the repository's refs: HEAD first when it has one, then tags and branches by
// name. exact, when not empty, is the only name the caller needs. A cached tag of that name is
// returned alone and without a connection; a commit that exact is the id of, or the unambiguous
// beginning of an id with at least seven digits, is added with an empty Name.
//
// With Refresh, and for every name but a cached tag or commit, the server is asked. A tag that
// the cache knows with another object is an error of kind Integrity. Offline, the cache alone answers.
func (r *Repo) Refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	refs, err := r.origin.refs(ctx, exact)
	if err == nil && len(refs) > r.limits.Refs {
		return nil, overLimit(r.quoted(), len(refs), "refs", r.limits.Refs)
	}
	return refs, err
}

// Snapshot returns the commit of pin, fetching it when it is not on this machine. A pin of a
// tag makes the tag a cached one.
func (r *Repo) Snapshot(ctx context.Context, pin ref.Pin) (*Snapshot, error) {
	s := &Snapshot{repo: r, pin: pin}
	if _, err := parseID(pin.Commit); err != nil {
		return nil, failure.Errorf(failure.Usage, "opening commit %q of %s: %w", pin.Commit, r.quoted(), err).
			WithHint("give a commit by its 40 hex digits")
	}
	return s, s.read(ctx, func(w *walk) error { return nil })
}

// with calls f with objects that hold the commit of pin. When f finds them damaged they are
// made anew, and what it lacks is fetched, and f is called once more.
func (r *Repo) with(ctx context.Context, pin ref.Pin, f func(*objects) error) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	var last error
	var damage *damaged
	for range maxReads {
		if err := r.open(ctx, pin, damage); err != nil {
			return err
		}
		damage, last = nil, f(r.objects)
		var missing *lacking
		switch {
		case errors.As(last, &missing):
			if err := errors.Join(r.shut(), r.origin.fill(ctx, pin, missing)); err != nil {
				return err
			}
		case !errors.As(last, &damage):
			return last
		}
	}
	return failure.Errorf(failure.Integrity, "reading commit %s of %s: %w", pin.Commit, r.quoted(), last).
		WithHint("check the repository with git fsck, and the disk")
}

// open makes r.objects hold the commit of pin.
func (r *Repo) open(ctx context.Context, pin ref.Pin, damage *damaged) error {
	if damage == nil && r.objects != nil {
		if ok, _ := r.objects.holds(pin.Commit); ok {
			return nil
		}
	}
	r.shut()
	o, err := r.origin.open(ctx, pin, damage)
	if err != nil {
		return err
	}
	r.objects = o
	return nil
}

func (r *Repo) close() error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return errors.Join(r.shut(), r.origin.close())
}

func (r *Repo) shut() error {
	o := r.objects
	r.objects = nil
	return o.shut()
}

func (r *Repo) quoted() string { return quote(r.origin.url()) }
