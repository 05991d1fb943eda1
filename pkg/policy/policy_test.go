package policy_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// layer returns the policy of one file. Its fields are on line 10, entry i of a list on line 11+i.
func layer(t *testing.T, file string, r policy.Rules) policy.Policy {
	t.Helper()
	p, field, entry, err := policy.New(file, r, func(_ string, entry int) int { return 11 + entry })
	if err != nil {
		t.Fatalf("rules of %s: %s, entry %d: %v", file, field, entry, err)
	}
	return p
}

func list(entries ...string) []string { return append([]string{}, entries...) }

var (
	https   = policy.NewPlace("https", "git.example.com", "/team/pack.git")
	ssh     = policy.NewPlace("ssh", "Git.Example.com.", "team/pack")
	plain   = policy.NewPlace("http", "git.example.com", "/team/pack")
	local   = policy.NewPlace(policy.File, "", "/srv/packs/pack.git")
	builtin = policy.NewPlace(policy.Builtin, "", "tp_py_grpc")
	odd     = policy.NewPlace("https", "git.example.com", "/team/../evil/pack.git")
)

// connections are decisions about places: each case has one rule or two.
var connections = []struct {
	rules     policy.Rules
	at        policy.Place
	forbidden string // a part of the reason; empty when the place is allowed
}{
	{policy.Rules{}, https, ""},
	{policy.Rules{}, builtin, ""},
	{policy.Rules{}, local, ""},
	{policy.Rules{}, plain, `plain http to "git.example.com" is neither encrypted nor authenticated`},
	{policy.Rules{}, policy.NewPlace("http", "localhost", "/a"), ""},
	{policy.Rules{AllowHTTP: list("*.example.com")}, plain, ""},
	{policy.Rules{AllowHTTP: list()}, plain,
		`plain http to "git.example.com" is forbidden: it is not in allow_http (f:10)`},
	{policy.Rules{AllowHTTP: list("*"), DenySchemes: list("http")}, plain, `the scheme "http" is forbidden`},
	{policy.Rules{DenySchemes: list("http")}, policy.NewPlace("http", "localhost", "/a"),
		`deny_schemes has "http" (f:11)`},

	{policy.Rules{AllowSchemes: list("ssh", "https")}, https, ""},
	{policy.Rules{AllowSchemes: list("ssh")}, https,
		`the scheme "https" is forbidden: it is not in allow_schemes (f:10)`},
	{policy.Rules{AllowSchemes: list("https")}, builtin, `the scheme "builtin"`},
	{policy.Rules{AllowSchemes: list("https", "builtin")}, builtin, ""},
	{policy.Rules{DenySchemes: list("file")}, local, `the scheme "file" is forbidden: deny_schemes has "file" (f:11)`},

	{policy.Rules{AllowHosts: list("git.example.com")}, ssh, ""},
	{policy.Rules{AllowHosts: list()}, https,
		`the host "git.example.com" is forbidden: it is not in allow_hosts (f:10)`},
	{policy.Rules{AllowHosts: list()}, builtin, ""}, // has no host
	{policy.Rules{AllowHosts: list()}, local, ""},
	{policy.Rules{AllowHosts: list("*"), DenyHosts: list("a.example", "*.example.com")}, ssh,
		`the host "git.example.com" is forbidden: deny_hosts has "*.example.com" (f:12)`},

	{policy.Rules{AllowNamespaces: list("git.example.com/team")}, https, ""},
	{policy.Rules{AllowNamespaces: list("git.example.com/team")}, ssh, ""},
	{policy.Rules{AllowNamespaces: list("git.example.com/team/pack.git")}, https, ""},
	{policy.Rules{AllowNamespaces: list("git.example.com")}, https, ""},
	{policy.Rules{AllowNamespaces: list("*.example.com/team")}, https, ""},
	{policy.Rules{AllowNamespaces: list("git.example.com/te")}, https,
		`the namespace "git.example.com/team/pack" is forbidden: it is not in allow_namespaces (f:10)`},
	{policy.Rules{AllowNamespaces: list("git.example.com/team/pack/more")}, https, "not in allow_namespaces"},
	// Case matters on some servers.
	{policy.Rules{AllowNamespaces: list("git.example.com/Team")}, https, "not in allow_namespaces"},
	{policy.Rules{DenyNamespaces: list("git.example.com/Team")}, https, "deny_namespaces has"},
	{policy.Rules{AllowNamespaces: list("git.example.com/team")}, builtin, `the namespace "builtin/tp_py_grpc"`},
	{policy.Rules{AllowNamespaces: list("builtin")}, builtin, ""},
	{policy.Rules{AllowNamespaces: list("builtin/tp_py_grpc")}, builtin, ""},
	{policy.Rules{AllowNamespaces: list("builtin/other")}, builtin, "not in allow_namespaces"},
	{policy.Rules{AllowNamespaces: list("file/srv/packs")}, local, ""},
	{policy.Rules{AllowNamespaces: list("file/srv/pack")}, local, `"file/srv/packs/pack"`},
	{policy.Rules{AllowNamespaces: list("*")}, local, ""},
	// A host cannot be taken for something else by its name.
	{policy.Rules{AllowNamespaces: list("builtin", "file")}, policy.NewPlace("https", "builtin", "/a/b"), "not in"},
	{policy.Rules{AllowNamespaces: list("builtin", "file")}, policy.NewPlace("https", "file", "/a/b"), "not in"},
	// A path that may mean another one is in no namespace that is allowed, and in every one that is denied.
	{policy.Rules{AllowNamespaces: list("git.example.com/team")}, odd,
		`the namespace "git.example.com/?" is forbidden`},
	{policy.Rules{AllowNamespaces: list("git.example.com")}, odd, ""},
	{policy.Rules{DenyNamespaces: list("git.example.com/anything")}, odd, "deny_namespaces has"},
	{policy.Rules{DenyNamespaces: list("other.example.com/anything")}, odd, ""},
}

func TestConnection(t *testing.T) {
	for _, c := range connections {
		err := policy.Check(layer(t, "f", c.rules).Connection(c.at)...)
		checkDecision(t, err, c.forbidden, "%+v about %s %s", c.rules, c.at.Scheme, c.at)
	}
}

func checkDecision(t *testing.T, err error, forbidden, format string, args ...any) {
	t.Helper()
	if forbidden == "" {
		if err != nil {
			t.Errorf(format+": %v", append(args, err)...)
		}
		return
	}
	if !errors.Is(err, failure.Refused) || !strings.Contains(err.Error(), forbidden) || failure.Hint(err) == "" {
		t.Errorf(format+": %v (hint %q), want an error with %s", append(args, err, failure.Hint(err), forbidden)...)
	}
}

func TestNewPlace(t *testing.T) {
	for _, c := range []struct{ scheme, host, path, want string }{
		{"https", "GIT.example.com", "/a/b.git/", "git.example.com/a/b"},
		{"https", "git.example.com", "/%61/b", "git.example.com/a/b"},
		{"https", "git.example.com", "/%2561/b", "git.example.com/?"}, // a server may decode it twice
		{"https", "git.example.com", "/a//b", "git.example.com/?"},
		{"https", "git.example.com", "/a/./b", "git.example.com/?"},
		{"https", "git.example.com", "/a/%2e%2e/b", "git.example.com/?"},
		{"https", "git.example.com", `/a\b`, "git.example.com/?"},
		{"https", "git.example.com", "/a%0ab", "git.example.com/?"},
		{"https", "git.example.com", "/a%zz", "git.example.com/?"},
		{"ssh", "git.example.com", "~me/b", "git.example.com/~me/b"},
		{"ssh", "git.example.com", "a/%62", "git.example.com/?"},
		{"ssh", "git.example.com", "", "git.example.com/?"},
		{policy.File, "", "C:/packs/b.git", "file/C:/packs/b"},
		{policy.File, "", `/100%/a\b`, `file/100%/a\b`},
		{policy.File, "", "/packs/b", "file/packs/b"},
		{policy.Builtin, "", "b", "builtin/b"},
	} {
		if got := policy.NewPlace(c.scheme, c.host, c.path).String(); got != c.want {
			t.Errorf("NewPlace(%q, %q, %q) = %s, want %s", c.scheme, c.host, c.path, got, c.want)
		}
	}
}

func TestRedirect(t *testing.T) {
	for _, c := range []struct {
		rules     policy.Rules
		forbidden string
	}{
		{policy.Rules{}, `a redirect to another host, "git.example.com", is not followed`},
		{policy.Rules{AllowRedirects: list("git.example.com")}, ""},
		{policy.Rules{AllowRedirects: list("example.com")}, "it is not in allow_redirects (f:10)"},
	} {
		checkDecision(t, policy.Check(layer(t, "f", c.rules).Redirect(https)), c.forbidden, "%+v", c.rules)
	}
}

func TestLicense(t *testing.T) {
	permissive := policy.Rules{AllowLicenses: list("MIT", "apache-2.0", "BSD-*")}
	noGPL := policy.Rules{DenyLicenses: list("GPL-*", "AGPL-3.0-only")}
	for _, c := range []struct {
		rules     policy.Rules
		at        policy.Place
		license   string
		forbidden string
	}{
		{policy.Rules{}, https, "", ""},
		{policy.Rules{}, https, "GPL-3.0-only", ""},
		{permissive, https, "MIT", ""},
		{permissive, https, "Apache-2.0", ""},
		{permissive, https, "BSD-3-Clause", ""},
		{permissive, https, "MIT OR GPL-3.0-only", ""},
		{permissive, https, "MIT AND GPL-3.0-only",
			`the license "MIT AND GPL-3.0-only" is forbidden: it is not in allow_licenses (f:10)`},
		{permissive, https, "(MIT OR GPL-3.0-only) AND Apache-2.0", ""},
		{permissive, https, "MIT OR GPL-3.0-only AND Apache-2.0", ""},
		{permissive, https, "(MIT OR GPL-3.0-only) AND GPL-2.0-only", "not in allow_licenses"},
		{permissive, https, "Apache-2.0 WITH LLVM-exception", "not in allow_licenses"},
		{permissive, https, "", `the license "unknown" is forbidden`},
		{policy.Rules{AllowLicenses: list("*")}, https, "", `the license "unknown" is forbidden`},
		{policy.Rules{AllowLicenses: list("*", "unknown")}, https, "", ""},
		{policy.Rules{AllowLicenses: list("unknown")}, https, "MIT", "not in allow_licenses"},
		{policy.Rules{DenyLicenses: list("unknown")}, https, "", `deny_licenses has "unknown" (f:11)`},
		{policy.Rules{DenyLicenses: list("*")}, https, "", ""},
		{noGPL, https, "MIT", ""},
		{noGPL, https, "GPL-2.0-or-later", `deny_licenses has "GPL-*" (f:11)`},
		{noGPL, https, "LGPL-2.1-only", ""},
		{noGPL, https, "AGPL-3.0-only WITH x", `deny_licenses has "AGPL-3.0-only" (f:12)`},
		{noGPL, https, "AGPL-3.0-only+", "deny_licenses"},
		{noGPL, https, "GPL-2.0-only OR MIT", ""},
		{noGPL, https, "GPL-2.0-only AND MIT", "deny_licenses"},
		// A built-in pack has the license of ppm.
		{permissive, builtin, "", `the license "builtin" is forbidden`},
		{policy.Rules{AllowLicenses: list("builtin")}, builtin, "", ""},
		{policy.Rules{AllowLicenses: list("builtin")}, https, "", `"unknown"`},
		{policy.Rules{AllowLicenses: list("unknown")}, builtin, "", `"builtin"`},
		{policy.Rules{AllowLicenses: list("builtin")}, builtin, "MIT", `"MIT"`},
	} {
		err := policy.Check(layer(t, "f", c.rules).License(c.license, c.at == builtin))
		checkDecision(t, err, c.forbidden, "%+v about %q", c.rules, c.license)
	}
}

const (
	annKey = "SHA256:47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU"
	bobKey = "0123456789ABCDEF0123456789ABCDEF01234567"
)

func TestSigner(t *testing.T) {
	ann := signature.Signer{Kind: signature.SSHKey, Fingerprint: annKey, Principal: "ann@example.com"}
	bob := signature.Signer{Kind: signature.OpenPGPKey, Fingerprint: bobKey, Principal: "Bob <bob@example.com>"}
	liar := signature.Signer{Kind: signature.OpenPGPKey, Fingerprint: bobKey[1:] + "0", Principal: "ssh:" + annKey}
	team := func(patterns ...string) policy.Rules {
		return policy.Rules{AllowSigners: map[string][]string{"git.example.com/team": patterns}}
	}
	mirror := policy.NewPlace("https", "mirror.example", "/team/pack")
	for _, c := range []struct {
		rules     policy.Rules
		signer    signature.Signer
		places    []policy.Place
		forbidden string
	}{
		{policy.Rules{}, signature.Signer{}, []policy.Place{https}, ""},
		{team("ann@example.com"), ann, []policy.Place{https}, ""},
		{team("*@example.com"), ann, []policy.Place{https}, ""},
		{team("*@example.com"), bob, []policy.Place{https}, ""},
		{team("Bob *"), bob, []policy.Place{https}, ""},
		{team(annKey), ann, []policy.Place{https}, ""},
		{team("ssh:" + annKey), ann, []policy.Place{https}, ""},
		{team("openpgp:" + bobKey), bob, []policy.Place{https}, ""},
		{team("ssh:*"), bob, []policy.Place{https},
			`the signer "Bob <bob@example.com> (openpgp:` + bobKey + `)" is forbidden: ` +
				`it is not in allow_signers of "git.example.com/team" (f:10)`},
		// The principal of a key is what its maker chose.
		{team("ssh:" + annKey), liar, []policy.Place{https}, "is not in allow_signers"},
		{team(annKey), liar, []policy.Place{https}, "is not in allow_signers"},
		{team("*"), signature.Signer{}, []policy.Place{https}, `the signer "unsigned" is forbidden`},
		{team("unsigned"), signature.Signer{}, []policy.Place{https}, ""},
		{team("unsigned"), ann, []policy.Place{https}, "is not in allow_signers"},
		{team(), ann, []policy.Place{https}, "is not in allow_signers"},
		{team("bob@example.com"), ann, []policy.Place{local}, ""},              // is about another namespace
		{team("bob@example.com"), ann, []policy.Place{odd}, "allow_signers"},   // may be about this namespace
		{team("bob@example.com"), ann, []policy.Place{mirror, https}, "allow"}, // the name counts as well
		{team("ann@example.com"), ann, []policy.Place{mirror, https}, ""},
		{team("bob@example.com"), signature.Signer{}, []policy.Place{builtin}, ""},
		{policy.Rules{DenySigners: list("*" + bobKey[30:])}, bob, []policy.Place{https}, ""}, // no principal
		{policy.Rules{DenySigners: list("openpgp:" + bobKey)}, bob, []policy.Place{https},
			`deny_signers has "openpgp:` + bobKey + `" (f:11)`},
		{policy.Rules{DenySigners: list("unsigned")}, signature.Signer{}, []policy.Place{https}, "deny_signers"},
		// The most specific namespace of a file decides.
		{policy.Rules{AllowSigners: map[string][]string{
			"*": {"bob@example.com"}, "git.example.com": {"bob@example.com"},
			"*.example.com/team": {"ann@example.com"},
		}}, ann, []policy.Place{https}, ""},
		{policy.Rules{AllowSigners: map[string][]string{
			"git.example.com/team/pack": {"bob@example.com"}, "git.example.com/team": {"ann@example.com"},
		}}, ann, []policy.Place{https}, `allow_signers of "git.example.com/team/pack"`},
	} {
		p := layer(t, "f", c.rules)
		err := policy.Check(p.Signer(c.signer, true, c.places...))
		checkDecision(t, err, c.forbidden, "%+v about %v", c.rules, c.signer)
		if !p.NeedsSigner(c.places...) && c.forbidden != "" {
			t.Errorf("%+v needs no signer at %v", c.rules, c.places)
		}
	}
}

// A key that the user does not trust has only its fingerprint: its principal allows nothing, and is denied.
func TestUntrustedSigner(t *testing.T) {
	s := signature.Signer{Kind: signature.SSHAuthority, Fingerprint: annKey, Principal: "ann@example.com"}
	for entry, allowed := range map[string]bool{
		"ann@example.com": false, "*": false, "ssh-ca:" + annKey + ":ann@example.com": true, annKey: true,
	} {
		p := layer(t, "f", policy.Rules{AllowSigners: map[string][]string{"*": {entry}}})
		if d := p.Signer(s, false, https); d.Allowed != allowed {
			t.Errorf("allow_signers with %q: %s", entry, d.Reason())
		}
		p = layer(t, "f", policy.Rules{DenySigners: list(entry)})
		if d := p.Signer(s, false, https); d.Allowed {
			t.Errorf("deny_signers with %q: %s", entry, d.Reason())
		}
	}
}

// Every layer must allow. All rules that forbid are named, in the order of the layers.
func TestLayers(t *testing.T) {
	p := layer(t, "machine", policy.Rules{AllowHosts: list("*.example.com"), DenyHosts: list("evil.example.com")}).
		With(layer(t, "user", policy.Rules{AllowHosts: list("*"), AllowHTTP: list("git.example.com")})).
		With(layer(t, "project", policy.Rules{DenyHosts: list("old.example.com", "evil.example.com")}))
	for host, forbidden := range map[string]string{
		"git.example.com": "",
		"other.example":   `is forbidden: it is not in allow_hosts (machine:10)`,
		"old.example.com": `is forbidden: deny_hosts has "old.example.com" (project:11)`,
		"evil.example.com": `is forbidden: deny_hosts has "evil.example.com" (machine:11), and ` +
			`deny_hosts has "evil.example.com" (project:12)`,
	} {
		err := policy.Check(p.Connection(policy.NewPlace("https", host, "/a"))...)
		checkDecision(t, err, forbidden, "%s", host)
	}
	allowed := p.Connection(https)[1]
	if reason := allowed.Reason(); reason != `the host "git.example.com" is allowed: `+
		`allow_hosts has "*.example.com" (machine:11), and allow_hosts has "*" (user:11)` {
		t.Errorf("the reason is: %s", reason)
	}
	var positions []string
	for _, r := range p.Rules() {
		positions = append(positions, r.Position())
	}
	if got := strings.Join(positions, " "); got != "machine:11 machine:11 user:11 user:11 project:11 project:12" {
		t.Errorf("the rules are at %s", got)
	}
}

func TestNewRefuses(t *testing.T) {
	for _, c := range []struct {
		rules policy.Rules
		field string
		entry int
		want  string
	}{
		{policy.Rules{AllowSchemes: list("https", "htps")}, "allow_schemes", 1, `no scheme "htps"`},
		{policy.Rules{DenySchemes: list("*")}, "deny_schemes", 0, `no scheme "*"`},
		{policy.Rules{AllowHosts: list("a:443")}, "allow_hosts", 0, `"a:443" is not a host pattern`},
		{policy.Rules{DenyHosts: list("")}, "deny_hosts", 0, `"" is not a host pattern`},
		{policy.Rules{AllowHTTP: list("https://a")}, "allow_http", 0, "is not a host pattern"},
		{policy.Rules{AllowRedirects: list("a/b")}, "allow_redirects", 0, "is not a host pattern"},
		{policy.Rules{AllowNamespaces: list("a", "https://a/b")}, "allow_namespaces", 1, "it has a scheme"},
		{policy.Rules{DenyNamespaces: list("a:443/b")}, "deny_namespaces", 0, "does not begin with a host"},
		{policy.Rules{DenyNamespaces: list("a/../b")}, "deny_namespaces", 0, "its path"},
		{policy.Rules{DenyNamespaces: list("a/*")}, "deny_namespaces", 0, "its path"},
		{policy.Rules{DenyNamespaces: list("a//b")}, "deny_namespaces", 0, "its path"},
		{policy.Rules{DenyNamespaces: list("/a")}, "deny_namespaces", 0, "does not begin with a host"},
		{policy.Rules{DenyNamespaces: list("")}, "deny_namespaces", 0, "does not begin with a host"},
		{policy.Rules{AllowLicenses: list("MIT OR Apache-2.0")}, "allow_licenses", 0, "is not a license"},
		{policy.Rules{DenyLicenses: list("(MIT)")}, "deny_licenses", 0, "is not a license"},
		{policy.Rules{DenyLicenses: list("")}, "deny_licenses", 0, "is not a license"},
		{policy.Rules{DenyLicenses: list("Unknown License")}, "deny_licenses", 0, "is not a license"},
		{policy.Rules{DenySigners: list("a", "b\n")}, "deny_signers", 1, "is not a signer"},
		{policy.Rules{DenySigners: list("")}, "deny_signers", 0, "is not a signer"},
		{policy.Rules{AllowSigners: map[string][]string{"a/b": {""}}}, "allow_signers.a/b", 0, "is not a signer"},
		{policy.Rules{AllowSigners: map[string][]string{"a:1": {}}}, "allow_signers.a:1", -1, "is not a namespace"},
		{policy.Rules{AllowSigners: map[string][]string{"builtin": {}}}, "allow_signers.builtin", -1, "no signer"},
		{policy.Rules{AllowSigners: map[string][]string{"A/b": {}, "a/B": {}}}, "allow_signers.a/B", -1,
			"the same namespace"},
	} {
		_, field, entry, err := policy.New("f", c.rules, func(string, int) int { return 0 })
		if field != c.field || entry != c.entry || !errors.Is(err, failure.Usage) ||
			!strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" {
			t.Errorf("New(%+v): field %q, entry %d, %v (hint %q); want %q, %d and an error with %q",
				c.rules, field, entry, err, failure.Hint(err), c.field, c.entry, c.want)
		}
	}
}
