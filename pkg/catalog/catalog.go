// Package catalog describes packs and components to users who choose one.
package catalog

import (
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Summary describes a built-in pack.
type Summary struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
}

// BuiltIn lists the built-in packs.
func BuiltIn(packs *install.Packs) []Summary {
	var out []Summary
	r := packs.Registry()
	for _, name := range r.Names() {
		out = append(out, Summary{Name: name, Description: r.Describe(name), Tags: r.Tags(name)})
	}
	return out
}

// A Pack is a pack at one version.
type Pack struct {
	Reference   string      `json:"reference"`
	URL         string      `json:"url"`
	Ref         string      `json:"ref,omitempty"`
	Commit      string      `json:"commit"`
	Type        string      `json:"type"`
	Language    string      `json:"language"`
	Description string      `json:"description"`
	Components  []Component `json:"components"`
	Keys        []Key       `json:"keys"`
	Requires    []string    `json:"requires,omitempty"`
}

// A Component is a component of a pack. Only ShowComponent sets Files, Keys, Requires and Example.
type Component struct {
	Name        string   `json:"name"`
	Reference   string   `json:"reference"`
	Description string   `json:"description"`
	DefaultPath string   `json:"default_path"`
	Source      string   `json:"source"`
	License     string   `json:"license,omitempty"`    // an SPDX expression
	Deprecated  string   `json:"deprecated,omitempty"` // why it should not be used
	RenamedFrom []string `json:"renamed_from,omitempty"`
	Files       []string `json:"files,omitempty"`
	Keys        []Key    `json:"keys,omitempty"`
	Requires    []string `json:"requires,omitempty"`
	Example     string   `json:"example,omitempty"`
}

// A Key is a key that a pack asks for.
type Key struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Default     string   `json:"default"`
	Ask         bool     `json:"ask"`
	Choices     []string `json:"choices,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
	RenamedFrom []string `json:"renamed_from,omitempty"`
}

// ShowPack describes the pack that r names.
func ShowPack(ctx context.Context, packs *install.Packs, r ref.Ref) (*Pack, error) {
	r.Component = ""
	h, err := packs.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	p := h.Pack
	if err := langdeps.Check(p.Language, install.Chain{h}.Requirements("", false)...); err != nil {
		return nil, err
	}
	out := &Pack{
		Reference: r.String(), URL: h.Pin.URL, Ref: h.Pin.Ref, Commit: h.Pin.Commit,
		Type: p.Type, Language: p.Language, Description: p.Description, Requires: p.Requires, Keys: Keys(p.Keys),
	}
	for _, name := range p.Names() {
		r.Component = name
		out.Components = append(out.Components, newComponent(r, p, p.Components[name]))
	}
	return out, nil
}

// ShowComponent describes the component that r names, with its keys, files and requirements.
func ShowComponent(ctx context.Context, packs *install.Packs, r ref.Ref) (*Component, error) {
	chain, err := packs.Follow(ctx, r)
	if err != nil {
		return nil, err
	}
	last := chain.Last()
	source, err := last.Source(ctx)
	if err != nil {
		return nil, err
	}
	r = chain.First().Ref
	out := newComponent(r, last.Pack, last.Component)
	out.RenamedFrom = chain.First().Component.RenamedFrom
	out.DefaultPath = chain.DefaultPath()
	for _, f := range source.Files {
		out.Files = append(out.Files, f.Path)
	}
	used := install.UsedKeys(chain, source.Files, source.Dir)
	for _, h := range chain {
		for _, k := range Keys(h.Pack.Keys) {
			isListed := func(other Key) bool { return other.Name == k.Name }
			if slices.Contains(used, k.Name) && !slices.ContainsFunc(out.Keys, isListed) {
				out.Keys = append(out.Keys, k)
			}
		}
	}
	union, err := langdeps.Merge(chain.Language(), chain.Requirements(r.String(), false))
	if err != nil {
		return nil, err
	}
	out.Requires = union.Lines
	out.Example = example(out)
	return &out, nil
}

func newComponent(r ref.Ref, p *pack.Pack, c pack.Component) Component {
	return Component{
		Name: c.Name, Reference: r.String(), Description: c.Description, DefaultPath: c.DefaultPath, Source: c.Source,
		RenamedFrom: c.RenamedFrom, License: p.LicenseOf(c), Deprecated: p.DeprecationOf(c),
	}
}

// Keys describes the keys of a pack.
func Keys(keys []pack.Key) []Key {
	out := []Key{}
	for _, k := range keys {
		out = append(out, Key{k.Name, k.Description, k.Default, k.Ask, k.Choices, k.Pattern, k.RenamedFrom})
	}
	return out
}

// example returns a command line that adds a component.
func example(c Component) string {
	line := "ppm project add " + c.Reference
	if c.DefaultPath != "" && !strings.Contains(c.DefaultPath, "{") {
		line += " --located-path=" + c.DefaultPath
	}
	for _, k := range c.Keys {
		if k.Default != "" && !strings.Contains(k.Default, "{") {
			line += fmt.Sprintf(" --kv=%s::%s", k.Name, k.Default)
		}
	}
	return line
}

// Export writes the named built-in packs, or all, as bare repositories "NAME.git" in dir, ready to push. It returns
// their folders, also with an error.
func Export(ctx context.Context, packs *install.Packs, names []string, dir string) ([]string, error) {
	if len(names) == 0 {
		names = packs.Registry().Names()
	}
	var written []string
	for _, name := range names {
		b, err := packs.Builtin(name)
		if err != nil {
			return written, err
		}
		to := filepath.Join(dir, name+".git")
		if err := fetch.Export(ctx, b, to); err != nil {
			return written, err
		}
		written = append(written, to)
	}
	return written, nil
}

// Download downloads the pack that r names into the cache, so that later commands need no network for it. If r names
// a component that refers to another pack, Download downloads that pack.
func Download(ctx context.Context, packs *install.Packs, r ref.Ref) (ref.Pin, error) {
	h, err := packs.Open(ctx, ref.Ref{Origin: r.Origin, Version: r.Version})
	if err != nil {
		return ref.Pin{}, err
	}
	if r.Component != "" {
		c, err := h.Pack.Component(r.Component)
		if err != nil {
			return ref.Pin{}, err
		}
		if _, isLink, err := c.Link(); err != nil || isLink {
			chain, err := packs.Follow(ctx, r)
			if err != nil {
				return ref.Pin{}, err
			}
			h = chain.Last()
		}
	}
	return h.Pin, h.Snapshot.Keep(ctx)
}
