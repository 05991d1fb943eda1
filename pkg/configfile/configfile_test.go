package configfile_test

import (
	"bytes"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

func TestRead(t *testing.T) {
	dir := t.TempDir()
	at := func(name string) string { return filepath.Join(dir, name) }
	for _, err := range []error{
		os.WriteFile(at("file"), []byte("text"), 0o666),
		os.Symlink("file", at("link")),
		os.Mkdir(at("folder"), 0o777),
		os.Symlink("/dev/zero", at("endless")),
		os.WriteFile(at("large"), bytes.Repeat([]byte("x"), 16<<20+1), 0o666),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct {
		name, want string
		err        error
	}{
		{at("file"), "text", nil},
		{at("link"), "text", nil}, // as dotfile managers create them
		{os.DevNull, "", nil},
		{at("nothing"), "", fs.ErrNotExist},
		{at("folder"), "", failure.Refused},
		{at("endless"), "", failure.Refused},
		{at("large"), "", failure.Refused},
		{at("file/x"), "", failure.LocalIO},
	} {
		got, err := configfile.Read(c.name)
		if string(got) != c.want || !errors.Is(err, c.err) || err != nil && failure.Hint(err) == "" {
			t.Errorf("Read(%q) = %d bytes, %v (hint %q); want %v", c.name, len(got), err, failure.Hint(err), c.err)
		}
	}
}
