// Package lfs recognises the files that Git LFS keeps in a repository in place of large files.
package lfs

import (
	"bytes"
	"strconv"
	"strings"
)

// maxPointer is the size, in bytes, that a pointer must be smaller than.
const maxPointer = 1024

// PointerSize reports whether data is a pointer to a file of Git LFS, and returns the size of that file. The format is
// that of https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md.
func PointerSize(data []byte) (size int64, ok bool) {
	if len(data) >= maxPointer || !bytes.HasPrefix(data, []byte("version ")) {
		return 0, false
	}
	size = -1
	hasID := false
	for i, line := range strings.Split(strings.TrimSpace(string(data)), "\n") {
		key, text, found := strings.Cut(strings.TrimSuffix(line, "\r"), " ")
		switch {
		case !found:
			return 0, false
		case i == 0 && text != "https://git-lfs.github.com/spec/v1" && text != "https://hawser.github.com/spec/v1":
			return 0, false
		case key == "oid":
			hasID = isObjectID(text)
		case key == "size":
			n, err := strconv.ParseInt(text, 10, 64)
			if err != nil || n < 0 {
				return 0, false
			}
			size = n
		}
	}
	return size, hasID && size >= 0
}

func isObjectID(text string) bool {
	id, ok := strings.CutPrefix(text, "sha256:")
	return ok && len(id) == 64 && strings.Trim(id, "0123456789abcdef") == ""
}
