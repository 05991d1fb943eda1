// Package lazyregexp compiles regular expressions when they are first used, because most commands use few of them.
package lazyregexp

import (
	"regexp"
	"sync"
)

// A Regexp is a regular expression that is compiled when it is first used. It is safe for concurrent use.
type Regexp struct{ compiled func() *regexp.Regexp }

// New returns the regular expression of pattern. Its first use panics if the pattern cannot be parsed.
func New(pattern string) Regexp {
	return Regexp{sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(pattern) })}
}

// Get returns the compiled regular expression.
func (r Regexp) Get() *regexp.Regexp { return r.compiled() }

// MatchString is the method of regexp.Regexp.
func (r Regexp) MatchString(s string) bool { return r.Get().MatchString(s) }

// FindStringSubmatch is the method of regexp.Regexp.
func (r Regexp) FindStringSubmatch(s string) []string { return r.Get().FindStringSubmatch(s) }

// ReplaceAllString is the method of regexp.Regexp.
func (r Regexp) ReplaceAllString(src, repl string) string { return r.Get().ReplaceAllString(src, repl) }
