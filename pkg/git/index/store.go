package index

import (
	"bytes"
	"compress/zlib"
	"context"
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

	maxIndex = 1 << 30 // bytes; of some ten million files

	busyWait = time.Second // an editor that looks at the index holds it for less, and so do many ppm in one repository
	busyPoll = 20 * time.Millisecond
)

func (r *repository) close() error { return errors.Join(r.own.Close(), r.shared.Close()) }

// name returns the path of a file of the repository, for messages.
func (r *repository) name(file string) string { return filepath.Join(r.own.Name(), file) }

// lock takes git's lock and returns what is in the index.
func (r *repository) lock(ctx context.Context) ([]byte, error) {
	info, err := r.own.Lstat(indexName)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil, ErrNone // nothing is tracked yet
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular() || info.Size() > maxIndex:
		return nil, fmt.Errorf("%q is no file of a known size", r.name(indexName))
	}
	for deadline := time.Now().Add(busyWait); ; {
		f, err := r.own.OpenFile(lockName, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
		if err == nil {
			r.locked = true
			if err := f.Close(); err != nil {
				return nil, err
			}
			return r.own.ReadFile(indexName)
		}
		if !errors.Is(err, fs.ErrExist) {
			return nil, err
		}
		if time.Now().After(deadline) {
			return nil, fmt.Errorf("git is busy: there is %q", r.name(lockName))
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(busyPoll):
		}
	}
}

// unlock gives the lock free when it is still held.
func (r *repository) unlock() error {
	if !r.locked {
		return nil
	}
	r.locked = false
	return r.own.Remove(lockName)
}

// commit makes data the index, and gives the lock free. The time of the index stays: git reads the files again
// that are as young as that, because a change of the same moment could not be told by their times.
func (r *repository) commit(data []byte) error {
	old, err := r.own.Lstat(indexName)
	if err != nil {
		return err
	}
	if err := fill(r.own, lockName, os.O_TRUNC, old.Mode().Perm(), data); err != nil {
		return err
	}
	if err := r.own.Chtimes(lockName, time.Time{}, old.ModTime()); err != nil {
		return err
	}
	if err := r.own.Rename(lockName, indexName); err != nil {
		return err
	}
	r.locked = false
	return nil
}

// fill writes a file, durable, with exactly these permissions.
func fill(root *os.Root, name string, flag int, perm fs.FileMode, data []byte) error {
	f, err := root.OpenFile(name, os.O_WRONLY|flag, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	return errors.Join(err, f.Chmod(perm), f.Sync(), f.Close())
}

// writeBlob makes sure that the repository has a blob with this content as a file of its own, and returns its id.
// What it makes can be read, and its folders written, by whom the folder of all objects allows it.
func (r *repository) writeBlob(data []byte) (id [sha1.Size]byte, err error) {
	content := append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)
	id = sha1.Sum(content)
	text := hex.EncodeToString(id[:])
	folder, name := "objects/"+text[:2], "objects/"+text[:2]+"/"+text[2:]
	if _, err := r.shared.Lstat(name); err == nil {
		return id, nil
	}
	info, err := r.shared.Stat("objects")
	if err != nil {
		return id, err
	}
	switch err := r.shared.Mkdir(folder, 0o777); {
	case err == nil:
		if err := r.shared.Chmod(folder, info.Mode()); err != nil {
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
	temp := "objects/tmp_obj_" + rand.Text() // as git's own, which it cleans up after a crash
	err = fill(r.shared, temp, os.O_CREATE|os.O_EXCL, info.Mode().Perm()&0o444, packed.Bytes())
	if err == nil {
		err = r.shared.Rename(temp, name)
	}
	if err != nil {
		_ = r.shared.Remove(temp)
	}
	return id, err
}
