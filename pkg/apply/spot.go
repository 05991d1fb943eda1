package apply

import (
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"os"
	"path"
	"runtime"
	"slices"
	"sync"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A spot is a folder that is open for reading: the project's own, or one in it. Names are relative to
// it; errors name what they are about from the project's.
type spot struct {
	root *os.Root
	at   string // its path from the project's folder; empty for that itself
}

// path returns the path of a name from the project's folder.
func (s spot) path(name string) string { return path.Join(s.at, name) }

// enter opens the folder that info is about, and no other that took its place.
func (s spot) enter(name string, info fs.FileInfo) (spot, error) {
	in := spot{at: s.path(name)}
	root, err := s.root.OpenRoot(name + "/.") // which waits for no writer when a pipe took the place of the folder
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return in, changed(in.at)
	}
	if err != nil {
		return in, ioError("reading", in.at, err)
	}
	in.root = root
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		return in, cmp.Or(changed(in.at), root.Close())
	}
	return in, nil
}

func (s spot) lstat(name string) (plan.Kind, fs.FileInfo, error) {
	info, err := s.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return plan.Absent, nil, nil
	case err != nil:
		return plan.Absent, nil, ioError("reading", s.path(name), err)
	case info.Mode().IsRegular():
		return plan.File, info, nil
	case info.IsDir():
		return plan.Folder, info, nil
	case info.Mode()&fs.ModeSymlink != 0:
		return plan.Symlink, info, nil
	}
	return plan.Other, info, nil
}

// openFile opens for reading the regular file that info is about, and no other that took its place.
func (s spot) openFile(name string, info fs.FileInfo) (*os.File, error) {
	f, err := s.root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, changed(s.path(name))
	}
	if err != nil {
		return nil, ioError("reading", s.path(name), err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		return nil, cmp.Or(changed(s.path(name)), f.Close())
	}
	return f, nil
}

func (s spot) hash(ctx context.Context, name string, info fs.FileInfo) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	f, err := s.openFile(name, info)
	if err != nil {
		return "", err
	}
	digest, err := copyHash(io.Discard, f)
	return digest, ioError("reading", s.path(name), cmp.Or(err, f.Close()))
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// copyHash copies r to w and returns the digest of what it copied.
func copyHash(w io.Writer, r io.Reader) (string, error) {
	h := sha256.New()
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	// Both sides hide their own ways of copying, which would allocate a buffer for each file.
	if _, err := io.CopyBuffer(io.MultiWriter(h, w), struct{ io.Reader }{r}, buf[:]); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// readDir returns the names in a folder, sorted; none when it does not exist.
func (s spot) readDir(folder string) ([]string, error) {
	f, err := s.root.Open(folder)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	names, err := f.Readdirnames(-1)
	slices.Sort(names)
	return names, cmp.Or(err, f.Close())
}

// modeOf returns the one bit of a file's mode that ppm keeps, as a mode of a file set. Windows has no such bit.
func modeOf(info fs.FileInfo) fs.FileMode {
	switch {
	case runtime.GOOS == "windows":
		return 0
	case info.Mode()&0o100 != 0:
		return fileset.Executable
	}
	return fileset.Regular
}
