package policy

import (
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// A fact is what a decision is about. Which fields are set depends on the subject.
type fact struct {
	place   Place
	license string // one license of SPDX, Unknown or Builtin
	signer  signature.Signer
	trusted bool // the signer is one that the user trusts, so that its principal is true
}

// An entry is an entry of a list. Which fields are set besides the rule depends on the subject of the list.
type entry struct {
	rule      Rule // the text of the entry is rule.Entry
	host      hostname.Pattern
	namespace pattern
}

// allows reports whether the entry of a list of what is allowed matches.
func (e entry) allows(s Subject, f fact) bool {
	switch s {
	case Namespace:
		return e.namespace.means(f.place)
	case License:
		return matchesLicense(e.rule.Entry, f.license)
	case Signer:
		return matchesSigner(e.rule.Entry, f.signer, f.trusted)
	}
	return e.matches(s, f)
}

// denies reports whether the entry of a list of what is denied matches. It matches all that may be meant: a path that
// is not known, another case, a principal that nobody vouches for, and a license in all its variants: with an
// exception, and "or later".
func (e entry) denies(s Subject, f fact) bool {
	switch s {
	case Namespace:
		return e.namespace.covers(f.place)
	case License:
		base, _, _ := strings.Cut(f.license, " WITH ")
		return matchesLicense(e.rule.Entry, f.license) || matchesLicense(e.rule.Entry, base) ||
			matchesLicense(e.rule.Entry, strings.TrimSuffix(base, "+"))
	case Signer:
		return matchesSigner(e.rule.Entry, f.signer, true)
	}
	return e.matches(s, f)
}

// matches is allows and denies for the other subjects.
func (e entry) matches(s Subject, f fact) bool {
	switch s {
	case Scheme:
		return f.place.Scheme == e.rule.Entry
	case Host, PlainHTTP, Redirect:
		return e.host.Matches(f.place.Host)
	}
	return false
}

// Unknown is the license of a pack that states none. That of a built-in pack is Builtin: it has the license of ppm.
const Unknown = "unknown"

// matchesLicense reports whether the entry of a list means a license. SPDX ignores case in the names of licenses.
func matchesLicense(pattern, name string) bool {
	if name == Unknown || name == Builtin {
		return name == pattern
	}
	return matchesText(strings.ToLower(pattern), strings.ToLower(name))
}

// matchesText reports whether a text matches a pattern in which "*" is any text.
func matchesText(pattern, text string) bool {
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == text
	}
	first, last := parts[0], parts[len(parts)-1]
	if len(text) < len(first)+len(last) || !strings.HasPrefix(text, first) || !strings.HasSuffix(text, last) {
		return false
	}
	text = text[len(first) : len(text)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		i := strings.Index(text, part)
		if i < 0 {
			return false
		}
		text = text[i+len(part):]
	}
	return true
}
