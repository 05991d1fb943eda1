package index

import (
	"bytes"
	"compress/zlib"
	"crypto/rand"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

const (
	indexName = "index"
	lockName  = "index.lock"

	// an editor that reads the index holds the lock for less, and so do many ppm in one repository
	lockTimeout = time.Second
	lockPoll    = 20 * time.Millisecond
)

// ErrNone says that the project is in no git work tree with an index.
var ErrNone = errors.New("no git work tree")

// A repository is the git repository of a work tree, for changes of its index.
//
// A linked worktree has a git folder of its own for the index, and shares the common folder with the objects. Both
// folders are opened as roots, so that no symbolic link in them leads elsewhere.
type repository struct {
	gitDir, commonDir *os.Root
	locked            bool
	prefix            string // of the project's paths in the index; empty, or ends with a slash
	ignoreCase        bool   // as core.ignorecase
	fileMode          bool   // as core.filemode: the disk knows which files are executable
}

func (r *repository) close() error { return errors.Join(r.gitDir.Close(), r.commonDir.Close()) }

// path returns the path of a file in the git folder, for messages.
func (r *repository) path(file string) string { return filepath.Join(r.gitDir.Name(), file) }

// writeIndex replaces the index and releases the lock. The index keeps its time: git reads files of that time again,
// because it cannot tell a change at the same moment by their times.
func (r *repository) writeIndex(data []byte) error {
	old, err := r.gitDir.Lstat(indexName)
	if err != nil {
		return err
	}
	if err := writeFile(r.gitDir, lockName, os.O_TRUNC, old.Mode().Perm(), data); err != nil {
		return err
	}
	if err := r.gitDir.Chtimes(lockName, time.Time{}, old.ModTime()); err != nil {
		return err
	}
	if err := r.gitDir.Rename(lockName, indexName); err != nil {
		return err
	}
	r.locked = false
	return nil
}

// writeFile writes and syncs a file with exactly these permissions.
func writeFile(root *os.Root, name string, flag int, perm fs.FileMode, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Chmod(perm), f.Sync(), f.Close())
}

// writeBlob makes sure that the repository has a blob with this content as a loose object, and returns its id. The
// object gets the permissions of the folder of all objects.
func (r *repository) writeBlob(data []byte) (id [sha1.Size]byte, err error) {
	content := append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)
	id = sha1.Sum(content)
	text := hex.EncodeToString(id[:])
	dir, name := "objects/"+text[:2], "objects/"+text[:2]+"/"+text[2:]
	if _, err := r.commonDir.Lstat(name); err == nil {
		return id, nil
	}
	info, err := r.commonDir.Stat("objects")
	if err != nil {
		return id, err
	}
	switch err := r.commonDir.Mkdir(dir, 0o777); {
	case err == nil:
		if err := r.commonDir.Chmod(dir, info.Mode()); err != nil {
			return id, err
		}
	case !errors.Is(err, fs.ErrExist):
		return id, err
	}
	var packed bytes.Buffer
	z := zlib.NewWriter(&packed)
	if _, err := z.Write(content); err != nil {
		return id, err
	}
	if err := z.Close(); err != nil {
		return id, err
	}
	temp := "objects/tmp_obj_" + rand.Text() // as git names them: it removes them after a crash
	err = writeFile(r.commonDir, temp, os.O_CREATE|os.O_EXCL, info.Mode().Perm()&0o444, packed.Bytes())
	if err == nil {
		err = r.commonDir.Rename(temp, name)
	}
	if err != nil {
		_ = r.commonDir.Remove(temp)
	}
	return id, err
}
