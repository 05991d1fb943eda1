package metadata_test

import (
	"errors"
	"io/fs"
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
)

type texts = map[string]string

func reader(files texts) func(string) ([]byte, error) {
	return func(name string) ([]byte, error) {
		if text, ok := files[name]; ok {
			return []byte(text), nil
		}
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
}

func list(s ...string) []string { return s }

// projects holds the files of projects and their metadata.
var projects = []struct {
	files texts
	want  metadata.Values // the differences from an empty project
}{
	{texts{}, metadata.Values{}},
	{texts{"pmfprc.json": `{"project_name": "a", "version": "1", "author": "b", "author_email": "c",
			"description": "d", "keywords": ["e"], "language": "py", "env": "venv",
			"added_components": {"x//y": "z"}}`},
		metadata.Values{"project_name": "a", "version": "1", "author": "b", "author_email": "c",
			"description": "d", "keywords": list("e"), "language": "py", "env": "venv"}},
	{texts{"pmfprc.json": `{"version": null, "keywords": null, "env": ""}`}, metadata.Values{}}, // no values
	// All strings of pmfprc.json are values, and nothing else is.
	{texts{"pmfprc.json": `{"url": "u", "golang_version": "1.26", "license": "", "port": 1, "flag": true,
			"requires": ["x"], "added_components": {"a": "b"}, "none": null}`},
		metadata.Values{"url": "u", "golang_version": "1.26", "license": ""}},
	{texts{"setup.cfg": "[metadata]\nname = a\nVersion: 1\nauthor = b # not a comment\n" +
		"author_email = \"c\"\ndescription = d\nkeywords = e, f\n"},
		metadata.Values{"project_name": "a", "version": "1", "author": "b # not a comment", "author_email": `"c"`,
			"description": "d", "keywords": list("e", "f"), "language": "py"}},
	{texts{"setup.cfg": "[metadata]\nname = a\nversion = attr: a.__version__\n" +
		"keywords =\n  e f\n  g\n[options]\nsetup_requires =\n    wheel\n    Cython>=3\n"},
		// Setuptools computes the version.
		metadata.Values{"project_name": "a", "keywords": list("e f", "g"), "language": "cython"}},
	// Configures tools only.
	{texts{"setup.cfg": "[flake8]\nmax-line-length = 100\n"}, metadata.Values{}},
	// Another package.
	{texts{"setup.cfg": "[metadata]\nname = a\n[options]\nsetup_requires = cython-lint; wheel\n"},
		metadata.Values{"project_name": "a", "language": "py"}},
	{texts{"pyproject.toml": "[project]\nname = 'a'\nversion = '1'\ndescription = 'd'\n" +
		"keywords = ['e', 'f']\nauthors = [{email = 'c'}, {name = 'b', email = 'x'}]\n"},
		metadata.Values{"project_name": "a", "version": "1", "description": "d", "keywords": list("e", "f"),
			"author": "b", "author_email": "c", "language": "py"}},
	{texts{"pyproject.toml": "[build-system]\nrequires = ['cython<4']\n" +
		"[project]\nname = 'a'\ndynamic = ['version']\n"},
		metadata.Values{"project_name": "a", "language": "cython"}},
	// Configures tools only.
	{texts{"pyproject.toml": "[tool.ruff]\nline-length = 100\n"}, metadata.Values{}},
	// [[headers]].
	{texts{"pyproject.toml": "[project]\n[[project.authors]]\nname = 'b'\n" +
		"[[project.authors]]\nname = 'c'\nemail = 'd'\n"},
		metadata.Values{"author": "b", "author_email": "d", "language": "py"}},
	// Values of wrong types.
	{texts{"pyproject.toml": "[project]\nname = 1\nauthors = 'x'\nkeywords = [1]\n"},
		metadata.Values{"language": "py"}},
	{texts{"go.mod": "module example.com/a // x\n\ngo 1.26\nunknown x\n"},
		metadata.Values{"project_name": "example.com/a", "language": "go"}},
	{texts{"CMakeLists.txt": "cmake_minimum_required(VERSION 3.20)\n" +
		"project(a VERSION 1.2 DESCRIPTION \"d \\\"x\\\" (y)\" HOMEPAGE_URL u LANGUAGES C CXX)\nproject(b)"},
		metadata.Values{"project_name": "a", "version": "1.2", "description": `d "x" (y)`, "language": "CXX"}},
	// The short form.
	{texts{"CMakeLists.txt": "# project(no)\nPROJECT (a # c\n  C)"},
		metadata.Values{"project_name": "a", "language": "C"}},
	// Variables.
	{texts{"CMakeLists.txt": "set(myproject (x))\nproject(${N} VERSION ${V})"}, metadata.Values{}},
	{texts{"package.json": `{"name": "@a/b", "version": "1", "description": "d", "author": "B C <c@d> (http://x)",
			"keywords": ["e"], "main": 1}`},
		metadata.Values{"project_name": "@a/b", "version": "1", "description": "d", "author": "B C",
			"author_email": "c@d", "keywords": list("e"), "language": "js"}},
	{texts{"package.json": `{"author": {"name": "b", "email": "c"}, "keywords": "e f"}`},
		metadata.Values{"author": "b", "author_email": "c", "keywords": list("e", "f"), "language": "js"}},
	{texts{"pmfprc.json": "\ufeff" + `{"version": "1", "env": "venv"}`,
		"setup.cfg": "[metadata]\nversion=2\nname=a", "package.json": `{"version": "3"}`},
		// Later files override earlier ones.
		metadata.Values{"project_name": "a", "version": "3", "env": "venv", "language": "js"}},
	// Invalid UTF-8.
	{texts{"setup.cfg": "[metadata]\nname = \xff\n"}, metadata.Values{"project_name": "\ufffd", "language": "py"}},
}

func TestRead(t *testing.T) {
	for _, c := range projects {
		want := metadata.Values{"project_name": "folder", "version": "0.0.0", "author": "", "author_email": "",
			"description": "", "keywords": "", "language": "", "env": ""}
		for k, v := range c.want {
			want[k] = v
		}
		got, warnings, err := metadata.Read(metadata.Sources{Folder: "/some/folder", Read: reader(c.files)})
		if err != nil || len(warnings) > 0 || !reflect.DeepEqual(got.Values, want) {
			t.Errorf("Read(%q):\n%q, %q, %v, want\n%q", c.files, got, warnings, err, want)
		}
	}
}

func TestReadLayers(t *testing.T) {
	got, _, err := metadata.Read(metadata.Sources{
		User:    []byte(`{"author": "user", "env": "conda", "version": "0", "cc": "gcc", "cxx": "g++", "url": "u"}`),
		Folder:  "x",
		Project: manifest.Project{Name: "own", Keywords: []string{"k"}, Extra: map[string]string{"url": "own"}},
		Read:    reader(texts{"pmfprc.json": `{"project_name": "pmfp", "env": "venv", "cxx": "clang++", "url": "v"}`}),
	})
	wanted := metadata.Values{"author": "user", "env": "venv", "version": "0", "project_name": "own",
		"keywords": []string{"k"}, "cc": "gcc", "cxx": "clang++", "url": "own"}
	for name, want := range wanted {
		if !reflect.DeepEqual(got.Values[name], want) {
			t.Errorf("%s = %q, %v, want %q", name, got.Values[name], err, want)
		}
	}
	from := map[string]string{"author": metadata.FromUser, "env": "pmfprc.json", "version": metadata.FromUser,
		"project_name": metadata.FromManifest, "keywords": metadata.FromManifest, "cc": metadata.FromUser,
		"cxx": "pmfprc.json", "url": metadata.FromManifest}
	if !reflect.DeepEqual(got.From, from) {
		t.Errorf("the values come from %v, want %v", got.From, from)
	}
	got, _, err = metadata.Read(metadata.Sources{Folder: "x", Read: reader(texts{"go.mod": "module m\n"})})
	from = map[string]string{"project_name": "go.mod", "language": "go.mod"}
	if err != nil || !reflect.DeepEqual(got.From, from) {
		t.Errorf("the values come from %v, %v, want %v", got.From, err, from)
	}
	got, _, err = metadata.Read(metadata.Sources{Folder: "x", Read: reader(nil)})
	from = map[string]string{"project_name": metadata.FromFolder}
	if err != nil || !reflect.DeepEqual(got.From, from) {
		t.Errorf("the values come from %v, %v, want %v", got.From, err, from)
	}
}

func TestReadSkipsInvalidFiles(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"pmfprc.json", `{`, "unexpected end"},
		{"pmfprc.json", `{"version": 1}`, `"version" cannot be a JSON number`},
		{"setup.cfg", "[metadata\nname=a\n", "unclosed section"},
		{"pyproject.toml", "[project]\nname = \n", "line 2"},
		{"go.mod", "module (", "syntax error"},
		{"package.json", `[]`, "array"},
		{"package.json", `{"author": {"name": 1}}`, `"author.name" cannot`},
		{"package.json", `{"keywords": {}}`, `cannot be a JSON object`},
	} {
		got, warnings, err := metadata.Read(metadata.Sources{Folder: "f", Read: reader(texts{c.name: c.text})})
		if err != nil || len(warnings) != 1 || !strings.Contains(warnings[0], c.want) ||
			!strings.HasPrefix(warnings[0], "skipping "+c.name) || got.Values["project_name"] != "f" ||
			got.Values["language"] != "" {
			t.Errorf("Read of %s %q: %q, %q, %v, want one warning with %q", c.name, c.text, got, warnings, err, c.want)
		}
	}
	if _, _, err := metadata.Read(metadata.Sources{Folder: "f",
		Read: func(string) ([]byte, error) { return nil, fs.ErrPermission }}); !errors.Is(err, fs.ErrPermission) {
		t.Errorf("a file without permission: %v", err)
	}
	if _, warnings, err := metadata.Read(metadata.Sources{User: []byte("x"), Folder: "f",
		Read: func(string) ([]byte, error) { return nil, nil }}); err != nil || len(warnings) != 1 ||
		!strings.Contains(warnings[0], "~/.pmfprc/pmfprc.json") {
		t.Errorf("an invalid file of the user: %q, %v", warnings, err)
	}
}

func FuzzRead(f *testing.F) {
	f.Add("setup.cfg", []byte("[metadata]\nname = a\n keywords\n"))
	f.Add("pyproject.toml", []byte("[project]\nauthors = [{name='x'}]\n"))
	f.Add("go.mod", []byte("module x\n"))
	f.Add("CMakeLists.txt", []byte("project(a \"b\\\"\" #)\n)"))
	f.Add("package.json", []byte(`{"author": "a <b> (c)"}`))
	f.Fuzz(func(t *testing.T, name string, data []byte) {
		got, _, err := metadata.Read(metadata.Sources{Folder: "f", Read: reader(texts{name: string(data)})})
		if err != nil || len(got.Values) != 8 {
			t.Errorf("Read of %s %q: %q, %v", name, data, got, err)
		}
	})
}
