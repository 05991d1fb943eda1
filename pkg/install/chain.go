package install

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Hop is one pack of a chain.
type Hop struct {
	Ref       ref.Ref // as the user typed it, or as the previous hop has it
	Pin       ref.Pin
	Snapshot  *fetch.Snapshot
	Pack      *pack.Pack
	Component pack.Component // the one that Ref names; the zero value if it names none
}

// Find returns the component of the pack that a reference names.
func (h Hop) Find(name string) (pack.Component, error) {
	_, declared := h.Pack.Components[name]
	if test := h.Pack.Test; name == pack.TestComponent && !declared && test != nil {
		return pack.Component{
			Name: name, Source: test.Source, DefaultPath: test.DefaultPath, Requires: h.Pack.TestRequires,
		}, nil
	}
	return h.Pack.Component(name)
}

// isSameRepository reports whether an origin in the pack's manifest is the pack's own repository. A bare name that
// equals the pack's own is, so that a fork works unchanged.
func (h Hop) isSameRepository(o ref.Origin) bool {
	return isSameRepository(o, h.Pin.URL)
}

func isSameRepository(o ref.Origin, url string) bool { return o.IsBare() && o.Repo == repoName(url) }

// repoName returns the last part of a repository's URL, without ".git".
func repoName(url string) string {
	url = strings.TrimRight(url, "/")
	if i := strings.LastIndexAny(url, "/:"); i >= 0 {
		url = url[i+1:]
	}
	return strings.TrimSuffix(url, ".git")
}

// A Chain is the hops from a reference to the component's files. It is not empty. The first hop is the pack that the
// user named; its default path wins. The last hop has the files.
type Chain []Hop

// First returns the pack that the user named.
func (c Chain) First() Hop { return c[0] }

// Last returns the pack with the component's files.
func (c Chain) Last() Hop { return c[len(c)-1] }

// Source returns the reference that the chain ends with, which the lockfile records.
func (c Chain) Source() ref.Ref {
	r := c.Last().Ref
	r.Component = c.Last().Component.Name
	return r
}

// Via returns the references before Source, starting with the user's; nil if there is only one hop.
func (c Chain) Via() []ref.Ref {
	var out []ref.Ref
	for _, h := range c[:len(c)-1] {
		out = append(out, h.Ref)
	}
	return out
}

// ViaCommits returns the commits of the packs of Via.
func (c Chain) ViaCommits() []string {
	var out []string
	for _, h := range c[:len(c)-1] {
		out = append(out, h.Pin.Commit)
	}
	return out
}

// Key returns the first declaration of a key in the chain, or the zero value. A key is a boolean if any of its
// declarations is one: the files of the last pack expect it.
func (c Chain) Key(name string) pack.Key {
	var out pack.Key
	for _, h := range c {
		for _, key := range h.Pack.Keys {
			if key.Name != name {
				continue
			}
			if out.Name == "" {
				out = key
			}
			out.Bool = out.Bool || key.Bool
		}
	}
	return out
}

// declaring returns the first pack that declares a key.
func (c Chain) declaring(name string) *pack.Pack {
	for _, h := range c {
		if slices.ContainsFunc(h.Pack.Keys, func(k pack.Key) bool { return k.Name == name }) {
			return h.Pack
		}
	}
	return &pack.Pack{}
}

// KeyNames returns the names of the keys of all packs, each once, in the order of their first declarations.
func (c Chain) KeyNames() []string {
	var names []string
	for _, h := range c {
		for _, key := range h.Pack.Keys {
			if !slices.Contains(names, key.Name) {
				names = append(names, key.Name)
			}
		}
	}
	return names
}

// Declares returns the name now of a key that the packs of the chain declare by that name, or declared before; "" if
// none does.
func (c Chain) Declares(name string) string {
	if c.Key(name).Name != "" {
		return name
	}
	for _, now := range c.KeyNames() {
		if slices.Contains(c.earlierNames(now), name) {
			return now
		}
	}
	return ""
}

// earlierNames returns the earlier names of a key, by all its declarations in the chain.
func (c Chain) earlierNames(name string) []string {
	var out []string
	for _, h := range c {
		for _, key := range h.Pack.Keys {
			if key.Name == name {
				out = append(out, key.RenamedFrom...)
			}
		}
	}
	return out
}

// Language returns the language of the last pack that states one, or "".
func (c Chain) Language() string {
	for _, h := range slices.Backward(c) {
		if h.Pack.Language != "" {
			return h.Pack.Language
		}
	}
	return ""
}

// Requirements returns the packages that the component and the packs of the chain require, and with tests also those
// of their tests. by names the install in messages.
func (c Chain) Requirements(by string, tests bool) []langdeps.Requirement {
	var out []langdeps.Requirement
	for _, h := range c {
		at := h.Ref
		at.Component = ""
		add := func(lines []string, from string) {
			for _, line := range lines {
				out = append(out, langdeps.Requirement{Text: line, By: []string{by}, From: from})
			}
		}
		add(h.Pack.Requires, fmt.Sprintf("pack %q", at))
		add(h.Component.Requires, fmt.Sprintf("component %q of pack %q", h.Component.Name, at))
		if tests {
			add(h.Pack.TestRequires, fmt.Sprintf("the tests of pack %q", at))
		}
	}
	return out
}

// DefaultPath returns the template of the path at which the component is placed if the user names none: that of the
// first hop that has one. "" if none has.
func (c Chain) DefaultPath() string {
	for _, h := range c {
		if path := h.Component.DefaultPath; path != "" {
			return path
		}
	}
	return ""
}

// String returns the references, separated by arrows.
func (c Chain) String() string {
	var names []string
	for _, h := range c {
		names = append(names, h.Ref.String())
	}
	return strings.Join(names, " → ")
}

// wrap adds the chain to an error that occurred after its first hop.
func (c Chain) wrap(err error) error {
	if len(c) < 2 {
		return err
	}
	return fmt.Errorf("following %s: %w", c, err)
}
