package install

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A Question asks for the value of a key.
type Question struct {
	Key         string
	Description string
	Default     string
	Choices     []string
	Required    bool // there is no default
}

// Keys gives the keys of packs their values. As in pmfp, the declaration of an outer pack overrides that of an inner
// one, and the value is the user's --kv, else the answer to a question, else the default. A default is rendered with
// the project's metadata and the other keys of the packs. Unlike in pmfp, a value of the user is not rendered, and the
// values that an installed component has are kept: see Values.
type Keys struct {
	Given      map[string]any    // from --kv or the project's manifest, each a string or a bool
	Carried    map[string]bool   // keys of Given that the previous version was installed with: dropped if undeclared
	Configured map[string]any    // [keys] of the project's manifest
	User       map[string]any    // [keys] of the manifest's other layers
	Metadata   metadata.Metadata // of the project

	// Ask is nil when nobody can answer.
	Ask func(context.Context, Question) (string, error)

	AllowUndefined bool // render undefined names in defaults as empty text

	typed   map[string]bool   // keys of Given that come from --kv, if others come from the manifest
	answers map[string]string // by key, so that each is asked for once
}

// Values holds the values of all names that the files of a component can use.
type Values struct {
	All    map[string]lockfile.Key // the project's metadata and the keys
	Used   []string                // those that the component is rendered with, and those that the user chose
	Chosen map[string]any          // the keys whose value the user typed; nil if there are none

	Renamed map[string]string // keys given by an earlier name: the name now, by that name; nil if there are none
	Changed []KeyChange       // the values that are not those of the installed component, by name
}

// A KeyChange is a value that differs from the one that a component was installed with.
type KeyChange struct {
	Name string `json:"name"`
	From any    `json:"from"`
	To   any    `json:"to"`
	Why  string `json:"why"` // what caused it, as in "in ppm.toml"
}

// IsSecret reports whether the value of a secret changed, and not its reference.
func (c KeyChange) IsSecret() bool {
	text, isText := c.To.(string)
	return isText && secret.Is(text) && c.From == c.To
}

// With returns a copy of k with more given values, none of which is a secret unless it is given already.
func (k *Keys) With(values map[string]string) *Keys {
	out := *k
	out.Given = maps.Clone(k.Given)
	if out.Given == nil {
		out.Given = map[string]any{}
	}
	for name, value := range values {
		if out.Given[name] != any(value) {
			out.Given[name] = secret.Quote(value)
		}
	}
	return &out
}

// Carry gives k the values of an installed component, below those that are given: wanted are those of its entry in the
// manifest, and locked those that it was installed with.
func (k *Keys) Carry(wanted map[string]any, locked map[string]lockfile.Key) {
	given, carried, typed := maps.Clone(wanted), map[string]bool{}, map[string]bool{}
	if given == nil {
		given = map[string]any{}
	}
	for name := range wanted {
		_, known := locked[name]
		_, again := k.Given[name]
		carried[name] = known && !again
	}
	for name, value := range k.Given {
		given[name], typed[name] = value, true
	}
	k.Given, k.Carried, k.typed = given, carried, typed
}

// names returns the names that the files of a component can use: the project's metadata and the keys of the chain.
func (k *Keys) names(c Chain) []string {
	return slices.Concat(slices.Collect(maps.Keys(k.Metadata.Values)), c.KeyNames())
}

// dropUndeclared returns the carried keys that no pack of the chains declares, with their values, and removes them
// from k.Given. Any other given key that no pack declares is an error.
func (k *Keys) dropUndeclared(chains []Chain) (dropped map[string]any, err error) {
	declared, earlier := map[string]bool{}, map[string]bool{}
	for _, c := range chains {
		for _, h := range c {
			for _, key := range h.Pack.Keys {
				declared[key.Name] = true
				for _, old := range key.RenamedFrom {
					earlier[old] = true
				}
			}
		}
	}
	kept := maps.Clone(k.Given)
	for name, value := range k.Given {
		if k.Carried[name] && !declared[name] && !earlier[name] {
			if dropped == nil {
				dropped = map[string]any{}
			}
			dropped[name] = value
			delete(kept, name)
		}
	}
	k.Given = kept
	return dropped, k.checkGiven(chains, declared, earlier)
}

// checkGiven returns an error about a given key that no pack of the chains declares, or declared before.
func (k *Keys) checkGiven(chains []Chain, declared, earlier map[string]bool) error {
	names := slices.Sorted(maps.Keys(declared))
	for _, name := range slices.Sorted(maps.Keys(k.Given)) {
		if declared[name] || earlier[name] {
			continue
		}
		err := failure.Errorf(failure.Usage, "no key %q in %s", name, chains[0])
		if len(names) == 0 {
			return err.WithHint("this pack declares no keys; omit --kv")
		}
		if similar := suggest.Words(name, names); len(similar) > 0 {
			return err.WithHint("%s The keys are %s", suggest.DidYouMean(similar), strings.Join(names, ", "))
		}
		return err.WithHint("the keys are %s", strings.Join(names, ", "))
	}
	return nil
}

// Context returns the values for render.
func (v Values) Context() render.Context {
	context := make(render.Context, len(v.All))
	for name, key := range v.All {
		context[name] = key.Rendered(name)
	}
	return context
}

// isTyped reports whether the user has typed a value of a key in this command.
func (k *Keys) isTyped(key pack.Key) bool {
	for _, name := range append([]string{key.Name}, key.RenamedFrom...) {
		if _, given := k.Given[name]; given && (k.typed == nil || k.typed[name]) {
			return true
		}
	}
	return false
}

// locked returns the values that are needed to render the same files again, and those that the user chose.
func (v Values) locked() map[string]lockfile.Key {
	var out map[string]lockfile.Key
	for _, name := range v.Used {
		if out == nil {
			out = map[string]lockfile.Key{}
		}
		out[name] = v.All[name]
	}
	return out
}

// GivenKeys returns --kv pairs as a map. A key with two different values is an error.
func GivenKeys(pairs []ref.KV) (map[string]any, error) {
	out := map[string]any{}
	for _, kv := range pairs {
		if old, twice := out[kv.Key]; twice && old != kv.Value {
			return nil, failure.Errorf(failure.Usage, "key %q is given twice, as %q and %q", kv.Key, old, kv.Value).
				WithHint("leave one of them out")
		}
		out[kv.Key] = kv.Value
	}
	return out, nil
}
