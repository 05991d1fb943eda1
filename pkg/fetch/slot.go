package fetch

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/gofrs/flock"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A slot is a place in the cache that one process at a time writes to: path itself, the lock
// beside it (path.lock), and a folder for work in progress (path.tmp).
type slot struct{ path string }

func (s slot) temp() string { return s.path + ".tmp" }

const lockPoll = 10 * time.Millisecond

// lock waits until no other process writes to the slot. What a killed writer left is removed and
// an empty work folder is made. The system frees the lock of a process that dies.
func (s slot) lock(ctx context.Context) (unlock func() error, err error) {
	if err := os.MkdirAll(filepath.Dir(s.path), 0o755); err != nil {
		return nil, s.failed(err)
	}
	l := flock.New(s.path + ".lock")
	if _, err := l.TryLockContext(ctx, lockPoll); err != nil {
		if check(ctx) != nil {
			return nil, check(ctx)
		}
		return nil, s.failed(err)
	}
	err = os.RemoveAll(s.temp())
	if err == nil {
		err = os.Mkdir(s.temp(), 0o755)
	}
	if err != nil {
		return nil, s.failed(errors.Join(err, l.Unlock()))
	}
	return func() error {
		err := errors.Join(os.RemoveAll(s.temp()), l.Unlock())
		if err != nil {
			return s.failed(err)
		}
		return nil
	}, nil
}

// failed says that the cache could not be used. Failures that have a kind keep it.
func (s slot) failed(err error) error {
	var known *failure.Error
	if err == nil || errors.As(err, &known) {
		return err
	}
	return failure.Errorf(failure.LocalIO, "writing the cache %q: %w", filepath.Dir(s.path), err).
		WithHint("free the disk or mend the permissions of the cache folder; it may be deleted at any time")
}

// urlFile, in the folder of a slot, tells people which repository it is for.
const urlFile = "ppm-url"

func writeURL(dir, temp, url string) error {
	return writeFile(filepath.Join(dir, urlFile), temp, []byte(url+"\n"))
}

// Skeleton of a bare repository that git itself can read. A partial one may lack the content of files; the
// remote that git would get it from has no URL, for ppm alone fetches.
const (
	bareConfig    = "[core]\n\trepositoryformatversion = 0\n\tfilemode = true\n\tbare = true\n"
	partialConfig = "[core]\n\trepositoryformatversion = 1\n\tfilemode = true\n\tbare = true\n[extensions]\n\tpartialClone = origin\n"
)

// initBare makes the folders and the configuration of a bare repository in dir. What is there stays.
func initBare(dir, config string) error {
	for _, d := range []string{"refs", filepath.Join("objects", "pack")} {
		if err := os.MkdirAll(filepath.Join(dir, d), 0o755); err != nil {
			return err
		}
	}
	name := filepath.Join(dir, "config")
	if _, err := os.Stat(name); !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	return os.WriteFile(name, []byte(config), 0o644)
}
