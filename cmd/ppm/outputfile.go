package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// writeOutput writes a file that the user named with -o, so that it is either complete or not changed. what is the
// name of the file's content in errors. A device or a pipe is written as it is.
func writeOutput(name, what string, data []byte, perm os.FileMode) error {
	if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
		if err := os.WriteFile(name, data, perm); err != nil {
			return errWriteOutput(name, what, err)
		}
		return nil
	}
	draft, err := createDraft(name, perm)
	if err != nil {
		return errWriteOutput(name, what, err)
	}
	if err = writeDraft(draft, data); err == nil {
		err = os.Rename(draft.Name(), name)
	}
	if err != nil {
		return errors.Join(errWriteOutput(name, what, err), os.Remove(draft.Name()))
	}
	return nil
}

// createDraft creates a new file beside another one. Unlike os.CreateTemp, it applies the umask to the permissions.
func createDraft(name string, perm os.FileMode) (f *os.File, err error) {
	for i := range maxDrafts {
		draft := filepath.Join(filepath.Dir(name), fmt.Sprintf(".ppm-%d-%s", i, filepath.Base(name)))
		f, err = os.OpenFile(draft, os.O_WRONLY|os.O_CREATE|os.O_EXCL, perm)
		if !errors.Is(err, fs.ErrExist) {
			break
		}
	}
	return f, err
}

// maxDrafts limits the drafts of one file that other commands, killed ones included, can have left.
const maxDrafts = 100

// writeDraft writes a file to the disk and closes it.
func writeDraft(draft *os.File, data []byte) error {
	_, err := draft.Write(data)
	if err == nil {
		err = draft.Sync()
	}
	return errors.Join(err, draft.Close())
}

// errWriteOutput returns the error of a file that cannot be written. It names the file that the user typed, not the
// temporary file.
func errWriteOutput(name, what string, err error) error {
	if pathErr, ok := errors.AsType[*os.PathError](err); ok {
		err = pathErr.Err
	} else if linkErr, ok := errors.AsType[*os.LinkError](err); ok {
		err = linkErr.Err
	}
	return failure.Errorf(failure.LocalIO, "writing %s %q: %w", what, name, err).
		WithHint("choose a file that can be written with -o")
}
