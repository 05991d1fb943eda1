package policy_test

import (
	"math/rand/v2"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// Words of which random rules are made. Each matches some of the facts.
var (
	someSchemes    = list("https", "http", "ssh", "file", "builtin")
	someHosts      = list("a.example", "b.example", "*.example", "*", "localhost")
	someNamespaces = list(
		"a.example/t", "a.example/t/p", "A.example/T", "*.example/u", "*", "file/t", "builtin/t", "builtin",
	)
	someLicenses = list("MIT", "GPL-*", "GPL-2.0-only", "*", "unknown", "builtin")
	someSigners  = list("ssh:*", "openpgp:*", "unsigned", "ann", "*", "SHA256:*")
)

// randomRules returns rules of which about half of the lists are not set.
func randomRules(r *rand.Rand) policy.Rules {
	some := func(words []string) []string {
		if r.IntN(2) == 0 {
			return nil
		}
		out := []string{}
		for range r.IntN(4) {
			out = append(out, words[r.IntN(len(words))])
		}
		return out
	}
	rules := policy.Rules{
		AllowSchemes: some(someSchemes), DenySchemes: some(someSchemes),
		AllowHosts: some(someHosts), DenyHosts: some(someHosts),
		AllowHTTP: some(someHosts), AllowRedirects: some(someHosts),
		AllowNamespaces: some(someNamespaces), DenyNamespaces: some(someNamespaces),
		AllowLicenses: some(someLicenses), DenyLicenses: some(someLicenses), DenySigners: some(someSigners),
	}
	for range r.IntN(3) {
		if rules.AllowSigners == nil {
			rules.AllowSigners = map[string][]string{}
		}
		if at := someNamespaces[r.IntN(6)]; at != "A.example/T" { // the same as another one
			rules.AllowSigners[at] = some(someSigners)
		}
	}
	return rules
}

// decisions returns what a policy says about many facts, in a fixed order.
func decisions(p policy.Policy) (out []policy.Decision) {
	var places []policy.Place
	for _, scheme := range someSchemes {
		for _, host := range []string{"a.example", "b.example", "c.test", "localhost"} {
			for _, path := range []string{"t/p", "T/p", "u", "t/../u"} {
				places = append(places, policy.NewPlace(scheme, host, path))
			}
		}
	}
	signers := []signature.Signer{
		{},
		{Kind: signature.SSHKey, Fingerprint: annKey, Principal: "ann"},
		{Kind: signature.OpenPGPKey, Fingerprint: bobKey},
	}
	for _, at := range places {
		out = append(append(out, p.Connection(at)...), p.Redirect(at))
		for _, license := range []string{"", "MIT", "GPL-2.0-only OR MIT", "GPL-2.0-only AND MIT", "GPL-3.0-only+"} {
			out = append(out, p.License(license, at.Scheme == policy.Builtin))
		}
		for _, s := range signers {
			out = append(out, p.Signer(s, true, at), p.Signer(s, false, at, places[0]))
		}
	}
	return out
}

// A layer never allows what the layers before it forbid, whatever its rules are, and in whatever order they come.
func TestLayersOnlyForbid(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	forbade := 0
	for range 100 {
		rules := []policy.Rules{randomRules(r), randomRules(r), randomRules(r)}
		rules[2].AllowHTTP, rules[2].AllowRedirects = nil, nil // package manifest refuses them in a project
		machine, user := layer(t, "machine", rules[0]), layer(t, "user", rules[1])
		project := layer(t, "project", rules[2])
		before, after := decisions(machine.With(user)), decisions(machine.With(user).With(project))
		reversed := decisions(project.With(user).With(machine))
		for i, d := range after {
			b := before[i]
			if d.Allowed && !b.Allowed {
				t.Fatalf("with the project's rules\n%+v\nof\n%+v\n%v became\n%v", rules[2], rules[:2], b, d)
			}
			if b.Allowed && !d.Allowed {
				forbade++
			}
			if d.Allowed != reversed[i].Allowed {
				t.Fatalf("%+v depends on the order of %+v", d, rules)
			}
		}
	}
	if forbade < 300 {
		t.Errorf("the third layer forbade only %d times what the first two allow", forbade)
	}
}
