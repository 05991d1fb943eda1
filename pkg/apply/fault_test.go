package apply

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"math/rand/v2"
	"os"
	"path"
	"path/filepath"
	"slices"
	"sync"
	"syscall"
	"time"
)

var errKilled = errors.New("killed")

// faulty is a disk on which operation number at, counted from 1, goes wrong. Nothing on it is flushed
// for real, which makes tests fast; what was not flushed is lost when the power goes.
type faulty struct {
	real  rootDisk
	at    int
	err   error        // what operation number at fails with; nil: the process dies there
	last  bool         // all later operations that need space fail, too
	hook  func(op int) // called before each operation
	bare  bool         // there are no hard links
	power *rand.Rand   // not nil: with the process, the power goes

	mu      sync.Mutex // files are staged at once
	ops     int
	planned int // how many operations came before the plan was made
	fired   bool
	stash   string              // a folder for second names of files, so that they can come back
	kept    int                 // how many are there
	pending map[string][]func() // by folder: what takes back the changes that were not flushed, in their order
	torn    map[string]bool     // files whose content was not flushed
}

func (f *faulty) wrap(d disk) disk {
	f.real = d.(rootDisk)
	f.stash = f.real.root.Name() + ".stash" + fmt.Sprint(time.Now().UnixNano())
	f.pending, f.torn = make(map[string][]func()), make(map[string]bool)
	return f
}

// step counts an operation and says whether it goes wrong.
func (f *faulty) step(space bool) error {
	if f.fired && f.err == nil {
		return errKilled
	}
	f.ops++
	if f.hook != nil {
		f.hook(f.ops)
	}
	switch {
	case f.ops == f.at && f.last && !space:
		f.at++
	case f.ops == f.at:
		f.fired = true
		if f.err == nil {
			return errKilled
		}
		return f.err
	case f.fired && f.last && space:
		return f.err
	}
	return nil
}

func (f *faulty) later(folder string, undo func()) {
	f.pending[folder] = append(f.pending[folder], undo)
}

func (f *faulty) path(name string) string { return filepath.Join(f.real.root.Name(), name) }

// crash loses what was not flushed. Of each folder the first changes, at random, have reached the disk all the same.
func (f *faulty) crash() {
	for name := range f.torn {
		if info, err := os.Stat(f.path(name)); err == nil {
			_ = os.Truncate(f.path(name), info.Size()/2)
		}
	}
	for _, folder := range slices.Sorted(maps.Keys(f.pending)) { // what is lost with a folder does not come back in it
		undo := f.pending[folder]
		kept := 0
		if f.power.IntN(2) == 0 {
			kept = f.power.IntN(len(undo) + 1)
		}
		for i := len(undo) - 1; i >= kept; i-- {
			undo[i]()
		}
	}
}

// snapshot returns what brings back what stands at name now.
func (f *faulty) snapshot(name string) func() {
	if f.power == nil {
		return nil
	}
	at := f.path(name)
	info, err := os.Lstat(at)
	switch {
	case err != nil:
		return func() { _ = os.RemoveAll(at) }
	case info.IsDir():
		return func() { _ = os.Mkdir(at, info.Mode().Perm()) }
	}
	f.kept++
	second := filepath.Join(f.stash, fmt.Sprint(f.kept))
	if err := cmp.Or(os.MkdirAll(f.stash, 0o755), os.Link(at, second)); err != nil {
		panic(err)
	}
	return func() {
		_ = os.Remove(at)
		_ = os.Link(second, at) // the same file, unless its folder was lost
	}
}

func (f *faulty) Create(name string, perm fs.FileMode) (file, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(true); err != nil {
		return nil, err
	}
	undo := f.snapshot(name)
	made, err := f.real.Create(name, perm)
	if err != nil {
		return nil, err
	}
	f.later(path.Dir(name), undo)
	f.torn[name] = true
	return &faultyFile{f, name, made}, nil
}

func (f *faulty) Mkdir(name string, perm fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(true); err != nil {
		return err
	}
	undo := f.snapshot(name)
	err := f.real.Mkdir(name, perm)
	if err == nil {
		f.later(path.Dir(name), undo)
	}
	return err
}

func (f *faulty) Chmod(name string, perm fs.FileMode) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return err
	}
	return f.real.Chmod(name, perm)
}

func (f *faulty) Rename(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return err
	}
	undoFrom, undoTo := f.snapshot(from), f.snapshot(to)
	err := f.real.Rename(from, to)
	switch {
	case err != nil:
	case path.Dir(from) == path.Dir(to): // at once, as every file system does it
		f.later(path.Dir(to), func() { undoTo(); undoFrom() })
	default:
		f.later(path.Dir(to), undoTo)
		f.later(path.Dir(from), undoFrom)
	}
	return err
}

func (f *faulty) Link(from, to string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(true); err != nil {
		return err
	}
	if f.bare {
		return syscall.EPERM
	}
	undo := f.snapshot(to)
	err := f.real.Link(from, to)
	if err == nil {
		f.later(path.Dir(to), undo)
	}
	return err
}

func (f *faulty) Remove(name string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return err
	}
	undo := f.snapshot(name)
	err := f.real.Remove(name)
	if err == nil {
		f.later(path.Dir(name), undo)
	}
	return err
}

func (f *faulty) Sync(folder string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return err
	}
	if _, err := os.Stat(f.path(folder)); err != nil {
		return err
	}
	delete(f.pending, folder)
	return nil
}

type faultyFile struct {
	disk *faulty
	name string
	file
}

func (w *faultyFile) Write(data []byte) (int, error) {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	if err := w.disk.step(true); err != nil {
		n, _ := w.file.Write(data[:len(data)/2]) // torn
		return n, err
	}
	return w.file.Write(data)
}

func (w *faultyFile) Chmod(perm fs.FileMode) error {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	if err := w.disk.step(false); err != nil {
		return err
	}
	return w.file.Chmod(perm)
}

func (w *faultyFile) Sync() error {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	if err := w.disk.step(false); err != nil {
		return err
	}
	delete(w.disk.torn, w.name)
	return nil
}

func (w *faultyFile) Close() error {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	err := w.file.Close()
	if failed := w.disk.step(false); failed != nil {
		return failed
	}
	return err
}
