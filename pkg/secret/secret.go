// Package secret keeps secret values of keys out of everything but the files that need them.
//
// A secret is the value of a key that the user names instead of typing it: "@env:NAME" is a variable of the
// environment, "@file:PATH" a file. Files are rendered, compared, merged and shown with a placeholder in its place.
// The value replaces the placeholder only in what is written to the project. The lockfile has the digests of files
// with placeholders, which say nothing about the value, and a keyed fingerprint.
package secret

import (
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// The prefixes of references.
const (
	envPrefix  = "@env:"
	filePrefix = "@file:"
)

var envName = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_]*$`)

// A Reference names a secret.
type Reference struct {
	env, file string // one is empty
}

// Is reports whether a text is meant as a reference, be it valid or not.
func Is(text string) bool {
	return strings.HasPrefix(text, envPrefix) || strings.HasPrefix(text, filePrefix)
}

// Parse parses a reference: "@env:NAME" or "@file:PATH". Errors are of kind Usage.
func Parse(text string) (Reference, error) {
	if name, ok := strings.CutPrefix(text, envPrefix); ok && envName.MatchString(name) {
		return Reference{env: name}, nil
	}
	path, ok := strings.CutPrefix(text, filePrefix)
	if !ok || path == "" || strings.ContainsFunc(path, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return Reference{}, failure.Errorf(failure.Usage, "%q does not name a secret", text).
			WithHint("write it as @env:NAME or @file:PATH; for a value that begins like this, write @%s", text)
	}
	return Reference{file: path}, nil
}

// String returns the text that Parse parses.
func (r Reference) String() string {
	if r.env != "" {
		return envPrefix + r.env
	}
	return filePrefix + r.file
}

// describe names the secret in a message.
func (r Reference) describe() string {
	if r.env != "" {
		return "the variable " + r.env
	}
	return "the file " + r.file
}

// Relative returns a reference to a file below the folder project relative to it, and all others unchanged. A relative
// path is one from the folder current.
func (r Reference) Relative(current, project string) Reference {
	if r.file == "" || isHome(r.file) {
		return r
	}
	abs := filepath.FromSlash(r.file)
	if !filepath.IsAbs(abs) {
		abs = filepath.Join(current, abs)
	}
	if rel, err := filepath.Rel(project, abs); err == nil && (filepath.IsLocal(rel) || !filepath.IsAbs(r.file)) {
		return Reference{file: filepath.ToSlash(rel)}
	}
	return r
}

func isHome(path string) bool { return strings.HasPrefix(path, "~/") }

// Quote returns the text for a value that is not a secret: one more "@" is put before a value that begins like a
// reference. Literal is its inverse.
func Quote(value string) string {
	if looksLikeReference(value) {
		return "@" + value
	}
	return value
}

// Literal returns the value of a text that is not a reference.
func Literal(text string) string {
	if strings.HasPrefix(text, "@@") && looksLikeReference(text) {
		return text[1:]
	}
	return text
}

// looksLikeReference reports whether a text is a reference after any number of "@" before it.
func looksLikeReference(text string) bool {
	return strings.HasPrefix(text, "@") && Is("@"+strings.TrimLeft(text, "@"))
}

// Placeholder returns the text in place of the secret value of a key.
func Placeholder(key string) string { return "__ppm_secret_" + key + "__" }

// Replacement returns the placeholder of a value that replaces another value of the key.
func Replacement(key string) string { return "__ppm_new_secret_" + key + "__" }

// Edited returns the placeholder of a value that the user wrote into the file in place of the installed one.
func Edited(key string) string { return "__ppm_edited_secret_" + key + "__" }

// A Value is the value of a secret and its placeholder.
type Value struct {
	Placeholder string
	Value       string // not empty
}
