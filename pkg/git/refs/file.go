package refs

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
)

// ReplaceFile replaces the file at path in one step, with a temporary file in temp, which is on the same disk. A file
// with the same content is not written. The data is not synced: what a crash damages is detected and fetched again.
func ReplaceFile(path, temp string, data []byte) error {
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, data) {
		return nil
	}
	f, err := os.CreateTemp(temp, "file-*")
	if err != nil {
		return err
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err == nil {
		return nil
	}
	if e := os.Remove(f.Name()); !errors.Is(e, fs.ErrNotExist) {
		err = errors.Join(err, e)
	}
	return err
}
