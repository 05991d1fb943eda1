package install

import (
	"context"
	"errors"
	"maps"
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

// keyChain is a pack with keys, and an outer pack with another default for one of them.
var keyChain = Chain{
	{Pack: &pack.Pack{Keys: []pack.Key{{Name: "colour", Default: "blue"}, {Name: "docker", Default: "on"}}}},
	{Pack: &pack.Pack{Name: "p@v1", Format: pack.Native, Keys: []pack.Key{
		{Name: "colour", Default: "red", RenamedFrom: []string{"color"}},
		{Name: "owner", Default: "{{ author }}-{{ colour }}"},
		{Name: "size", Default: "1", Ask: true, Choices: []string{"1", "2"}},
		{Name: "region", Description: "cloud region", NoDefault: true, Ask: true},
		{Name: "none", NoDefault: true},
		{Name: "docker", Default: "false", Bool: true},
		{Name: "author", Default: "{{ author | upper }}"}, // of the project
		{Name: "wrong", Default: "{{ colour }}{{ nobody }}", Line: 7},
		{Name: "a", Default: "{{ b }}", Line: 8},
		{Name: "b", Default: "{% if x is defined %}{{ x }}{% endif %}{{ c }}", Line: 9},
		{Name: "c", Default: "{{ a }}", Line: 10},
		{Name: "invalid", Default: "x", Pattern: "[0-9]", Line: 11},
	}}},
}

var allMetadata = metadata.Metadata{
	Values: metadata.Values{"author": "me", "version": "1", "project_name": "shop"},
	From:   map[string]string{"author": "package.json", "version": "ppm.toml", "project_name": metadata.FromFolder},
}

// answer returns a Keys.Ask that expects the question for a key.
func answer(t *testing.T, key, suggested, answer string) func(context.Context, Question) (string, error) {
	return func(_ context.Context, q Question) (string, error) {
		if q.Key != key || q.Default != suggested || q.Required != (suggested == "") {
			t.Errorf("asked for %+v", q)
		}
		return answer, nil
	}
}

type given = map[string]any

func is(value any, o lockfile.Origin) lockfile.Key { return lockfile.Key{Value: value, Origin: o} }

func TestKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys Keys
		key  string
		want lockfile.Key
	}{
		{"the outer pack has precedence", Keys{}, "colour", is("blue", lockfile.Default)},
		{"--kv", Keys{Given: given{"colour": "x::y"}}, "colour", is("x::y", lockfile.Typed)},
		{"an empty value is a value", Keys{Given: given{"owner": ""}}, "owner", is("", lockfile.Typed)},
		{"a value is data", Keys{Given: given{"owner": "{{ author }}"}}, "owner",
			is("{{ author }}", lockfile.Typed)},
		{"a configured value is data", Keys{Configured: given{"owner": "{{ author }}"}}, "owner",
			is("{{ author }}", lockfile.Configured)},
		{"an answer is data", Keys{Ask: answer(t, "region", "", "{{ x }}")}, "region",
			is("{{ x }}", lockfile.Asked)},
		{"a default of another key", Keys{}, "owner", is("ME-blue", lockfile.Default)},
		{"a default follows other keys", Keys{Given: given{"colour": "{{ red }}"}}, "owner",
			is("ME-{{ red }}", lockfile.Default)},
		{"a default of the project's name", Keys{}, "author", is("ME", lockfile.Default)},
		{"the project's layer", Keys{Configured: given{"colour": "a"}, User: given{"colour": "b"}}, "colour",
			is("a", lockfile.Configured)},
		{"the user's layer", Keys{User: given{"colour": "b"}}, "colour", is("b", lockfile.User)},
		{"an answer", Keys{Ask: answer(t, "size", "1", "2")}, "size", is("2", lockfile.Asked)},
		{"an empty answer is the default", Keys{Ask: answer(t, "size", "1", "")}, "size",
			is("1", lockfile.Default)},
		{"an empty answer is what is configured", Keys{Ask: answer(t, "size", "2", ""), User: given{"size": "2"}},
			"size", is("2", lockfile.User)},
		{"nobody answers", Keys{}, "size", is("1", lockfile.Default)},
		{"a key that is not asked for", Keys{}, "none", is("", lockfile.Default)},
		{"an earlier name", Keys{Given: given{"color": "green"}}, "colour", is("green", lockfile.Typed)},
		{"an earlier name in the user's layer", Keys{User: given{"color": "green"}}, "colour",
			is("green", lockfile.User)},
		{"--kv has precedence over what was chosen under an earlier name",
			Keys{Given: given{"color": "green", "colour": "red"}, Carried: map[string]bool{"color": true}},
			"colour", is("red", lockfile.Typed)},
		{"a boolean of an inner pack", Keys{}, "docker", is(true, lockfile.Default)},
		{"a word for a boolean", Keys{Given: given{"docker": "No"}}, "docker", is(false, lockfile.Typed)},
		{"a boolean", Keys{Configured: given{"docker": false}}, "docker",
			is(false, lockfile.Configured)},
		{"undefined", Keys{AllowUndefined: true}, "wrong", is("blue", lockfile.Default)},
		{"metadata of the manifest", Keys{}, "version", is("1", lockfile.Project)},
		{"the folder's name, which is written to the manifest", Keys{}, "project_name",
			is("shop", lockfile.Project)},
	} {
		c.keys.Metadata = allMetadata
		v, err := c.keys.Values(t.Context(), keyChain, []string{c.key}, nil)
		if err != nil || v.All[c.key] != c.want || v.Context()[c.key] != c.want.Value || v.locked()[c.key] != c.want {
			t.Errorf("%s: %s = %+v, %v, want %+v", c.name, c.key, v.All[c.key], err, c.want)
		}
		isChosen := c.want.Origin == lockfile.Typed || c.want.Origin == lockfile.Asked
		if value, chosen := v.Chosen[c.key]; chosen != isChosen || chosen && value != c.want.Value {
			t.Errorf("%s: chosen are %v", c.name, v.Chosen)
		}
	}
}

// An installed component keeps its values, but for those that the user changed in the project, and defaults.
func TestRecordedKeys(t *testing.T) {
	for _, c := range recordedKeys() {
		if c.keys.Metadata.Values == nil {
			c.keys.Metadata = allMetadata
		}
		v, err := c.keys.Values(t.Context(), keyChain, []string{c.key}, map[string]lockfile.Key{c.key: c.old})
		if err != nil || v.locked()[c.key] != c.want {
			t.Errorf("%s: %s = %+v, %v, want %+v", c.name, c.key, v.locked()[c.key], err, c.want)
		}
		want := []KeyChange(nil)
		if c.why != "" {
			want = []KeyChange{{c.key, c.old.Value, c.want.Value, c.why}}
		}
		if !reflect.DeepEqual(v.Changed, want) {
			t.Errorf("%s: changed are %+v, want %+v", c.name, v.Changed, want)
		}
	}
}

type recordedKey struct {
	name string
	keys Keys
	key  string
	old  lockfile.Key
	want lockfile.Key
	why  string
}

func recordedKeys() []recordedKey {
	typed, asked, configured := lockfile.Typed, lockfile.Asked, lockfile.Configured
	user, project, detected, byDefault := lockfile.User, lockfile.Project, lockfile.Detected, lockfile.Default
	never := func(context.Context, Question) (string, error) { return "", errors.New("asked") }
	info := func(name string, value any, from string) Keys {
		return Keys{Metadata: metadata.Metadata{
			Values: metadata.Values{"author": "me", name: value}, From: map[string]string{name: from},
		}}
	}
	return []recordedKey{
		{"typed", Keys{Given: given{"colour": "x"}}, "colour", is("x", typed), is("x", typed), ""},
		{"asked", Keys{Given: given{"size": "2"}}, "size", is("2", asked), is("2", asked), ""},
		{"changed in ppm.toml", Keys{Given: given{"size": "1"}}, "size", is("2", asked),
			is("1", typed), "in ppm.toml"},
		{"typed by another word", Keys{Given: given{"docker": "no"}}, "docker", is(false, typed),
			is(false, typed), ""},
		{"removed from the keys in ppm.toml", Keys{}, "colour", is("x", typed),
			is("blue", byDefault), "because it is no longer in ppm.toml"},
		{"configured", Keys{Configured: given{"colour": "x"}, User: given{"colour": "y"}}, "colour",
			is("x", configured), is("x", configured), ""},
		{"configured otherwise", Keys{Configured: given{"colour": "y"}}, "colour", is("x", configured),
			is("y", configured), "in [keys] of ppm.toml"},
		{"no longer configured", Keys{}, "colour", is("x", configured),
			is("blue", byDefault), "because it is no longer in ppm.toml"},
		{"configured since", Keys{Configured: given{"colour": "y"}}, "colour", is("blue", byDefault),
			is("y", configured), "in [keys] of ppm.toml"},
		{"of the user on another machine", Keys{}, "colour", is("x", user), is("x", user), ""},
		{"of the user, changed", Keys{User: given{"colour": "y"}}, "colour", is("x", user),
			is("x", user), ""},
		{"a default, and the user's own", Keys{User: given{"colour": "y"}}, "colour", is("blue", byDefault),
			is("blue", byDefault), ""},
		{"a new default", Keys{}, "colour", is("green", byDefault), is("blue", byDefault),
			"with the pack's default"},
		{"a default is not asked for again", Keys{Ask: never}, "size", is("1", byDefault),
			is("1", byDefault), ""},
		{"a text that is a boolean now", Keys{Given: given{"docker": "off"}}, "docker", is("off", typed),
			is(false, typed), "in ppm.toml"},
		{"an earlier name", Keys{}, "colour", is("x", user), is("x", user), ""},

		{"of the folder", info("project_name", "clone", metadata.FromFolder), "project_name",
			is("shop", project), is("shop", project), ""},
		{"a new name", info("project_name", "b", metadata.FromManifest), "project_name",
			is("a", project), is("b", project), "in ppm.toml"},
		{"a new module path", info("project_name", "b", "go.mod"), "project_name",
			is("a", detected), is("b", detected), "in go.mod"},
		{"of another machine", info("version", "2", metadata.FromUser), "version",
			is("1", user), is("1", user), ""},
		{"a file that is not there", info("version", "0.0.0", ""), "version",
			is("1", detected), is("1", detected), ""},
		{"removed from [project]", info("version", "0.0.0", ""), "version",
			is("1", project), is("0.0.0", detected), "because it is no longer in ppm.toml"},
		{"a name of another machine's pmfprc.json", Keys{}, "url", is("u", user),
			is("u", user), ""},
	}
}

// What a default uses is recorded, and kept, with it.
func TestDefaultOfRecordedKeys(t *testing.T) {
	k := Keys{Metadata: metadata.Metadata{
		Values: metadata.Values{"author": "", "project_name": "clone"}, From: map[string]string{},
	}}
	recorded := map[string]lockfile.Key{
		"author": is("ME", lockfile.Default), "owner": is("me-red", lockfile.Default),
		"colour": is("red", lockfile.User),
	}
	v, err := k.Values(t.Context(), keyChain, []string{"owner"}, recorded)
	if want := is("ME-red", lockfile.Default); err != nil || v.locked()["owner"] != want {
		t.Errorf("owner = %+v, %v, want %+v", v.locked()["owner"], err, want)
	}
	if used := strings.Join(v.Used, " "); used != "author colour owner" {
		t.Errorf("used are %s", used)
	}
}

// ppm neither asks for nor checks a key that the component does not use.
func TestUnusedKey(t *testing.T) {
	k := &Keys{
		Ask:      func(context.Context, Question) (string, error) { return "", errors.New("asked") },
		Metadata: allMetadata,
	}
	v, err := k.Values(t.Context(), keyChain, []string{"colour"}, nil)
	if err != nil || len(v.locked()) != 1 || v.All["size"].Value != "1" {
		t.Errorf("%+v, %v", v, err)
	}
}

func TestInvalidKeys(t *testing.T) {
	for _, c := range []struct {
		name string
		keys Keys
		key  string // that the component uses
		want string
	}{
		{"an undeclared key", Keys{Given: given{"shade": "red"}}, "", `no key "shade"`},
		{"a key by two names", Keys{Given: given{"color": "red", "colour": "green"}}, "", "given twice"},
		{"a value that is not a choice", Keys{Given: given{"size": "3"}}, "", `cannot be "3"`},
		{"an answer that is not a choice", Keys{Ask: answer(t, "size", "1", "3")}, "size", `cannot be "3"`},
		{"a configured value that is not a choice", Keys{User: given{"size": "3"}}, "size", `cannot be "3"`},
		{"no boolean", Keys{Given: given{"docker": "maybe"}}, "", `true or false, not "maybe"`},
		{"nobody to ask", Keys{}, "region", `key "region" (cloud region)`},
		{"an empty answer", Keys{Ask: answer(t, "region", "", "")}, "region", `key "region" (cloud region)`},
		{"an undefined name in a default", Keys{}, "wrong", `"ppm.toml of p@v1": line 7: the default of key "wrong"`},
		{"a cycle of defaults", Keys{}, "b", `line 9: the default of key "b" uses itself: b → c → a → b`},
		{"a default that is not allowed", Keys{}, "invalid",
			`line 11: the default of key "invalid": key "invalid" cannot be "x"`},
	} {
		c.keys.Metadata = allMetadata
		_, err := c.keys.dropUndeclared([]Chain{keyChain})
		if err == nil {
			_, err = c.keys.Values(t.Context(), keyChain, []string{c.key}, nil)
		}
		if !errors.Is(err, failure.Usage) || failure.Hint(err) == "" || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v, hint %q; want %s", c.name, err, failure.Hint(err), c.want)
		}
	}
}

// TestDropUndeclared checks which of the keys of an installed component are dropped: those that the user chose before
// and that no pack declares any more.
func TestDropUndeclared(t *testing.T) {
	locked := func(names ...string) map[string]lockfile.Key {
		keys := map[string]lockfile.Key{}
		for _, name := range names {
			keys[name] = is("x", lockfile.Typed)
		}
		return keys
	}
	k := &Keys{}
	k.Carry(given{"shade": "dark", "color": "red", "owner": "me"}, locked("shade", "color", "owner"))
	dropped, err := k.dropUndeclared([]Chain{keyChain})
	if err != nil || !maps.Equal(dropped, given{"shade": "dark"}) {
		t.Errorf("dropped %v, %v", dropped, err)
	}
	if want := (given{"color": "red", "owner": "me"}); !maps.Equal(k.Given, want) {
		t.Errorf("kept %v, want %v", k.Given, want)
	}
	for name, k := range map[string]*Keys{
		"not installed with": {}, "given again": {Given: given{"shade": "light"}},
	} {
		keys := locked()
		if len(k.Given) > 0 {
			keys = locked("shade")
		}
		k.Carry(given{"shade": "dark"}, keys)
		if dropped, err := k.dropUndeclared([]Chain{keyChain}); !errors.Is(err, failure.Usage) {
			t.Errorf("%s: dropped %v, %v", name, dropped, err)
		}
	}
}
