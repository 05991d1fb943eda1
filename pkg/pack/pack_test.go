package pack_test

import (
	"errors"
	"io/fs"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

type files map[string]string

func (f files) read(name string) ([]byte, error) {
	if text, ok := f[name]; ok {
		return []byte(text), nil
	}
	return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
}

const published = `{
    "language": "py",
    "mini_language_version": "3.8",
    "description": "组件",
    "author": "hsz",
    "template_type": "socket",
    "env": "venv",
    "requires": ["grpcio>=1.60"],
    "test_requires": ["pytest"],
    "setup_requires": ["wheel"],
    "extras_requires": ["dev:mypy"],
    "command": "python app",
    "test": {"source": "tests/", "default_path": "tests"},
    "components": {
        "sdk-cli": {
            "source": "./src/sdk.py.jinja", "default_path": "{{ project_name }}/sdk.py", "description": "a < b"
        },
        "serv": {"source": "q@v1//serv", "default_path": "serv"}
    },
    "template_keys": {
        "zeta": {"default": 1, "description": "first", "ask": true},
        "alpha-1": {"default": "{{ project_name }}", "pattern": "["}
    },
    "something_else": [1, 2]
}`

const native = `
[pack]
type = "socket"
language = "py"
mini_language_version = "3.8"
description = "组件"
author = "hsz"
env = "venv"
requires = ["grpcio>=1.60"]
test_requires = ["pytest"]
setup_requires = ["wheel"]
extras_requires = ["dev:mypy"]
command = "python app"
test = { source = "tests/", default_path = "tests" }

[pack.keys.zeta]
default = "1"
description = "first"
ask = true
[pack.keys.alpha-1]
default = "{{ project_name }}"

[pack.components.sdk-cli]
source = "./src/sdk.py.jinja"
default_path = "{{ project_name }}/sdk.py"
description = "a < b"
[pack.components.serv]
source = "q@v1//serv"
default_path = "serv"

[project]
anything = "is another package's"
[merge]
ignore_space_change = ["*.json"]

[policy]
deny_schemes = ["http"]

[workspace]
members = ["of a pack that is many projects, too"]
`

func want(format string) *pack.Pack {
	return &pack.Pack{
		Name: "p@v1", Format: format, Type: "socket", Language: "py", MiniLanguageVersion: "3.8", Env: "venv",
		Description: "组件", Author: "hsz", Command: "python app",
		Requires: []string{"grpcio>=1.60"}, TestRequires: []string{"pytest"}, SetupRequires: []string{"wheel"},
		ExtrasRequires: []string{"dev:mypy"},
		Test:           &pack.Test{Source: "tests", DefaultPath: "tests"},
		Components: map[string]pack.Component{
			"sdk-cli": {Name: "sdk-cli", Source: "src/sdk.py.jinja", DefaultPath: "{{ project_name }}/sdk.py",
				Description: "a < b"},
			"serv": {Name: "serv", Source: "q@v1//serv", DefaultPath: "serv"},
		},
		// In the order of the file.
		Keys: []pack.Key{{Name: "zeta", Default: "1", Description: "first", Ask: true},
			{Name: "alpha-1", Default: "{{ project_name }}"}},
	}
}

// withoutLines returns p without the lines of its keys, which no manifest states.
func withoutLines(p *pack.Pack) *pack.Pack {
	if p != nil {
		for i := range p.Keys {
			p.Keys[i].Line = 0
		}
	}
	return p
}

func TestLoad(t *testing.T) {
	for _, c := range []struct {
		files  files
		format string
	}{
		{files{pack.Pmfp: published}, pack.Pmfp},
		{files{pack.Pmfp: "\ufeff" + published}, pack.Pmfp}, // with a byte order mark
		{files{pack.Native: native}, pack.Native},
		// The native format has precedence.
		{files{pack.Native: native, pack.Pmfp: "{"}, pack.Native},
		{files{pack.Native: "[project]\nname = 'x'\n", pack.Pmfp: published}, pack.Pmfp}, // a ppm.toml without [pack]
	} {
		got, err := pack.Load("p@v1", c.files.read)
		if err != nil || !reflect.DeepEqual(withoutLines(got), want(c.format)) {
			t.Errorf("Load of %s:\n%+v, %v, want\n%+v", c.format, got, err, want(c.format))
		}
	}
}

// full has every field that pmfp does not know.
const full = `
[pack]
type = "components"
language = "rust"
env = "cargo"
license = "MIT OR (Apache-2.0 AND BSD-3-Clause)"
license_files = ["LICENSE", "./legal/NOTICE"]
deprecated = "use other"
[[pack.retract]]
versions = ">=1.0 <1.2"
reason = "wrong results"
[[pack.retract]]
versions = "cp-0.1.*"
reason = "published by mistake"
[pack.test]
source = "tests"
[pack.components.a]
source = "src/a"
include = ["**/*.py"]
exclude = ["tests"]
requires = ["x"]
depends = ["b", "q//c"]
license = "LicenseRef-own"
deprecated = "use b"
[pack.components.b]
source = "."
license_files = []
[pack.components.c]
source = "q@v1//c"
[pack.components.d]
source = "d"
default_path = "folder/d"
[pack.components.z]
source = "z"
default_path = "folder"
[pack.keys.k]
default = "v"
choices = ["v", "w"]
pattern = "[a-z]"
[pack.keys.on]
default = true
[pack.keys.off]
default = false
[pack.keys.empty]
default = ""
[pack.keys.none]
ask = true
`

// fullJSON is full for pmfp.
const fullJSON = `{
    "template_type": "components",
    "test": {
        "source": "tests",
        "default_path": "test"
    },
    "components": {
        "c": {
            "source": "q@v1//c",
            "default_path": "",
            "description": ""
        },
        "a": {
            "source": "src/a",
            "default_path": "a",
            "description": ""
        },
        "b": {
            "source": ".",
            "default_path": "b",
            "description": ""
        },
        "z": {
            "source": "z",
            "default_path": "folder",
            "description": ""
        },
        "d": {
            "source": "d",
            "default_path": "folder/d",
            "description": ""
        }
    },
    "template_keys": {
        "k": {
            "default": "v",
            "description": "",
            "ask": false
        },
        "on": {
            "default": "True",
            "description": "",
            "ask": false
        },
        "off": {
            "default": "",
            "description": "",
            "ask": false
        },
        "empty": {
            "default": "",
            "description": "",
            "ask": false
        },
        "none": {
            "default": "",
            "description": "",
            "ask": true
        }
    }
}
`

// A manifest for pmfp has the fields of its schema, the values that its schema allows, and a path for each component.
// A folder precedes what is placed in it.
func TestJSON(t *testing.T) {
	p, err := pack.Load("p", files{pack.Native: full}.read)
	if err != nil {
		t.Fatal(err)
	}
	if got, err := p.JSON(); err != nil || string(got) != fullJSON {
		t.Errorf("JSON() = %s, %v, want %s", got, err, fullJSON)
	}
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{native, full, "[pack]\ntype='doc'\n[pack.components]\n"} {
		p, err := pack.Load("p", files{pack.Native: text}.read)
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack.Load("p", files{pack.Native: string(p.TOML())}.read)
		if err != nil {
			t.Fatalf("%v in\n%s", err, p.TOML())
		}
		if !reflect.DeepEqual(withoutLines(again), withoutLines(p)) {
			t.Errorf("Load(TOML()) = %+v, want %+v, from\n%s", again, p, p.TOML())
		}
		data, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		if again, err = pack.Load("p", files{pack.Pmfp: string(data)}.read); err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		if p.Format = pack.Pmfp; text == native && !reflect.DeepEqual(withoutLines(again), p) {
			t.Errorf("Load(JSON()) = %+v, want %+v, from\n%s", again, p, data)
		}
		if second, err := again.JSON(); err != nil || string(second) != string(data) {
			t.Errorf("JSON() of the loaded pack = %s, %v, want %s", second, err, data)
		}
	}
}

func TestLoadRefusesJSON(t *testing.T) {
	json := func(fields string) string { return `{"template_type": "module", "components": {}, ` + fields + `}` }
	component := func(fields string) string {
		return `{"template_type": "module", "components": {"a": {` + fields + `}, "bee": {"source": "b"}}}`
	}
	for _, c := range []struct{ text, want, hint string }{
		{`{`, "line 1", ""},
		{"{\n\"a\": 1,\n}", "line 3", ""},
		{`[]`, "must be an object, not a list", ""},
		{`{} {}`, "line 1", ""},
		{`{"components": {}}`, `field "template_type": the type of the pack is missing`, ""},
		{`{"template_type": "module"}`, `field "components": the pack has no components`, ""},
		{`{"template_type": "component", "components": {}}`, `"component" is not a valid type`, `"components"`},
		{json(`"language": 1`), `field "language": it must be a string, not a number`, ""},
		{json(`"requires": "x"`), `field "requires": it must be a list, not a string`, ""},
		{json(`"extras_requires": {"a": ["b"]}`), `field "extras_requires": it must be a list, not an object`, ""},
		{json(`"requires": ["x", 1]`), `field "requires[1]": it must be a string, not a number`, ""},
		{json(`"requires": [null]`), `field "requires[0]": it must be a string, not null`, ""},
		{json(`"test": []`), `field "test": it must be an object`, ""},
		{json(`"test": {"source": "../x"}`), `field "test.source"`, ""},
		{json(`"template_keys": {"k": {"ask": "yes"}}`),
			`field "template_keys.k.ask": it must be a boolean, not a string`, ""},
		{json(`"template_keys": {"k": {"default": [1]}}`),
			`field "template_keys.k.default": it must be a string, not a list`, ""},
		{json(`"template_keys": {"a b": {}}`), `field "template_keys.a b"`, ""},
		{json(`"template_keys": []`), `field "template_keys": it must be an object`, ""},
		{json(`"components": {}`), `field "components": it is set twice`, ""},
		{component(``), `field "components.a.source": component "a": the source is missing`, ""},
		{component(`"source": 1`), `field "components.a.source": it must be a string`, ""},
		{component(`"source": "/etc"`), `absolute`, ""},
		{component(`"source": "a/../../b"`), `field "components.a.source"`, ""}, // outside the pack
		{component(`"source": ".git/config"`), `own folder`, ""},
		{component(`"source": "a\\b"`), `field "components.a.source"`, ""},
		{component(`"source": "q@@//b"`), `field "components.a.source"`, ""},
		{component(`"source": "https://h.x/q.git"`), `names no component`, ""},
		{`{"template_type": "module", "components": {"a@b": {"source": "a"}}}`, `not allowed in a reference`, ""},
		{`{"template_type": "module", "components": {"a": "a"}}`,
			`field "components.a": it must be an object, not a string`, ""},
	} {
		refused(t, files{pack.Pmfp: c.text}, c.want, c.hint, pack.Pmfp+" of p@v1")
	}
}

func TestLoadRefusesNative(t *testing.T) {
	const ok = "[pack]\ntype = 'module'\n[pack.components.bee]\nsource = 'b'\n"
	for _, c := range []struct{ text, want, hint string }{
		{"[pack]\n", "line 1: the type of the pack is missing", ""},
		{"[pack]\ntype = 'modul'\n", `line 2: "modul" is not a valid type`, `"module"`},
		{"[pack]\ntype = 'module'\n", "the pack has no components", ""},
		{"[pack]\ntype = 1\n", `line 2: field "pack.type" must be a string, not an integer`, ""},
		{ok + "[pack.keys.k]\ndefault = 8080\n",
			`line 6: field "pack.keys.k.default" must be a string, true or false`, "quotes"},
		{ok + "[pack.keys.k]\ndefault = false\nchoices = ['a']\n", `line 5: key "k": its default is a boolean`, ""},
		{ok + "[pack.keys.k]\ndefault = false\npattern = 'a'\n", `line 5: key "k": its default is a boolean`, ""},
		{"[pack]\nlangage = 'py'\n", `line 2: unknown field "pack.langage"`, `"language"`},
		{"[pack]\nLanguage = 'py'\n", `unknown field "pack.Language"`, `"language"`},
		{ok + "descripton = 'x'\n", `line 5: unknown field "pack.components.bee.descripton"`, `"description"`},
		{ok + "depends = ['be']\n", `depends on "be"`, `"bee"`},
		{ok + "depends = ['q@@//b']\n", `line 5: component "bee"`, ""},
		{ok + "depends = ['a']\n", `line 5: component "bee" depends on "a"`, ""},
		{ok + "exclude = ['[']\n", `line 3: component "bee": "[" is not a valid file pattern`, ""},
		{ok + "[pack.components.a]\nsource = '../x'\n", `line 6: component "a"`, ""},
		{ok + "[pack.keys.k]\nask = 'yes'\n", `line 6: field "pack.keys.k.ask" must be true or false`, ""},
		{ok + "[pack.keys.k]\npattern = '('\n", `line 5: key "k": its pattern`, ""},
		{ok + "[pack.keys.k]\nchoices = ['a']\ndefault = 'b'\n", `line 5: its default: key "k" cannot be "b"`, ""},
		{ok + "[pack.keys.1k]\n", `line 5: key "1k"`, ""},
		{ok + "[project\n", "line 5", ""},
		{ok + "[projct]\n", `unknown field "projct"`, `"project"`},
	} {
		refused(t, files{pack.Native: c.text}, c.want, c.hint, pack.Native+" of p@v1")
	}
}

func refused(t *testing.T, f files, want, hint, file string) {
	t.Helper()
	p, err := pack.Load("p@v1", f.read)
	if p != nil || !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), want) ||
		!strings.Contains(err.Error(), file) {
		t.Errorf("Load of %q: %+v, %v, want an error of %s with %s", f, p, err, file, want)
	}
	if h := failure.Hint(err); h == "" || !strings.Contains(h, hint) {
		t.Errorf("the hint for %q is %q, want one with %s", f, h, hint)
	}
}

func TestLoadWithoutManifest(t *testing.T) {
	if _, err := pack.Load("p", files{}.read); !errors.Is(err, failure.Usage) ||
		!strings.Contains(err.Error(), `pack "p" has no manifest`) {
		t.Errorf("Load of an empty pack: %v", err)
	}
	broken := errors.New("broken pipe")
	if _, err := pack.Load("p", func(string) ([]byte, error) { return nil, broken }); !errors.Is(err, broken) {
		t.Errorf("Load with an error of read: %v", err)
	}
}

func TestKeyDefaultsAsPythonWritesThem(t *testing.T) {
	for _, c := range []struct{ json, want string }{
		{`"x"`, "x"}, {`""`, ""}, {`null`, ""}, {`true`, "true"}, {`false`, "false"},
		{`0`, "0"}, {`-0`, "0"}, {`12345678901234567890123`, "12345678901234567890123"}, // integers are not limited
		{`1.0`, "1.0"}, {`-0.0`, "-0.0"}, {`1.50`, "1.5"}, {`1e3`, "1000.0"}, {`1E+2`, "100.0"}, {`0.1`, "0.1"},
		{`1e15`, "1000000000000000.0"}, {`1e16`, "1e+16"}, {`1.5e300`, "1.5e+300"}, {`0.0001`, "0.0001"},
		{`0.00001`, "1e-05"}, {`1e999`, "inf"}, {`-1e999`, "-inf"},
	} {
		text := `{"template_type": "module", "components": {}, "template_keys": {"k": {"default": ` + c.json + `}}}`
		p, err := pack.Load("p", files{pack.Pmfp: text}.read)
		if err != nil || p.Keys[0].Default != c.want {
			t.Errorf("default %s: %+v, %v, want %q", c.json, p, err, c.want)
		}
	}
}

func TestComponent(t *testing.T) {
	p, err := pack.Load("p@v1", files{pack.Pmfp: published}.read)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ name, want, hint string }{
		{"serv", "serv", ""},
		{"src/sdk.py.jinja", "sdk-cli", ""}, // by source
		{"./src/sdk.py.jinja", "sdk-cli", ""},
		{"q@v1//serv", "", "choose"}, // a link is not a path
		{"sdk_cli", "", `"sdk-cli"`},
		{"zzz", "", `"sdk-cli", "serv"`},
	} {
		got, err := p.Component(c.name)
		if got.Name != c.want || (err == nil) != (c.want != "") || !strings.Contains(failure.Hint(err), c.hint) {
			t.Errorf("Component(%q) = %+v, %v (hint %q), want %q", c.name, got, err, failure.Hint(err), c.want)
		}
	}
	if !p.IsTemplate() || !slices.Equal(p.Names(), []string{"sdk-cli", "serv"}) {
		t.Errorf("IsTemplate() = %v, Names() = %q", p.IsTemplate(), p.Names())
	}
}

func TestLink(t *testing.T) {
	for _, c := range []struct {
		source string
		link   bool
		want   string
	}{
		{"src/a.py", false, ""},
		{"q@v1//serv", true, "q@v1//serv"},
		{"h.x::ns::q//a", true, "h.x::ns::q//a"},
		{"https://h.x/q.git@v1//a", true, "https://h.x/q.git@v1//a"},
	} {
		r, link, err := pack.Component{Source: c.source}.Link()
		if err != nil || link != c.link || link && r.String() != c.want {
			t.Errorf("Link of %q = %v, %v, %v, want %q", c.source, r, link, err, c.want)
		}
	}
}

func TestKeyCheckValue(t *testing.T) {
	for _, c := range []struct {
		key   pack.Key
		value string
		ok    bool
	}{
		{pack.Key{}, "anything\n", true},
		{pack.Key{Choices: []string{"a", "b"}}, "b", true},
		{pack.Key{Choices: []string{"a", "b"}}, "", false},
		{pack.Key{Pattern: "[a-z]+"}, "abc", true},
		{pack.Key{Pattern: "[a-z]+"}, "abc1", false},  // the whole value
		{pack.Key{Pattern: "[a-z]+"}, "abc\n", false}, // including the line ending
		{pack.Key{Pattern: "a|b"}, "ab", false},       // the pattern is one expression
		{pack.Key{Pattern: "a*", Choices: []string{"b"}}, "a", false},
	} {
		err := c.key.CheckValue(c.value)
		if (err == nil) != c.ok || err != nil && (!errors.Is(err, failure.Usage) || failure.Hint(err) == "") {
			t.Errorf("CheckValue(%q) of %+v = %v, want ok %v", c.value, c.key, err, c.ok)
		}
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(pack.Native, native)
	f.Add(pack.Pmfp, published)
	f.Fuzz(func(t *testing.T, name, text string) {
		p, err := pack.Load("p", files{name: text}.read)
		if err != nil {
			if failure.Hint(err) == "" || !errors.Is(err, failure.Usage) {
				t.Errorf("%v (hint %q)", err, failure.Hint(err))
			}
			return
		}
		data, err := p.JSON()
		if err != nil {
			t.Fatal(err)
		}
		again, err := pack.Load("p", files{pack.Pmfp: string(data)}.read)
		if err != nil {
			t.Fatalf("%v in\n%s", err, data)
		}
		if second, err := again.JSON(); err != nil || string(second) != string(data) {
			t.Errorf("JSON is not stable: %s, %v, then %s", data, err, second)
		}
	})
}
