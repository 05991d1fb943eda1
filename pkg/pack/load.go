package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
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

// A source is a manifest that has been read, in either format.
type source struct {
	pack *Pack                                                  // nil when the file says nothing about a pack
	fail func(field, format string, args ...any) *failure.Error // names the file and the place of a field
}

// Load reads a pack's manifest: ppm.toml if it has a [pack] table, else .pmfp_template.json. read returns
// a file of the pack by its path; its error is fs.ErrNotExist when there is none. name is the pack's, for
// messages. A manifest that is wrong is a failure of kind Usage that names the file and the field.
func Load(name string, read func(path string) ([]byte, error)) (*Pack, error) {
	for _, format := range []struct {
		file   string
		decode func(file string, data []byte) (source, error)
	}{{Native, decodeNative}, {Pmfp, decodePmfp}} {
		data, err := read(format.file)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("reading the manifest of pack %q: %w", name, err)
		}
		s, err := format.decode(format.file+" of "+name, data)
		if err != nil {
			return nil, err
		}
		if s.pack == nil {
			continue
		}
		s.pack.Name, s.pack.Format = name, format.file
		if field, err := s.pack.normalise(); err != nil {
			return nil, s.fail(field, "%w", err).
				WithHint("%s", cmp.Or(failure.Hint(err), "tell the authors of the pack, or take another version of it"))
		}
		return s.pack, nil
	}
	return nil, failure.Errorf(failure.Usage, "pack %q has no manifest: neither %s with a [pack] table nor %s", name, Native, Pmfp).
		WithHint("check that it is a pack: a manifest at its root makes it one")
}

// normalise checks what the two formats have in common, and brings sources into their clean form.
// With an error it returns the field that is wrong, named as in ppm.toml.
func (p *Pack) normalise() (field string, err error) {
	if !slices.Contains(Types, p.Type) {
		if p.Type == "" {
			return "type", fmt.Errorf("the type of the pack is missing")
		}
		return "type", failure.Errorf(failure.Usage, "%q is not a type of pack", p.Type).
			WithHint("%s", suggest.Hint("type", p.Type, Types))
	}
	if p.Components == nil {
		return "components", fmt.Errorf("the pack has no components")
	}
	for _, name := range p.Names() {
		c := p.Components[name]
		field := "components." + name
		if f, err := p.normaliseComponent(&c); err != nil {
			return field + f, err
		}
		p.Components[name] = c
	}
	if p.Test != nil {
		c := Component{Source: p.Test.Source}
		if err := c.cleanSource(); err != nil {
			return "test.source", err
		}
		p.Test.Source = c.Source
	}
	for _, k := range p.Keys {
		if err := k.check(); err != nil {
			return "keys." + k.Name, err
		}
	}
	return "", nil
}

func (p *Pack) normaliseComponent(c *Component) (field string, err error) {
	if r, err := ref.Parse("pack//" + c.Name); err != nil || r.Component != c.Name {
		return "", fmt.Errorf("component %q: its name cannot stand in a reference", c.Name)
	}
	if err := c.cleanSource(); err != nil {
		return ".source", fmt.Errorf("component %q: %w", c.Name, err)
	}
	for _, pattern := range slices.Concat(c.Include, c.Exclude) {
		if !doublestar.ValidatePattern(pattern) {
			return "", fmt.Errorf("component %q: %q is not a pattern of file names", c.Name, pattern)
		}
	}
	for _, d := range c.Depends {
		if _, known := p.Components[d]; known {
			continue
		}
		if strings.Contains(d, "//") {
			if _, _, err := (Component{Source: d}).Link(); err != nil {
				return ".depends", fmt.Errorf("component %q: %w", c.Name, err)
			}
			continue
		}
		return ".depends", failure.Errorf(failure.Usage, "component %q depends on %q, which the pack has not", c.Name, d).
			WithHint("%s", suggest.Hint("component", d, p.Names()))
	}
	return "", nil
}

// cleanSource checks the source, and brings a path into its clean form.
func (c *Component) cleanSource() error {
	if c.Source == "" {
		return fmt.Errorf("the source is missing")
	}
	if _, link, err := c.Link(); link {
		return err
	}
	c.Source = path.Clean(c.Source)
	if c.Source == "." {
		return nil
	}
	return fileset.CheckPath(c.Source)
}

// keyName is what a template can name, and "-", which some published packs have in their keys.
var keyName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func (k Key) check() error {
	if !keyName.MatchString(k.Name) {
		return fmt.Errorf("key %q: a name is made of letters, digits and \"_\", and does not begin with a digit", k.Name)
	}
	if k.Pattern != "" {
		if _, err := k.regexp(); err != nil {
			return err
		}
	}
	if k.Default == "" || strings.Contains(k.Default, "{") { // a template is checked when it is rendered
		return nil
	}
	if err := k.Check(k.Default); err != nil {
		return fmt.Errorf("its default: %w", err)
	}
	return nil
}
