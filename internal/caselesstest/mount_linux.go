package caselesstest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/hanwen/go-fuse/v2/fs"
	"github.com/hanwen/go-fuse/v2/fuse"
)

// mount mounts a disk below dir that keeps its files in another folder below dir.
func mount(t testing.TB, dir string) (string, error) {
	store, at := filepath.Join(dir, "store"), filepath.Join(dir, "disk")
	for _, d := range []string{store, at} {
		if err := os.Mkdir(d, 0o777); err != nil {
			return "", err
		}
	}
	never := time.Duration(0) // the kernel, which knows nothing of the case, must not remember a name
	server, err := fs.Mount(at, &node{store: store}, &fs.Options{
		EntryTimeout: &never, AttrTimeout: &never,
		MountOptions: fuse.MountOptions{DirectMountStrict: true, FsName: "caseless"},
	})
	if err != nil {
		return "", err
	}
	t.Cleanup(func() {
		if err := server.Unmount(); err != nil {
			t.Errorf("unmounting: %v", err)
		}
	})
	return at, nil
}

// A node is a file or folder of the disk. The names above it can be spelled in any case.
type node struct {
	fs.Inode
	store string
}

// path returns the path in the store of the node or, with a name, of an entry of the folder.
func (n *node) path(name ...string) string {
	path := n.store
	for part := range strings.SplitSeq(filepath.Join(append([]string{n.Path(n.Root())}, name...)...), "/") {
		if part != "" && part != "." {
			path = filepath.Join(path, spelling(path, part))
		}
	}
	return path
}

// spelling returns the name of the entry of dir that a name means, or the name itself if there is none.
func spelling(dir, name string) string {
	entries, _ := os.ReadDir(dir)
	for _, e := range entries {
		if strings.EqualFold(e.Name(), name) {
			return e.Name()
		}
	}
	return name
}

// child returns the node of an entry that exists.
func (n *node) child(ctx context.Context, path string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	var st syscall.Stat_t
	if err := syscall.Lstat(path, &st); err != nil {
		return nil, fs.ToErrno(err)
	}
	out.Attr.FromStat(&st)
	return n.NewInode(ctx, &node{store: n.store}, fs.StableAttr{Mode: st.Mode, Ino: st.Ino}), 0
}

func (n *node) Lookup(ctx context.Context, name string, out *fuse.EntryOut) (*fs.Inode, syscall.Errno) {
	return n.child(ctx, n.path(name), out)
}

func (n *node) Getattr(_ context.Context, _ fs.FileHandle, out *fuse.AttrOut) syscall.Errno {
	var st syscall.Stat_t
	err := syscall.Lstat(n.path(), &st)
	if err == nil {
		out.FromStat(&st)
	}
	return fs.ToErrno(err)
}

func (n *node) Setattr(
	ctx context.Context, f fs.FileHandle, in *fuse.SetAttrIn, out *fuse.AttrOut,
) syscall.Errno {
	if mode, ok := in.GetMode(); ok {
		if err := syscall.Chmod(n.path(), mode); err != nil {
			return fs.ToErrno(err)
		}
	}
	if size, ok := in.GetSize(); ok {
		if err := syscall.Truncate(n.path(), int64(size)); err != nil {
			return fs.ToErrno(err)
		}
	}
	if modified, ok := in.GetMTime(); ok {
		if err := os.Chtimes(n.path(), modified, modified); err != nil {
			return fs.ToErrno(err)
		}
	}
	return n.Getattr(ctx, f, out)
}

func (n *node) Readdir(context.Context) (fs.DirStream, syscall.Errno) {
	return fs.NewLoopbackDirStream(n.path())
}

func (n *node) Fsync(context.Context, fs.FileHandle, uint32) syscall.Errno { return 0 }

func (n *node) Mkdir(
	ctx context.Context, name string, mode uint32, out *fuse.EntryOut,
) (*fs.Inode, syscall.Errno) {
	if err := syscall.Mkdir(n.path(name), mode); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, n.path(name), out)
}

func (n *node) Rmdir(_ context.Context, name string) syscall.Errno {
	return fs.ToErrno(syscall.Rmdir(n.path(name)))
}

func (n *node) Unlink(_ context.Context, name string) syscall.Errno {
	return fs.ToErrno(syscall.Unlink(n.path(name)))
}

// Rename renames an entry. A rename to another spelling of the same name changes the spelling.
func (n *node) Rename(
	_ context.Context, name string, parent fs.InodeEmbedder, newName string, _ uint32,
) syscall.Errno {
	from, to := n.path(name), parent.(*node).path(newName)
	if from == to {
		to = filepath.Join(filepath.Dir(to), newName)
	}
	return fs.ToErrno(syscall.Rename(from, to))
}

func (n *node) Link(
	ctx context.Context, target fs.InodeEmbedder, name string, out *fuse.EntryOut,
) (*fs.Inode, syscall.Errno) {
	if err := syscall.Link(target.(*node).path(), n.path(name)); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, n.path(name), out)
}

func (n *node) Symlink(
	ctx context.Context, target, name string, out *fuse.EntryOut,
) (*fs.Inode, syscall.Errno) {
	if err := syscall.Symlink(target, n.path(name)); err != nil {
		return nil, fs.ToErrno(err)
	}
	return n.child(ctx, n.path(name), out)
}

func (n *node) Readlink(context.Context) ([]byte, syscall.Errno) {
	target, err := os.Readlink(n.path())
	return []byte(target), fs.ToErrno(err)
}

func (n *node) Open(_ context.Context, flags uint32) (fs.FileHandle, uint32, syscall.Errno) {
	fd, err := syscall.Open(n.path(), int(flags)&^syscall.O_APPEND, 0)
	if err != nil {
		return nil, 0, fs.ToErrno(err)
	}
	return fs.NewLoopbackFile(fd), 0, 0
}

func (n *node) Create(
	ctx context.Context, name string, flags, mode uint32, out *fuse.EntryOut,
) (*fs.Inode, fs.FileHandle, uint32, syscall.Errno) {
	fd, err := syscall.Open(n.path(name), int(flags)&^syscall.O_APPEND|os.O_CREATE, mode)
	if err != nil {
		return nil, nil, 0, fs.ToErrno(err)
	}
	inode, errno := n.child(ctx, n.path(name), out)
	return inode, fs.NewLoopbackFile(fd), 0, errno
}
