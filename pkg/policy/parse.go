package policy

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/hostname"
	"github.com/Project-Manager-With-Git/ppm/pkg/license"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

var schemes = []string{"https", "http", "ssh", File, Builtin}

// New returns the policy that has only the rules of one file. at returns the line of a field of the rules, such as
// "deny_hosts", or of entry i of its list; entry is -1 for the field itself. If a rule is invalid, New returns the
// name of its field, its entry and an error of kind Usage.
func New(file string, r Rules, at func(field string, entry int) int) (_ Policy, field string, entry int, err error) {
	if reflect.ValueOf(r).IsZero() {
		return Policy{}, "", -1, nil
	}
	p := parser{file: file, at: at, layer: &layer{allow: map[Subject]*list{}, deny: map[Subject]*list{}}}
	for _, l := range []struct {
		into    map[Subject]*list
		subject Subject
		field   string
		entries []string
	}{
		{p.layer.allow, Scheme, "allow_schemes", r.AllowSchemes},
		{p.layer.deny, Scheme, "deny_schemes", r.DenySchemes},
		{p.layer.allow, Host, "allow_hosts", r.AllowHosts},
		{p.layer.deny, Host, "deny_hosts", r.DenyHosts},
		{p.layer.allow, PlainHTTP, "allow_http", r.AllowHTTP},
		{p.layer.allow, Redirect, "allow_redirects", r.AllowRedirects},
		{p.layer.allow, Namespace, "allow_namespaces", r.AllowNamespaces},
		{p.layer.deny, Namespace, "deny_namespaces", r.DenyNamespaces},
		{p.layer.allow, License, "allow_licenses", r.AllowLicenses},
		{p.layer.deny, License, "deny_licenses", r.DenyLicenses},
		{p.layer.deny, Signer, "deny_signers", r.DenySigners},
	} {
		if l.entries == nil {
			continue
		}
		if l.into[l.subject], entry, err = p.list(l.subject, l.field, "", l.entries); err != nil {
			return Policy{}, l.field, entry, err
		}
	}
	if field, entry, err := p.signers(r.AllowSigners); err != nil {
		return Policy{}, field, entry, err
	}
	return Policy{[]*layer{p.layer}}, "", -1, nil
}

// A parser makes a layer of the rules of a file.
type parser struct {
	file  string
	at    func(field string, entry int) int
	layer *layer
}

// list parses a list; of is the namespace of a list of signers. With an error it returns the invalid entry.
func (p parser) list(s Subject, field, of string, texts []string) (*list, int, error) {
	path := field
	if of != "" {
		path += "." + of
	}
	l := &list{rule: Rule{Field: field, For: of, File: p.file, Line: p.at(path, -1)}, subject: s}
	for i, text := range texts {
		e, err := parseEntry(s, text)
		if err != nil {
			return nil, i, err
		}
		e.rule = l.rule
		e.rule.Entry, e.rule.Line = text, p.at(path, i)
		l.entries = append(l.entries, e)
	}
	return l, -1, nil
}

// signers parses allow_signers.
func (p parser) signers(lists map[string][]string) (field string, entry int, err error) {
	for _, namespace := range slices.Sorted(maps.Keys(lists)) {
		field := "allow_signers." + namespace
		at, err := parseNamespace(namespace)
		if err != nil {
			return field, -1, err
		}
		if at.scheme == Builtin {
			return field, -1, failure.Errorf(failure.Usage, "built-in packs have no signer: they are part of ppm").
				WithHint("to forbid them, write \"builtin\" in deny_schemes")
		}
		same := func(s signers) bool { return s.namespace.isSame(at) }
		if i := slices.IndexFunc(p.layer.signers, same); i >= 0 {
			return field, -1, failure.Errorf(failure.Usage, "%q and %q are the same namespace",
				p.layer.signers[i].namespace.text, namespace).WithHint("keep one of the two lists")
		}
		l, entry, err := p.list(Signer, "allow_signers", namespace, lists[namespace])
		if err != nil {
			return field, entry, err
		}
		p.layer.signers = append(p.layer.signers, signers{at, l})
	}
	slices.SortStableFunc(p.layer.signers, func(a, b signers) int { return a.namespace.compare(b.namespace) })
	return "", -1, nil
}

func parseEntry(s Subject, text string) (e entry, err error) {
	switch s {
	case Scheme:
		err = checkScheme(text)
	case Host, PlainHTTP, Redirect:
		e.host, err = parseHost(text)
	case Namespace:
		e.namespace, err = parseNamespace(text)
	case License:
		err = checkLicense(text)
	case Signer:
		err = checkSigner(text)
	}
	return e, err
}

func checkScheme(text string) error {
	if slices.Contains(schemes, text) {
		return nil
	}
	return failure.Errorf(failure.Usage, "no scheme %q", secreturl.Clean(text)).
		WithHint("%s", suggest.Hint("scheme", text, schemes))
}

func parseHost(text string) (hostname.Pattern, error) {
	pattern, err := hostname.ParsePattern(text)
	if err != nil {
		return "", failure.Errorf(failure.Usage, "%w", err).
			WithHint("write a host name without port, \"*.\" and a host name for all hosts below it, or \"*\"")
	}
	return pattern, nil
}

func parseNamespace(text string) (pattern, error) {
	p, problem := parsePattern(text)
	if problem != "" {
		return p, failure.Errorf(failure.Usage, "%q is not a namespace: %s", secreturl.CleanHost(text), problem).
			WithHint("write HOST/PATH without port, such as \"github.com/my-team\", \"file/PATH\" or \"builtin\"")
	}
	return p, nil
}

func checkLicense(text string) error {
	if text == Unknown || text == Builtin {
		return nil
	}
	e, err := license.Parse(strings.ReplaceAll(text, "*", "x"))
	if err != nil || len(e.Licenses()) != 1 || strings.ContainsAny(text, "()") {
		return failure.Errorf(failure.Usage, "%q is not a license", text).
			WithHint("write the name of one license as SPDX has it, such as \"MIT\", \"GPL-*\" for all whose names " +
				"begin with GPL-, or \"unknown\" for packs that state none")
	}
	return nil
}
