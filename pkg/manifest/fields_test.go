package manifest_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A layer is the text of one layer and its meaning.
type layer struct {
	layer manifest.Layer
	text  string
	want  manifest.Manifest
}

// layers set every field that they can have. TestEveryFieldIsParsed fails until a new field is set in one of them.
var layers = []layer{
	{manifest.BuiltIn, `
[packs.builtin]
description = "built in"
[[packs.builtin.release]]
tag = "v1"
branch = "main"
date = 2024-05-06T07:08:09Z
dir = "registry/builtin"
tree = "3333333333333333333333333333333333333333"
executable = ["bin/run"]
`, manifest.Manifest{
		Packs: map[string]manifest.Pack{"builtin": {
			Description: "built in",
			Releases: []manifest.Release{{
				Tag: "v1", Branch: "main", Date: time.Date(2024, 5, 6, 7, 8, 9, 0, time.UTC), Dir: "registry/builtin",
				Tree: "3333333333333333333333333333333333333333", Executable: []string{"bin/run"},
			}},
		}},
	}},
	{manifest.User, `
[sources]
host = "git.example.com"
namespace = "team"
template_config_name = "template.json"
mirrors = { "https://from.example.com/" = "https://to.example.com/" }
[sources."signed.example.com/team"]
verify = "signed"
allowed_signers = "signers"
openpgp_keys = "keys.asc"
[packs.alias]
url = "https://alias.example.com/a.git"
[keys]
license = "MIT"
[policy]
deny_schemes = ["http"]
[limits]
refs = 11
pack_size = "12 MiB"
files = 13
file_size = "14 KiB"
component_size = "15 MiB"
command_size = "16 GiB"
fetch_time = "17 min"
[secrets]
allow = ["@env:TOKEN", "@file:~/token"]
`, manifest.Manifest{
		Sources: manifest.Sources{
			Host: "git.example.com", Namespace: "team", TemplateConfigName: "template.json",
			Mirrors: map[string]string{"https://from.example.com/": "https://to.example.com/"},
		},
		Trust: []manifest.TrustRules{{Layer: manifest.User, File: "ppm.toml", Tables: map[string]manifest.Trust{
			"signed.example.com/team": {
				Verify: manifest.VerifySigned, AllowedSigners: "signers", OpenPGPKeys: "keys.asc",
			},
		}}},
		Packs:  map[string]manifest.Pack{"alias": {URL: "https://alias.example.com/a.git"}},
		Keys:   map[string]any{"license": "MIT"},
		Policy: onLine(16, policy.Rules{DenySchemes: []string{"http"}}),
		Limits: manifest.Limits{
			Refs: 11, PackSize: "12 MiB", Files: 13,
			FileSize: "14 KiB", ComponentSize: "15 MiB", CommandSize: "16 GiB", FetchTime: "17 min",
		},
		Secrets: manifest.Secrets{Allow: []string{"@env:TOKEN", "@file:~/token"}},
	}},
	{manifest.ProjectLayer, `
[project]
name = "demo"
version = "1.2"
description = "a demo"
author = "Ann"
author_email = "ann@example.com"
language = "py"
env = "venv"
keywords = ["one", "two"]
extra = { url = "https://example.com/demo" }

[[component]]
source = "p@v1//a"
path = "src/a"
keys = { source = "timer" }
strategy = "theirs"
own = { "src/a/x" = "mine" }
moved = { "src/a/y" = "lib/y" }

[workspace]
members = ["services/*"]
exclude = ["services/old"]

[merge]
ignore_space_change = ["*.json"]
`, manifest.Manifest{
		Project: project, Components: []manifest.Component{component},
		Workspace: &manifest.Workspace{Members: []string{"services/*"}, Exclude: []string{"services/old"}},
		Merging:   manifest.Merging{IgnoreSpaceChange: []string{"*.json"}},
	}},
}

// onLine returns the policy of a file with one rule.
func onLine(line int, r policy.Rules) policy.Policy {
	p, _, _, err := policy.New("ppm.toml", r, func(string, int) int { return line })
	if err != nil {
		panic(err)
	}
	return p
}

var (
	project = manifest.Project{
		Name: "demo", Version: "1.2", Description: "a demo", Author: "Ann", AuthorEmail: "ann@example.com",
		Language: "py", Env: "venv", Keywords: []string{"one", "two"},
		Extra: map[string]string{"url": "https://example.com/demo"},
	}
	component = manifest.Component{
		Source: reference("p@v1//a"), Path: "src/a", Keys: map[string]any{"source": "timer"},
		Strategy: manifest.Theirs, Own: map[string]manifest.Ownership{"src/a/x": manifest.Mine},
		Moved: map[string]string{"src/a/y": "lib/y"},
	}
)

// opaque are structs that count as one value.
var opaque = []reflect.Type{
	reflect.TypeFor[ref.Ref](), reflect.TypeFor[time.Time](), reflect.TypeFor[policy.Policy](),
}

// A fieldSet maps each field of a type to its first value that is not zero. Elements of lists and maps are one field.
type fieldSet map[string]any

// add adds the fields of v, and reports those that have the value of another field.
func (set fieldSet) add(t *testing.T, path string, v reflect.Value) {
	t.Helper()
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			v = reflect.Zero(v.Type().Elem())
		} else {
			v = v.Elem()
		}
		set.add(t, path, v)
		return
	case reflect.Slice, reflect.Map:
		if v.Type().Elem().Kind() == reflect.Struct {
			if v.Len() == 0 {
				set.add(t, path, reflect.Zero(v.Type().Elem()))
			}
			for _, item := range v.Seq2() {
				set.add(t, path, item)
			}
			return
		}
	case reflect.Struct:
		if !slices.Contains(opaque, v.Type()) {
			for f := range v.Type().Fields() {
				set.add(t, path+"."+f.Name, v.FieldByIndex(f.Index))
			}
			return
		}
	}
	if set[path] != nil {
		return
	}
	if v.IsZero() {
		set[path] = nil
		return
	}
	for other, value := range set {
		if reflect.DeepEqual(value, v.Interface()) {
			t.Errorf("%s and %s are both %v", path, other, value)
		}
	}
	set[path] = v.Interface()
}

// check reports the fields that were zero in all values.
func (set fieldSet) check(t *testing.T) {
	t.Helper()
	for path, value := range set {
		// Parse moves the tables of Sources.Trust to Manifest.Trust.
		if value == nil && !strings.HasPrefix(path, "Manifest.Sources.Trust") {
			t.Errorf("%s is not set", path)
		}
	}
}

func TestEveryFieldIsParsed(t *testing.T) {
	set := fieldSet{}
	for _, l := range layers {
		got, err := manifest.Parse("ppm.toml", []byte(l.text), l.layer)
		if err != nil || !reflect.DeepEqual(*got, l.want) {
			t.Errorf("Parse:\n%+v, %v, want\n%+v", got, err, l.want)
			continue
		}
		set.add(t, "Manifest", reflect.ValueOf(*got))
	}
	set.check(t)
}

func TestMergeKeepsEveryField(t *testing.T) {
	all := &manifest.Manifest{}
	for _, l := range layers {
		all = manifest.Merge(all, &l.want)
		if again := manifest.Merge(&l.want, &manifest.Manifest{}); !reflect.DeepEqual(*again, l.want) {
			t.Errorf("Merge(x, nothing) = %+v, want %+v", *again, l.want)
		}
	}
	set := fieldSet{}
	set.add(t, "Manifest", reflect.ValueOf(*all))
	set.check(t)
}

func TestEveryFieldIsWritten(t *testing.T) {
	set := fieldSet{}
	set.add(t, "Project", reflect.ValueOf(project))
	set.add(t, "Component", reflect.ValueOf(component))
	set.check(t)

	other := manifest.Component{
		Source: reference("q@v2//b"), Path: "b", Keys: map[string]any{"other": "key"}, Strategy: manifest.Ours,
		Own: map[string]manifest.Ownership{"b/1": manifest.Once}, Moved: map[string]string{"b/2": "c/2"},
	}
	empty := manifest.Component{Source: component.Source, Path: component.Path}
	text, err := manifest.SetProject("ppm.toml", nil, project)
	if err == nil {
		text, err = manifest.SetComponents("ppm.toml", text, component)
	}
	if err != nil {
		t.Fatal(err)
	}
	checkText(t, text, project, component)
	for _, c := range []manifest.Component{other, component, empty, component} { // each replaces the one before
		m, err := manifest.Parse("ppm.toml", text, manifest.ProjectLayer)
		if err != nil {
			t.Fatal(err)
		}
		if text, err = manifest.ReplaceComponent("ppm.toml", text, m.Components[0].Path, c); err != nil {
			t.Fatal(err)
		}
		checkText(t, text, project, c)
	}
	for _, p := range []manifest.Project{{}, project, {Name: "x"}, project} {
		if text, err = manifest.SetProject("ppm.toml", text, p); err != nil {
			t.Fatal(err)
		}
		checkText(t, text, p, component)
	}
}

// checkText reports a text that does not mean the project and the component.
func checkText(t *testing.T, text []byte, p manifest.Project, c manifest.Component) {
	t.Helper()
	got, err := manifest.Parse("ppm.toml", text, manifest.ProjectLayer)
	want := &manifest.Manifest{Project: p, Components: []manifest.Component{c}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%s\nmeans %+v, %v\nwant %+v", text, got, err, want)
	}
}
