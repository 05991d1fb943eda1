package manifest

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A file is the schema of ppm.toml.
type file struct {
	Project    Project         `toml:"project"`
	Components []component     `toml:"component"`
	Sources    Sources         `toml:"sources"`
	Packs      map[string]Pack `toml:"packs"`
	Keys       map[string]any  `toml:"keys"`
	Workspace  *Workspace      `toml:"workspace"`
	Merging    Merging         `toml:"merge"`
	Policy     policy.Rules    `toml:"policy"`
	Limits     Limits          `toml:"limits"`
	Secrets    Secrets         `toml:"secrets"`
	Pack       any             `toml:"pack"` // a pack can be a project, too; package pack reads this table
}

// A component is the schema of a [[component]]. The fields are written in this order, except empty ones.
type component struct {
	Source   string               `toml:"source"`
	Path     string               `toml:"path"`
	Keys     map[string]any       `toml:"keys"`
	Strategy Strategy             `toml:"strategy"`
	Own      map[string]Ownership `toml:"own"`
	Moved    map[string]string    `toml:"moved"`
}

// Parse parses one layer. It refuses unknown fields, wrong types, invalid values, and tables that do not belong to the
// layer. name is the name of the file for messages. Errors are of kind Usage and name the line.
func Parse(name string, data []byte, layer Layer) (*Manifest, error) {
	m, _, err := parse(name, data, layer)
	return m, err
}

// DescribesOnlyPack reports whether a ppm.toml describes a pack, and has nothing that belongs to a project. A text
// that cannot be parsed is a project's.
func DescribesOnlyPack(text []byte) bool {
	var f file
	if _, err := tomldoc.Decode("ppm.toml", text, &f); err != nil || f.Pack == nil {
		return false
	}
	f.Pack = nil
	return reflect.DeepEqual(f, file{})
}

func parse(name string, data []byte, layer Layer) (*Manifest, *tomldoc.Document, error) {
	var f file
	doc, err := tomldoc.Decode(name, data, &f)
	if errors.Is(err, tomldoc.ErrConflictMarkers) && layer == ProjectLayer {
		return nil, nil, failure.Errorf(failure.Usage, "%w", err).
			WithHint("run ppm lock resolve, which merges what is not in conflict, then keep one side of each " +
				"conflict that is left")
	}
	if err != nil {
		return nil, nil, err
	}
	if err := checkLayer(doc, f, layer); err != nil {
		return nil, nil, err
	}
	m := &Manifest{
		Project: f.Project, Sources: f.Sources, Packs: f.Packs, Keys: f.Keys, Workspace: f.Workspace,
		Merging: f.Merging, Limits: f.Limits, Secrets: f.Secrets,
	}
	if m.Policy, err = readPolicy(doc, f.Policy); err != nil {
		return nil, nil, err
	}
	if m.Sources.Trust = nil; len(f.Sources.Trust) > 0 {
		m.Trust = []TrustRules{{Layer: layer, File: name, Tables: f.Sources.Trust}}
	}
	if err := checkKeys(doc, "keys", f.Keys); err != nil {
		return nil, nil, err
	}
	if m.Components, err = readComponents(doc, f.Components); err != nil {
		return nil, nil, err
	}
	for _, check := range []func(*tomldoc.Document, *Manifest, Layer) error{
		checkExtra, checkSources, checkPacks, checkWorkspace, checkMerging, checkLimits, checkSecrets,
		checkTrust,
	} {
		if err := check(doc, m, layer); err != nil {
			return nil, nil, err
		}
	}
	return m, doc, nil
}

// readPolicy returns the policy that has only the rules of this file.
func readPolicy(doc *tomldoc.Document, rules policy.Rules) (policy.Policy, error) {
	at := func(field string, entry int) string {
		if entry < 0 {
			return "policy." + field
		}
		return fmt.Sprintf("policy.%s[%d]", field, entry)
	}
	line := func(field string, entry int) int { return doc.Line(at(field, entry)) }
	p, field, entry, err := policy.New(doc.Name, rules, line)
	if err != nil {
		shown := field
		if name, namespace, found := strings.Cut(field, "."); found {
			shown = name + "." + secreturl.CleanHost(namespace)
		}
		return p, doc.Errorf(at(field, entry), "%s: %w", shown, err)
	}
	return p, nil
}

// readComponents returns the components in normal form. It refuses two at one path.
func readComponents(doc *tomldoc.Document, blocks []component) ([]Component, error) {
	var out []Component
	seen := make(map[string]bool)
	for i, b := range blocks {
		at := fmt.Sprintf("component[%d]", i)
		if err := checkKeys(doc, at+".keys", b.Keys); err != nil {
			return nil, err
		}
		c, field, err := b.read()
		if err != nil {
			return nil, doc.Errorf(at+"."+field, "component %q: %w", b.Path, err)
		}
		if seen[c.Path] {
			return nil, doc.Errorf(at+".path", "two components at one path %q", c.Path).
				WithHint("remove one of them, or give it another path")
		}
		seen[c.Path] = true
		out = append(out, c)
	}
	return out, nil
}

// checkKeys checks the types of the values of keys: a key is a text or a boolean.
func checkKeys(doc *tomldoc.Document, at string, keys map[string]any) error {
	for _, name := range slices.Sorted(maps.Keys(keys)) {
		switch value := keys[name].(type) {
		case string:
			if !secret.Is(value) {
				continue
			}
			if _, err := secret.Parse(value); err != nil {
				return doc.Errorf(at+"."+name, "%w", err)
			}
			if at == "keys" {
				return doc.Errorf(at+"."+name, "%q names a secret, which cannot be a value for all components", value).
					WithHint("write it into the keys of the component")
			}
		case bool:
		default:
			return doc.Errorf(at+"."+name, "field %q must be a string, true or false", at+"."+name).
				WithHint("write the value in quotes")
		}
	}
	return nil
}

// read returns the component in normal form, or the name of the invalid field.
func (b component) read() (c Component, field string, err error) {
	c = Component{Path: b.Path, Keys: b.Keys, Strategy: b.Strategy, Own: b.Own, Moved: b.Moved}
	if b.Source != "" {
		if c.Source, err = ref.Parse(b.Source); err != nil {
			return c, "source", err
		}
	}
	return c.normalize()
}

// block is the inverse of read.
func (c Component) block() component {
	return component{
		Source: c.Source.String(), Path: c.Path, Keys: c.Keys, Strategy: c.Strategy, Own: c.Own, Moved: c.Moved,
	}
}

// normalize returns c in normal form, in which equal components are deeply equal: with a clean path, nil for empty
// maps, and without default values. If a field is invalid, it returns the name of the field and an error.
func (c Component) normalize() (_ Component, field string, err error) {
	if c.Source == (ref.Ref{}) {
		return c, "source", failure.Errorf(failure.Usage, "it has no source").
			WithHint("add a line such as source = \"PACK@TAG//COMPONENT\"")
	}
	if c.Path == "" {
		return c, "path", failure.Errorf(failure.Usage, "it has no path").
			WithHint("add a line such as path = \"src/name.py\"")
	}
	if c.Path, err = CleanPath(c.Path); err != nil {
		return c, "path", err
	}
	if len(c.Keys) == 0 {
		c.Keys = nil
	}
	if c.Strategy != "" && !slices.Contains(Strategies, c.Strategy) {
		return c, "strategy", errUnknown("strategy", c.Strategy, Strategies)
	}
	if c.Strategy == MergeBoth {
		c.Strategy = ""
	}
	return c.normalizeFiles()
}

// normalizeFiles is normalize for the fields about single files.
func (c Component) normalizeFiles() (_ Component, field string, err error) {
	own := map[string]Ownership{}
	for name, o := range c.Own {
		if err := fileset.CheckPath(name); err != nil {
			return c, "own", err
		}
		if !slices.Contains(Ownerships, o) {
			return c, "own", errUnknown("ownership", o, Ownerships)
		}
		if o != Merged {
			own[name] = o
		}
	}
	if c.Own = own; len(own) == 0 {
		c.Own = nil
	}
	if len(c.Moved) == 0 {
		c.Moved = nil
	}
	moved := map[string]string{} // Moved reversed
	for _, from := range slices.Sorted(maps.Keys(c.Moved)) {
		to := c.Moved[from]
		if err := cmp.Or(fileset.CheckPath(from), fileset.CheckPath(to)); err != nil {
			return c, "moved", err
		}
		if other, twice := moved[to]; twice {
			return c, "moved", failure.Errorf(failure.Usage, "both %q and %q were moved to %q", other, from, to).
				WithHint("give each a path of its own")
		}
		moved[to] = from
	}
	return c, "", nil
}

func errUnknown[T ~string](what string, value T, known []T) error {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return failure.Errorf(failure.Usage, "no %s %q", what, string(value)).
		WithHint("%s", suggest.Hint(what, string(value), names))
}

// CleanPath returns the path of a component in clean form, as by path.Clean; "." is the project's folder. It fails on
// a path that is absolute, outside the project, or not portable.
func CleanPath(p string) (string, error) {
	clean := path.Clean(p)
	if clean == "." && p != "" {
		return clean, nil
	}
	return clean, fileset.CheckPath(clean)
}
