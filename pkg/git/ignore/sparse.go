package ignore

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"
)

// Sparse holds the patterns of a sparse checkout. They have the format of .gitignore files, and select files.
type Sparse []sparsePattern

type sparsePattern struct {
	glob           string
	base           bool // it is compared with the last name of a path
	dirOnly, leave bool // it matches only folders; it leaves out what it matches
}

// braces escapes what has a meaning only for doublestar.
var braces = strings.NewReplacer("{", `\{`, "}", `\}`)

// ParseSparse parses the file info/sparse-checkout of a git folder.
func ParseSparse(text []byte) Sparse {
	var out Sparse
	for line := range bytes.Lines(text) {
		s := strings.TrimRight(string(line), "\r\n ")
		if s == "" || s[0] == '#' {
			continue
		}
		var p sparsePattern
		s, p.leave = strings.CutPrefix(s, "!")
		s, p.dirOnly = strings.CutSuffix(s, "/")
		p.base = !strings.Contains(s, "/")
		p.glob = braces.Replace(strings.TrimPrefix(s, "/"))
		out = append(out, p)
	}
	return out
}

// Selects reports whether git checks the file at a path out. The last pattern that matches decides. Where none matches
// the path itself, those that match the nearest folder do.
func (s Sparse) Selects(name string) bool {
	for isDir := false; name != "."; name, isDir = path.Dir(name), true {
		for _, p := range slices.Backward(s) {
			if p.match(name, isDir) {
				return !p.leave
			}
		}
	}
	return false
}

func (p sparsePattern) match(name string, isDir bool) bool {
	if p.base {
		name = path.Base(name)
	}
	return (isDir || !p.dirOnly) && doublestar.MatchUnvalidated(p.glob, name)
}
