package fetch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/gofrs/flock"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
)

// A slot is a folder of the cache that one process at a time writes to, for one repository. Beside the folder at path
// there are a lock (path.lock) and a folder for work in progress (path.tmp). The zero slot means that there is no
// cache.
type slot struct{ path string }

const (
	lockExt = ".lock"
	tempExt = ".tmp"

	urlFile  = "ppm-url" // in a slot's folder: the URL of the repository, for people
	lockPoll = 10 * time.Millisecond
)

// newSlot returns the slot of a kind of repositories for key.
func newSlot(cacheDir, kind, key string) slot {
	return slot{filepath.Join(cacheDir, kind, dirName(key))}
}

// dirName returns the name of a folder for key: of fixed length, and without special characters.
func dirName(key string) string {
	sum := sha256.Sum256([]byte(key))
	return hex.EncodeToString(sum[:16])
}

func (s slot) temp() string { return s.path + tempExt }

// lock waits until no other process writes to the slot. It removes what a killed writer left and makes an empty work
// folder. The system releases the lock of a process that ends, so a failure to unlock fails no command.
func (s slot) lock(ctx context.Context) (unlock func(), err error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return nil, s.ioError(err)
	}
	l := flock.New(s.path + lockExt)
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		if err := checkContext(ctx); err != nil {
			return nil, err
		}
		return nil, s.ioError(err)
	}
	err = os.RemoveAll(s.temp())
	if err == nil {
		err = os.Mkdir(s.temp(), 0o755)
	}
	if err != nil {
		return nil, s.ioError(errors.Join(err, l.Unlock()))
	}
	return func() {
		_ = os.RemoveAll(s.temp()) // else the next writer removes it
		_ = l.Unlock()
	}, nil
}

// ioError returns err as a failure to write the cache, nil for nil. Errors with a kind are returned as they are.
func (s slot) ioError(err error) error {
	var known *failure.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return failure.Errorf(failure.LocalIO, "writing the cache %q: %w", filepath.Dir(s.path), err).
		WithHint("free disk space or correct the permissions of the cache folder; it may be deleted at any time")
}

// remove removes the slot's folder, whatever it contains.
func (s slot) remove(ctx context.Context) error {
	unlock, err := s.lock(ctx)
	if err != nil {
		return err
	}
	defer unlock()
	return s.ioError(os.RemoveAll(s.path))
}

func (s slot) writeURL(url string) error {
	return refs.ReplaceFile(filepath.Join(s.path, urlFile), s.temp(), []byte(url+"\n"))
}

func (s slot) readURL() (string, error) {
	url, err := os.ReadFile(filepath.Join(s.path, urlFile))
	return strings.TrimSuffix(string(url), "\n"), err
}
