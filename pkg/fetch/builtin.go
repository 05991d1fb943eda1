package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// builtin is the origin of a pack that the binary carries. It is written to the cache once, as a
// bare repository, and read from there. Without a usable cache it is kept in memory.
type builtin struct {
	pack *Builtin
	slot slot   // one for each name; the zero slot when there is no cache
	dir  string // the repository of this very content, a folder in the slot

	memory *composed // set when the cache could not be used
}

func (b *builtin) url() string { return ref.BuiltinURL(b.pack.Name) }

func (b *builtin) close() error { return nil }

func (b *builtin) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	refs, err := b.ensure(ctx, nil)
	if err != nil || !mayBeCommit(refs, exact) {
		return refs, err
	}
	o := b.objects()
	defer o.shut()
	return withCommit(b.url(), refs, exact, o)
}

func (b *builtin) open(ctx context.Context, pin ref.Pin, damage *damaged) (*objects, error) {
	if _, err := b.ensure(ctx, damage); err != nil {
		return nil, err
	}
	o := b.objects()
	ok, err := o.holds(pin.Commit)
	if err != nil && damage == nil {
		o.shut()
		errors.As(err, &damage)
		return b.open(ctx, pin, damage)
	}
	if !ok {
		o.shut()
		return nil, noCommit(b.url(), pin.Commit).WithHint("use the version of ppm that wrote the lock, or upgrade the component")
	}
	return o, nil
}

func (b *builtin) objects() *objects {
	if b.memory != nil {
		return &objects{b.memory.storage, nil}
	}
	return cachedObjects(b.dir)
}

// ensure makes the repository when it is not there, or damaged, and returns its refs.
func (b *builtin) ensure(ctx context.Context, damage *damaged) ([]ref.GitRef, error) {
	if b.memory == nil && b.dir != "" && damage == nil {
		if refs, err := readRefs(b.dir); err == nil {
			return refs, nil
		}
	}
	if b.memory != nil {
		return b.memory.refs, nil
	}
	releases, err := b.pack.Releases()
	if err != nil {
		return nil, err
	}
	c, err := compose(b.url(), releases)
	if err != nil {
		return nil, err
	}
	if b.dir == "" || b.materialize(ctx, c, damage != nil) != nil {
		if err := check(ctx); err != nil {
			return nil, err
		}
		b.memory = c // a cache that cannot be written keeps nobody from working
	}
	return c.refs, nil
}

// materialize writes the repository into the cache, unless another process has just done so.
func (b *builtin) materialize(ctx context.Context, c *composed, again bool) (err error) {
	unlock, err := b.slot.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	if _, err := readRefs(b.dir); err == nil && !again {
		return nil
	}
	repo := filepath.Join(b.slot.temp(), "repo")
	if err := c.write(ctx, repo); err != nil {
		return err
	}
	// Other contents of this name are from other versions of ppm, which would write them again.
	if err := os.RemoveAll(b.slot.path); err != nil {
		return err
	}
	if err := os.MkdirAll(b.slot.path, 0o755); err != nil {
		return err
	}
	if err := writeURL(b.slot.path, b.slot.temp(), b.url()); err != nil {
		return err
	}
	return os.Rename(repo, b.dir)
}

// Export writes the repository of b into dir as a bare repository that is ready to be pushed, with
// the commit ids that it has everywhere. dir must not exist or be empty.
func Export(ctx context.Context, b *Builtin, dir string) error {
	if found, err := os.ReadDir(dir); err == nil && len(found) > 0 {
		return failure.Errorf(failure.Refused, "exporting %q: the folder %q is not empty", b.Name, dir).
			WithHint("name a folder that does not exist yet")
	}
	releases, err := b.Releases()
	if err != nil {
		return err
	}
	c, err := compose(ref.BuiltinURL(b.Name), releases)
	if err != nil {
		return err
	}
	if err := c.write(ctx, dir); err != nil {
		return failure.Errorf(failure.LocalIO, "exporting %q: %w", b.Name, err).WithHint("check the disk and the permissions of %q", dir)
	}
	return nil
}
