package lfs_test

import (
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/lfs"
)

func TestPointerSize(t *testing.T) {
	id := "oid sha256:" + strings.Repeat("4d", 32) + "\n"
	const version = "version https://git-lfs.github.com/spec/v1\n"
	for _, c := range []struct {
		name, text string
		size       int64 // -1: no pointer
	}{
		{"a pointer", version + id + "size 12345\n", 12345},
		{"of an empty file", version + id + "size 0\n", 0},
		{"with an extension", version + "ext-0-foo sha256:" + strings.Repeat("ab", 32) + "\n" + id + "size 7\n", 7},
		{"of the first version", "version https://hawser.github.com/spec/v1\n" + id + "size 7\n", 7},
		{"with CRLF", strings.ReplaceAll(version+id+"size 7\n", "\n", "\r\n"), 7},
		{"without a final newline", version + id + "size 7", 7},
		{"nothing", "", -1},
		{"another version", "version https://example.org/spec/v1\n" + id + "size 7\n", -1},
		{"no id", version + "size 7\n", -1},
		{"no size", version + id, -1},
		{"a negative size", version + id + "size -7\n", -1},
		{"a size that is not a number", version + id + "size big\n", -1},
		{"a short id", version + "oid sha256:4d\nsize 7\n", -1},
		{"other text behind", version + id + "size 7\nand\n", -1},
		{"other text before", "\n" + version + id + "size 7\n", -1},
		{"a long file", version + id + "size 7\n" + strings.Repeat("x y\n", 300), -1},
	} {
		size, ok := lfs.PointerSize([]byte(c.text))
		if ok != (c.size >= 0) || ok && size != c.size {
			t.Errorf("%s: %d, %v", c.name, size, ok)
		}
	}
}
