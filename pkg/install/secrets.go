package install

import (
	"bytes"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// A SecretUse is a secret that a component is built with.
type SecretUse struct {
	secret.Use
	Typed    bool         // the user has typed the value in this command
	Recorded lockfile.Key // of the installed component; the zero value for a new one
	Was      string       // the name of the key in the installed component
	Path     string       // of the installed component; "" for a new one
}

// A SecretState is what is known of a secret.
type SecretState struct {
	Fingerprint string // for the lockfile
	Value       string // "" if it is not at hand
	Replaces    bool   // the files on disk have another value
}

// Secrets finds the values of secrets.
type Secrets interface {
	State(ctx context.Context, u SecretUse) (SecretState, error)
}

// A secretSet is the secrets that one component is built with.
type secretSet struct {
	values   []secret.Value // that are at hand
	replaced []string       // the keys whose values on disk are replaced
	keys     []string       // all of them
}

// findSecrets finds the secrets among the values of a component. It sets their fingerprints, and reports those that
// changed.
func (b *Builder) findSecrets(ctx context.Context, s Selection, v *Values) (secretSet, error) {
	var out secretSet
	for _, name := range v.Used {
		if b.Secrets == nil {
			break
		}
		value := v.All[name]
		r, isSecret := value.Secret()
		if !isSecret {
			continue
		}
		key := s.Chain.Key(name)
		key.RenamedFrom = s.Chain.earlierNames(name)
		u := SecretUse{
			Use: secret.Use{
				Reference: r, URL: s.Chain.Last().Pin.URL, Component: s.Chain.Source().Component, Key: name,
			},
			Typed: b.Keys.isTyped(key),
		}
		for _, was := range append([]string{name}, key.RenamedFrom...) {
			if old, ok := s.replaced.Keys[was]; ok {
				u.Recorded, u.Was, u.Path = old, was, s.Path
				break
			}
		}
		state, err := b.Secrets.State(ctx, u)
		if err != nil {
			return out, err
		}
		value.Fingerprint = state.Fingerprint
		v.All[name], out.keys = value, append(out.keys, name)
		if state.Value == "" {
			continue
		}
		if key.CheckValue(state.Value) != nil { // its message has the value
			return out, failure.Errorf(failure.Usage, "key %q cannot be the secret %s: its value does not match %s",
				name, r, strings.Join(append(slices.Clone(key.Choices), key.Pattern), " ")).
				WithHint("set it to another value")
		}
		out.values = append(out.values, secret.Value{Placeholder: secret.Placeholder(name), Value: state.Value})
		if state.Replaces {
			out.replaced = append(out.replaced, name)
			if !slices.ContainsFunc(v.Changed, func(c KeyChange) bool { return c.Name == name }) {
				v.Changed = append(v.Changed,
					KeyChange{name, u.Recorded.Value, value.Value, "because the secret has another value"})
			}
		}
	}
	return out, nil
}

// check returns an error unless a component uses its secrets as they are: each placeholder in the rendered files
// stands for the value, and no path has one. render renders the files with values in place of the placeholders.
func (s secretSet) check(
	typed fmt.Stringer, files fileset.Set, render func(values []secret.Value) (fileset.Set, error),
) error {
	if len(s.keys) == 0 {
		return nil
	}
	tried := []secret.Value{}
	for _, key := range s.keys { // a value of letters and digits shows most expressions, also when no value is at hand
		placeholder := secret.Placeholder(key)
		if slices.ContainsFunc(files, func(f fileset.File) bool { return strings.Contains(f.Path, placeholder) }) {
			return errSecretUse(typed, key, "in the name of a file")
		}
		tried = append(tried, secret.Value{Placeholder: placeholder, Value: "aZ09" + key})
	}
	for _, values := range [][]secret.Value{tried, s.values} {
		with, err := render(values)
		if err != nil {
			return errSecretUse(typed, s.keys[0], "in a way that fails with its value")
		}
		for i, f := range files {
			if len(with) != len(files) || with[i].Path != f.Path ||
				!bytes.Equal(with[i].Data, secret.Reveal(f.Data, values)) {
				return errSecretUse(typed, s.keys[0], fmt.Sprintf("in an expression of %q", f.Path))
			}
		}
	}
	return nil
}

func errSecretUse(typed fmt.Stringer, key, how string) error {
	return failure.Errorf(failure.Usage, "key %q of %s cannot be a secret: the component uses it %s", key, typed, how).
		WithHint("a secret can only be copied into a file as it is; pass the value itself with --kv %s::VALUE", key)
}

// replace marks the values on disk that are replaced: it replaces their placeholders in files.
func (s secretSet) replace(files fileset.Set) fileset.Set {
	if len(s.replaced) == 0 {
		return files
	}
	var values []secret.Value
	for _, key := range s.replaced {
		values = append(values, secret.Value{Placeholder: secret.Placeholder(key), Value: secret.Replacement(key)})
	}
	out := slices.Clone(files)
	for i, f := range out {
		out[i].Data = secret.Reveal(f.Data, values)
	}
	return out
}
