package project

import (
	"cmp"
	"context"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A PackSummary is one pack of the registry inside the binary.
type PackSummary struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
}

// Packs lists the packs that ship inside the binary.
func (s *Session) Packs() []PackSummary {
	var out []PackSummary
	for _, name := range s.registry.Names() {
		out = append(out, PackSummary{Name: name, Description: s.registry.Describe(name), Tags: s.registry.Tags(name)})
	}
	return out
}

// A PackView is a pack at one version.
type PackView struct {
	Reference   string          `json:"reference"`
	URL         string          `json:"url"`
	Ref         string          `json:"ref,omitempty"`
	Commit      string          `json:"commit"`
	Type        string          `json:"type"`
	Language    string          `json:"language"`
	Description string          `json:"description"`
	Components  []ComponentView `json:"components"`
	Keys        []KeyView       `json:"keys"`
	Requires    []string        `json:"requires,omitempty"`
}

// A ComponentView is a component of a pack. Files, Keys, Requires and Example are filled by ShowComponent alone.
type ComponentView struct {
	Name        string    `json:"name"`
	Reference   string    `json:"reference"`
	Description string    `json:"description"`
	DefaultPath string    `json:"default_path"`
	Source      string    `json:"source"`
	Files       []string  `json:"files,omitempty"`
	Keys        []KeyView `json:"keys,omitempty"`
	Requires    []string  `json:"requires,omitempty"`
	Example     string    `json:"example,omitempty"`
}

// A KeyView is a key that a pack asks for.
type KeyView struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Default     string   `json:"default"`
	Ask         bool     `json:"ask"`
	Choices     []string `json:"choices,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
}

// ShowPack returns what the manifest of the pack that r names says.
func (s *Session) ShowPack(ctx context.Context, r ref.Ref) (*PackView, error) {
	r.Component = ""
	at, err := s.open(ctx, r, s.registry.URL(r.Origin))
	if err != nil {
		return nil, err
	}
	p := at.pack
	view := &PackView{Reference: r.String(), URL: at.pin.URL, Ref: at.pin.Ref, Commit: at.pin.Commit,
		Type: p.Type, Language: p.Language, Description: p.Description, Requires: p.Requires, Keys: viewKeys(p.Keys)}
	for _, name := range p.Names() {
		c := p.Components[name]
		r.Component = name
		view.Components = append(view.Components, viewComponent(r, c))
	}
	return view, nil
}

// ShowComponent returns what a component is, what it asks for and what it installs.
func (s *Session) ShowComponent(ctx context.Context, r ref.Ref) (*ComponentView, error) {
	t, err := s.follow(ctx, r)
	if err != nil {
		return nil, err
	}
	tree, err := t.last().snapshot.Component(ctx, t.last().part.Source)
	if err != nil {
		return nil, err
	}
	view := viewComponent(r, t.last().part)
	view.DefaultPath = cmp.Or(t.first().part.DefaultPath, t.last().part.DefaultPath)
	files := t.last().part.Select(tree.Files)
	for _, f := range files {
		view.Files = append(view.Files, f.Path)
	}
	needed := needs(files, tree.Dir, view.DefaultPath, (&keyring{}).names(t))
	for _, st := range t.stops {
		for _, k := range viewKeys(st.pack.Keys) {
			if slices.Contains(needed, k.Name) && !slices.ContainsFunc(view.Keys, func(v KeyView) bool { return v.Name == k.Name }) {
				view.Keys = append(view.Keys, k)
			}
		}
	}
	view.Requires = langdeps.Merge(t.language(), t.needs(r.String(), false)).Lines
	view.Example = example(view)
	return &view, nil
}

func viewComponent(r ref.Ref, c pack.Component) ComponentView {
	return ComponentView{Name: c.Name, Reference: r.String(), Description: c.Description, DefaultPath: c.DefaultPath, Source: c.Source}
}

func viewKeys(keys []pack.Key) []KeyView {
	out := []KeyView{}
	for _, k := range keys {
		out = append(out, KeyView{Name: k.Name, Description: k.Description, Default: k.Default, Ask: k.Ask, Choices: k.Choices, Pattern: k.Pattern})
	}
	return out
}

// example returns a command line that adds the component.
func example(v ComponentView) string {
	line := "ppm project add " + v.Reference
	if v.DefaultPath != "" && !strings.Contains(v.DefaultPath, "{") {
		line += " --located-path=" + v.DefaultPath
	}
	for _, k := range v.Keys {
		if k.Default != "" && !strings.Contains(k.Default, "{") {
			line += fmt.Sprintf(" --kv=%s::%s", k.Name, k.Default)
		}
	}
	return line
}

// Export writes the repositories of the named built-in packs, or of all, as bare
// repositories "NAME.git" in dir, ready to push. It returns their folders.
func (s *Session) Export(ctx context.Context, names []string, dir string) ([]string, error) {
	if len(names) == 0 {
		names = s.registry.Names()
	}
	var written []string
	for _, name := range names {
		b, err := s.builtin(name)
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

// CacheGet brings the whole pack that r names into the cache, so that later commands need no network for it.
func (s *Session) CacheGet(ctx context.Context, r ref.Ref) (ref.Pin, error) {
	at, err := s.open(ctx, ref.Ref{Origin: r.Origin, Version: r.Version}, s.registry.URL(r.Origin))
	if err != nil {
		return ref.Pin{}, err
	}
	if r.Component != "" {
		c, err := at.pack.Component(r.Component)
		if err != nil {
			return ref.Pin{}, err
		}
		if _, link, err := c.Link(); err != nil || link {
			t, err := s.follow(ctx, r)
			if err != nil {
				return ref.Pin{}, err
			}
			return t.last().pin, t.last().snapshot.Keep(ctx)
		}
	}
	return at.pin, at.snapshot.Keep(ctx)
}

// CacheList returns the repositories in the cache.
func (s *Session) CacheList(ctx context.Context) ([]fetch.CacheEntry, error) {
	return s.remote.List(ctx)
}

// CacheClean deletes what o selects from the cache and returns it.
func (s *Session) CacheClean(ctx context.Context, o fetch.CleanOptions) ([]fetch.CacheEntry, error) {
	return s.remote.Clean(ctx, o)
}
