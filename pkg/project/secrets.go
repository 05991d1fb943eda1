package project

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// secrets finds the values of secrets, in the environment and in the files of installs. It is the view through which
// the files of installs are read.
//
// The value in the files is found by comparing them with what was installed. If it has the fingerprint of the
// lockfile, or that is of another user, it is the installed value. Otherwise the user has written it.
type secrets struct {
	ctx     context.Context
	project *Project
	source  secret.Source
	keys    *authcode.Keys
	owners  map[string][]lockfile.Component // the installs with secrets that have a file, by its path
	found   map[string]installedSecrets     // by the path of the install
}

// installedSecrets are the files of an install with placeholders, and the values of its secrets in the project.
type installedSecrets struct {
	templates fileset.Set
	values    []secret.Value // with the placeholder of an installed or an edited value
	assumed   []string       // the placeholders of installed values that no file shows
}

func (p *Project) newSecrets(ctx context.Context) *secrets {
	s := &secrets{
		ctx: ctx, project: p, keys: p.setup.keys(),
		source: secret.Source{Env: p.setup.Env, Home: p.setup.Home, Dir: p.setup.Dir},
		owners: map[string][]lockfile.Component{}, found: map[string]installedSecrets{},
	}
	for _, c := range p.Lock.Components {
		if !hasSecrets(c) {
			continue
		}
		for _, f := range c.Files {
			s.owners[f.Path] = append(s.owners[f.Path], c)
		}
	}
	return s
}

func hasSecrets(c lockfile.Component) bool {
	for _, key := range c.Keys {
		if _, isSecret := key.Secret(); isSecret {
			return true
		}
	}
	return false
}

// Covers reports whether a file can have secrets.
func (s *secrets) Covers(name string) bool { return len(s.owners[name]) > 0 }

// Redact replaces the secrets in a file by placeholders.
func (s *secrets) Redact(name string, data []byte) ([]byte, error) {
	for _, c := range s.owners[name] {
		found, err := s.installed(c)
		if err != nil {
			return nil, err
		}
		file, _ := found.templates.Lookup(name)
		data = secret.Redact(file.Data, data, found.values)
	}
	return data, nil
}

// useOf returns what a key of an install uses a secret for.
func useOf(c lockfile.Component, name string, r secret.Reference) secret.Use {
	return secret.Use{Reference: r, URL: c.URL, Component: c.Source.Component, Key: name}
}

// read returns the value of a secret, if it is there and the user allows the use: by having typed it, now or on this
// machine when the fingerprint was made, or in the user's own settings.
func (s *secrets) read(u secret.Use, fingerprint string, typed bool) (value string, allowed, ok bool, err error) {
	allowed = typed || slices.Contains(s.project.Layers.Secrets.Allow, u.Reference.String())
	if !allowed && !secret.Allows(s.keys, fingerprint, u) {
		return "", false, false, nil
	}
	value, ok, err = s.source.Read(u.Reference)
	return value, true, ok, err
}

// installed returns the secrets of an install.
func (s *secrets) installed(c lockfile.Component) (installedSecrets, error) {
	if found, done := s.found[c.Path]; done {
		return found, nil
	}
	var out installedSecrets
	base, err := s.project.packs.Base(s.ctx, c)
	switch {
	case failure.KindOf(err) == failure.Interrupted:
		return out, err
	case err != nil:
		s.project.setup.Notify(fmt.Sprintf("%q is compared without knowing its secrets: %v", c.Path, err))
	}
	out.templates = base.Files
	possible, words, err := s.possible(c, base.Files)
	if err != nil {
		return out, err
	}
	for _, name := range slices.Sorted(maps.Keys(c.Keys)) {
		r, isSecret := c.Keys[name].Secret()
		if !isSecret {
			continue
		}
		shown := possible[secret.Placeholder(name)]
		use := useOf(c, name, r)
		v, err := s.choose(use, c.Keys[name].Fingerprint, shown, words)
		if err != nil {
			return out, err
		}
		if len(shown) == 0 && secret.Compare(s.keys, c.Keys[name].Fingerprint, use, v.Value) != secret.Same {
			out.assumed = append(out.assumed, secret.Placeholder(name))
		}
		if v.Value != "" {
			out.values = append(out.values, v)
		}
	}
	s.found[c.Path] = out
	return out, nil
}

// possible returns the values that the files of an install can have in place of each placeholder, and the words of
// these files, one of which can be a value in a line that was edited.
func (s *secrets) possible(
	c lockfile.Component, templates fileset.Set,
) (values map[string][]string, words []string, err error) {
	var placeholders []string
	for name := range c.Keys {
		placeholders = append(placeholders, secret.Placeholder(name))
	}
	out := map[string][]string{}
	for _, f := range templates {
		uses := func(p string) bool { return strings.Contains(string(f.Data), p) }
		if !slices.ContainsFunc(placeholders, uses) {
			continue
		}
		state, err := s.project.tree.Project.Scan(s.ctx, []string{f.Path})
		if err != nil {
			return nil, nil, err
		}
		if state[f.Path].Kind != plan.File {
			continue
		}
		data, err := s.project.tree.Project.ReadFile(f.Path)
		if err != nil {
			return nil, nil, err
		}
		words = append(words, secret.Words(data)...)
		for p, values := range secret.Recover(f.Data, data, placeholders) {
			out[p] = append(out[p], values...)
		}
	}
	for p := range out {
		slices.Sort(out[p])
		out[p] = slices.Compact(out[p])
	}
	return out, words, nil
}

// choose returns the value of a secret in the files of an install. possible are the values that they can have in place
// of its placeholder, and words are other texts in them, which count only if they have the fingerprint.
func (s *secrets) choose(u secret.Use, fingerprint string, possible, words []string) (secret.Value, error) {
	v := secret.Value{Placeholder: secret.Placeholder(u.Key)}
	if len(possible) > 0 {
		words = nil
	}
	for _, value := range slices.Concat(possible, words) {
		if secret.Compare(s.keys, fingerprint, u, value) == secret.Same {
			v.Value = value
			return v, nil
		}
	}
	now, _, atHand, err := s.read(u, fingerprint, false)
	if err != nil {
		return v, err
	}
	switch {
	case atHand && (len(possible) == 0 || slices.Contains(possible, now)):
		v.Value = now
	case len(possible) == 1:
		v.Value = possible[0]
		if secret.Compare(s.keys, fingerprint, u, v.Value) == secret.Differs {
			v.Placeholder = secret.Edited(u.Key)
		}
	}
	return v, nil
}

// State returns what is known of a secret that a component is built with. The consent to use a secret in an install
// counts for its successors from the same repository.
func (s *secrets) State(_ context.Context, u install.SecretUse) (install.SecretState, error) {
	old, _ := s.project.Lock.Component(u.Path)
	was, wasSecret := u.Recorded.Secret()
	use := u.Use
	if wasSecret && old.URL == u.URL {
		use = useOf(old, u.Was, u.Reference)
	}
	value, allowed, atHand, err := s.read(use, u.Recorded.Fingerprint, u.Typed)
	out := install.SecretState{Fingerprint: u.Recorded.Fingerprint, Value: value}
	switch {
	case err != nil:
		return out, err
	case !atHand && (!wasSecret || was != u.Reference):
		return out, errNoSecret(u.Reference, u.Key, u.Component, allowed)
	case !atHand:
		return out, nil
	}
	match := secret.Compare(s.keys, u.Recorded.Fingerprint, use, value)
	if wasSecret {
		found, err := s.installed(old)
		if err != nil {
			return out, err
		}
		placeholder := secret.Placeholder(u.Was)
		out.Replaces = slices.ContainsFunc(found.values, func(v secret.Value) bool {
			return v.Placeholder == placeholder && v.Value != value
		})
		if slices.Contains(found.assumed, placeholder) { // the user has edited each line with it
			was := secret.Compare(s.keys, u.Recorded.Fingerprint, useOf(old, u.Was, was), value)
			out.Replaces = was == secret.Differs || was == secret.Unknown && u.Typed
		}
	}
	unknown := match == secret.Unknown && out.Fingerprint != "" && was == u.Reference
	if use == u.Use && (match == secret.Same || unknown && !out.Replaces && !u.Typed) {
		return out, nil // the fingerprint is right, or nobody here can tell
	}
	out.Fingerprint, err = secret.Fingerprint(s.keys, u.Use, value)
	return out, err
}

func errNoSecret(r secret.Reference, key, path string, allowed bool) error {
	if !allowed {
		return secret.ErrNotAllowed(r, key, path)
	}
	return secret.ErrMissing(r, key, path)
}

// A given view replaces the secrets that the user has typed, in any file.
type given struct {
	*secrets
	values []secret.Value
}

func (given) Covers(string) bool { return true }

func (g given) Redact(name string, data []byte) ([]byte, error) {
	data, err := g.secrets.Redact(name, data)
	return secret.Redact(nil, data, g.values), err
}

// among returns a view that replaces the secrets among values that the user has typed, by key, in any file.
func (s *secrets) among(typed map[string]any) (worktree.View, error) {
	out := given{secrets: s}
	for _, name := range slices.Sorted(maps.Keys(typed)) {
		text, isText := typed[name].(string)
		if !isText || !secret.Is(text) {
			continue
		}
		r, err := secret.Parse(text)
		if err != nil {
			return nil, err
		}
		value, ok, err := s.source.Read(r)
		if err != nil {
			return nil, err
		}
		if ok {
			out.values = append(out.values, secret.Value{Placeholder: secret.Placeholder(name), Value: value})
		}
	}
	if len(out.values) == 0 {
		return s, nil
	}
	return out, nil
}

// typedKeys returns the values that the user typed. Files of secrets are relative to the project's folder then.
func (p *Project) typedKeys(pairs []ref.KV) ([]ref.KV, error) {
	out := slices.Clone(pairs)
	for i, kv := range out {
		if !secret.Is(kv.Value) {
			continue
		}
		r, err := secret.Parse(kv.Value)
		if err != nil {
			return nil, err
		}
		out[i].Value = r.Relative(p.Location.Current, p.setup.Dir).String()
	}
	return out, nil
}
