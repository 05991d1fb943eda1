// Package ignore reads .gitignore files.
package ignore

import (
	"bytes"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// Rules holds the patterns of the .gitignore files of a work tree. The zero value ignores nothing.
type Rules struct{ patterns []gitignore.Pattern }

// Add adds the patterns of the .gitignore in dir, a slash-separated path from the work tree's root; "" and "."
// are the root. The .gitignore of a folder must be added after those of its parents.
func (r *Rules) Add(dir string, text []byte) {
	var domain []string
	if dir != "" && dir != "." {
		domain = strings.Split(dir, "/")
	}
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		s := strings.TrimRight(string(line), "\r\n")
		if strings.TrimSpace(s) != "" && !strings.HasPrefix(s, "#") {
			r.patterns = append(r.patterns, gitignore.ParsePattern(s, domain))
		}
	}
}

// Match reports whether the file or folder at path is ignored. Its parent folders must not be ignored.
func (r *Rules) Match(path string, isDir bool) bool {
	return gitignore.NewMatcher(r.patterns).Match(strings.Split(path, "/"), isDir)
}
