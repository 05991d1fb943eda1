package secret

import (
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// maxValue limits the bytes of a secret.
const maxValue = 64 << 10

// A Source reads the values of secrets.
type Source struct {
	Env  func(string) string
	Home string // for "@file:~/PATH"
	Dir  string // the project's folder, for relative paths
}

// Read returns the value of a secret. ok is false when there is none: the variable is not set, or empty, or the file
// does not exist. One line end after the value of a file is not part of it. An error names the variable or the file,
// never the value.
func (s Source) Read(r Reference) (value string, ok bool, err error) {
	if r.env != "" {
		value = s.Env(r.env)
	} else if value, err = s.readFile(r); err != nil {
		if errors.Is(err, fs.ErrNotExist) {
			return "", false, nil
		}
		return "", false, err
	}
	switch {
	case value == "":
		return "", false, nil
	case len(value) > maxValue:
		return "", false, failure.Errorf(failure.Refused, "%s has more than %d KiB", r.describe(), maxValue>>10).
			WithHint("a secret is a short text")
	case !utf8.ValidString(value) || strings.ContainsRune(value, 0):
		return "", false, failure.Errorf(failure.Usage, "%s is not text in UTF-8", r.describe()).
			WithHint("encode it, for example in base64")
	case strings.Contains(value, "__ppm_"):
		return "", false, failure.Errorf(failure.Usage, "%s has the form of a placeholder of ppm", r.describe()).
			WithHint("use another value")
	}
	return value, true, nil
}

func (s Source) readFile(r Reference) (string, error) {
	path := filepath.FromSlash(r.file)
	switch {
	case isHome(r.file):
		path = filepath.Join(s.Home, filepath.FromSlash(r.file[2:]))
	case !filepath.IsAbs(path):
		path = filepath.Join(s.Dir, path)
	}
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", failure.Errorf(failure.Usage, "%s is not a file", r.describe()).WithHint("name a regular file")
	}
	if err != nil {
		return "", err
	}
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	data, err := io.ReadAll(io.LimitReader(f, maxValue+3))
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	data, _ = bytes.CutSuffix(data, []byte("\n"))
	data, _ = bytes.CutSuffix(data, []byte("\r"))
	return string(data), nil
}

// ErrMissing returns the error about a secret without a value that a file needs.
func ErrMissing(r Reference, key, path string) error {
	if r.file != "" {
		return failure.Errorf(failure.Usage,
			"writing %q: key %q is the secret %s, and the file does not exist or is empty", path, key, r).
			WithHint("write the value to the file and run the command again")
	}
	return failure.Errorf(failure.Usage, "writing %q: key %q is the secret %s, and %s is not set",
		path, key, r, r.describe()).
		WithHint("set it and run the command again")
}

// ErrNotAllowed returns the error about a secret whose value a file needs and that the user has not allowed.
func ErrNotAllowed(r Reference, key, path string) error {
	return failure.Errorf(failure.Refused, "writing %q: key %q is the secret %s, which only the project's files name",
		path, key, r).
		WithHint("if the file may have it, pass --kv %s::%s to ppm project upgrade, or add allow = [%q] to "+
			"[secrets] of your own ppm.toml", key, r, r)
}
