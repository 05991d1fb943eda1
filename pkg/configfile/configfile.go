// Package configfile reads configuration files of ppm and git: small text files outside the project, such as ~/.netrc.
// It refuses pipes, devices and very large files, so that none of them blocks a command or exhausts its memory.
package configfile

import (
	"errors"
	"io"
	"io/fs"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// maxSize is larger than any bundle of certificates.
const maxSize = 16 << 20 // bytes

// ReadOptional is Read that returns nil for a missing file and for the name "".
func ReadOptional(name string) ([]byte, error) {
	if name == "" {
		return nil, nil
	}
	data, err := Read(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	return data, err
}

// Read returns the content of the named file. It follows symbolic links and reads the null device as an empty file.
// Its errors name the file. They are of kind Refused if it is not a regular file or larger than 16 MiB, else of kind
// LocalIO; errors.Is(err, fs.ErrNotExist) reports whether the file is missing.
func Read(name string) ([]byte, error) {
	if name == os.DevNull {
		return nil, nil
	}
	// Check before opening: opening a pipe blocks until there is a writer.
	info, err := os.Stat(name)
	if err != nil {
		return nil, errUnreadable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is not a regular file", name).
			WithHint("move it away")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, errUnreadable(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, errUnreadable(err)
	}
	if len(data) > maxSize {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is larger than 16 MiB", name).
			WithHint("move it away")
	}
	return data, nil
}

// errUnreadable keeps the message of package os, which names the file.
func errUnreadable(err error) error {
	hint := "check the file's permissions"
	if errors.Is(err, fs.ErrNotExist) {
		hint = "check the name of the file"
	}
	return failure.Errorf(failure.LocalIO, "%w", err).WithHint("%s", hint)
}
