package policy

// Rules are the rules of one layer, as [policy] of its ppm.toml has them. A list that is nil is not set, and rules
// nothing; an empty list of what is allowed allows nothing.
type Rules struct {
	AllowSchemes    []string            `toml:"allow_schemes"` // "https", "http", "ssh", "file" and "builtin"
	DenySchemes     []string            `toml:"deny_schemes"`
	AllowHosts      []string            `toml:"allow_hosts"` // patterns of package hostname
	DenyHosts       []string            `toml:"deny_hosts"`
	AllowHTTP       []string            `toml:"allow_http"`       // hosts that may be connected to over plain HTTP
	AllowRedirects  []string            `toml:"allow_redirects"`  // hosts that redirects of other hosts may lead to
	AllowNamespaces []string            `toml:"allow_namespaces"` // see Namespace
	DenyNamespaces  []string            `toml:"deny_namespaces"`
	AllowLicenses   []string            `toml:"allow_licenses"` // of SPDX, "unknown" or "builtin"
	DenyLicenses    []string            `toml:"deny_licenses"`
	AllowSigners    map[string][]string `toml:"allow_signers"` // patterns of signers, by namespace
	DenySigners     []string            `toml:"deny_signers"`
}

// A Subject is what rules are about.
type Subject string

// The subjects.
const (
	Scheme    Subject = "scheme"     // of a URL, "file" for a local repository or "builtin"
	Host      Subject = "host"       // that is connected to
	PlainHTTP Subject = "plain http" // a host that is connected to without encryption
	Redirect  Subject = "redirect"   // a host to which another host redirects
	Namespace Subject = "namespace"  // the host and path of a repository
	License   Subject = "license"    // of a pack, or of one of its components
	Signer    Subject = "signer"     // of a tag or a commit
)

// A Rule is one entry of a list, or a list as a whole.
type Rule struct {
	Field string `json:"field"`           // such as "deny_hosts"
	For   string `json:"for,omitempty"`   // the namespace to which a list of signers applies
	Entry string `json:"entry,omitempty"` // empty for the list as a whole
	File  string `json:"file"`
	Line  int    `json:"line"`
}

// A layer is the rules of one file.
type layer struct {
	allow, deny map[Subject]*list // nil for a list that is not set
	signers     []signers         // the most specific namespace first
}

// signers is a list of allow_signers.
type signers struct {
	namespace pattern
	list      *list
}

// A list is one list of a file.
type list struct {
	rule    Rule // the list as a whole
	subject Subject
	entries []entry
}

// find returns the rule of the first entry for which is reports true.
func (l *list) find(is func(entry, Subject, fact) bool, f fact) (Rule, bool) {
	for _, e := range l.entries {
		if is(e, l.subject, f) {
			return e.rule, true
		}
	}
	return Rule{}, false
}

// rules lists a list: each entry, or the list as a whole if it has none.
func (l *list) rules() []Rule {
	if len(l.entries) == 0 {
		return []Rule{l.rule}
	}
	var out []Rule
	for _, e := range l.entries {
		out = append(out, e.rule)
	}
	return out
}
