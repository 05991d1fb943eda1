package ref

import (
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// A VersionKind determines how a version is resolved.
type VersionKind int

// The kinds of versions. All but Exact can resolve to a different commit each time.
const (
	Latest VersionKind = iota // the head of the default branch; the kind of the zero Version
	Dev                       // the head of the branch dev
	Exact                     // a tag, branch or commit
	Glob                      // the highest tag that matches a pattern, such as "cp-*"
	Range                     // the highest tag with a prefix and a semantic version in a range, such as "cp-~0.0.1"
)

// A Version is the part of a reference after "@". The zero value means that the reference has none.
// Versions are comparable with ==.
type Version struct {
	text   string
	kind   VersionKind
	prefix int // length of a range's prefix
}

// ParseVersion parses a version. Its errors are like those of Parse.
func ParseVersion(s string) (Version, error) {
	p := parser{what: "version", input: s}
	if err := p.checkText(); err != nil {
		return Version{}, err
	}
	return p.version(span{text: s})
}

// String returns the version in the form of a reference, or "" for the zero value.
func (v Version) String() string { return v.text }

// Kind returns the kind of the version.
func (v Version) Kind() VersionKind { return v.kind }

// Prefix returns the part of a range before the first operator: "cp-" of "cp-~0.0.1".
func (v Version) Prefix() string { return v.text[:v.prefix] }

// Constraint returns the semver constraint of a range, without the prefix: "~0.0.1" of "cp-~0.0.1".
func (v Version) Constraint() string { return v.text[v.prefix:] }

// MayBeCommit reports whether s can be a full or abbreviated commit id: 7 to 64 hex digits.
func MayBeCommit(s string) bool {
	return len(s) >= 7 && len(s) <= 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// firstVersion returns the reference with only the first of its two versions, which ends at the second "@". Of two "@"
// in a row it removes the second.
func (p parser) firstVersion(second span) string {
	form := p.input[:second.at]
	if strings.HasSuffix(form, "@") {
		return form + p.input[second.at+1:]
	}
	if _, component, ok := strings.Cut(p.input[second.at:], "//"); ok {
		form += "//" + component
	}
	return form
}

// version parses the text after "@".
func (p parser) version(s span) (Version, error) {
	text := strings.TrimSpace(s.text)
	switch text {
	case "":
		return Version{}, p.fail(s, "the version after @ is empty", p.replace(s, "TAG"))
	case "latest":
		return Version{text: text, kind: Latest}, nil
	case "dev":
		return Version{text: text, kind: Dev}, nil
	}
	if at := s.index("@"); at.text != "" {
		return Version{}, p.fail(at, "a reference can have only one version", p.firstVersion(at))
	}
	if i := operator(s.text); i >= 0 && !strings.ContainsAny(s.text[:i], "*?[") {
		return p.rangeVersion(s, i)
	}
	if err := p.checkRefName(s, s.text); err != nil {
		return Version{}, err
	}
	if !strings.ContainsAny(text, "*?[") {
		return Version{text: text, kind: Exact}, nil
	}
	if _, err := path.Match(text, ""); err != nil {
		return Version{}, p.fail(s, "the glob has a [ without ]", formVersion)
	}
	return Version{text: text, kind: Glob}, nil
}

// operator returns the index of the first comparison operator in s, or -1.
func operator(s string) int {
	i := strings.IndexAny(s, "^~<>=")
	if i > 0 && s[i] == '=' && s[i-1] == '!' {
		i--
	}
	return i
}

// rangeVersion parses a range whose first operator is at index i.
func (p parser) rangeVersion(s span, i int) (Version, error) {
	prefix := strings.TrimLeft(s.text[:i], " ")
	constraint := strings.Join(strings.Fields(s.text[i:]), " ")
	if prefix != "" {
		prefixSpan := s.upto(i).from(i - len(prefix))
		if err := p.checkRefName(prefixSpan, prefix+"0"); err != nil { // a tag that can match
			return Version{}, err
		}
	}
	if _, err := semver.NewConstraint(constraint); err != nil {
		form := p.replace(s, prefix+"^1.2") + " or " + p.replace(s, prefix+">=1.2 <2")
		return Version{}, p.fail(s.from(i), "it is not a version range", form)
	}
	return Version{text: prefix + constraint, kind: Range, prefix: len(prefix)}, nil
}

// checkRefName checks name by git's rules for tags and branches, except that wildcards are allowed, and checks s for
// common mistakes. s is name or a prefix of it.
func (p parser) checkRefName(s span, name string) error {
	if bad := s.index("#"); bad.text != "" {
		return p.fail(bad, "a component starts with //, not with #", p.replace(bad, "//"))
	}
	if bad := s.index(":"); bad.text != "" {
		return p.fail(bad, "a version cannot contain :", p.replace(bad, "//"))
	}
	if bad := s.index(" "); bad.text != "" {
		return p.fail(bad, "a tag or branch cannot contain a space", p.replace(bad, ""))
	}
	if bad := s.index(`\`); bad.text != "" {
		return p.fail(bad, `a version cannot contain \`, p.replace(bad, "/"))
	}
	for i := range len(s.text) {
		if c := s.text[i]; c == '~' || c == '^' && (i == 0 || s.text[i-1] != '[') {
			return p.fail(s.from(i).upto(1), "a range cannot have a wildcard before its operator", formVersion)
		}
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "":
			return p.fail(s, "the version starts or ends with /", p.replace(s, strings.Trim(s.text, "/")))
		case segment[0] == '-':
			return p.fail(s, "a version cannot start with - or contain /-", formVersion)
		case segment[0] == '.', strings.HasSuffix(segment, "."), strings.Contains(segment, ".."),
			strings.HasSuffix(segment, ".lock"):
			return p.fail(s, "git does not allow such a tag or branch", formVersion)
		}
	}
	return nil
}
