package manifest_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

const (
	block  = "[[component]]\nsource = \"p@v1//a\"\npath = \"a.py\"\n"
	block2 = "[[component]]\nsource = \"p@v1//b\"\npath = \"b\"\n"
)

func TestSetComponents(t *testing.T) {
	a := manifest.Component{Source: reference("p@v1//a"), Path: "a.py"}
	keyed := manifest.Component{Source: reference("p@v2//a"), Path: "./a.py",
		Keys: map[string]any{"z": "1", "odd key": "a \"b\"\n\\", "on": true, "off": false}}
	const keys = `keys = { "odd key" = "a \"b\"\n\\", off = false, on = true, z = "1" }`
	for _, c := range []struct {
		text string
		add  manifest.Component
		want string
	}{
		{"", a, block}, // an empty text
		{"# hi\n", a, "# hi\n\n" + block},
		// No final newline.
		{"# hi", a, "# hi\n\n" + strings.TrimSuffix(block, "\n")},
		{"# hi\r\n", a, "# hi\r\n\r\n" + strings.ReplaceAll(block, "\n", "\r\n")}, // CRLF
		// A workspace.
		{"[workspace]\nmembers = ['x/*'] # all\n", a, "[workspace]\nmembers = ['x/*'] # all\n\n" + block},
		{"\n\n", a, "\n\n\n" + block},                 // blank lines
		{"\ufeff# hi\n", a, "\ufeff# hi\n\n" + block}, // a byte order mark
		// With keys, after another.
		{block2, keyed, block2 + "\n[[component]]\nsource = \"p@v2//a\"\npath = \"a.py\"\n" + keys + "\n"},
		// An equal component changes nothing.
		{"# 1\n" + block + "# 2\n", a, "# 1\n" + block + "# 2\n"},
		{"# 1\n" + block + "# 2\n", keyed,
			"# 1\n[[component]]\nsource = \"p@v2//a\"\npath = \"a.py\"\n" + keys + "\n# 2\n"},
		// Only the value changes.
		{"[[component]] # x\npath = 'a.py' # y\n# z\nsource='p//a'# w\n", a,
			"[[component]] # x\npath = 'a.py' # y\n# z\nsource=\"p@v1//a\"# w\n"},
		// Removes the keys.
		{"[[component]]\nsource='p@v1//a'\npath='./a.py/'\nkeys={a='1'}\n" + block2, a,
			"[[component]]\nsource='p@v1//a'\npath='./a.py/'\n" + block2},
		// Dotted keys, no final newline.
		{"[[component]]\npath='a.py'\nkeys.z='1'\n# c\nkeys.y='2'\nsource='p@v2//a'", keyed,
			"[[component]]\npath='a.py'\n# c\nsource='p@v2//a'\n" + keys},
		{"[[component]]\npath='a.py'\nsource='p@v2//a'\n[component.keys]\nz='2'\n" + block2, keyed,
			"[[component]]\npath='a.py'\nsource='p@v2//a'\n" + keys + "\n" + block2},
		// A string that looks like a block.
		{"[project]\ndescription = \"\"\"\n[[component]]\npath = \"a.py\"\n\"\"\"\n", a,
			"[project]\ndescription = \"\"\"\n[[component]]\npath = \"a.py\"\n\"\"\"\n\n" + block},
	} {
		got, err := manifest.SetComponents("ppm.toml", []byte(c.text), c.add)
		if err != nil || string(got) != c.want {
			t.Errorf("SetComponents(%q):\n%q, %v, want\n%q", c.text, got, err, c.want)
		}
	}
}

func TestReplaceComponent(t *testing.T) {
	files := manifest.Component{
		Source: reference("p//a"), Path: "a", Strategy: manifest.Theirs,
		Own:   map[string]manifest.Ownership{"a/x": manifest.Mine, "a/y": manifest.Merged},
		Moved: map[string]string{"a/z": "b/z"},
	}
	const written = "[[component]]\nsource = \"p//a\"\npath = \"a\"\nstrategy = \"theirs\"\n" +
		"own = { \"a/x\" = \"mine\" }\nmoved = { \"a/z\" = \"b/z\" }\n"
	for _, c := range []struct {
		text, path string
		by         manifest.Component
		want       string
	}{
		{"[[component]]\nsource = \"p//a\"\npath = \"a\"\n", "a", files, written}, // new fields
		{written, "a", files, written},                                            // nothing changes
		// Removes fields.
		{written, "a", manifest.Component{Source: reference("p//a"), Path: "a"},
			"[[component]]\nsource = \"p//a\"\npath = \"a\"\n"},
		// Moved.
		{"[[component]] # 1\nsource = 'p//a'\npath = './a' # 2\n", "a",
			manifest.Component{Source: reference("p//a"), Path: "b"},
			"[[component]] # 1\nsource = 'p//a'\npath = \"b\" # 2\n"},
	} {
		got, err := manifest.ReplaceComponent("ppm.toml", []byte(c.text), c.path, c.by)
		if err != nil || string(got) != c.want {
			t.Errorf("ReplaceComponent(%q, %q):\n%q, %v, want\n%q", c.text, c.path, got, err, c.want)
		}
	}
	if got, err := manifest.ReplaceComponent("ppm.toml", []byte(block), "nothing", files); err != nil ||
		string(got) != block+"\n"+written {
		t.Errorf("ReplaceComponent without a component at the path: %q, %v", got, err)
	}
}

const rules = "[policy]\ndeny_hosts = [\"a.example\"]\nallow_signers = { x = [\"*@y\"] }\n"

func TestRemoveComponent(t *testing.T) {
	for _, c := range []struct{ text, path, want string }{
		{block, "a.py", ""},
		{block, "./a.py", ""}, // a path in another spelling
		{block + "\n" + block2, "a.py", block2},
		{block + "\n" + block2, "b", block},
		{"# 1\n\n# 2\n" + block + "# 3\n", "a.py", "# 1\n\n# 2\n# 3\n"}, // keeps the comments around it
		// In the middle.
		{"[project]\nname='x'\n\n" + block + "\n[keys]\na='b'\n", "a.py", "[project]\nname='x'\n\n[keys]\na='b'\n"},
		// With its table.
		{"[[component]]\nsource='p//a'\npath='a.py'\n[component.keys]\nx='1'\n\n" + block2, "a.py", block2},
		// Headers in strings and comments.
		{"[[component]]\nsource='p//a'\npath='a.py'\nkeys = {\n# [[component]]\nx = \"\"\"\n[[component]]\n\"\"\" }\n",
			"a.py", ""},
		{"\ufeff" + block, "a.py", "\ufeff"},
		// Before rules, whose lines change.
		{block + rules, "a.py", rules},
	} {
		got, err := manifest.RemoveComponent("ppm.toml", []byte(c.text), c.path)
		if err != nil || string(got) != c.want {
			t.Errorf("RemoveComponent(%q, %q):\n%q, %v, want\n%q", c.text, c.path, got, err, c.want)
		}
	}
}

func TestSetProject(t *testing.T) {
	p := manifest.Project{Name: "x", Language: "py"}
	const table = "[project]\nname = \"x\"\nlanguage = \"py\"\n"
	for _, c := range []struct {
		text string
		set  manifest.Project
		want string
	}{
		{"", p, table},
		{"# top\n\n# of a\n" + block, p, "# top\n\n" + table + "\n# of a\n" + block}, // keeps the comment of a block
		{"\ufeff" + block, p, "\ufeff" + table + "\n" + block},
		{rules, p, table + "\n" + rules}, // before rules, whose lines change
		{"[project] # me\nname = 'y' # why\n\n" + block, p,
			"[project] # me\nname = \"x\" # why\nlanguage = \"py\"\n\n" + block},
		// Removes an empty field.
		{"[project]\nname = 'x'\nenv = 'venv'\nlanguage='py'", p, "[project]\nname = 'x'\nlanguage='py'"},
		{"[project]\nkeywords = [\n'a', # one\n]\n", manifest.Project{Keywords: []string{"a", "b"}},
			"[project]\nkeywords = [\"a\", \"b\"]\n"},
		// An equal value keeps its spelling.
		{"[project]\nkeywords = [\n'a', # one\n]\n", manifest.Project{Keywords: []string{"a"}},
			"[project]\nkeywords = [\n'a', # one\n]\n"},
		// [project.extra] stays as it is.
		{"[project.extra]\nurl='u' # c\n", manifest.Project{Name: "x", Extra: map[string]string{"url": "u"}},
			"[project]\nname = \"x\"\n\n[project.extra]\nurl='u' # c\n"},
		{"[project]\n\n[project.extra]\nurl='u'\n",
			manifest.Project{Name: "x", Extra: map[string]string{"url": "u"}},
			"[project]\nname = \"x\"\n\n[project.extra]\nurl='u'\n"},
		{"# c\n", manifest.Project{}, "# c\n"}, // nothing to write
		{"[project]\nname = 'x'", manifest.Project{Name: "x", Env: "venv"}, "[project]\nname = 'x'\nenv = \"venv\""},
	} {
		got, err := manifest.SetProject("ppm.toml", []byte(c.text), c.set)
		if err != nil || string(got) != c.want {
			t.Errorf("SetProject(%q):\n%q, %v, want\n%q", c.text, got, err, c.want)
		}
	}
}

func TestEditRefuses(t *testing.T) {
	a := manifest.Component{Source: reference("p@v1//a"), Path: "a.py"}
	add := func(c manifest.Component) func([]byte) ([]byte, error) {
		return func(text []byte) ([]byte, error) { return manifest.SetComponents("ppm.toml", text, c) }
	}
	remove := func(path string) func([]byte) ([]byte, error) {
		return func(text []byte) ([]byte, error) { return manifest.RemoveComponent("ppm.toml", text, path) }
	}
	project := func(text []byte) ([]byte, error) {
		return manifest.SetProject("ppm.toml", text, manifest.Project{Name: "x"})
	}
	const inline = "component = [{source = 'p//a', path = 'a.py'}]\n"
	for _, c := range []struct {
		text string
		edit func([]byte) ([]byte, error)
		want string // in the message
	}{
		{inline, add(manifest.Component{Source: reference("p//b"), Path: "b"}), "cannot be edited"},
		{inline, add(a), "cannot be edited"},
		{inline, remove("a.py"), "cannot be edited"},
		// A table of the block after another table.
		{block + "[keys]\n[component.keys]\na='b'\n", remove("a.py"), "cannot be edited"},
		{"project.name = 'y'\n", project, "cannot be edited"},
		{"project = {name = 'y'}\n", project, "cannot be edited"},
		{block, remove("b"), "there is none"},
		{block, remove("../a.py"), "removing component"},
		{"x = 1", add(a), "unknown field"}, // an invalid text
		{"", add(manifest.Component{Source: reference("p//a"), Path: "../x"}), `a "." or ".." segment`},
		{"", add(manifest.Component{Source: reference("p//a"), Path: "/x"}), "absolute"},
		{"", add(manifest.Component{Source: reference("p//a"), Path: ".git/x"}), "own folder"},
		{"", add(manifest.Component{Source: reference("p//a")}), "no path"},
		{"", add(manifest.Component{Path: "x"}), "no source"},
		{"", add(manifest.Component{Source: reference("p//a"), Path: "x", Keys: map[string]any{"a": "\xff"}}),
			"UTF-8"},
	} {
		got, err := c.edit([]byte(c.text))
		if !errors.Is(err, failure.Usage) || !strings.Contains(err.Error(), c.want) || failure.Hint(err) == "" ||
			got != nil {
			t.Errorf("editing %q: %q, %v (hint %q), want an error with %q", c.text, got, err, failure.Hint(err),
				c.want)
		}
	}
}

func FuzzAddRemove(f *testing.F) {
	for _, text := range []string{"", "\n", "# c", "a", block, block2 + "\n\n", "[project]\r\nname = 'x'\r\n",
		"\ufeff[keys]\na='b'", "component = []", "[keys]\na = '''\n[[component]]'''",
		block2 + "[component.keys]\na.b='1'"} {
		f.Add(text, "a/b.py", "name", "va\"lue")
	}
	f.Fuzz(func(t *testing.T, text, path, key, value string) {
		c := manifest.Component{Source: reference("p@v1//a"), Path: path, Keys: map[string]any{key: value}}
		added, err := manifest.SetComponents("ppm.toml", []byte(text), c)
		if err != nil {
			return
		}
		before, err := manifest.Parse("ppm.toml", []byte(text), manifest.ProjectLayer)
		if err != nil {
			t.Fatalf("SetComponents edited an invalid text: %v", err)
		}
		after, err := manifest.Parse("ppm.toml", added, manifest.ProjectLayer)
		if err != nil {
			t.Fatalf("the edited text is invalid: %v", err)
		}
		if len(after.Components) == len(before.Components) {
			return // replaced
		}
		got := after.Components[len(after.Components)-1]
		if len(got.Keys) != 1 || got.Keys[key] != value {
			t.Errorf("added keys %q, want %q = %q", got.Keys, key, value)
		}
		removed, err := manifest.RemoveComponent("ppm.toml", added, path)
		if err != nil || !bytes.Equal(removed, []byte(text)) {
			t.Errorf("add, then remove: %q, %v, want %q", removed, err, text)
		}
	})
}
