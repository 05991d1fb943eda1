package install

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// An evaluation finds the values of names for one component.
type evaluation struct {
	*Keys
	ctx      context.Context
	chain    Chain
	recorded map[string]lockfile.Key // of the installed component
	values   map[string]lockfile.Key // found so far
	used     map[string]bool         // names that the component is rendered with
	path     []string                // the keys whose defaults are being rendered, the outermost first
	isNeeded bool                    // the component uses the name, so that it must have a value
	why      map[string]string       // what changed a recorded value, by name
	renamed  map[string]string
}

// Values returns the values of all names for a component: the project's metadata and the keys of a chain. needed are
// the names that the component uses. It prompts for and checks only these keys and those that their defaults use, and
// leaves out other keys whose default cannot be rendered.
//
// recorded are the values that the component is installed with, and nil for a new one. They are kept, except for
// those that the user changed in the project and defaults of the pack. The name of the folder and the settings of the
// machine decide a value only once.
func (k *Keys) Values(
	ctx context.Context, c Chain, needed []string, recorded map[string]lockfile.Key,
) (Values, error) {
	e := &evaluation{
		Keys: k, ctx: ctx, chain: c, recorded: recorded, values: map[string]lockfile.Key{}, used: map[string]bool{},
		why: map[string]string{}, renamed: map[string]string{}, isNeeded: true,
	}
	keys := c.KeyNames()
	for _, name := range keys {
		_, given, err := e.given(c.Key(name))
		if err != nil {
			return Values{}, err
		}
		if !given && !slices.Contains(needed, name) {
			continue
		}
		if _, err := e.key(name); err != nil {
			return Values{}, err
		}
	}
	for _, name := range needed {
		if _, known := e.information(name); known && !slices.Contains(keys, name) {
			e.used[name] = true
		}
	}
	v := Values{Used: slices.Sorted(maps.Keys(e.used))}
	e.isNeeded = false // the other names are only for messages
	for _, name := range keys {
		_, _ = e.key(name)
	}
	v.All = e.values
	for _, name := range slices.Concat(slices.Collect(maps.Keys(k.Metadata.Values)), v.Used) {
		if _, isKey := e.values[name]; !isKey {
			v.All[name], _ = e.information(name)
		}
	}
	e.report(&v)
	return v, nil
}

// report sets what a manifest and a user have to know of the values.
func (e *evaluation) report(v *Values) {
	for _, name := range v.Used {
		key := v.All[name]
		if key.Origin == lockfile.Typed || key.Origin == lockfile.Asked {
			if v.Chosen == nil {
				v.Chosen = map[string]any{}
			}
			v.Chosen[name] = key.Value
		}
		old, known := e.recorded[name]
		if known && !reflect.DeepEqual(old.Value, key.Value) {
			v.Changed = append(v.Changed, KeyChange{name, old.Value, key.Value, e.why[name]})
		}
	}
	if len(e.renamed) > 0 {
		v.Renamed = e.renamed
	}
}

// information returns a value of the project's metadata, and whether there is one. That of an installed component is
// kept unless a file of the project says otherwise.
func (e *evaluation) information(name string) (value lockfile.Key, ok bool) {
	now := lockfile.Key{Value: e.Metadata.Values[name], Origin: lockfile.Detected}
	ok = now.Value != nil
	from := e.Metadata.From[name]
	switch from {
	case metadata.FromManifest, metadata.FromFolder: // the first install writes the folder's name to the manifest
		now.Origin = lockfile.Project
	case metadata.FromUser:
		now.Origin = lockfile.User
	}
	old, known := e.recorded[name]
	switch {
	case !known || !isInformation(old.Origin):
		return now, ok
	case reflect.DeepEqual(old.Value, now.Value) || from == metadata.FromFolder:
		return old, true
	case from == metadata.FromUser || from == "":
		if old.Origin != lockfile.Project {
			return old, true
		}
		e.why[name] = "because it is no longer in ppm.toml"
	default:
		e.why[name] = "in " + from
	}
	return now, ok
}

// isInformation reports whether a value of that origin can be one of the project's metadata.
func isInformation(o lockfile.Origin) bool {
	return o == lockfile.Project || o == lockfile.Detected || o == lockfile.User
}

// key returns the value of a key of the chain.
func (e *evaluation) key(name string) (lockfile.Key, error) {
	value, done := e.values[name]
	if !done {
		key := e.chain.Key(name)
		key.RenamedFrom = e.chain.earlierNames(name)
		var err error
		if value, err = e.decide(key); err != nil {
			return value, err
		}
		e.values[name] = value
	}
	if e.isNeeded {
		e.used[name] = true
	}
	return value, nil
}

// decide returns the value of a key: the given one, else the recorded one where it is kept, else the answer to a
// question, a configured value or the default.
func (e *evaluation) decide(key pack.Key) (lockfile.Key, error) {
	old, known := lookup(e.recorded, key)
	known = known && old.Origin != lockfile.Project && old.Origin != lockfile.Detected
	chosen := known && (old.Origin == lockfile.Typed || old.Origin == lockfile.Asked)
	name, given, err := e.given(key)
	if err != nil {
		return lockfile.Key{}, err
	}
	if given {
		if name != key.Name {
			e.renamed[name] = key.Name
		}
		value, err := givenValue(key, e.Given[name])
		origin := lockfile.Typed
		if chosen && old.Value == value {
			origin = old.Origin
		}
		e.why[key.Name] = "in ppm.toml"
		if e.typed[name] {
			e.why[key.Name] = "with --kv"
		}
		return lockfile.Key{Value: value, Origin: origin}, err
	}
	if chosen || known && old.Origin == lockfile.Configured {
		e.why[key.Name] = "because it is no longer in ppm.toml"
	}
	if value, ok := lookup(e.Configured, key); ok {
		e.why[key.Name] = "in [keys] of ppm.toml"
		return e.ask(key, value, lockfile.Configured, known && !chosen)
	}
	switch {
	case known && old.Origin == lockfile.User:
		value, err := key.Value(old.Value)
		return lockfile.Key{Value: value, Origin: lockfile.User}, err
	case known && old.Origin == lockfile.Default:
		e.why[key.Name] = "with the pack's default"
		return e.byDefault(key, &old)
	}
	if value, ok := lookup(e.User, key); ok {
		return e.ask(key, value, lockfile.User, false)
	}
	return e.byDefault(key, nil)
}

// givenValue returns a value of --kv or ppm.toml, in the form of ppm.toml. The value of a secret is checked when it is
// read.
func givenValue(key pack.Key, given any) (any, error) {
	text, isText := given.(string)
	if !isText {
		return key.Value(given)
	}
	if secret.Is(text) {
		if _, err := secret.Parse(text); err != nil {
			return nil, err
		}
		if key.Bool {
			return nil, failure.Errorf(failure.Usage, "key %q must be true or false, not a secret", key.Name).
				WithHint("pass true or false")
		}
		return text, nil
	}
	value, err := key.Value(secret.Literal(text))
	if text, isText := value.(string); isText {
		value = secret.Quote(text)
	}
	return value, err
}

// lookup returns the value of a key in a map, also by an earlier name.
func lookup[V any](values map[string]V, key pack.Key) (value V, ok bool) {
	for _, name := range append([]string{key.Name}, key.RenamedFrom...) {
		if value, ok = values[name]; ok {
			break
		}
	}
	return value, ok
}

// given returns the name by which the value of a key is given: the key's own, or an earlier one that no pack of the
// chain declares as a key. Two different values that the user gives now are an error.
func (e *evaluation) given(key pack.Key) (name string, given bool, err error) {
	name = key.Name
	value, given := e.Given[name]
	for _, old := range e.chain.earlierNames(key.Name) {
		other, ok := e.Given[old]
		switch {
		case !ok || e.chain.Key(old).Name == old:
		case !given:
			name, value, given = old, other, true
		case value != other && !e.Carried[old] && !e.Carried[name]:
			return "", false, failure.Errorf(failure.Usage, "key %q is given twice: %q is an earlier name of it",
				key.Name, old).
				WithHint("leave %s out", old)
		}
	}
	return name, given, nil
}

// byDefault returns the default of a key, or asks for the value. old is the recorded default of an installed
// component, for which nothing is asked again if there is a default.
func (e *evaluation) byDefault(key pack.Key, old *lockfile.Key) (lockfile.Key, error) {
	if key.NoDefault {
		return e.ask(key, nil, lockfile.Default, false)
	}
	value, fromMachine, err := e.renderDefault(key)
	if err != nil {
		return lockfile.Key{}, err
	}
	if old != nil && fromMachine {
		value = old.Value
	}
	return e.ask(key, value, lockfile.Default, old != nil)
}

// ask returns the answer to the question for a key if the component needs the answer, else the suggested value, which
// is nil if there is none. A decided value is not asked for again.
func (e *evaluation) ask(key pack.Key, suggested any, origin lockfile.Origin, decided bool) (lockfile.Key, error) {
	if key.Ask && e.isNeeded && !decided {
		answer, err := e.answer(key, suggested)
		if err != nil {
			return lockfile.Key{}, err
		}
		if answer != "" {
			value, err := key.Value(answer)
			if text, isText := value.(string); isText {
				value = secret.Quote(text) // an answer cannot name a secret
			}
			return lockfile.Key{Value: value, Origin: lockfile.Asked}, err
		}
		if suggested == nil {
			return lockfile.Key{}, e.errNoValue(key)
		}
	}
	if suggested == nil {
		if _, err := key.Value(""); err != nil {
			return lockfile.Key{}, e.errNoValue(key)
		}
		return lockfile.Key{Value: "", Origin: origin}, nil
	}
	value, err := key.Value(suggested)
	if origin == lockfile.Default && err != nil {
		err = e.errDefault(key, err)
	}
	return lockfile.Key{Value: value, Origin: origin}, err
}

// answer prompts for a key, at most once. The answer is empty if nobody can answer.
func (e *evaluation) answer(key pack.Key, suggested any) (string, error) {
	if answer, asked := e.answers[key.Name]; asked || e.Ask == nil {
		return answer, nil
	}
	q := Question{Key: key.Name, Description: key.Description, Choices: key.Choices, Required: suggested == nil}
	if suggested != nil {
		q.Default = fmt.Sprint(suggested)
	}
	if key.Bool {
		q.Choices = []string{strconv.FormatBool(true), strconv.FormatBool(false)}
	}
	answer, err := e.Keys.Ask(e.ctx, q)
	if err != nil {
		return "", err
	}
	if e.answers == nil {
		e.answers = map[string]string{}
	}
	e.answers[key.Name] = answer
	return answer, nil
}

// errNoValue returns the error about a key without a default that nobody gave a value.
func (e *evaluation) errNoValue(key pack.Key) error {
	what := strconv.Quote(key.Name)
	if key.Description != "" {
		what += " (" + key.Description + ")"
	}
	err := failure.Errorf(failure.Usage, "key %s of %s has no default, and no value was given",
		what, e.chain.First().Ref)
	hint := fmt.Sprintf("pass --kv %s::VALUE, or add it to the keys of the component in ppm.toml", key.Name)
	if len(key.Choices) > 0 {
		hint += "; the values are " + strings.Join(key.Choices, ", ")
	}
	return err.WithHint("%s", hint)
}

// renderDefault returns the default of a key: a string or a bool. fromMachine reports whether it contains metadata
// under the key's own name that the project does not state, so that another machine gives another value.
func (e *evaluation) renderDefault(key pack.Key) (value any, fromMachine bool, err error) {
	if !strings.Contains(key.Default, "{") {
		return key.Default, false, nil
	}
	e.path = append(e.path, key.Name)
	defer func() { e.path = e.path[:len(e.path)-1] }()
	names := render.Context{}
	for _, name := range render.TextNames(key.Default) {
		information, isInformation := e.information(name)
		switch {
		case name == key.Name && isInformation: // not the key itself
			names[name] = e.Metadata.Values[name]
			from := e.Metadata.From[name]
			fromMachine = from == "" || from == metadata.FromUser || from == metadata.FromFolder
		case slices.Contains(e.chain.KeyNames(), name):
			if i := slices.Index(e.path, name); i >= 0 {
				return nil, false, e.errCycle(append(slices.Clone(e.path[i:]), name))
			}
			other, err := e.key(name)
			if err != nil {
				return nil, false, err
			}
			names[name] = other.Rendered(name)
		case isInformation:
			names[name] = information.Value
			if e.isNeeded {
				e.used[name] = true
			}
		}
	}
	text, err := render.String("default", key.Default, names, render.Options{AllowUndefined: e.AllowUndefined})
	if err == nil {
		err = e.checkSecretUse(key, names, text)
	}
	if err != nil {
		return nil, false, e.errDefault(key, err)
	}
	return text, fromMachine, nil
}

// checkSecretUse returns an error if a default uses a secret in other ways than to copy it: text is the default with
// placeholders.
func (e *evaluation) checkSecretUse(key pack.Key, names render.Context, text string) error {
	var tried []secret.Value
	with := maps.Clone(names)
	for name := range names {
		if _, isSecret := e.values[name].Secret(); isSecret && name != key.Name {
			tried = append(tried, secret.Value{Placeholder: secret.Placeholder(name), Value: "aZ09" + name})
			with[name] = "aZ09" + name
		}
	}
	if len(tried) == 0 {
		return nil
	}
	again, err := render.String("default", key.Default, with, render.Options{AllowUndefined: e.AllowUndefined})
	if err != nil || again != string(secret.Reveal([]byte(text), tried)) {
		return failure.Errorf(failure.Usage, "it uses a secret in an expression").
			WithHint("a secret can only be copied as it is")
	}
	return nil
}

// errDefault adds the place of the default of a key to an error about it.
func (e *evaluation) errDefault(key pack.Key, err error) error {
	return failure.Errorf(failure.KindOf(err), "reading %q: line %d: the default of key %q: %w",
		e.manifest(key), key.Line, key.Name, err).
		WithHint("%s; to set the key itself, pass --kv %s::VALUE", failure.Hint(err), key.Name)
}

// errCycle returns the error about defaults that use each other.
func (e *evaluation) errCycle(names []string) error {
	key := e.chain.Key(names[0])
	return failure.Errorf(failure.Usage, "reading %q: line %d: the default of key %q uses itself: %s",
		e.manifest(key), key.Line, key.Name, strings.Join(names, " → ")).
		WithHint("pass --kv %s::VALUE, and report it to the authors of the pack", key.Name)
}

// manifest returns the name of the file that declares a key.
func (e *evaluation) manifest(key pack.Key) string {
	p := e.chain.declaring(key.Name)
	return p.Format + " of " + p.Name
}
