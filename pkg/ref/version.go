package ref

import (
	"path"
	"strings"

	"github.com/Masterminds/semver/v3"
)

// A VersionKind says how a version is looked up.
type VersionKind int

// The kinds of version. Latest, Dev, Glob and Range are looked up anew each time.
const (
	Latest VersionKind = iota // the head of the default branch; also when no version was typed
	Dev                       // the head of branch dev
	Exact                     // one tag, branch or commit
	Glob                      // the highest tag that matches a pattern, such as "cp-*"
	Range                     // the highest tag in a range of semantic versions behind a prefix, such as "cp-^0.0.1"
)

// A Version is what stands after "@" in a reference. The zero value means that none was typed.
// It is comparable with ==.
type Version struct {
	text   string
	kind   VersionKind
	prefix int // length of a range's prefix
}

// ParseVersion reads a version. Its errors are those of Parse.
func ParseVersion(s string) (Version, error) {
	p := parser{what: "version", input: s}
	if err := p.checkText(); err != nil {
		return Version{}, err
	}
	return p.version(span{text: s})
}

// String returns the version as it stands after "@", or "" when none was typed.
func (v Version) String() string { return v.text }

// Kind returns how the version is looked up.
func (v Version) Kind() VersionKind { return v.kind }

// Prefix returns what stands before the first operator of a range: "cp-" of "cp-^0.0.1".
func (v Version) Prefix() string { return v.text[:v.prefix] }

// Constraint returns a range without its prefix: "^0.0.1" of "cp-^0.0.1". It is a valid semver constraint.
func (v Version) Constraint() string { return v.text[v.prefix:] }

// MayBeCommit reports whether s looks like the id of a commit or the start of one: 7 to 64 hex digits.
func MayBeCommit(s string) bool {
	return len(s) >= 7 && len(s) <= 64 && strings.Trim(s, "0123456789abcdefABCDEF") == ""
}

// firstVersion returns the reference with the first of its two versions, which ends at
// the second "@", or without the second of two "@" in a row.
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

// version reads the text after "@".
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
		return Version{}, p.fail(at, "a reference has one version and one @", p.firstVersion(at))
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

// operator returns where the first comparison operator starts in s, or -1.
func operator(s string) int {
	i := strings.IndexAny(s, "^~<>=")
	if i > 0 && s[i] == '=' && s[i-1] == '!' {
		i--
	}
	return i
}

// rangeVersion reads a range whose first operator stands at i.
func (p parser) rangeVersion(s span, i int) (Version, error) {
	prefix := strings.TrimLeft(s.text[:i], " ")
	constraint := strings.Join(strings.Fields(s.text[i:]), " ")
	if prefix != "" {
		typed := s.upto(i).from(i - len(prefix))
		if err := p.checkRefName(typed, prefix+"0"); err != nil { // a tag that it may match
			return Version{}, err
		}
	}
	if _, err := semver.NewConstraint(constraint); err != nil {
		return Version{}, p.fail(s.from(i), "it is not a range of versions", p.replace(s, prefix+"^1.2")+" or "+p.replace(s, prefix+">=1.2 <2"))
	}
	return Version{text: prefix + constraint, kind: Range, prefix: len(prefix)}, nil
}

// checkRefName finds common mistakes in s, and checks name, which s is or starts, as the name of a tag or
// branch by git's rules, wildcards allowed.
func (p parser) checkRefName(s span, name string) error {
	if bad := s.index("#"); bad.text != "" {
		return p.fail(bad, "a component starts with //, not with #", p.replace(bad, "//"))
	}
	if bad := s.index(":"); bad.text != "" {
		return p.fail(bad, "a version has no :", p.replace(bad, "//"))
	}
	if bad := s.index(" "); bad.text != "" {
		return p.fail(bad, "a tag or branch has no space", p.replace(bad, ""))
	}
	if bad := s.index(`\`); bad.text != "" {
		return p.fail(bad, `a version has no \`, p.replace(bad, "/"))
	}
	for i := range len(s.text) {
		if c := s.text[i]; c == '~' || c == '^' && (i == 0 || s.text[i-1] != '[') {
			return p.fail(s.from(i).upto(1), "a range has no wildcard before its operator", formVersion)
		}
	}
	for segment := range strings.SplitSeq(name, "/") {
		switch {
		case segment == "":
			return p.fail(s, "the version starts or ends with /", p.replace(s, strings.Trim(s.text, "/")))
		case segment[0] == '-':
			return p.fail(s, "no part of a version starts with -", formVersion)
		case segment[0] == '.' || strings.HasSuffix(segment, "."), strings.Contains(segment, ".."), strings.HasSuffix(segment, ".lock"):
			return p.fail(s, "git allows no such tag or branch", formVersion)
		}
	}
	return nil
}
