package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// builtin is the backend of a built-in pack. The pack is written to the cache once, as a bare repository, and read
// from there. Without a usable cache it is kept in memory.
type builtin struct {
	pack *Builtin
	slot slot     // one for each name; the zero slot when there is no cache
	repo bareRepo // the repository of this very content, a folder in the slot; empty when there is no cache

	memory *composed // set when the cache could not be used
}

func newBuiltin(pack *Builtin, cacheDir string) *builtin {
	b := &builtin{pack: pack}
	if cacheDir != "" {
		b.slot = newSlot(cacheDir, builtinKind, pack.Name)
		b.repo = bareRepo(filepath.Join(b.slot.path, dirName(pack.Key)))
	}
	return b
}

func (b *builtin) url() string { return ref.BuiltinURL(b.pack.Name) }

func (b *builtin) close() error { return nil }

func (b *builtin) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	list, err := b.ensure(ctx, nil)
	if err != nil || !mayBeCommit(list, exact) {
		return list, err
	}
	s := b.store()
	defer s.Close()
	return addCommit(list, b.url(), exact, s)
}

func (b *builtin) open(ctx context.Context, pin ref.Pin, damage *objects.DamagedError) (*objects.Store, error) {
	if _, err := b.ensure(ctx, damage); err != nil {
		return nil, err
	}
	s := b.store()
	ok, err := s.HasCommit(pin.Commit)
	if err != nil && damage == nil {
		s.Close()
		errors.As(err, &damage)
		return b.open(ctx, pin, damage)
	}
	if !ok {
		s.Close()
		return nil, errNoCommit(b.url(), pin.Commit).
			WithHint("use the version of ppm that wrote the lock, or upgrade the component")
	}
	return s, nil
}

// fill is never needed: the repository has all content.
func (b *builtin) fill(context.Context, ref.Pin, *missingError) error { return nil }

// history returns all commits of the pack.
func (b *builtin) history(ctx context.Context, from, to string, damage *objects.DamagedError) (*lineage, error) {
	if _, err := b.ensure(ctx, damage); err != nil {
		return nil, err
	}
	return fullLineage(b.store(), b.url(), from, to)
}

func (b *builtin) store() *objects.Store {
	if b.memory != nil {
		return b.memory.builder.Store()
	}
	return b.repo.open()
}

// ensure makes the repository when it does not exist, is damaged or has lost its packs, and returns its refs.
func (b *builtin) ensure(ctx context.Context, damage *objects.DamagedError) ([]ref.GitRef, error) {
	if b.memory != nil {
		return b.memory.refs, nil
	}
	if b.repo != "" && damage == nil && b.repo.hasPacks() {
		if list, err := refs.ReadPacked(string(b.repo)); err == nil {
			return list, nil
		}
	}
	c, err := compose(b.pack)
	if err != nil {
		return nil, err
	}
	if b.repo == "" || b.write(ctx, c, damage != nil) != nil {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		b.memory = c // a cache that cannot be written must not stop the user
	}
	return c.refs, nil
}

// write writes the repository into the cache, unless another process has just done so and it is not to be replaced.
func (b *builtin) write(ctx context.Context, c *composed, replace bool) error {
	unlock, err := b.slot.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	if b.repo.exists() && b.repo.hasPacks() && !replace {
		return nil
	}
	temp := filepath.Join(b.slot.temp(), "repo")
	if err := c.write(ctx, temp); err != nil {
		return err
	}
	// Other contents of this name are from other versions of ppm, which would write them again.
	if err := os.RemoveAll(b.slot.path); err != nil {
		return err
	}
	if err := os.MkdirAll(b.slot.path, 0o755); err != nil {
		return err
	}
	if err := b.slot.writeURL(b.url()); err != nil {
		return err
	}
	return os.Rename(temp, string(b.repo))
}

// Export writes the repository of b into dir as a bare repository that is ready to be pushed, with the same commit ids
// as everywhere. dir must not exist or be empty.
func Export(ctx context.Context, b *Builtin, dir string) error {
	if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
		return failure.Errorf(failure.Refused, "exporting %q: the folder %q is not empty", b.Name, dir).
			WithHint("name a folder that does not exist yet")
	}
	c, err := compose(b)
	if err != nil {
		return err
	}
	if err := c.write(ctx, dir); err != nil {
		return failure.Errorf(failure.LocalIO, "exporting %q: %w", b.Name, err).
			WithHint("check the disk and the permissions of %q", dir)
	}
	return nil
}
