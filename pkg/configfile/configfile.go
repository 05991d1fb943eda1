// Package userfile reads the files by which a user sets up ppm and git: small text files outside the project, such
// as ~/.netrc. What else may stand at such a name, a pipe or a device, neither stops a command nor fills its memory.
package configfile

import (
	"io"
	"os"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// maxSize is far above what anybody writes by hand, and above every bundle of certificates.
const maxSize = 16 << 20 // bytes

// Read returns the content of the file at name, links followed. The null device is an empty file. Errors name the
// file: errors.Is(err, fs.ErrNotExist) when there is none, Refused when it is no regular file or larger than
// 16 MiB, LocalIO otherwise.
func Read(name string) ([]byte, error) {
	if name == os.DevNull {
		return nil, nil
	}
	// Opening a pipe waits for a writer, so look before.
	info, err := os.Stat(name)
	if err != nil {
		return nil, unreadable(err)
	}
	if !info.Mode().IsRegular() {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is not a regular file", name).WithHint("move it away")
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, unreadable(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxSize+1))
	if err != nil {
		return nil, unreadable(err)
	}
	if len(data) > maxSize {
		return nil, failure.Errorf(failure.Refused, "reading %q: it is larger than 16 MiB", name).WithHint("move it away")
	}
	return data, nil
}

// unreadable keeps the message of package os, which names the file.
func unreadable(err error) error {
	return failure.Errorf(failure.LocalIO, "%w", err).WithHint("check the file's permissions")
}
