package apply

import (
	"cmp"
	"context"
	"errors"
	"io/fs"
	"os"
	"runtime"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// pollInterval is how often a waiting process tries to lock.
const pollInterval = 5 * time.Millisecond

// acquireLock locks the project. The operating system releases the lock of a killed process.
func (p *Project) acquireLock(ctx context.Context, wait time.Duration) error {
	deadline := time.Now().Add(wait)
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		lock, err := p.tryLock()
		if err != nil {
			_ = p.disk.Remove(stateDir) // if it is new and empty
			return errIO("locking", lockName, err)
		}
		if lock != nil {
			p.lock = lock
			return p.writeGitignore()
		}
		if time.Now().After(deadline) {
			return failure.Errorf(failure.Locked, "opening the project %q: another ppm process is using it",
				p.root.Name()).
				WithHint("try again when that process has finished")
		}
		select {
		case <-ctx.Done():
		case <-time.After(pollInterval):
		}
	}
}

// tryLock returns nil if the project is locked, or if the lock file was removed meanwhile.
func (p *Project) tryLock() (fileLock, error) {
	if err := p.disk.Mkdir(stateDir, 0o777); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if err := p.checkStateDir(); err != nil {
		return nil, err
	}
	switch f, err := p.disk.Create(lockName, 0o666); {
	case errors.Is(err, fs.ErrNotExist): // another process has just removed .ppm
		return nil, nil
	case err == nil:
		if err := f.Close(); err != nil {
			return nil, err
		}
	case !errors.Is(err, fs.ErrExist):
		return nil, err
	}
	if info, err := p.root.Lstat(lockName); err == nil && !info.Mode().IsRegular() {
		return nil, failure.Errorf(failure.Refused, "opening the project: %q is not a file", lockName).
			WithHint("remove %s", lockName)
	}
	lock, err := p.disk.Lock(lockName)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil || lock == nil {
		return nil, err
	}
	held, err1 := lock.Stat()
	named, err2 := p.root.Lstat(lockName)
	if err1 != nil || err2 != nil || !os.SameFile(held, named) { // the previous owner has removed it
		return nil, lock.Close()
	}
	return lock, nil
}

// writeGitignore keeps .ppm out of the user's repository.
func (p *Project) writeGitignore() error {
	f, err := p.disk.Create(ignoreName, 0o666)
	if errors.Is(err, fs.ErrExist) {
		return nil
	}
	if err == nil {
		_, err = f.Write([]byte("*\n"))
		err = cmp.Or(err, f.Close())
	}
	return errIO("writing", ignoreName, err)
}

// releaseLock unlocks the project. It first removes .ppm if nothing else is in it.
func (p *Project) releaseLock() error {
	if p.lock == nil {
		return nil
	}
	lock := p.lock
	p.lock = nil
	if runtime.GOOS == "windows" { // an open file cannot be removed, so another process's lock is safe
		err := lock.Close()
		p.removeUnusedStateDir()
		return err
	}
	p.removeUnusedStateDir()
	return lock.Close()
}

// removeUnusedStateDir removes .ppm if it holds no state.
func (p *Project) removeUnusedStateDir() {
	names, err := p.stateFiles()
	if err != nil {
		return
	}
	for _, name := range names {
		if name != lockName && name != ignoreName {
			return
		}
	}
	// If a removal fails because another process waits for the lock, that process removes the folder.
	_ = p.disk.Remove(ignoreName)
	_ = p.disk.Remove(lockName)
	_ = p.disk.Remove(stateDir)
}

// stateFiles returns the names of all files in .ppm, sorted.
func (p *Project) stateFiles() ([]string, error) {
	entries, err := p.readDir(stateDir)
	if err != nil {
		return nil, errIO("reading", stateDir, err)
	}
	names := make([]string, len(entries))
	for i, e := range entries {
		names[i] = stateDir + "/" + e
	}
	return names, nil
}
