package pack

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A source is a decoded manifest.
type source struct {
	pack *Pack // nil if the file is not the manifest of a pack

	// errorf returns an error about a field, with the file and the position.
	errorf func(field, format string, args ...any) *failure.Error
}

// Load loads the manifest of a pack: ppm.toml if it has a [pack] table, else .pmfp_template.json. read returns a file
// of the pack, or fs.ErrNotExist. name is the name of the pack for messages. For an invalid manifest, the error is of
// kind Usage and names the file and the field.
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
		if field, err := s.pack.normalize(); err != nil {
			return nil, s.errorf(field, "%w", err).
				WithHint("%s", cmp.Or(failure.Hint(err),
					"report it to the authors of the pack, or use another version"))
		}
		return s.pack, nil
	}
	return nil, failure.Errorf(failure.Usage,
		"pack %q has no manifest: neither %s with a [pack] table nor %s", name, Native, Pmfp).
		WithHint("check that the repository is a pack: a pack has a manifest at its root")
}

// normalize cleans the sources and checks what the formats have in common. With an error it returns the invalid field,
// by its name in ppm.toml.
func (p *Pack) normalize() (field string, err error) {
	if !slices.Contains(Types, p.Type) {
		if p.Type == "" {
			return "type", fmt.Errorf("the type of the pack is missing")
		}
		return "type", failure.Errorf(failure.Usage, "%q is not a valid type of a pack", p.Type).
			WithHint("%s", suggest.Hint("type", p.Type, Types))
	}
	if err := normalizeLicense(&p.License); err != nil {
		return "license", err
	}
	if err := cleanLicenseFiles(p.LicenseFiles); err != nil {
		return "license_files", err
	}
	p.Deprecated = oneLine(p.Deprecated)
	for i, r := range p.Retract {
		p.Retract[i].Reason = oneLine(r.Reason)
	}
	if p.Components == nil {
		return "components", fmt.Errorf("the pack has no components")
	}
	for _, name := range p.Names() {
		c := p.Components[name]
		field := "components." + name
		if f, err := p.normalizeComponent(&c); err != nil {
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
	return p.checkRenamed()
}

func (p *Pack) normalizeComponent(c *Component) (field string, err error) {
	if r, err := ref.Parse("pack//" + c.Name); err != nil || r.Component != c.Name {
		return "", fmt.Errorf("component %q: its name is not allowed in a reference", c.Name)
	}
	if err := c.cleanSource(); err != nil {
		return ".source", fmt.Errorf("component %q: %w", c.Name, err)
	}
	if err := normalizeLicense(&c.License); err != nil {
		return ".license", fmt.Errorf("component %q: %w", c.Name, err)
	}
	if err := cleanLicenseFiles(c.LicenseFiles); err != nil {
		return ".license_files", fmt.Errorf("component %q: %w", c.Name, err)
	}
	c.Deprecated = oneLine(c.Deprecated)
	for _, pattern := range slices.Concat(c.Include, c.Exclude) {
		if !doublestar.ValidatePattern(pattern) {
			return "", fmt.Errorf("component %q: %q is not a valid file pattern", c.Name, pattern)
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
		return ".depends", failure.Errorf(failure.Usage,
			"component %q depends on %q, which is not in this pack", c.Name, d).
			WithHint("%s", suggest.Hint("component", d, p.Names()))
	}
	return "", nil
}

// cleanSource checks the source, and cleans it if it is a path.
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

// keyPattern matches the names of variables in templates, and "-", which the keys of some published packs contain.
var keyPattern = lazyregexp.New(`^[A-Za-z_][A-Za-z0-9_-]*$`)

func (k Key) check() error {
	if !keyPattern.MatchString(k.Name) {
		return fmt.Errorf("key %q: a name consists of letters, digits and \"_\", and does not start with a digit",
			k.Name)
	}
	if k.Bool {
		if len(k.Choices) > 0 || k.Pattern != "" {
			return fmt.Errorf("key %q: its default is a boolean, so that it cannot have choices or a pattern", k.Name)
		}
		return nil
	}
	if k.Pattern != "" {
		if _, err := k.regexp(); err != nil {
			return err
		}
	}
	if k.Default == "" || strings.Contains(k.Default, "{") { // a template is checked when it is rendered
		return nil
	}
	if err := k.CheckValue(k.Default); err != nil {
		return fmt.Errorf("its default: %w", err)
	}
	return nil
}
