package fetch

import (
	"context"
	"errors"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// keptPrefix starts the names of refs that only ppm uses: one for each commit of a cached repository.
const keptPrefix = "refs/ppm/"

// A cachedRepo is the bare repository in the cache that holds what was fetched of a repository so far, with the refs
// that its server was seen to have.
type cachedRepo struct {
	slot    slot   // the zero slot when there is no cache
	url     string // without credentials
	offline bool
}

func (c cachedRepo) repo() bareRepo { return bareRepo(c.slot.path) }

// refs returns the cached refs. A damaged list counts as empty: the next fetch replaces it.
func (c cachedRepo) refs() ([]ref.GitRef, error) {
	if c.slot.path == "" {
		return nil, nil
	}
	list, err := refs.ReadPacked(c.slot.path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, refs.ErrDamaged) {
		return nil, nil
	}
	if err != nil {
		return nil, c.slot.ioError(err)
	}
	return list, nil
}

func (c cachedRepo) writeRefs(list []ref.GitRef) error {
	return refs.WritePacked(c.slot.path, c.slot.temp(), list)
}

// update calls f while no other process writes to the repository. Before that it makes the repository when it does not
// exist, and removes the packs that have the damaged object.
func (c cachedRepo) update(ctx context.Context, damage *objects.DamagedError, f func() error) (err error) {
	if c.slot.path == "" {
		return failure.Errorf(failure.LocalIO, "fetching %s: there is no cache folder", quote(c.url)).
			WithHint("set HOME or PPM_CACHE_DIR")
	}
	unlock, err := c.slot.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	defer func() { err = c.slot.ioError(err) }()
	if err := c.ensure(); err != nil {
		return err
	}
	if err := c.repair(damage); err != nil {
		return err
	}
	return f()
}

// ensure makes the repository when there is none that can be read.
func (c cachedRepo) ensure() error {
	if c.repo().exists() {
		return nil
	}
	if err := c.repo().init(partialConfig); err != nil {
		return err
	}
	if err := c.slot.writeURL(c.url); err != nil {
		return err
	}
	return c.writeRefs(nil)
}

// repair removes the packs that have a damaged object, unless another process has done so, and those whose index
// cannot be read.
func (c cachedRepo) repair(damage *objects.DamagedError) error {
	packs, err := objects.ListPacks(c.slot.path)
	if err != nil {
		return err
	}
	s := c.repo().open()
	damaged := damage != nil && !s.Intact(damage.ID)
	if err := s.Close(); err != nil {
		return err
	}
	for _, p := range packs {
		if p.Readable() && (!damaged || !p.Has(damage.ID)) {
			continue
		}
		if c.offline {
			return failure.Errorf(failure.Integrity, "reading the cache of %s: a pack is damaged", quote(c.url)).
				WithHint("run the command without --offline to fetch it again")
		}
		if err := p.Remove(); err != nil {
			return err
		}
	}
	return nil
}

// stillMissing looks again for missing content, and leaves in missing what is not there now.
func (c cachedRepo) stillMissing(missing **missingError) bool {
	s := c.repo().open()
	defer s.Close()
	return errors.As(checkContent(s, (*missing).ids), missing)
}
