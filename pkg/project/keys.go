package project

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

// A keyring decides the value of every key on a trail. The rules are pmfp's: what an
// outer pack decided, else the user's --kv, else the answer to a question, else the
// default; the value itself is rendered with the project's information.
type keyring struct {
	given    map[string]string // from --kv or the project's manifest
	defaults map[string]string // [keys] of the manifest's layers
	told     metadata.Info
	ask      func(context.Context, Question) (string, error) // nil when no one can answer
	answers  map[string]string                               // by key, so that each is asked for once
}

// A decision is the outcome for one trail.
type decision struct {
	all     render.Context    // what the files can name: the project's information and the keys
	decided map[string]string // the packs' keys
	chosen  map[string]string // those of them that the user gave or answered; nil when there are none
}

// names returns what the files of a component can name: the project's information and
// the keys of the packs on the way.
func (k *keyring) names(t trail) []string {
	names := slices.Collect(maps.Keys(k.told))
	for _, s := range t.stops {
		for _, key := range s.pack.Keys {
			names = append(names, key.Name)
		}
	}
	return names
}

// decide gives every key on a trail a value. Only those that the component needs are
// asked for and checked: the others cannot change a byte of it.
func (k *keyring) decide(ctx context.Context, t trail, needed []string) (decision, error) {
	d := decision{all: render.Context{}, decided: map[string]string{}}
	for name, value := range k.told {
		d.all[name] = value
	}
	for _, s := range t.stops {
		for _, key := range s.pack.Keys {
			if _, done := d.decided[key.Name]; done {
				continue
			}
			value, chosen, err := k.value(ctx, key, slices.Contains(needed, key.Name))
			if err != nil {
				return d, err
			}
			d.decided[key.Name], d.all[key.Name] = value, value
			if chosen {
				if d.chosen == nil {
					d.chosen = map[string]string{}
				}
				d.chosen[key.Name] = value
			}
		}
	}
	return d, nil
}

// value returns the value of a key, and whether the user chose it.
func (k *keyring) value(ctx context.Context, key pack.Key, needed bool) (value string, chosen bool, err error) {
	text, chosen := k.given[key.Name]
	if !chosen {
		text = key.Default
		if v, ok := k.defaults[key.Name]; ok {
			text = v
		}
		if key.Ask && needed && k.ask != nil {
			answer, err := k.answer(ctx, key, text)
			if err != nil {
				return "", false, err
			}
			if answer != "" {
				text, chosen = answer, true
			}
		}
	}
	if value, err = k.render(key.Name, text); err != nil {
		return "", false, err
	}
	if chosen || needed {
		err = key.Check(value)
	}
	return value, chosen, err
}

// answer asks for a key, once in a run.
func (k *keyring) answer(ctx context.Context, key pack.Key, text string) (string, error) {
	if answer, asked := k.answers[key.Name]; asked {
		return answer, nil
	}
	shown, err := k.render(key.Name, text)
	if err != nil {
		return "", err
	}
	answer, err := k.ask(ctx, Question{Key: key.Name, Description: key.Description, Default: shown, Choices: key.Choices})
	if err != nil {
		return "", err
	}
	if k.answers == nil {
		k.answers = map[string]string{}
	}
	k.answers[key.Name] = answer
	return answer, nil
}

// render renders a key's value; there, unlike in files, an unknown name is empty.
func (k *keyring) render(name, text string) (string, error) {
	if !strings.Contains(text, "{") {
		return text, nil
	}
	return render.String("key "+name, text, render.Context(k.told), render.Options{AllowUndefined: true})
}

// checkNames reports a given key that no pack on any of the trails declares.
func (k *keyring) checkNames(trails []trail) error {
	declared := map[string]bool{}
	for _, t := range trails {
		for _, s := range t.stops {
			for _, key := range s.pack.Keys {
				declared[key.Name] = true
			}
		}
	}
	names := slices.Sorted(maps.Keys(declared))
	for _, name := range slices.Sorted(maps.Keys(k.given)) {
		if declared[name] {
			continue
		}
		err := failure.Errorf(failure.Usage, "no key %q in %s", name, trails[0].chain())
		if len(names) == 0 {
			return err.WithHint("this pack declares no keys; leave --kv out")
		}
		if near := suggest.Words(name, names); len(near) > 0 {
			return err.WithHint("did you mean %s? The keys are %s", near[0], strings.Join(names, ", "))
		}
		return err.WithHint("the keys are %s", strings.Join(names, ", "))
	}
	return nil
}

// used returns the values that a later rendering of the same files needs: those that
// the files name, and those that the user gave.
func used(names []string, all render.Context, given map[string]string, decided map[string]string) map[string]any {
	out := map[string]any{}
	for _, name := range names {
		switch v := all[name].(type) {
		case string, []string: // keywords are a list
			out[name] = v
		}
	}
	for name := range given {
		out[name] = decided[name]
	}
	return out
}

// kvMap turns --kv pairs into a map. A key given twice is an error, because one of the two would be lost.
func kvMap(pairs []ref.KV) (map[string]string, error) {
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
