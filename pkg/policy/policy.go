// Package policy decides which packs may be used: from which hosts and namespaces, over which schemes, under which
// licenses and by which signers.
//
// Each layer of the manifest can have rules. Something is allowed when every layer allows it, so that a layer can only
// forbid more than those before it: what one file forbids, no other file can allow. In a layer, an entry of a list of
// what is denied comes before an entry of a list of what is allowed; a list of what is allowed forbids everything that
// matches none of its entries. Without a rule everything is allowed, except plain HTTP to another machine, and a
// redirect to another host.
//
// The package is pure: the caller finds out the facts, and enforces the decisions.
package policy

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
)

// A Policy is the rules of several files. The zero value has none.
type Policy struct {
	layers []*layer // in the order of the layers of the manifest
}

// With returns the policy with the rules of both.
func (p Policy) With(q Policy) Policy { return Policy{slices.Concat(p.layers, q.layers)} }

// Equal reports whether both policies have the same rules, whatever their lines are.
func (p Policy) Equal(q Policy) bool {
	return slices.EqualFunc(p.Rules(), q.Rules(), func(a, b Rule) bool {
		a.Line, b.Line = 0, 0
		return a == b
	})
}

// IsEmpty reports whether the policy has no rules.
func (p Policy) IsEmpty() bool { return len(p.layers) == 0 }

// Rules lists all rules, in the order of the layers and of the subjects.
func (p Policy) Rules() []Rule {
	var out []Rule
	for _, l := range p.layers {
		for _, s := range []Subject{Scheme, Host, PlainHTTP, Redirect, Namespace, License, Signer} {
			for _, list := range []*list{l.allow[s], l.deny[s]} {
				if list != nil {
					out = append(out, list.rules()...)
				}
			}
		}
		for _, s := range l.signers {
			out = append(out, s.list.rules()...)
		}
	}
	return out
}

// A Decision says whether something is allowed.
type Decision struct {
	Subject Subject `json:"subject"`
	Value   string  `json:"value"` // such as the name of the host
	Allowed bool    `json:"allowed"`
	// Rules are the rules that forbid it or, if there are none, those that allow it. Without a rule, the default
	// decides.
	Rules []Rule `json:"rules"`
}

// decide asks every layer about a fact. byDefault is what is decided when no layer has a rule.
func (p Policy) decide(s Subject, value string, f fact, byDefault bool) Decision {
	allow := func(l *layer) []*list { return []*list{l.allow[s]} }
	return p.decideBy(s, value, f, allow, byDefault)
}

// decideBy is decide with the lists of a layer of which each must allow the fact.
func (p Policy) decideBy(s Subject, value string, f fact, allow func(*layer) []*list, byDefault bool) Decision {
	d := Decision{Subject: s, Value: value, Rules: []Rule{}}
	var allowing, forbidding []Rule
	for _, l := range p.layers {
		if deny := l.deny[s]; deny != nil {
			if rule, ok := deny.find(entry.denies, f); ok {
				forbidding = append(forbidding, rule)
			}
		}
		for _, list := range allow(l) {
			if list == nil {
				continue
			}
			if rule, ok := list.find(entry.allows, f); ok {
				allowing = append(allowing, rule)
			} else {
				forbidding = append(forbidding, list.rule)
			}
		}
	}
	switch {
	case len(forbidding) > 0:
		d.Rules = forbidding
	case len(allowing) > 0:
		d.Allowed, d.Rules = true, allowing
	default:
		d.Allowed = byDefault
	}
	return d
}

// Connection decides about a place that files come from: its scheme, its host if it has one, plain HTTP, and its
// namespace.
func (p Policy) Connection(at Place) []Decision {
	out := []Decision{p.decide(Scheme, at.Scheme, fact{place: at}, true)}
	if at.Host != "" {
		out = append(out, p.decide(Host, at.Host, fact{place: at}, true))
	}
	if at.Scheme == "http" && !hostname.IsLoopback(at.Host) {
		out = append(out, p.decide(PlainHTTP, at.Host, fact{place: at}, false))
	}
	return append(out, p.Name(at))
}

// Name decides about the namespace of a place from which nothing is fetched: a mirror stands for it.
func (p Policy) Name(at Place) Decision {
	return p.decide(Namespace, at.String(), fact{place: at}, true)
}

// Redirect decides whether another host may redirect to a place.
func (p Policy) Redirect(to Place) Decision {
	return p.decide(Redirect, to.Host, fact{place: to}, false)
}

// License decides about the license of a component, which is an expression of SPDX, or empty when the pack states
// none. A built-in pack that states none has the license of ppm.
func (p Policy) License(expression string, isBuiltin bool) Decision {
	e, err := license.Parse(expression)
	if err != nil {
		name := Unknown
		if isBuiltin && expression == "" {
			name = Builtin
		}
		return p.decide(License, name, fact{license: name}, true)
	}
	isAllowed := func(name string) bool { return p.decide(License, name, fact{license: name}, true).Allowed }
	d := Decision{Subject: License, Value: e.String(), Allowed: e.IsSatisfied(isAllowed), Rules: []Rule{}}
	for _, name := range e.Licenses() {
		one := p.decide(License, name, fact{license: name}, true)
		if one.Allowed != d.Allowed {
			continue // an alternative that decides nothing
		}
		for _, rule := range one.Rules {
			if !slices.Contains(d.Rules, rule) {
				d.Rules = append(d.Rules, rule)
			}
		}
	}
	return d
}

// Signer decides about the signer of a version of a pack, the zero value for one that is not signed. The places are
// the one that its files come from and those that it is named by: a list of signers for any of them applies. Built-in
// packs have no signer, and are always allowed. The principal of a signer allows nothing unless the user trusts its
// key.
func (p Policy) Signer(s signature.Signer, trusted bool, places ...Place) Decision {
	if slices.ContainsFunc(places, func(at Place) bool { return at.Scheme == Builtin }) {
		return Decision{Subject: Signer, Value: Builtin, Allowed: true, Rules: []Rule{}}
	}
	lists := func(l *layer) []*list {
		var out []*list
		for _, at := range places {
			for _, found := range l.signersOf(at) {
				if !slices.Contains(out, found) {
					out = append(out, found)
				}
			}
		}
		return out
	}
	return p.decideBy(Signer, SignerText(s), fact{signer: s, trusted: trusted}, lists, true)
}

// NeedsSigner reports whether a rule is about the signers of versions of a pack at any of the places.
func (p Policy) NeedsSigner(places ...Place) bool {
	return slices.ContainsFunc(p.layers, func(l *layer) bool {
		isListed := func(at Place) bool { return at.Scheme != Builtin && len(l.signersOf(at)) > 0 }
		return l.deny[Signer] != nil || slices.ContainsFunc(places, isListed)
	})
}

// signersOf returns the list of signers for the most specific namespace that a place is in, or all lists for a place
// that may be in any.
func (l *layer) signersOf(at Place) []*list {
	var out []*list
	for _, s := range l.signers {
		if s.namespace.covers(at) {
			out = append(out, s.list)
		}
	}
	if at.Path != "" {
		out = out[:min(1, len(out))]
	}
	return out
}

// isSame reports whether two patterns mean the same places.
func (p pattern) isSame(q pattern) bool {
	same := p.all == q.all && p.scheme == q.scheme && p.host == q.host
	return same && strings.EqualFold(strings.Join(p.segments, "/"), strings.Join(q.segments, "/"))
}
