package manifest_test

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// reference parses a valid reference.
func reference(s string) ref.Ref {
	r, err := ref.Parse(s)
	if err != nil {
		panic(err)
	}
	return r
}

const fullManifest = `
[project]
name = "x"
version = "1"
description = "d"
author = "a"
author_email = "e"
language = "py"
env = "venv"
keywords = ["k"]

[[component]]
source = "p@v1//a"
path = "./src//a.py"
keys = { source = "timer" }
[[component]]
source = "p//b"
path = "."
keys = {}

[sources]
host = "git.example.com:8443"
namespace = "team/sub"
template_config_name = "pack.json"
mirrors = { "https://github.com/" = "git@mirror.example:" }

[packs.p]
url = "git@git.example.com:team/p.git"
description = "parts"

[keys]
author = "me"

[workspace]
members = ["services/*"]
exclude = ["services/old"]

[pack]
type = "module"
whatever = [1, "x"]
`

func TestParse(t *testing.T) {
	want := &manifest.Manifest{
		Project: manifest.Project{Name: "x", Version: "1", Description: "d", Author: "a", AuthorEmail: "e",
			Language: "py", Env: "venv", Keywords: []string{"k"}},
		Components: []manifest.Component{{Source: reference("p@v1//a"), Path: "src/a.py",
			Keys: map[string]any{"source": "timer"}}, {Source: reference("p//b"), Path: "."}},
		Sources: manifest.Sources{Host: "git.example.com:8443", Namespace: "team/sub", TemplateConfigName: "pack.json",
			Mirrors: map[string]string{"https://github.com/": "git@mirror.example:"}},
		Packs: map[string]manifest.Pack{"p": {URL: "git@git.example.com:team/p.git", Description: "parts"}},
		Keys:  map[string]any{"author": "me"},

		Workspace: &manifest.Workspace{Members: []string{"services/*"}, Exclude: []string{"services/old"}},
	}
	got, err := manifest.Parse("ppm.toml", []byte(fullManifest), manifest.ProjectLayer)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("Parse:\n%+v, %v, want\n%+v", got, err, want)
	}
	got, err = manifest.Parse("ppm.toml", nil, manifest.ProjectLayer)
	if err != nil || !reflect.DeepEqual(got, &manifest.Manifest{}) {
		t.Errorf("Parse of nothing: %+v, %v", got, err)
	}
}

// release is allowed only in the built-in layer.
const release = "[packs.p]\n[[packs.p.release]]\ntag='v1'\nbranch='dev'\ndate=2024-01-01T00:00:00Z\ndir='registry/p'\n"

const (
	own     = manifest.ProjectLayer
	user    = manifest.User
	machine = manifest.Machine
	builtIn = manifest.BuiltIn
)

// invalidManifests holds texts that Parse refuses, with a part of the error and of the hint.
var invalidManifests = []struct {
	layer      manifest.Layer
	text       string
	want, hint string
}{
	{own, "[project]\nname = \"x\"\nlangage = \"py\"\n", `line 3: unknown field "project.langage"`,
		`did you mean "language"?`},
	{own, "[project]\nname = \"x\"\nauthor_mail = \"y\"\n", `line 3: unknown field "project.author_mail"`,
		`"author_email"`},
	{own, "[project]\nName = \"x\"\n", `line 2: unknown field "project.Name"`, `"name"`}, // case matters
	{own, "[projects]\n", `line 1: unknown field "projects"`, `"project"`},
	// Nothing similar.
	{own, "[whatever]\n", `unknown field "whatever"`,
		`"component", "keys", "limits", "merge", "pack", "packs", "policy", "project", "secrets", "sources", ` +
			`"workspace"`},
	{own, block + "\n[[component]]\nsorce = 'p//a'\n", `line 6: unknown field "component[1].sorce"`, `"source"`},
	{own, "\n[keys]\na = [\"x\"]\n", `line 3: field "keys.a" must be a string, true or false`, "quotes"},
	{own, block + "keys = { a = 1 }\n", `line 4: field "component[0].keys.a" must be a string, true or false`,
		"quotes"},
	{own, "[project]\nname = 1\n", `line 2: field "project.name" must be a string, not an integer`, ""},
	{own, "[project]\nkeywords = 'x'\n",
		`line 2: field "project.keywords" must be an array of strings, not a string`, ""},
	{own, "[project]\nkeywords = [\n'x',\n1]\n", `field "project.keywords[1]" must be a string`, ""},
	{own, "[project.extra]\nname = 'x'\nversion = '1'\n", `line 3: "version" is the name of a field`, "version in"},
	{own, "[project]\nextra = { author_email = 'x' }\n", `"author_email" is the name of a field`, "author_email in"},
	{own, "[project.extra]\n1a = 'x'\n", `line 2: templates cannot use the name "1a"`, "letters"},
	{own, "[project.extra]\nurl = 1\n", `line 2: field "project.extra.url" must be a string`, ""},
	{user, "[project.extra]\nurl = 'x'\n", "does not belong in a user's ppm.toml", ""},
	{own, "[[project]]\n", `line 1: field "project" must be a table, not an array of tables`, ""},
	{own, "project = 1\n", `must be a table, not an integer`, ""},
	{own, "[component]\n", `line 1: field "component" must be an array of tables, not a table`, ""},
	{own, "[project]\n[project.name]\n", `line 2: field "project.name" must be a string, not a table`, ""},
	{own, "[project]\nname.first = 'x'\n", `line 2: field "project.name" must be a string, not a table`, ""},
	{own, "[project]\nname = 'a'\nname = 'b'\n", `line 3`, "line 3"}, // a duplicate key
	{own, "a = \n", "line 1", "line 1"},
	{own, block + block, `line 6: two components at one path "a.py"`, ""},
	{own, "[[component]]\nsource = 'p//a'\n", `line 1: component "": it has no path`, "path ="},
	{own, "[[component]]\npath = 'a'\n", `line 1: component "a": it has no source`, "source ="},
	{own, block + "strategy = 'their'\n", `line 4: component "a.py": no strategy "their"`, "theirs"},
	{own, block + "own = { 'a.py' = 'min' }\n", `line 4: component "a.py": no ownership "min"`, "mine"},
	{own, block + "own = { '../a.py' = 'mine' }\n", `line 4: component "a.py"`, ""},
	{own, block + "moved = { 'a.py' = '/b.py' }\n", `line 4: component "a.py"`, ""},
	{own, block + "moved = { 'a.py' = 'c', 'b.py' = 'c' }\n",
		`line 4: component "a.py": both "a.py" and "b.py" were moved to "c"`, ""},
	{own, "[[component]]\npath = 'a'\nsource = 'p@@//x'\n", `line 3: component "a"`, ""},
	{own, "[[component]]\npath = 'a'\nsource = 'https://me:secret@h.x/p.git//x'\n", `line 3`, ""},
	{own, "[[component]]\nsource = 'p//a'\npath = '../a'\n", `line 3: component "../a"`, ""},
	{own, "[[component]]\nsource = 'p//a'\npath = '/a'\n", `absolute`, ""},
	{own, "[[component]]\nsource = 'p//a'\npath = 'a\\b'\n", `Windows does not allow \`, ""},
	{own, "[sources]\nhost = 'https://x'\n", `line 2: "https://x" is not a valid host name`, ""},
	{own, "[sources]\nnamespace = '../x'\n", `is not a namespace`, ""},
	{own, "[sources]\ntemplate_config_name = '../x'\n", `line 2`, ""},
	{own, "[sources.mirrors]\n'https://a/' = 'https://token@b/'\n", `line 1: the URL of a mirror`, ""},
	{own, "[policy]\ndeny_host = ['x']\n", `line 2: unknown field "policy.deny_host"`, `did you mean "deny_hosts"`},
	{own, "[policy]\ndeny_hosts = 'x'\n", `line 2: field "policy.deny_hosts" must be an array of strings`, ""},
	{own, "[policy]\ndeny_hosts = [\n'x',\n'a:1']\n", `line 4: deny_hosts: "a:1" is not a host pattern`,
		"without port"},
	{own, "[policy]\nallow_http = []\n", "line 2: allow_http does not belong in a project's ppm.toml", "a user's"},
	{own, "[policy]\nallow_redirects = ['x']\n", "line 2: allow_redirects does not belong in a project's", "a user's"},
	{user, "[policy]\nallow_licenses = ['MIT', 'a b']\n", `line 2: allow_licenses: "a b" is not a license`, "SPDX"},
	{user, "[policy.allow_signers]\n'x.y/z' = [\n'']\n", `line 3: allow_signers.x.y/z: "" is not a signer`, ""},
	{machine, "[policy.allow_signers]\n'x:1' = ['a']\n", `line 2: allow_signers.x:1: "x:1" is not a namespace`,
		"port"},
	{machine, "[policy]\nallow_namespaces = ['x', 'https://x']\n", `line 2: allow_namespaces: "https://x"`, ""},
	{machine, "[policy]\ndeny_schemes = ['git']\n", `line 2: deny_schemes: no scheme "git"`, "https"},
	{builtIn, "[policy]\ndeny_schemes = ['http']\n", "line 1: [policy] does not belong in the built-in", ""},
	{own, "[packs.p]\n", `line 1: pack "p" has no url`, "url ="},
	{own, "[packs.p]\nurl = 'https://me:secret@h.x/p.git'\n", `line 2: pack "p"`, ""},
	{own, "[packs.p]\nurl = 'https://h.x/p.git@v1'\n", `is not the URL of a repository`, ""},
	{own, "[packs.p]\nurl = 'https://h.x:99999/p.git'\n", `the port is not a number from 1 to 65535`, ""},
	{own, "[sources]\nhost = 'h.x:70000'\n", `the port of "h.x:70000" is not a number from 1 to 65535`, ""},
	{own, "[packs.'a b']\nurl = 'https://h.x/p.git'\n", `is not a valid name for a pack`, ""},
	{own, release, "line 2: pack \"p\": only built-in packs have releases", "url"},
	{own, "[workspace]\n", "line 1: the workspace has no members", "members ="},
	{own, "[workspace]\nmembers = 'a'\n", `must be an array of strings`, ""},
	{own, "[workspace]\nmembers = ['a', '../b']\n", `line 2: "../b" is not a valid pattern for folders`,
		"services/*"},
	{own, "[workspace]\nmembers = ['a/../../b']\n", `line 2`, ""},                 // in the middle of a path
	{own, "[workspace]\nmembers = ['/a']\n", `line 2`, ""},                        // absolute
	{own, "[workspace]\nmembers = ['']\n", `line 2`, ""},                          // empty
	{own, "[workspace]\nmembers = ['a']\nexclude = ['b[']\n", `line 3: "b["`, ""}, // not a pattern
	{own, "[merge]\nignore_space_change = ['*.json', '../a']\n", `line 2: "../a" is not a valid pattern for files`,
		"*.json"},
	{own, "[merge]\nignore_space_change = ['[']\n", `line 2: "["`, ""},
	{user, "[workspace]\nmembers = ['a']\n", "line 1: [workspace] does not belong in a user's ppm.toml", ""},
	{user, release, "only built-in packs have releases", ""},
	{user, block, "line 1: [[component]] does not belong in a user's ppm.toml", "a project's ppm.toml"},
	{user, "[project]\nname = 'x'\n", "line 1: [project] does not belong in a user's ppm.toml", ""},
	{machine, block, "line 1: [[component]] does not belong in the machine's ppm.toml", "a project's ppm.toml"},
	{machine, release, "only built-in packs have releases", ""},
	{builtIn, block, "does not belong in the built-in ppm.toml", ""},
	{builtIn, strings.Replace(release, "'dev'", "''", 1), "must be set", ""},
	{builtIn, release + "tree = 'x'\n", `line 2: pack "p", release "v1": "x" is not the full id`, ""},
	{builtIn, release + "executable = ['../x']\n", "release", ""},
	{builtIn, strings.Replace(release, "2024-01-01T00:00:00Z", "2024-01-01", 1),
		`field "packs.p.release[0].date" must be a date and time with its offset`, ""},
}

func TestParseRefuses(t *testing.T) {
	for _, c := range invalidManifests {
		m, err := manifest.Parse("some/ppm.toml", []byte(c.text), c.layer)
		if m != nil || !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), `"some/ppm.toml"`) {
			t.Errorf("Parse(%q):\n%v, want an error with\n%s", c.text, err, c.want)
		}
		if h := failure.Hint(err); h == "" || !strings.Contains(h, c.hint) {
			t.Errorf("the hint for %q is %q, want one with %q", c.text, h, c.hint)
		}
	}
}

func TestBuiltInLayer(t *testing.T) {
	text, err := os.ReadFile("../../ppm.toml")
	if err != nil {
		t.Fatal(err)
	}
	m, err := manifest.Parse("ppm.toml", text, manifest.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	if m.Sources.Host != "github.com" || m.Sources.Namespace != "Project-Manager-With-Git" ||
		len(m.Packs["tp_py_grpc"].Releases) == 0 {
		t.Errorf("the built-in layer is %+v", m)
	}
}

func TestMerge(t *testing.T) {
	date := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	base := &manifest.Manifest{
		Project: manifest.Project{Name: "base", Env: "venv", Keywords: []string{"b"},
			Extra: map[string]string{"url": "base", "cc": "base"}},
		Sources: manifest.Sources{Host: "h1", Namespace: "n1",
			Mirrors: map[string]string{"1": "b", "2": "b"}},
		Packs: map[string]manifest.Pack{"p": {Releases: []manifest.Release{{Tag: "v1", Date: date}}},
			"q": {URL: "q"}},
		Keys: map[string]any{"author": "base", "k": "base"},
	}
	over := &manifest.Manifest{
		Project:    manifest.Project{Name: "over", Extra: map[string]string{"url": "over"}},
		Components: []manifest.Component{{Source: reference("p//a"), Path: "a"}},
		Sources: manifest.Sources{Namespace: "n2",
			Mirrors: map[string]string{"2": "o"}},
		Packs:     map[string]manifest.Pack{"p": {URL: "alias"}},
		Keys:      map[string]any{"author": "over"},
		Workspace: &manifest.Workspace{Members: []string{"*"}},
	}
	want := &manifest.Manifest{
		Project: manifest.Project{Name: "over", Env: "venv", Keywords: []string{"b"},
			Extra: map[string]string{"url": "over", "cc": "base"}},
		Components: []manifest.Component{{Source: reference("p//a"), Path: "a"}},
		Sources: manifest.Sources{Host: "h1", Namespace: "n2",
			Mirrors: map[string]string{"1": "b", "2": "o"}},
		// An alias overrides the built-in pack.
		Packs:     map[string]manifest.Pack{"p": {URL: "alias"}, "q": {URL: "q"}},
		Keys:      map[string]any{"author": "over", "k": "base"},
		Workspace: &manifest.Workspace{Members: []string{"*"}},
	}
	if got := manifest.Merge(base, over); !reflect.DeepEqual(got, want) {
		t.Errorf("Merge:\n%+v, want\n%+v", got, want)
	}
	if got := manifest.Merge(want, &manifest.Manifest{}); !reflect.DeepEqual(got, want) {
		t.Errorf("Merge with an empty manifest:\n%+v, want\n%+v", got, want)
	}
	if base.Keys["author"] != "base" || base.Sources.Mirrors["2"] != "b" {
		t.Errorf("Merge changed its argument: %+v", base)
	}
}

func TestFromPmfp(t *testing.T) {
	for _, c := range []struct {
		text, want string // host, namespace and name, or a part of the error
		ok         bool
	}{
		{`{"default_template_host": "h.x", "default_template_namespace": "n", ` +
			`"template_config_name": "t.json", "python": 3}`, "h.x n t.json", true},
		{"\ufeff{}", "  ", true},
		{`{"default_template_host": null}`, "  ", true},
		{`{`, "unexpected end", false},
		{`{"default_template_host": 1}`, "default_template_host", false},
		{`{"default_template_host": "https://h.x"}`, "not a valid host name", false},
		{`{"template_config_name": "../x"}`, `a "." or ".." segment`, false},
	} {
		m, err := manifest.FromPmfp([]byte(c.text))
		if c.ok {
			if err != nil || strings.Join([]string{m.Sources.Host, m.Sources.Namespace, m.Sources.TemplateConfigName},
				" ") != c.want {
				t.Errorf("FromPmfp(%s) = %+v, %v, want %q", c.text, m, err, c.want)
			}
		} else if !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), c.want) ||
			!strings.Contains(err.Error(), "config.json") || failure.Hint(err) == "" {
			t.Errorf("FromPmfp(%s): %v (hint %q), want an error with %q", c.text, err, failure.Hint(err), c.want)
		}
	}
}

func TestCleanPath(t *testing.T) {
	for _, c := range []struct {
		path, want string
		ok         bool
	}{
		{"a/b", "a/b", true},
		{"./a//b/", "a/b", true},
		{"a/../b", "b", true},
		{"./", ".", true},
		{"", "", false},
		{"..", "", false},
		{"a/../../b", "", false},
		{"/a", "", false},
	} {
		if got, err := manifest.CleanPath(c.path); (err == nil) != c.ok || c.ok && got != c.want {
			t.Errorf("CleanPath(%q) = %q, %v, want %q", c.path, got, err, c.want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"", block, "[project]\nname = 'x'\n", "project.name = 'x'\n",
		"[packs.p]\nurl='https://h/p.git'\n", "[sources]\nmirrors.a = 'b'\n", "a = [[[]]]\n"} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		m, err := manifest.Parse("ppm.toml", text, manifest.ProjectLayer)
		if err != nil {
			if !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
				t.Errorf("Parse(%q): %v (hint %q)", text, err, failure.Hint(err))
			}
			return
		}
		edited, err := manifest.SetProject("ppm.toml", text, manifest.Project{Name: "other"})
		if err != nil {
			return
		}
		after, err := manifest.Parse("ppm.toml", edited, manifest.ProjectLayer)
		if err != nil || after.Project.Name != "other" || len(after.Components) != len(m.Components) {
			t.Errorf("SetProject(%q) = %q: %+v, %v", text, edited, after, err)
		}
	})
}

func TestIgnoresSpaceChange(t *testing.T) {
	m := manifest.Merging{IgnoreSpaceChange: []string{"*.json", "web/*.css", "docs/**/*.md", "vendor", "gen/out/"}}
	for name, want := range map[string]bool{
		"a.json": true, "x/y/a.json": true, "a.jsonc": false, "web/a.css": true, "web/x/a.css": false, "a.css": false,
		"docs/a.md": true, "docs/x/y/a.md": true, "x/docs/a.md": false, "vendor/a": true, "x/vendor/y/a": true,
		"gen/out/a": true, "gen/a": false,
	} {
		if got := m.IgnoresSpaceChange(name); got != want {
			t.Errorf("%s: got %t", name, got)
		}
	}
}
