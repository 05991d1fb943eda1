package apply

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// pollInterval is how often a waiting ppm looks whether the lock is free.
const pollInterval = 5 * time.Millisecond

// acquire takes the project's lock. The system gives the lock of a killed process free.
func (p *Project) acquire(ctx context.Context, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		lock, err := p.tryAcquire()
		if err != nil {
			_ = p.disk.Remove(stateDir) // where it is new and empty
			return ioError("locking", lockName, err)
		}
		if lock != nil {
			p.lock = lock
			return p.ignoreState()
		}
		if time.Now().After(deadline) {
			return failure.Errorf(failure.Locked, "opening the project %q: another ppm works there", p.root.Name()).
				WithHint("try again when it is done")
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}

// tryAcquire returns nil when the lock is taken, or when its file vanished under it.
func (p *Project) tryAcquire() (*flock.Flock, error) {
	if err := p.disk.Mkdir(stateDir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := p.checkStateDir(); err != nil {
		return nil, err
	}
	switch f, err := p.disk.Create(lockName, 0o666); {
	case errors.Is(err, fs.ErrNotExist): // another ppm has just removed .ppm
		return nil, nil
	case err == nil:
		if err := f.Close(); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	if info, err := p.root.Lstat(lockName); err == nil && !info.Mode().IsRegular() {
		return nil, failure.Errorf(failure.Refused, "opening the project: %q is not a file", lockName).WithHint("remove %s", lockName)
	}
	// The file exists, so that opening it by name, without os.O_CREATE, alters nothing wherever the name leads.
	lock := flock.New(filepath.Join(p.root.Name(), filepath.FromSlash(lockName)), flock.SetFlag(os.O_RDONLY))
	switch ok, err := lock.TryLock(); {
	case errors.Is(err, fs.ErrNotExist):
		return nil, nil
	case err != nil:
		return nil, err
	case !ok:
		return nil, lock.Close()
	}
	held, err1 := lock.Stat()
	named, err2 := p.root.Lstat(lockName)
	if err1 != nil || err2 != nil || !os.SameFile(held, named) { // its last holder has removed it
		return nil, lock.Close()
	}
	return lock, nil
}

// ignoreState keeps .ppm out of the user's repository.
func (p *Project) ignoreState() error {
	f, err := p.disk.Create(ignoreName, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write([]byte("*\n"))
		err = cmp.Or(err, f.Close())
	}
	return ioError("writing", ignoreName, err)
}

// release gives the lock free, and removes .ppm while it still is locked when nothing else is in it.
func (p *Project) release() error {
	if p.lock == nil {
		return nil
	}
	lock := p.lock
	p.lock = nil
	if runtime.GOOS == "windows" { // where no open file can be removed, so that another's lock is safe
		err := lock.Close()
		p.removeState()
		return err
	}
	p.removeState()
	return lock.Close()
}

func (p *Project) removeState() {
	names, err := p.stateFiles()
	if err != nil {
		return
	}
	for _, name := range names {
		if name != lockName && name != ignoreName {
			return
		}
	}
	// What fails here, because another ppm waits in the folder, is left to that one.
	_ = p.disk.Remove(ignoreName)
	_ = p.disk.Remove(lockName)
	_ = p.disk.Remove(stateDir)
}

// stateFiles returns the names of all files in .ppm, sorted.
func (p *Project) stateFiles() ([]string, error) {
	entries, err := p.readDir(stateDir)
	if err != nil {
		return nil, ioError("reading", stateDir, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = stateDir + "/" + e
	}
	return names, nil
}
