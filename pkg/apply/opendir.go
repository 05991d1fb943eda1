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
	"slices"
	"sync"
	"syscall"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// An openDir is a folder that is open for reading: the project's, or one inside it. Names are relative to it; errors
// name paths relative to the project.
type openDir struct {
	root   *os.Root
	prefix string // its path in the project; empty for the project's folder

	ignoreModes bool // modes have no meaning
}

// path returns the path of a name in the project.
func (s openDir) path(name string) string { return path.Join(s.prefix, name) }

// openSubdir opens the folder that info describes. It fails if another file has replaced it.
func (s openDir) openSubdir(name string, info fs.FileInfo) (openDir, error) {
	in := openDir{prefix: s.path(name), ignoreModes: s.ignoreModes}
	root, err := s.root.OpenRoot(name + "/.") // "/." does not wait for a writer if a pipe has replaced the folder
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return in, errChanged(in.prefix)
	}
	if err != nil {
		return in, errIO("reading", in.prefix, err)
	}
	in.root = root
	opened, err := root.Stat(".")
	if err != nil || !os.SameFile(info, opened) {
		_ = root.Close()
		return in, errChanged(in.prefix)
	}
	return in, nil
}

func (s openDir) lstat(name string) (plan.Kind, fs.FileInfo, error) {
	info, err := s.root.Lstat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return plan.Absent, nil, nil
	case err != nil:
		return plan.Absent, nil, errIO("reading", s.path(name), err)
	case info.Mode().IsRegular():
		return plan.File, info, nil
	case info.IsDir():
		return plan.Dir, info, nil
	case info.Mode()&fs.ModeSymlink != 0:
		return plan.Symlink, info, nil
	}
	return plan.Other, info, nil
}

// openFile opens the regular file that info describes. It fails if another file has replaced it.
func (s openDir) openFile(name string, info fs.FileInfo) (*os.File, error) {
	f, err := s.root.OpenFile(name, os.O_RDONLY|nonblock, 0)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errChanged(s.path(name))
	}
	if err != nil {
		return nil, errIO("reading", s.path(name), err)
	}
	opened, err := f.Stat()
	if err != nil || !os.SameFile(info, opened) {
		_ = f.Close()
		return nil, errChanged(s.path(name))
	}
	return f, nil
}

func (s openDir) hash(ctx context.Context, name string, info fs.FileInfo) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", err
	}
	f, err := s.openFile(name, info)
	if err != nil {
		return "", err
	}
	digest, err := copyHash(io.Discard, f)
	return digest, errIO("reading", s.path(name), cmp.Or(err, f.Close()))
}

var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// copyHash copies r to w and returns the digest of the content.
func copyHash(w io.Writer, r io.Reader) (string, error) {
	h := sha256.New()
	buf := buffers.Get().(*[64 << 10]byte)
	defer buffers.Put(buf)
	// Hide io.ReaderFrom and io.WriterTo, which would allocate a buffer for each file.
	if _, err := io.CopyBuffer(io.MultiWriter(h, w), struct{ io.Reader }{r}, buf[:]); err != nil {
		return "", err
	}
	return "sha256:" + hex.EncodeToString(h.Sum(nil)), nil
}

// readDir returns the names in a folder, sorted. It returns none if the folder does not exist.
func (s openDir) readDir(dir string) ([]string, error) {
	f, err := s.root.Open(dir)
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

// modeOf returns the file set mode for a file: Regular or Executable. It is 0 if modes have no meaning.
func (s openDir) modeOf(info fs.FileInfo) fs.FileMode {
	switch {
	case s.ignoreModes:
		return 0
	case info.Mode()&0o100 != 0:
		return fileset.Executable
	}
	return fileset.Regular
}
