// Package ignore reads .gitignore files.
package ignore

import (
	"bytes"
	"path"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing/format/gitignore"
)

// Rules holds the patterns of the .gitignore files of a work tree. The zero value ignores nothing.
type Rules struct{ rules []rule }

type rule struct {
	Rule
	pattern gitignore.Pattern
}

// A Rule is a line that ignores files.
type Rule struct {
	File    string // as in Rules.Add and Rules.AddFile
	Line    int    // from 1
	Pattern string
}

// Add adds the patterns of the .gitignore in dir, a slash-separated path from the work tree's root; "" and "."
// are the root. The .gitignore of a folder must be added after those of its parents.
func (r *Rules) Add(dir string, text []byte) { r.AddFile(path.Join(dir, ".gitignore"), dir, text) }

// AddFile adds the patterns of another file as those of the .gitignore in dir.
func (r *Rules) AddFile(file, dir string, text []byte) {
	var domain []string
	if dir != "" && dir != "." {
		domain = strings.Split(dir, "/")
	}
	number := 0
	for line := range bytes.Lines(bytes.TrimPrefix(text, []byte("\ufeff"))) {
		number++
		s := strings.TrimRight(string(line), "\r\n")
		if strings.TrimSpace(s) != "" && !strings.HasPrefix(s, "#") {
			r.rules = append(r.rules, rule{Rule{file, number, s}, gitignore.ParsePattern(s, domain)})
		}
	}
}

// Match reports whether the file or folder at name is ignored. Its parent folders must not be ignored.
func (r *Rules) Match(name string, isDir bool) bool {
	_, ok := r.match(name, isDir)
	return ok
}

// Find returns the rule by which the file at name, or a folder that it is in, is ignored.
func (r *Rules) Find(name string) (found Rule, ok bool) {
	for i, c := range name {
		if c == '/' && !ok {
			found, ok = r.match(name[:i], true)
		}
	}
	if ok {
		return found, true
	}
	return r.match(name, false)
}

// match returns the rule that decides about a file or folder, and what it says. The last one that matches does.
func (r *Rules) match(name string, isDir bool) (Rule, bool) {
	segments := strings.Split(name, "/")
	for _, rule := range slices.Backward(r.rules) {
		if result := rule.pattern.Match(segments, isDir); result != gitignore.NoMatch {
			return rule.Rule, result == gitignore.Exclude
		}
	}
	return Rule{}, false
}
