// Package pack owns what a pack says about itself: its components, the keys that they are
// rendered with, and what they require.
//
// A pack's manifest comes in two formats with one meaning: ppm.toml with a [pack] table,
// and the .pmfp_template.json of packs that are published for pmfp. A component's source
// is a path inside the pack, or a link: a reference to a component of another pack.
package pack

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// The names of the two formats, which are the names of their files at a pack's root.
const (
	Native = "ppm.toml"
	Pmfp   = ".pmfp_template.json"
)

// Types are the values that a pack's type can have.
var Types = []string{"socket", "GUI", "task", "watcher", "module", "components", "doc"}

// A Pack is what a pack says about itself.
type Pack struct {
	Name                string // for messages: the reference it was found by
	Format              string // Native or Pmfp
	Type                string // one of Types
	Language            string // py, cython, go, C, CXX, js, md
	MiniLanguageVersion string // the oldest version of the language that will do
	Env                 string // venv, conda, pypy, gomod, cmake, node, webpack, http
	Description         string
	Author              string
	Command             string   // that starts what the template makes
	Requires            []string // packages of the language, in its own form
	TestRequires        []string
	SetupRequires       []string
	ExtrasRequires      []string
	Test                *Test // nil when there are no tests
	Components          map[string]Component
	Keys                []Key // in the order of the file
}

// Test is the part of a template that tests the rest.
type Test struct {
	Source      string // like a component's
	DefaultPath string
}

// A Component is one named file or folder of a pack.
type Component struct {
	Name        string
	Source      string // a clean path inside the pack, or a reference, which contains "//"
	DefaultPath string // the placement when the user names none; a template
	Description string
	Include     []string // patterns of the files that belong to it, relative to it; none means all
	Exclude     []string // patterns of the files that do not, whatever Include says
	Requires    []string // packages that it needs beside those of the pack
	Depends     []string // components it needs: names in the same pack, or references
}

// A Key is a named value that a pack's files are rendered with.
type Key struct {
	Name        string
	Description string
	Default     string   // a template
	Ask         bool     // whether to ask for it at a terminal
	Choices     []string // the values it may have; none means any
	Pattern     string   // a regular expression (RE2) that the whole value must match
}

// IsTemplate reports whether the pack's components together make a project.
func (p *Pack) IsTemplate() bool { return p.Type != "components" }

// Names returns the names of the components, sorted.
func (p *Pack) Names() []string { return slices.Sorted(maps.Keys(p.Components)) }

// Component returns the component of that name, or else the one, first by name, whose source is that path.
// Its error is of kind Usage and hints at the nearest names.
func (p *Pack) Component(name string) (Component, error) {
	if c, ok := p.Components[name]; ok {
		return c, nil
	}
	for _, n := range p.Names() {
		if c := p.Components[n]; c.Source == path.Clean(name) {
			return c, nil
		}
	}
	return Component{}, failure.Errorf(failure.Usage, "no component %q in pack %q", name, p.Name).
		WithHint("%s", suggest.Hint("component", name, p.Names()))
}

// Link returns the reference that the component's source is, and whether it is one.
func (c Component) Link() (ref.Ref, bool, error) {
	if !strings.Contains(c.Source, "//") {
		return ref.Ref{}, false, nil
	}
	r, err := ref.Parse(c.Source)
	if err == nil && r.Component == "" {
		err = failure.Errorf(failure.Usage, "reference %q names no component", c.Source).WithHint("end it with //COMPONENT")
	}
	return r, true, err
}

// Select returns the files, relative to the component, that its patterns choose.
// A pattern that matches a folder stands for all that is in it.
func (c Component) Select(files fileset.Set) fileset.Set {
	var out fileset.Set
	for _, f := range files {
		if (len(c.Include) == 0 || matchesAny(c.Include, f.Path)) && !matchesAny(c.Exclude, f.Path) {
			out = append(out, f)
		}
	}
	return out
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		return doublestar.MatchUnvalidated(p, name) || doublestar.MatchUnvalidated(p+"/**", name)
	})
}

// Check returns nil when the key may have that value. Its error is of kind Usage.
func (k Key) Check(value string) error {
	if len(k.Choices) > 0 && !slices.Contains(k.Choices, value) {
		return failure.Errorf(failure.Usage, "key %q cannot be %q", k.Name, value).
			WithHint("%s", suggest.Hint("value", value, k.Choices))
	}
	if k.Pattern == "" {
		return nil
	}
	re, err := k.regexp()
	if err != nil {
		return err
	}
	if !re.MatchString(value) {
		return failure.Errorf(failure.Usage, "key %q cannot be %q: it does not match %s", k.Name, value, k.Pattern).
			WithHint("pass a value that matches, as in --kv %s::VALUE", k.Name)
	}
	return nil
}

func (k Key) regexp() (*regexp.Regexp, error) {
	re, err := regexp.Compile(`\A(?:` + k.Pattern + `)\z`)
	if err != nil {
		return nil, fmt.Errorf("key %q: its pattern %q is not a regular expression: %w", k.Name, k.Pattern, err)
	}
	return re, nil
}
