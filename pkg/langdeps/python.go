package langdeps

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// A pyRequirement is a requirement of PEP 508.
type pyRequirement struct {
	name       string // normalized as in PEP 503
	extras     []string
	url        string
	specifiers []specifier
	marker     string // the condition on the environment; "" for all environments
}

var (
	requirementPattern = lazyregexp.New(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*` + // name
		`(?:\[([^\]]*)\]\s*)?` + // extras
		`(?:@\s*(\S+)|\(([^;@()]*)\)|([^;@()]*?))\s*` + // URL, or specifiers
		`(?:;\s*(.+))?$`) // marker
	pyName     = lazyregexp.New(`^[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	separators = lazyregexp.New(`[-_.]+`)
)

// parseRequirement parses a dependency specifier, as PEP 508 defines it. Of the URLs it accepts those of checkURL.
func parseRequirement(text string) (r pyRequirement, err error) {
	m := requirementPattern.FindStringSubmatch(text)
	if m == nil {
		return r, errSyntax
	}
	r = pyRequirement{name: normalizeName(m[1]), url: m[3]}
	if m[2] != "" && strings.TrimSpace(m[2]) != "" {
		for extra := range strings.SplitSeq(m[2], ",") {
			if extra = strings.TrimSpace(extra); !pyName.MatchString(extra) {
				return r, fmt.Errorf("%q is not the name of an extra", extra)
			}
			r.extras = append(r.extras, normalizeName(extra))
		}
	}
	if r.url != "" {
		if err := checkURL(r.url); err != nil {
			return r, err
		}
	}
	if specifiers := strings.TrimSpace(m[4] + m[5]); specifiers != "" {
		for text := range strings.SplitSeq(specifiers, ",") {
			s, ok := parseSpecifier(strings.TrimSpace(text))
			if !ok {
				return r, fmt.Errorf("%q is not a version specifier", strings.TrimSpace(text))
			}
			r.specifiers = append(r.specifiers, s)
		}
	}
	if m[6] != "" {
		r.marker, err = parseMarker(m[6])
	}
	return r, err
}

// normalizeName normalizes a name as in PEP 503.
func normalizeName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// pythonPackage returns the distribution of a requirement.
func pythonPackage(text string) (string, error) {
	r, err := parseRequirement(text)
	return r.name, err
}

// mergePython merges the requirements on one distribution to a line for each marker. Requirements without a marker
// apply in all environments, and can conflict with those that have one.
func mergePython(name string, requirements []Requirement) (lines []string, ok bool) {
	byMarker := map[string]*pyRequirement{}
	ok = true
	for _, requirement := range requirements {
		r, _ := parseRequirement(requirement.Text)
		merged := byMarker[r.marker]
		if merged == nil {
			merged = &pyRequirement{name: name, marker: r.marker}
			byMarker[r.marker] = merged
		}
		merged.extras = append(merged.extras, r.extras...)
		merged.specifiers = append(merged.specifiers, r.specifiers...)
		switch {
		case r.url == "" || r.url == merged.url:
		case merged.url == "":
			merged.url = r.url
		default: // a distribution is installed from one URL
			ok = false
			lines = append(lines, r.String())
		}
	}
	unconditional := byMarker[""]
	for marker, r := range byMarker {
		if unconditional != nil && marker != "" {
			both := slices.Concat(unconditional.specifiers, r.specifiers)
			if _, compatible := simplify(both, pySamples(both), specifier.accepts); !compatible {
				ok = false
			}
		}
		kept, compatible := simplifySpecifiers(r.specifiers)
		r.specifiers, ok = kept, ok && compatible
		lines = append(lines, r.lines()...)
	}
	return lines, ok
}

// simplifySpecifiers sorts the specifiers and removes those that others imply.
func simplifySpecifiers(all []specifier) (kept []specifier, ok bool) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b specifier) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.version.compare(b.version), cmp.Compare(a.text, b.text))
	})
	all = slices.CompactFunc(all, func(a, b specifier) bool { return a.String() == b.String() })
	if slices.ContainsFunc(all, func(s specifier) bool { return s.version.isPre() }) {
		// A specifier with a pre-release lets pip install pre-releases, even if others imply it.
		_, ok = simplify(all, pySamples(all), specifier.accepts)
		return all, ok
	}
	return simplify(all, pySamples(all), specifier.accepts)
}

// lines returns the requirement as one line, or as two if it has both a URL and specifiers.
func (r pyRequirement) lines() []string {
	if r.url == "" || len(r.specifiers) == 0 {
		return []string{r.String()}
	}
	versions := r
	versions.url, r.specifiers = "", nil
	return []string{r.String(), versions.String()}
}

func (r pyRequirement) String() string {
	text := r.name
	extras := slices.Clone(r.extras)
	slices.Sort(extras)
	if extras = slices.Compact(extras); len(extras) > 0 {
		text += "[" + strings.Join(extras, ",") + "]"
	}
	if r.url != "" {
		text += " @ " + r.url
	}
	for i, s := range r.specifiers {
		if i > 0 {
			text += ","
		}
		text += s.String()
	}
	if r.marker != "" {
		text += " ; " + r.marker // the space separates it from a URL, which may contain a semicolon
	}
	return text
}

// A specifier is a version specifier of PEP 440: one constraint on a version.
type specifier struct {
	operator string
	text     string // the version as written
	version  pyVersion
	prefix   bool // "==1.2.*", "!=1.2.*"
}

// operators lists the operators in the order of the output. One that starts with another comes first.
var operators = []string{"===", "==", "~=", ">=", ">", "<=", "<", "!="}

func parseSpecifier(text string) (s specifier, ok bool) {
	for _, o := range operators {
		rest, found := strings.CutPrefix(text, o)
		if !found {
			continue
		}
		s = specifier{operator: o, text: strings.TrimSpace(rest)}
		number := s.text
		if o == "==" || o == "!=" {
			number, s.prefix = strings.CutSuffix(number, ".*")
		}
		s.version, ok = parsePyVersion(number)
		switch v := s.version; {
		case s.prefix:
			ok = ok && !v.isPre() && !v.isPost() && v.local == ""
		case o == "~=":
			ok = ok && len(v.release) > 1 && v.local == ""
		case o != "==" && o != "!=" && o != "===":
			ok = ok && v.local == ""
		}
		return s, ok
	}
	return s, false
}

func (s specifier) String() string { return s.operator + s.text }

func (s specifier) rank() int { return slices.Index(operators, s.operator) }

// accepts reports whether the version satisfies the specifier, as defined in PEP 440.
func (s specifier) accepts(v pyVersion) bool {
	order := v.compare(s.version)
	same := v.compareBase(s.version) == 0
	switch s.operator {
	case "==", "!=":
		equal := order == 0 && (s.version.local == "" || s.version.local == v.local)
		if s.prefix {
			equal = v.hasPrefix(s.version, len(s.version.release))
		}
		return equal == (s.operator == "==")
	case "===":
		return order == 0 && s.version.local == v.local
	case "~=":
		return order >= 0 && v.hasPrefix(s.version, len(s.version.release)-1)
	case ">=":
		return order >= 0
	case "<=":
		return order <= 0
	case ">":
		return order > 0 && !(same && v.isPost() && !s.version.isPost())
	}
	return order < 0 && !(same && v.isPre() && !s.version.isPre())
}

func (v pyVersion) hasPrefix(w pyVersion, n int) bool {
	return v.epoch == w.epoch && slices.Equal(v.padded(n), w.padded(n))
}

// far is a number higher than any in a specifier.
const far = math.MaxInt32

// pySamples returns versions at and next to each bound of the specifiers.
func pySamples(specifiers []specifier) []pyVersion {
	least := pyVersion{}.finalOf([]int{0})
	longest := 1
	bounds := []pyVersion{least}
	for _, s := range specifiers {
		longest = max(longest, len(s.version.release))
		bounds = append(bounds, s.version)
		n := len(s.version.release)
		if s.operator == "~=" {
			n--
		}
		if s.prefix || s.operator == "~=" { // the upper bound is the prefix with its last number incremented
			next := slices.Clone(s.version.release[:n])
			next[n-1]++
			bounds = append(bounds, s.version.finalOf(next))
		}
	}
	var out []pyVersion
	for _, v := range bounds {
		base := v.finalOf(v.release)
		baseDev, post, above, vDev := base, v, base, v
		baseDev.phase, baseDev.dev = dev, 0
		post.post, post.dev, post.local = v.post+1, math.MaxInt, ""
		above.release = append(v.padded(longest), 1)
		vDev.dev = 0
		out = append(out, v, base, baseDev, post, above, vDev, v.finalOf([]int{far}))
		if below, ok := base.below(); ok {
			out = append(out, below)
		}
	}
	return out
}

// below returns a final version that is lower than v and higher than any lower version in a specifier.
func (v pyVersion) below() (pyVersion, bool) {
	release := slices.Clone(v.release)
	for i := len(release) - 1; i >= 0; i-- {
		if release[i] > 0 {
			release[i]--
			return v.finalOf(append(release[:i+1], far)), true
		}
	}
	lower := v.finalOf([]int{far})
	lower.epoch--
	return lower, v.epoch > 0
}
