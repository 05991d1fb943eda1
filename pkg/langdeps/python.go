package langdeps

import (
	"cmp"
	"math"
	"regexp"
	"slices"
	"strings"
)

// A pyNeed is a requirement as PEP 508 describes them.
type pyNeed struct {
	name       string // normal, as PEP 503 says
	extras     []string
	url        string
	specifiers []specifier
	marker     string // the environments that it is for; empty for all
}

var (
	pyForm = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*` + // name
		`(?:\[\s*([A-Za-z0-9._,\s-]*)\])?\s*` + // extras
		`(?:@\s*([^\s;]\S*)|\(?([^;@()]*)\)?)\s*` + // URL, or specifiers
		`(?:;\s*(.+))?$`) // marker
	separators = regexp.MustCompile(`[-_.]+`)
)

// parseNeed reads a requirement. Options of pip and bare URLs are none.
func parseNeed(text string) (n pyNeed, ok bool) {
	m := pyForm.FindStringSubmatch(text)
	if m == nil {
		return n, false
	}
	n = pyNeed{name: normalName(m[1]), url: m[3], marker: strings.ReplaceAll(strings.TrimSpace(m[5]), "'", `"`)}
	for extra := range strings.SplitSeq(m[2], ",") {
		if extra = strings.TrimSpace(extra); extra != "" {
			n.extras = append(n.extras, normalName(extra))
		}
	}
	for text := range strings.SplitSeq(m[4], ",") {
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		s, ok := parseSpecifier(text)
		if !ok {
			return n, false
		}
		n.specifiers = append(n.specifiers, s)
	}
	return n, true
}

// normalName returns the one spelling of a name, as PEP 503 says.
func normalName(name string) string {
	return strings.ToLower(separators.ReplaceAllString(name, "-"))
}

// pythonName returns the distribution that a requirement is about.
func pythonName(text string) string {
	n, ok := parseNeed(text)
	if !ok {
		return ""
	}
	return n.name
}

// unionPython merges the needs of one distribution: a line for each marker. What is needed
// everywhere has to agree with what is needed where a marker holds.
func unionPython(name string, needs []Need) (lines []string, met bool) {
	byMarker := map[string]*pyNeed{}
	met = true
	for _, need := range needs {
		n, _ := parseNeed(need.Text)
		all, ok := byMarker[n.marker]
		if !ok {
			all = &pyNeed{name: name, marker: n.marker}
			byMarker[n.marker] = all
		}
		all.extras = append(all.extras, n.extras...)
		all.specifiers = append(all.specifiers, n.specifiers...)
		switch {
		case n.url == "" || n.url == all.url:
		case all.url == "":
			all.url = n.url
		default: // two places cannot both be installed from
			met = false
			lines = append(lines, n.String())
		}
	}
	everywhere := byMarker[""]
	for marker, n := range byMarker {
		if everywhere != nil && marker != "" {
			both := slices.Concat(everywhere.specifiers, n.specifiers)
			if _, ok := settle(both, witnesses(both), specifier.accepts); !ok {
				met = false
			}
		}
		kept, ok := simplify(n.specifiers)
		n.specifiers, met = kept, met && ok
		lines = append(lines, n.lines()...)
	}
	return lines, met
}

// simplify drops the specifiers that the others imply, and sorts the rest.
func simplify(all []specifier) (kept []specifier, met bool) {
	all = slices.Clone(all)
	slices.SortFunc(all, func(a, b specifier) int {
		return cmp.Or(cmp.Compare(a.rank(), b.rank()), a.version.compare(b.version), cmp.Compare(a.text, b.text))
	})
	all = slices.CompactFunc(all, func(a, b specifier) bool { return a.String() == b.String() })
	if slices.ContainsFunc(all, func(s specifier) bool { return s.version.isPre() }) {
		// Naming a pre-release lets pip take pre-releases, whatever the others imply.
		_, met = settle(all, witnesses(all), specifier.accepts)
		return all, met
	}
	return settle(all, witnesses(all), specifier.accepts)
}

// lines returns the need as one line, or two where a URL and specifiers stand side by side.
func (n pyNeed) lines() []string {
	if n.url == "" || len(n.specifiers) == 0 {
		return []string{n.String()}
	}
	versions := n
	versions.url, n.specifiers = "", nil
	return []string{n.String(), versions.String()}
}

func (n pyNeed) String() string {
	text := n.name
	extras := slices.Clone(n.extras)
	slices.Sort(extras)
	if extras = slices.Compact(extras); len(extras) > 0 {
		text += "[" + strings.Join(extras, ",") + "]"
	}
	if n.url != "" {
		text += " @ " + n.url
	}
	for i, s := range n.specifiers {
		if i > 0 {
			text += ","
		}
		text += s.String()
	}
	if n.marker != "" {
		text += " ; " + n.marker // with a blank before it, because a URL may hold a semicolon
	}
	return text
}

// A specifier is one condition on a version.
type specifier struct {
	operator string
	text     string // the version as written
	version  pyVersion
	prefix   bool // "==1.2.*", "!=1.2.*"
}

// operators in the order in which they are written; where one is the beginning of another, the longer is looked for first.
var operators = []string{"===", "==", "~=", ">=", ">", "<=", "<", "!="}

func parseSpecifier(text string) (s specifier, ok bool) {
	for _, o := range []string{"===", "==", "~=", "!=", "<=", ">=", "<", ">"} {
		rest, found := strings.CutPrefix(text, o)
		if !found {
			continue
		}
		s = specifier{operator: o, text: strings.TrimSpace(rest)}
		number := s.text
		if o == "==" || o == "!=" {
			number, s.prefix = strings.CutSuffix(number, ".*")
		}
		s.version, ok = parsePython(number)
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

// accepts reports whether the version meets the condition, as PEP 440 says.
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

// far is a number that stands for all that are higher than any in a specifier.
const far = math.MaxInt32

// witnesses returns versions at and next to every bound of the specifiers.
func witnesses(specifiers []specifier) []pyVersion {
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
		if s.prefix || s.operator == "~=" { // these end where the last number of the prefix goes up
			next := slices.Clone(s.version.release[:n])
			next[n-1]++
			bounds = append(bounds, s.version.finalOf(next))
		}
	}
	var out []pyVersion
	for _, v := range bounds {
		base := v.finalOf(v.release)
		started, posted, above := base, v, base
		started.phase, started.dev = dev, 0
		posted.post, posted.dev, posted.local = v.post+1, math.MaxInt, ""
		above.release = append(v.padded(longest), 1)
		early := v
		early.dev = 0
		out = append(out, v, base, started, posted, above, early, v.finalOf([]int{far}))
		if below, ok := base.below(); ok {
			out = append(out, below)
		}
	}
	return out
}

// below returns a final version lower than v, and higher than all that a specifier may name.
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
