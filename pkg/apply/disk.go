package apply

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"syscall"

	"github.com/gofrs/flock"
)

// A disk performs all operations that modify a project. Names are relative to the project. Tests inject faults here.
type disk interface {
	Create(name string, perm fs.FileMode) (file, error) // fails if name exists
	Mkdir(name string, perm fs.FileMode) error
	Chmod(name string, perm fs.FileMode) error // a folder
	Rename(from, to string) error              // replaces a file at to
	Link(from, to string) error                // fails if to exists
	Remove(name string) error                  // a file or an empty folder
	Sync(dir string) error                     // flushes a folder, so that its names are durable
	Lock(name string) (fileLock, error)        // locks an existing file; nil if another process holds the lock
}

// A fileLock is a lock on a file. Close releases it, and so does the end of the process.
type fileLock interface {
	Stat() (fs.FileInfo, error)
	Close() error
}

// A file is a new file open for writing.
type file interface {
	io.Writer
	Chmod(perm fs.FileMode) error
	Sync() error
	Close() error
}

// rootDisk is the real disk.
type rootDisk struct{ root *os.Root }

func (d rootDisk) Create(name string, perm fs.FileMode) (file, error) {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
	if err != nil { // not a nil *os.File in an interface
		return nil, err
	}
	return f, nil
}

func (d rootDisk) Mkdir(name string, perm fs.FileMode) error { return d.root.Mkdir(name, perm) }
func (d rootDisk) Chmod(name string, perm fs.FileMode) error { return d.root.Chmod(name, perm) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Link(from, to string) error                { return d.root.Link(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }

func (d rootDisk) Sync(dir string) error {
	if runtime.GOOS == "windows" { // folders cannot be flushed; NTFS has its own journal
		return nil
	}
	f, err := d.root.Open(dir)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) { // not supported by the file system
		err = nil
	}
	return cmp.Or(err, f.Close())
}

func (d rootDisk) Lock(name string) (fileLock, error) {
	// Opening the file without os.O_CREATE changes nothing, even if the name became a link.
	lock := flock.New(filepath.Join(d.root.Name(), filepath.FromSlash(name)), flock.SetFlag(os.O_RDONLY))
	switch ok, err := lock.TryLock(); {
	case err != nil:
		return nil, err
	case !ok:
		return nil, lock.Close()
	}
	return lock, nil
}

// write creates the file name with what fill writes, and flushes it. On failure it removes the file.
// The umask applies to perm unless exact is set.
func write(d disk, name string, perm fs.FileMode, exact bool, fill func(io.Writer) error) (err error) {
	f, err := d.Create(name, perm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = d.Remove(name) // on failure the next command removes it
		}
	}()
	err = fill(f)
	if err == nil && exact && runtime.GOOS != "windows" {
		err = f.Chmod(perm)
	}
	if err == nil {
		err = f.Sync()
	}
	return cmp.Or(err, f.Close())
}
