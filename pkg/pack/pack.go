// Package pack reads and writes the manifest of a pack: its components, the keys that they are rendered with, and
// their requirements.
//
// A manifest is a ppm.toml with a [pack] table, or the .pmfp_template.json of packs for pmfp, which has fewer fields.
// A pack with both is read from ppm.toml. The source of a component is a path inside the pack or a link, which is a
// reference to a component of another pack.
package pack

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// The formats of a manifest. They are the names of the files at the root of a pack.
const (
	Native = "ppm.toml"
	Pmfp   = ".pmfp_template.json"
)

// TestComponent is the name under which the tests of a pack can be installed like a component.
const TestComponent = "test"

// Types are the valid types of a pack.
var Types = []string{"socket", "GUI", "task", "watcher", "module", "components", "doc"}

// A Pack is the manifest of a pack.
type Pack struct {
	Name                string // the reference to the pack, for messages
	Format              string // Native or Pmfp
	Type                string // one of Types
	Language            string // py, cython, go, C, CXX, js, md
	MiniLanguageVersion string // minimum version of the language
	Env                 string // venv, conda, pypy, gomod, cmake, node, webpack, http
	Description         string
	Author              string
	License             string       // an SPDX expression, in the form of package license; "" if none is stated
	LicenseFiles        []string     // paths of files in the pack that are installed with each component
	Deprecated          string       // why the pack should not be used any more, and what to use; "" if it can be
	Retract             []Retraction // versions that should not be used
	Command             string       // starts a project made from the template
	Requires            []string     // required packages, in the form of the language
	TestRequires        []string
	SetupRequires       []string
	ExtrasRequires      []string
	Test                *Test // nil if there are no tests
	Components          map[string]Component
	Keys                []Key // in the order of the file
}

// Test is the part of a template with its tests.
type Test struct {
	Source      string // like that of a Component
	DefaultPath string
}

// A Component is a named file or folder of a pack.
type Component struct {
	Name        string
	Source      string // a clean path inside the pack, or a reference, which contains "//"
	DefaultPath string // the default placement, a template
	Description string
	License     string // like that of a Pack, which it replaces for the component; see Pack.LicenseOf
	Deprecated  string // like that of a Pack

	LicenseFiles []string // like that of a Pack, which it replaces; nil means those of the pack
	Include      []string // patterns of its files, relative to it; empty means all files
	Exclude      []string // patterns of files to leave out; has precedence over Include
	Requires     []string // required packages, in addition to those of the pack
	Depends      []string // required components: names in the same pack, or references
	RenamedFrom  []string // names that the component had in earlier versions
}

// A Key is a named value that the files of a pack are rendered with.
type Key struct {
	Name        string
	Description string
	Default     string   // a template; of a boolean key, "true" or "false"
	NoDefault   bool     // the manifest has no default; Default is ""
	Bool        bool     // the value is a boolean, because the default is one
	Ask         bool     // prompt for the value at a terminal
	Choices     []string // the valid values; empty means any
	Pattern     string   // a regular expression (RE2) that the whole value must match
	RenamedFrom []string // names that the key had in earlier versions
	Line        int      // of the manifest, where the default is, or else the key
}

// IsTemplate reports whether the components of the pack make up a project.
func (p *Pack) IsTemplate() bool { return p.Type != "components" }

// Names returns the names of the components, sorted.
func (p *Pack) Names() []string { return slices.Sorted(maps.Keys(p.Components)) }

// Component returns the component of that name. Without one, it returns the component that was renamed from it, and
// then the first component, by name, whose source is that path. Errors are of kind Usage and suggest similar names.
func (p *Pack) Component(name string) (Component, error) {
	if c, ok := p.Components[name]; ok {
		return c, nil
	}
	if c, ok := p.Renamed(name); ok {
		return c, nil
	}
	for _, n := range p.Names() {
		if c := p.Components[n]; c.Source == path.Clean(name) {
			return c, nil
		}
	}
	return Component{}, failure.Errorf(failure.Usage, "%w", &NoComponentError{name, p.Name, p.Names()}).
		WithHint("%s", suggest.Hint("component", name, p.Names()))
}

// A NoComponentError says that a pack does not have a component.
type NoComponentError struct {
	Name, Pack string
	Components []string // that the pack has
}

func (e *NoComponentError) Error() string {
	return fmt.Sprintf("no component %q in pack %q", e.Name, e.Pack)
}

// Link returns the source of the component as a reference. ok is false if the source is a path.
func (c Component) Link() (r ref.Ref, ok bool, err error) {
	if !strings.Contains(c.Source, "//") {
		return ref.Ref{}, false, nil
	}
	r, err = ref.Parse(c.Source)
	if err == nil && r.Component == "" {
		err = failure.Errorf(failure.Usage, "reference %q names no component", c.Source).
			WithHint("end it with //COMPONENT")
	}
	return r, true, err
}

// CheckValue returns nil if the value is valid for the key. Errors are of kind Usage.
func (k Key) CheckValue(value string) error {
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
