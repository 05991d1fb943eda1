package lockfile

import (
	"fmt"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// A Key is the value of a name that an install was rendered with, and where the value came from.
type Key struct {
	Value  any // a string, a bool or a []string; a value of the user as in ppm.toml, see Rendered
	Origin Origin

	// Fingerprint of the value of a secret, made with a key of the user: see secret.Key. It may be empty.
	Fingerprint string
}

// isText reports whether the value is a text in the form of ppm.toml.
func (k Key) isText() (text string, ok bool) {
	text, ok = k.Value.(string)
	return text, ok && (k.Origin == Typed || k.Origin == Asked)
}

// Secret returns the secret that is the value, if it is one.
func (k Key) Secret() (r secret.Reference, ok bool) {
	text, ok := k.isText()
	if !ok || !secret.Is(text) {
		return r, false
	}
	r, err := secret.Parse(text) // it was checked when it was read
	return r, err == nil
}

// Rendered returns the value that files are rendered with. For a secret it is a placeholder.
func (k Key) Rendered(name string) any {
	text, ok := k.isText()
	if _, isSecret := k.Secret(); isSecret {
		return secret.Placeholder(name)
	}
	if ok {
		return secret.Literal(text)
	}
	return k.Value
}

// An Origin is where a value came from.
type Origin string

// The origins. The first four and Default are those of the keys of packs.
const (
	Typed      Origin = "typed"      // --kv, or the keys of the install in ppm.toml
	Asked      Origin = "asked"      // the answer to a question
	Configured Origin = "configured" // [keys] in the project's ppm.toml
	User       Origin = "user"       // the user's own settings, which other machines do not have
	Project    Origin = "project"    // [project] in ppm.toml
	Detected   Origin = "detected"   // a file of another tool, such as go.mod; or none, and the value has no source
	Default    Origin = "default"    // the pack's default
)

// keyTables are the values of keys by origin: "keys.typed" and so on in the text. A reader refuses all other origins.
type keyTables struct {
	// Fingerprints of secrets, by key. All other tables have values.
	Fingerprint map[string]string `toml:"fingerprint"`

	Typed      map[string]any `toml:"typed"`
	Asked      map[string]any `toml:"asked"`
	Configured map[string]any `toml:"configured"`
	User       map[string]any `toml:"user"`
	Project    map[string]any `toml:"project"`
	Detected   map[string]any `toml:"detected"`
	Default    map[string]any `toml:"default"`
}

// byOrigin returns the tables, which may be nil.
func (t *keyTables) byOrigin() map[Origin]*map[string]any {
	return map[Origin]*map[string]any{
		Typed: &t.Typed, Asked: &t.Asked, Configured: &t.Configured, User: &t.User, Project: &t.Project,
		Detected: &t.Detected, Default: &t.Default,
	}
}

// Context returns the values that the files of the install are rendered with, by name: see Key.Rendered.
func (c Component) Context() map[string]any {
	values := make(map[string]any, len(c.Keys))
	for name, key := range c.Keys {
		values[name] = key.Rendered(name)
	}
	return values
}

// Values returns the values of the install, by name. Those of the user are in the form of ppm.toml.
func (c Component) Values() map[string]any {
	values := make(map[string]any, len(c.Keys))
	for name, key := range c.Keys {
		values[name] = key.Value
	}
	return values
}

// tablesOf is the inverse of keyTables.read.
func tablesOf(keys map[string]Key) keyTables {
	var tables keyTables
	byOrigin := tables.byOrigin()
	for name, key := range keys {
		table := byOrigin[key.Origin]
		if *table == nil {
			*table = map[string]any{}
		}
		(*table)[name] = key.Value
		if key.Fingerprint != "" {
			if tables.Fingerprint == nil {
				tables.Fingerprint = map[string]string{}
			}
			tables.Fingerprint[name] = key.Fingerprint
		}
	}
	return tables
}

// read returns the keys, or the path of the invalid field. A name has one origin.
func (t *keyTables) read() (keys map[string]Key, field string, err error) {
	byOrigin := t.byOrigin()
	for _, origin := range slices.Sorted(maps.Keys(byOrigin)) {
		table := *byOrigin[origin]
		for _, name := range slices.Sorted(maps.Keys(table)) {
			field := fmt.Sprintf(".keys.%s.%s", origin, name)
			value, err := readValue(name, table[name])
			if err != nil {
				return nil, field, err
			}
			if other, twice := keys[name]; twice {
				return nil, field, fmt.Errorf("key %q is both %s and %s", name, other.Origin, origin)
			}
			if keys == nil {
				keys = map[string]Key{}
			}
			key := Key{Value: value, Origin: origin, Fingerprint: t.Fingerprint[name]}
			if err := checkSecret(name, key); err != nil {
				return nil, field, err
			}
			keys[name] = key
		}
	}
	for _, name := range slices.Sorted(maps.Keys(t.Fingerprint)) {
		if _, isSecret := keys[name].Secret(); !isSecret {
			return nil, ".keys.fingerprint." + name, fmt.Errorf("key %q is not a secret, but has a fingerprint", name)
		}
	}
	return keys, "", nil
}

// checkSecret returns an error about a value that has the form of a secret but is none, and about a fingerprint that
// ppm does not write.
func checkSecret(name string, key Key) error {
	if text, ok := key.isText(); ok && secret.Is(text) {
		if _, err := secret.Parse(text); err != nil {
			return err
		}
	}
	if key.Fingerprint != "" && !secret.FingerprintPattern.MatchString(key.Fingerprint) {
		return fmt.Errorf("the fingerprint of key %q is malformed", name)
	}
	return nil
}

// readValue converts a value to a string, a bool or a list of strings.
func readValue(name string, value any) (any, error) {
	switch value := value.(type) {
	case string, bool:
		return value, nil
	case []any:
		list := make([]string, len(value))
		for i, item := range value {
			var ok bool
			if list[i], ok = item.(string); !ok {
				return nil, fmt.Errorf("key %q is not a list of strings", name)
			}
		}
		return list, nil
	}
	return nil, fmt.Errorf("key %q is neither a string nor a boolean nor a list of strings", name)
}
