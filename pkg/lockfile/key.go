package lockfile

import (
	"fmt"
	"maps"
	"slices"
)

// A Key is the value of a name that an install was rendered with, and where the value came from.
type Key struct {
	Value  any // a string, a bool or a []string
	Origin Origin
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

// Values returns the values that the install was rendered with, by name.
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
			keys[name] = Key{value, origin}
		}
	}
	return keys, "", nil
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
