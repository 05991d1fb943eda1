// Package attributes reads .gitattributes files, and converts the content of files as git checkout does.
//
// It knows the attributes that change content in a checkout: text, eol, crlf, ident and working-tree-encoding. It
// behaves like git on Linux without any configuration, so that no filter is set up. The formats are those of
// gitattributes(5).
package attributes

import (
	"bytes"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// maxPatterns bounds the patterns with wildcards, each of which is compared with each file.
const maxPatterns = 1000

// maxLine is the longest line, in bytes, that git reads.
const maxLine = 2048

// relevant are the attributes that Conversion depends on. Lines without them are skipped.
var relevant = []string{"text", "eol", "crlf", "ident", "filter", "working-tree-encoding"}

// Rules are the lines of the .gitattributes files of a tree. The zero value has none.
type Rules struct {
	rules  []rule
	exact  map[string][]int // the rules whose pattern has no wildcard, by key
	globs  []int            // the other rules
	macros map[string][]assignment
}

// A rule is one line.
type rule struct {
	pattern pattern
	set     []assignment
}

// An assignment is what a line says of one attribute.
type assignment struct {
	name  string
	value value
}

// A value of an attribute: isTrue, isFalse, isUnspecified, or "=" and a text.
type value string

const (
	isTrue        value = "true"
	isFalse       value = "false"
	isUnspecified value = ""
)

// Add adds the lines of the .gitattributes in dir, a slash-separated path from the root of the tree; "" and "." are
// the root. That of a folder must be added after those of its parents. Like git, it skips lines that are not valid.
// The error is about too many lines.
func (r *Rules) Add(dir string, text []byte) error {
	if dir == "." {
		dir = ""
	}
	var rules []rule
	for line := range bytes.Lines(text) {
		if len(line) < maxLine {
			rules = append(rules, r.parseLine(dir, string(line))...)
		}
	}
	for _, added := range rules { // now all macros are known
		if slices.ContainsFunc(added.set, r.isRelevant) {
			r.addRule(added)
		}
	}
	if len(r.globs) > maxPatterns {
		return fmt.Errorf("the .gitattributes files have more than %d patterns", maxPatterns)
	}
	return nil
}

// parseLine returns the rule of a line, if it is one, and adds a macro.
func (r *Rules) parseLine(dir, line string) []rule {
	name, rest, ok := cutPattern(line)
	if !ok {
		return nil
	}
	set, ok := parseAssignments(rest)
	if !ok {
		return nil
	}
	if macro, isMacro := strings.CutPrefix(name, "[attr]"); isMacro {
		if dir == "" { // git allows macros only there
			if r.macros == nil {
				r.macros = map[string][]assignment{}
			}
			r.macros[macro] = set
		}
		return nil
	}
	p, ok := newPattern(dir, name)
	if !ok {
		return nil
	}
	return []rule{{p, set}}
}

// isRelevant reports whether Conversion may depend on an assignment.
func (r *Rules) isRelevant(a assignment) bool {
	_, isMacro := r.macros[a.name]
	return isMacro || a.name == "binary" || slices.Contains(relevant, a.name)
}

func (r *Rules) addRule(added rule) {
	i := len(r.rules)
	r.rules = append(r.rules, added)
	if added.pattern.glob != "" {
		r.globs = append(r.globs, i)
		return
	}
	if r.exact == nil {
		r.exact = map[string][]int{}
	}
	key := added.pattern.key()
	r.exact[key] = append(r.exact[key], i)
}

// cutPattern returns the pattern at the start of a line, which may be quoted, and the rest.
func cutPattern(line string) (pattern, rest string, ok bool) {
	line = strings.Trim(line, " \t\r\n")
	if line == "" || line[0] == '#' {
		return "", "", false
	}
	if quoted, err := strconv.QuotedPrefix(line); err == nil && line[0] == '"' {
		if pattern, err = strconv.Unquote(quoted); err == nil {
			return pattern, line[len(quoted):], true
		}
	}
	end := strings.IndexAny(line, " \t\r\n")
	if end < 0 {
		end = len(line)
	}
	return line[:end], line[end:], true
}

// parseAssignments returns false when one of the names is not valid: git skips the whole line then.
func parseAssignments(text string) ([]assignment, bool) {
	var out []assignment
	for _, word := range strings.Fields(text) {
		a := assignment{word, isTrue}
		if name, text, ok := strings.Cut(word, "="); ok {
			a = assignment{name, "=" + value(text)}
		}
		switch word[0] {
		case '-':
			a = assignment{strings.TrimPrefix(a.name, "-"), isFalse}
		case '!':
			a = assignment{strings.TrimPrefix(a.name, "!"), isUnspecified}
		}
		if a.name == "" || a.name[0] == '-' || strings.ContainsFunc(a.name, isInvalidInName) {
			return nil, false
		}
		out = append(out, a)
	}
	return out, true
}

func isInvalidInName(c rune) bool {
	return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '.' && c != '_'
}

// lookup returns the attributes of the file at a path from the root of the tree. The last line that says something of
// an attribute counts.
func (r *Rules) lookup(name string) map[string]value {
	if len(r.rules) == 0 {
		return nil
	}
	var matching []int
	for _, i := range r.globs {
		if r.rules[i].pattern.match(name) {
			matching = append(matching, i)
		}
	}
	matching = append(matching, r.exact[name]...)
	base := path.Base(name)
	for dir := path.Dir(name); ; dir = path.Dir(dir) {
		if dir == "." {
			dir = ""
		}
		matching = append(matching, r.exact[baseKey(dir, base)]...)
		if dir == "" {
			break
		}
	}
	slices.Sort(matching)
	out := map[string]value{}
	for _, i := range slices.Backward(matching) {
		r.assign(out, r.rules[i].set)
	}
	return out
}

// assign sets the attributes that have no value yet. A macro that is set assigns what it stands for.
func (r *Rules) assign(out map[string]value, set []assignment) {
	for _, a := range slices.Backward(set) {
		if _, known := out[a.name]; known {
			continue
		}
		out[a.name] = a.value
		if a.value != isTrue {
			continue
		}
		if macro, ok := r.macros[a.name]; ok {
			r.assign(out, macro)
		} else if a.name == "binary" { // git's only built-in macro
			r.assign(out, []assignment{{"text", isFalse}})
		}
	}
}
