package install

import (
	"context"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A Question asks for the value of a key.
type Question struct {
	Key         string
	Description string
	Default     string
	Choices     []string
}

// Keys gives the keys of packs their values. As in pmfp, the declaration of an outer pack overrides that of an inner
// one, and the value is the user's --kv, else the answer to a question, else the default. It is rendered with the
// project's metadata.
type Keys struct {
	Given    map[string]string // from --kv or the project's manifest
	Carried  map[string]bool   // keys of Given with which the previous version was installed: dropped if undeclared
	Defaults map[string]string // [keys] of the manifest's layers
	Metadata metadata.Values
	Ask      func(context.Context, Question) (string, error) // nil when nobody can answer

	answers map[string]string // by key, so that each is asked for once
}

// Values holds the values of all names that the files of a component can use.
type Values struct {
	All    render.Context    // the project's metadata and the keys
	Keys   map[string]string // the packs' keys
	Chosen map[string]string // those of Keys that the user chose; nil if there are none

	Renamed map[string]string // keys given by an earlier name: the name now, by that name; nil if there are none
}

// With returns a copy of k with more given values.
func (k *Keys) With(values map[string]string) *Keys {
	out := *k
	out.Given = map[string]string{}
	maps.Copy(out.Given, k.Given)
	maps.Copy(out.Given, values)
	return &out
}

// Carry gives k the values of an installed component, below those that are given: wanted are those of its entry in the
// manifest, and locked those that it was installed with.
func (k *Keys) Carry(wanted map[string]string, locked map[string]any) {
	given, carried := maps.Clone(wanted), map[string]bool{}
	if given == nil {
		given = map[string]string{}
	}
	for name := range wanted {
		_, known := locked[name]
		_, again := k.Given[name]
		carried[name] = known && !again
	}
	maps.Copy(given, k.Given)
	k.Given, k.Carried = given, carried
}

// names returns the names that the files of a component can use: the project's metadata and the keys of the chain.
func (k *Keys) names(c Chain) []string {
	names := slices.Collect(maps.Keys(k.Metadata))
	for _, h := range c {
		for _, key := range h.Pack.Keys {
			names = append(names, key.Name)
		}
	}
	return names
}

// Values returns the values of all keys of a chain. It prompts for and checks only the keys in needed: the others do
// not affect the component.
func (k *Keys) Values(ctx context.Context, c Chain, needed []string) (Values, error) {
	v := Values{All: render.Context{}, Keys: map[string]string{}}
	for name, value := range k.Metadata {
		v.All[name] = value
	}
	for _, h := range c {
		for _, key := range h.Pack.Keys {
			if _, done := v.Keys[key.Name]; done {
				continue
			}
			name, err := k.givenName(c, key)
			if err != nil {
				return v, err
			}
			key.RenamedFrom = c.earlierNames(key.Name)
			value, chosen, err := k.value(ctx, key, name, slices.Contains(needed, key.Name))
			if err != nil {
				return v, err
			}
			if _, given := k.Given[name]; given && name != key.Name {
				if v.Renamed == nil {
					v.Renamed = map[string]string{}
				}
				v.Renamed[name] = key.Name
			}
			v.Keys[key.Name], v.All[key.Name] = value, value
			if chosen {
				if v.Chosen == nil {
					v.Chosen = map[string]string{}
				}
				v.Chosen[key.Name] = value
			}
		}
	}
	return v, nil
}

// givenName returns the name by which the value of a key is given: the key's own, or an earlier one that no pack of
// the chain declares as a key. Two different values that the user gives now are an error.
func (k *Keys) givenName(c Chain, key pack.Key) (string, error) {
	name := key.Name
	value, given := k.Given[name]
	for _, old := range c.earlierNames(key.Name) {
		other, ok := k.Given[old]
		switch {
		case !ok || c.Key(old).Name == old:
		case !given:
			name, value, given = old, other, true
		case value != other && !k.Carried[old] && !k.Carried[name]:
			return "", failure.Errorf(failure.Usage, "key %q is given twice: %q is an earlier name of it",
				key.Name, old).
				WithHint("leave %s out", old)
		}
	}
	return name, nil
}

// value returns the value of a key, which is given by name, and whether the user chose it.
func (k *Keys) value(ctx context.Context, key pack.Key, name string, needed bool) (
	value string, chosen bool, err error,
) {
	text, chosen := k.Given[name]
	if !chosen {
		text = key.Default
		for _, name := range append([]string{key.Name}, key.RenamedFrom...) {
			if v, ok := k.Defaults[name]; ok {
				text = v
				break
			}
		}
		if key.Ask && needed && k.Ask != nil {
			answer, err := k.answer(ctx, key, text)
			if err != nil {
				return "", false, err
			}
			if answer != "" {
				text, chosen = answer, true
			}
		}
	}
	if value, err = k.Render(key.Name, text); err != nil {
		return "", false, err
	}
	if chosen || needed {
		err = key.CheckValue(value)
	}
	return value, chosen, err
}

// answer prompts for a key, at most once.
func (k *Keys) answer(ctx context.Context, key pack.Key, text string) (string, error) {
	if answer, asked := k.answers[key.Name]; asked {
		return answer, nil
	}
	shown, err := k.Render(key.Name, text)
	if err != nil {
		return "", err
	}
	answer, err := k.Ask(ctx, Question{
		Key: key.Name, Description: key.Description, Default: shown, Choices: key.Choices,
	})
	if err != nil {
		return "", err
	}
	if k.answers == nil {
		k.answers = map[string]string{}
	}
	k.answers[key.Name] = answer
	return answer, nil
}

// Render renders the value of a key with the project's metadata. Unlike in files, an undefined name is empty.
func (k *Keys) Render(name, text string) (string, error) {
	if !strings.Contains(text, "{") {
		return text, nil
	}
	return render.String("key "+name, text, render.Context(k.Metadata), render.Options{AllowUndefined: true})
}

// dropUndeclared returns the carried keys that no pack of the chains declares, with their values, and removes them
// from k.Given. Any other given key that no pack declares is an error.
func (k *Keys) dropUndeclared(chains []Chain) (dropped map[string]string, err error) {
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
				dropped = map[string]string{}
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

// locked returns the values that are needed to render the same files again: those of the names that the files use,
// and those that the user chose.
func (v Values) locked(used []string) map[string]any {
	out := map[string]any{}
	for _, name := range used {
		switch value := v.All[name].(type) {
		case string, []string: // keywords are a list
			out[name] = value
		}
	}
	for name := range v.Chosen {
		out[name] = v.Keys[name]
	}
	return out
}

// GivenKeys returns --kv pairs as a map. A key with two different values is an error.
func GivenKeys(pairs []ref.KV) (map[string]string, error) {
	out := map[string]string{}
	for _, kv := range pairs {
		if old, twice := out[kv.Key]; twice && old != kv.Value {
			return nil, failure.Errorf(failure.Usage, "key %q is given twice, as %q and %q", kv.Key, old, kv.Value).
				WithHint("leave one of them out")
		}
		out[kv.Key] = kv.Value
	}
	return out, nil
}
