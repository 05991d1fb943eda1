package apply

import (
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

// faulty is a disk on which operation number at, counted from 1, fails. It does not flush files, which makes tests
// fast. Data that was not flushed is lost in a simulated power failure.
type faulty struct {
	real    rootDisk
	at      int
	err     error        // the error of operation number at; nil: the process is killed
	full    bool         // later operations that need space fail too
	inodes  bool         // with full: writing to a file needs no space
	hook    func(op int) // called before each operation
	noLinks bool         // hard links are not supported
	power   *rand.Rand   // not nil: the kill is a power failure

	mu        sync.Mutex // files are staged in parallel
	ops       int
	planned   int // number of operations before the plan was made
	fired     bool
	backupDir string              // a folder with links to files, to restore them
	kept      int                 // number of links in backupDir
	pending   map[string][]func() // by folder: functions that undo unflushed changes, in order of the changes
	torn      map[string]bool     // files with unflushed content
}

func (f *faulty) wrap(d disk) disk {
	f.real = d.(rootDisk)
	f.backupDir = f.real.root.Name() + ".backupDir" + fmt.Sprint(time.Now().UnixNano())
	f.pending, f.torn = make(map[string][]func()), make(map[string]bool)
	return f
}

// step counts an operation and returns an error if it must fail. Space says whether the operation needs disk space.
func (f *faulty) step(space bool) error {
	if f.fired && f.err == nil {
		return errKilled
	}
	f.ops++
	if f.hook != nil {
		f.hook(f.ops)
	}
	switch {
	case f.ops == f.at && f.full && !space:
		f.at++
	case f.ops == f.at:
		f.fired = true
		if f.err == nil {
			return errKilled
		}
		return f.err
	case f.fired && f.full && space:
		return f.err
	}
	return nil
}

// later registers how to undo an unflushed change of a folder.
func (f *faulty) later(dir string, undo func()) {
	f.pending[dir] = append(f.pending[dir], undo)
}

func (f *faulty) path(name string) string { return filepath.Join(f.real.root.Name(), name) }

// crash undoes unflushed changes. Of some folders, at random, the first changes have reached the disk nevertheless.
func (f *faulty) crash() {
	for name := range f.torn {
		if info, err := os.Stat(f.path(name)); err == nil {
			_ = os.Truncate(f.path(name), info.Size()/2)
		}
	}
	for _, dir := range slices.Sorted(maps.Keys(f.pending)) { // parents first, as files are lost with their folder
		undo := f.pending[dir]
		kept := 0
		if f.power.IntN(2) == 0 {
			kept = f.power.IntN(len(undo) + 1)
		}
		for i := len(undo) - 1; i >= kept; i-- {
			undo[i]()
		}
	}
}

// snapshot returns a function that restores the current state of name.
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
	second := filepath.Join(f.backupDir, fmt.Sprint(f.kept))
	if err := os.MkdirAll(f.backupDir, 0o755); err != nil {
		panic(err)
	}
	if err := os.Link(at, second); err != nil {
		panic(err)
	}
	return func() {
		_ = os.Remove(at)
		_ = os.Link(second, at) // the same file, unless its folder is lost
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
	case path.Dir(from) == path.Dir(to): // atomic within a folder
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
	if f.noLinks {
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

func (f *faulty) Sync(dir string) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return err
	}
	if _, err := os.Stat(f.path(dir)); err != nil {
		return err
	}
	delete(f.pending, dir)
	return nil
}

func (f *faulty) Lock(name string) (fileLock, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if err := f.step(false); err != nil {
		return nil, err
	}
	lock, err := f.real.Lock(name)
	if lock == nil {
		return nil, err
	}
	return faultyLock{f, lock}, err
}

type faultyLock struct {
	disk *faulty
	fileLock
}

// Close releases the lock even if it fails: the end of the process would.
func (l faultyLock) Close() error {
	l.disk.mu.Lock()
	defer l.disk.mu.Unlock()
	err := l.fileLock.Close()
	if failed := l.disk.step(false); failed != nil {
		return failed
	}
	return err
}

type faultyFile struct {
	disk *faulty
	name string
	file
}

func (w *faultyFile) Write(data []byte) (int, error) {
	w.disk.mu.Lock()
	defer w.disk.mu.Unlock()
	if err := w.disk.step(!w.disk.inodes); err != nil {
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
