package apply

import (
	"cmp"
	"errors"
	"io"
	"io/fs"
	"os"
	"runtime"
	"syscall"
)

// A disk does everything that alters a project. Names are relative to the project.
// It is the one seam of the package: tests put faults behind it.
type disk interface {
	Create(name string, perm fs.FileMode) (file, error) // fails when there is something
	Mkdir(name string, perm fs.FileMode) error
	Chmod(name string, perm fs.FileMode) error // of a folder
	Rename(from, to string) error              // replaces a file at to
	Link(from, to string) error                // fails when there is something at to
	Remove(name string) error                  // a file or an empty folder
	Sync(folder string) error                  // makes the names in the folder durable
}

// A file is a new file that is being written.
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
	if err != nil { // not a nil *os.File in the interface
		return nil, err
	}
	return f, nil
}

func (d rootDisk) Mkdir(name string, perm fs.FileMode) error { return d.root.Mkdir(name, perm) }
func (d rootDisk) Chmod(name string, perm fs.FileMode) error { return d.root.Chmod(name, perm) }
func (d rootDisk) Rename(from, to string) error              { return d.root.Rename(from, to) }
func (d rootDisk) Link(from, to string) error                { return d.root.Link(from, to) }
func (d rootDisk) Remove(name string) error                  { return d.root.Remove(name) }

func (d rootDisk) Sync(folder string) error {
	if runtime.GOOS == "windows" { // folders cannot be flushed there; NTFS keeps its own journal
		return nil
	}
	f, err := d.root.Open(folder)
	if err != nil {
		return err
	}
	err = f.Sync()
	if errors.Is(err, syscall.EINVAL) || errors.Is(err, syscall.ENOTSUP) { // a file system without the notion
		err = nil
	}
	return cmp.Or(err, f.Close())
}

// write makes the file name with what fill writes, durable, and removes it again on failure.
// Bits of perm are subject to the umask unless exact.
func write(d disk, name string, perm fs.FileMode, exact bool, fill func(io.Writer) error) (err error) {
	f, err := d.Create(name, perm)
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = d.Remove(name) // what cannot be removed now is cleaned up by the next command
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
