package index

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A lock of git's index is a file. It must be possible to tell, after the process was killed, whether ppm made it: it
// is a second name, a hard link, of a file of the caller, the proof. Git, other tools and the work trees of strangers
// have no link to that file.
//
// Where the proof is on another disk than git's folder, a file in git's folder takes its place. Without hard links the
// index is not changed.

// otherProof returns the name of the file in git's folder that takes the place of the proof. Each project of the
// repository has its own.
func (r *repository) otherProof() string {
	sum := sha256.Sum256([]byte(r.prefix))
	return "ppm-index-" + hex.EncodeToString(sum[:8])
}

// lock takes git's lock and returns the content of the index. The proof is an existing file.
func (r *repository) lock(ctx context.Context, proof string) ([]byte, error) {
	info, err := r.gitDir.Lstat(indexName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNone // nothing is tracked yet
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxIndex:
		return nil, fmt.Errorf("%q is not a regular file, or too large", r.path(indexName))
	}
	for deadline := time.Now().Add(lockTimeout); ; {
		err := r.makeLock(proof)
		if err == nil {
			r.locked = true
			return r.gitDir.ReadFile(indexName)
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("git is busy: there is %q", r.path(lockName))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockPoll):
		}
	}
}

// makeLock makes the lock in one step. The error is fs.ErrExist if there is one.
func (r *repository) makeLock(proof string) error {
	err := os.Link(proof, r.path(lockName))
	if err == nil {
		return r.checkLock(proof)
	}
	if errors.Is(err, fs.ErrExist) {
		return err
	}
	other := r.otherProof()
	if err := r.gitDir.Remove(other); err != nil && !errors.Is(err, fs.ErrNotExist) { // of a process that was killed
		return err
	}
	f, err := r.gitDir.OpenFile(other, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	if err = f.Close(); err == nil {
		err = r.gitDir.Link(other, lockName)
	}
	if err != nil {
		return errors.Join(err, r.gitDir.Remove(other))
	}
	return nil
}

// checkLock checks that the new lock is in the folder that is open as git's.
func (r *repository) checkLock(proof string) error {
	want, err := os.Lstat(proof)
	if err != nil {
		return err
	}
	if got, err := r.gitDir.Lstat(lockName); err != nil || !os.SameFile(want, got) {
		return fmt.Errorf("%q was replaced", r.gitDir.Name())
	}
	return nil
}

// unlock releases the lock if it is still held.
func (r *repository) unlock() error {
	other := r.gitDir.Remove(r.otherProof())
	if errors.Is(other, fs.ErrNotExist) {
		other = nil
	}
	if !r.locked {
		return other
	}
	r.locked = false
	return errors.Join(r.gitDir.Remove(lockName), other)
}

// RemoveStaleLock removes the lock that a killed process has left on the index of the work tree that the folder dir is
// in, if it was made with this proof. It never removes a lock of git, or of another user. The caller makes sure that
// the process no longer runs, and removes the proof afterwards.
func RemoveStaleLock(dir, proof string) error {
	mine, err := os.Lstat(proof)
	if err != nil {
		return err
	}
	r, err := findRepository(dir)
	if errors.Is(err, ErrNone) {
		return nil
	}
	if err != nil {
		return err
	}
	return errors.Join(r.removeStaleLock(mine), r.close())
}

func (r *repository) removeStaleLock(mine fs.FileInfo) error {
	other, otherErr := r.gitDir.Lstat(r.otherProof())
	lock, err := r.gitDir.Lstat(lockName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
	case err != nil:
		return err
	case mine.Mode().IsRegular() && os.SameFile(mine, lock), otherErr == nil && os.SameFile(other, lock):
		if err := r.gitDir.Remove(lockName); err != nil {
			return fmt.Errorf("removing the lock %q: %w", filepath.Join(r.gitDir.Name(), lockName), err)
		}
	}
	if otherErr == nil {
		return r.gitDir.Remove(r.otherProof())
	}
	return nil
}
