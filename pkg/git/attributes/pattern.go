package attributes

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/bmatcuk/doublestar/v4"
)

// A pattern is the pattern of a line.
type pattern struct {
	dir  string // of the .gitattributes
	base bool   // it is compared with the name of a file, in any folder below dir, and not with a path below dir
	text string // without a leading slash
	glob string // text for doublestar; empty if text has no wildcard
}

// newPattern returns false for a pattern that matches no file: of folders only, or negative.
func newPattern(dir, text string) (pattern, bool) {
	if text == "" || strings.HasSuffix(text, "/") || text[0] == '!' {
		return pattern{}, false
	}
	p := pattern{dir: dir, base: !strings.Contains(text, "/"), text: strings.TrimPrefix(text, "/")}
	if strings.ContainsAny(text, `*?[\`) {
		p.glob = bytesAsRunes(doublestarPattern(p.text))
	}
	return p, true
}

// key returns the key of a pattern without wildcards in Rules.exact.
func (p pattern) key() string {
	if p.base {
		return baseKey(p.dir, p.text)
	}
	return path.Join(p.dir, p.text)
}

// baseKey returns the key of the files with a name in a folder and those below it. A path never contains a zero byte.
func baseKey(dir, name string) string { return dir + "\x00" + name }

// match reports whether a pattern with wildcards matches a path from the root of the tree.
func (p pattern) match(name string) bool {
	if p.dir != "" {
		below, ok := strings.CutPrefix(name, p.dir+"/")
		if !ok {
			return false
		}
		name = below
	}
	if p.base {
		name = path.Base(name)
	}
	return doublestar.MatchUnvalidated(p.glob, bytesAsRunes(name))
}

// bytesAsRunes returns text with each byte as a character, because "?" and "[…]" match a byte in git.
func bytesAsRunes(text string) string {
	if !strings.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf }) {
		return text
	}
	var out strings.Builder
	for _, b := range []byte(text) {
		out.WriteRune(rune(b))
	}
	return out.String()
}

// classes are the characters of the classes in brackets that git knows, such as [:alpha:], as ranges.
var classes = strings.NewReplacer(
	"[:alnum:]", "a-zA-Z0-9", "[:alpha:]", "a-zA-Z", "[:blank:]", " \t", "[:digit:]", "0-9", "[:lower:]", "a-z",
	"[:upper:]", "A-Z", "[:xdigit:]", "0-9a-fA-F", "[:space:]", " \t\n\v\f\r", "[:cntrl:]", "\x00-\x1f\x7f",
	"[:graph:]", "!-~", "[:print:]", " -~", "[:punct:]", "!-/:-@\\[-`{-~",
)

// doublestarPattern returns a pattern of git for package doublestar. Braces have no meaning in git, and "/**" at the
// end does not match the folder itself.
func doublestarPattern(text string) string {
	if strings.Contains(text, "[:") {
		text = classes.Replace(text)
	}
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			out.WriteString(text[i : i+2])
			i++
			continue
		case c == '{' || c == '}':
			out.WriteByte('\\')
		}
		out.WriteByte(text[i])
	}
	if glob := out.String(); strings.HasSuffix(glob, "/**") {
		return glob + "/*"
	}
	return out.String()
}
