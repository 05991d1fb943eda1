package fetch

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Objects returns the tag object and the commit object of the snapshot's pin, as git cat-file prints them. tag is nil
// when the pin has no tag object. The tag object is fetched when it is not on this machine. An error of kind Integrity
// says that the repository has no such tag object, or that it is not a tag of the commit.
func (s *Snapshot) Objects(ctx context.Context) (tag, commit []byte, err error) {
	object, peeled := objects.NewID(s.pin.Object), objects.NewID(s.pin.Commit)
	err = s.reader.read(ctx, s.pin, func(store *objects.Store) error {
		limit := s.reader.limits.FileBytes
		if commit, err = store.Read(peeled, objects.CommitType, limit); err != nil || object == peeled {
			return err
		}
		if tag, err = store.Read(object, objects.TagType, limit); err != nil {
			return err
		}
		if id, ok := store.Peel(object, limit); !ok || id != peeled {
			return failure.Errorf(failure.Integrity, "checking %q of %s: tag object %s is not a tag of commit %s",
				s.pin.Ref, s.reader.quoted(), s.pin.Object, s.pin.Commit).
				WithHint("the lockfile was altered; restore ppm.lock from version control")
		}
		return nil
	})
	return tag, commit, errMalformed(err, s.reader.quoted())
}

// HasObjects reports whether the commit and the tag object of a pin can be read without asking a server.
func (r *Repo) HasObjects(pin ref.Pin) bool {
	r.reader.mu.Lock()
	defer r.reader.mu.Unlock()
	remote, ok := r.reader.backend.(*remote)
	if !ok {
		return true
	}
	has := func(s *objects.Store) bool {
		ok, err := s.HasCommit(pin.Commit)
		return ok && err == nil && s.Intact(objects.NewID(pin.Object))
	}
	if r.reader.store != nil && has(r.reader.store) { // opening a store reads the index of each pack
		return true
	}
	s := remote.cache.repo().open()
	defer s.Close()
	return has(s)
}

// storeTag fetches the tag object of a pin, unless the cache has it by now.
func (r *remote) storeTag(ctx context.Context, pin ref.Pin) error {
	s := r.cache.repo().open()
	intact := s.Intact(objects.NewID(pin.Object))
	if err := s.Close(); err != nil || intact {
		return err
	}
	if r.offline {
		return r.errNotCached("tag object " + pin.Object)
	}
	err := r.fetch(ctx, ref.Pin{Object: pin.Object, Commit: pin.Object}, false)
	if failure.KindOf(err) == failure.Usage || err != nil && strings.Contains(err.Error(), notOurRef) {
		return failure.Errorf(failure.Integrity, "checking %q of %s: the repository has no tag object %s",
			pin.Ref, quote(r.url()), pin.Object).
			WithHint("somebody replaced the tag, or altered the lockfile; compare the tag with its author's")
	}
	return err
}
