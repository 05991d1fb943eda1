package fetch

import (
	"bytes"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// An Ignore knows which files of a work tree git leaves out of a repository, as its .gitignore files say.
type Ignore struct{ patterns []gitignore.Pattern }

// Add reads the .gitignore of folder, a slash-separated path from the work tree's root, "" or "."
// for the root itself. A folder comes after those that it lies in.
func (g *Ignore) Add(folder string, text []byte) {
	var domain []string
	if folder != "" && folder != "." {
		domain = strings.Split(folder, "/")
	}
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		s := strings.TrimRight(string(line), "\r\n")
		if strings.TrimSpace(s) != "" && !strings.HasPrefix(s, "#") {
			g.patterns = append(g.patterns, gitignore.ParsePattern(s, domain))
		}
	}
}

// Match reports whether git leaves out the file or folder (dir) at path, whose own folder it does not.
func (g *Ignore) Match(path string, dir bool) bool {
	return gitignore.NewMatcher(g.patterns).Match(strings.Split(path, "/"), dir)
}
