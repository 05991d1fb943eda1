package e2e_test

import (
	"context"
	"encoding/json"
	"maps"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// hostile is text that breaks a file that does not quote it: quotes, escapes, line endings, control characters, the
// ends of comments and strings in other syntaxes, a surrogate pair, and the expansions of CMake, JavaScript and
// Jinja2.
const hostile = "says \"hi\" \\ and \\u0041, it's\r\n# ]] ''' \"\"\" */ \x1b\x7f </p> 服务 😀 " +
	"$ENV{HOME} ${x} @y@ {{ z }} \\"

// metadataOf returns the metadata of a project: its name only, or all fields.
func metadataOf(name string, full bool) render.Context {
	if full {
		return render.Context{
			"project_name": name, "version": "1.2.3", "author": "Zoë \"Z\" O'Neil", "author_email": "zoe@example.org",
			"description": hostile, "keywords": []string{"first", hostile}, "language": "", "env": "",
		}
	}
	return render.Context{
		"project_name": name, "version": "0.0.0", "author": "", "author_email": "",
		"description": "", "keywords": "", "language": "", "env": "",
	}
}

// renderProject renders a template as ppm project new --with_test does.
func renderProject(p *pack.Pack, files fileset.Set, info render.Context) (fileset.Set, error) {
	keys := maps.Clone(info)
	for _, k := range p.Keys {
		value, err := render.String(k.Name, k.Default, info, render.Options{AllowUndefined: true})
		if err == nil {
			err = k.CheckValue(value)
		}
		if err != nil {
			return nil, err
		}
		keys[k.Name] = value
	}
	components := slices.Collect(maps.Values(p.Components))
	if p.Test != nil {
		components = append(components, pack.Component{Source: p.Test.Source, DefaultPath: p.Test.DefaultPath})
	}
	var project []fileset.File
	for _, c := range components {
		rendered, err := renderComponent(c, files, keys)
		if err != nil {
			return nil, err
		}
		project = append(project, rendered...)
	}
	return fileset.New(project)
}

// renderComponent renders one component at its default path.
func renderComponent(c pack.Component, files fileset.Set, keys render.Context) ([]fileset.File, error) {
	root, err := render.String("placement", c.DefaultPath, keys, render.Options{})
	if err != nil {
		return nil, err
	}
	var source []fileset.File
	isDir := true
	for _, f := range files {
		name, found := strings.CutPrefix(f.Path, c.Source+"/")
		if f.Path == c.Source {
			name, found, isDir = path.Base(c.Source), true, false
		}
		if found && c.Selects(name, false) {
			source = append(source, fileset.File{Path: name, Mode: f.Mode, Data: f.Data})
		}
	}
	rendered, err := render.Component(source, isDir, keys, render.Options{})
	if err != nil {
		return nil, err
	}
	var placed []fileset.File
	for _, f := range rendered.Files {
		if f.Path = path.Join(root, f.Path); !isDir {
			f.Path = root
		}
		if err := fileset.CheckPath(f.Path); err != nil {
			return nil, err
		}
		placed = append(placed, f)
	}
	return placed, nil
}

// runner runs a program in a project and returns its output.
type runner func(name string, args ...string) string

// loadPyproject is a Python program that fails when pyproject.toml is not TOML. Python has a TOML parser since 3.11.
const loadPyproject = `
import sys
if sys.version_info >= (3, 11):
    import tomllib
    tomllib.load(open("pyproject.toml", "rb"))
`

// checks holds a function for each template that checks a project with the tools of its language.
var checks = map[string]func(t *testing.T, dir string, info render.Context, run runner){
	"py-0.0.1": func(t *testing.T, dir string, info render.Context, run runner) {
		run("python3", "-m", "compileall", "-q", ".")
		run("python3", "-m", "unittest")
		run("python3", "-c", loadPyproject)
	},
	// Without Cython: that Python can parse the project, and that the file which setup.py compiles exists.
	"cython-0.0.1": func(t *testing.T, dir string, info render.Context, run runner) {
		run("python3", "-m", "compileall", "-q", ".")
		run("python3", "-c", loadPyproject)
		setup, err := os.ReadFile(filepath.Join(dir, "setup.py"))
		if err != nil {
			t.Fatal(err)
		}
		pattern := regexp.MustCompile(`"(\w+)/\*\*/(\*\.pyx)"`).FindStringSubmatch(string(setup))
		if pattern == nil {
			t.Fatalf("setup.py compiles no file:\n%s", setup)
		}
		if found, err := filepath.Glob(filepath.Join(dir, pattern[1], pattern[2])); err != nil || len(found) != 1 {
			t.Errorf("setup.py compiles %v, %v", found, err)
		}
	},
	"go-0.0.1": func(t *testing.T, dir string, info render.Context, run runner) {
		if out := run("gofmt", "-l", "."); out != "" {
			t.Errorf("gofmt would change %s", out)
		}
		run("go", "vet", "./...")
		run("go", "test", "./...")
	},
	// Without Node.js: that package.json is JSON, and that the module it exports exists.
	"js-0.0.1": func(t *testing.T, dir string, info render.Context, run runner) {
		data, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		var manifest struct{ Exports string }
		if err := json.Unmarshal(data, &manifest); err != nil {
			t.Fatalf("package.json: %v\n%s", err, data)
		}
		if _, err := os.Stat(filepath.Join(dir, manifest.Exports)); err != nil {
			t.Errorf("package.json exports a missing file: %v", err)
		}
		if installed(t, "node") {
			run("node", "--test")
		}
	},
	"c-0.0.1":   checkCMake("cc", "-std=c11", "c"),
	"cxx-0.0.1": checkCMake("c++", "-std=c++20", "cpp"),
	"md-0.0.1": func(t *testing.T, dir string, info render.Context, run runner) {
		links := 0
		for _, name := range []string{"README.md", "docs/getting-started.md"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
				links++
				if _, err := os.Stat(filepath.Join(dir, path.Dir(name), link[1])); err != nil {
					t.Errorf("%s has a broken link: %v", name, err)
				}
			}
		}
		if links < 2 {
			t.Errorf("%d links, want one in each direction", links)
		}
	},
}

// installed reports whether a program can be run. In CI a missing program is an error.
func installed(t *testing.T, program string) bool {
	t.Helper()
	_, err := exec.LookPath(program)
	if err != nil && os.Getenv("CI") == "true" {
		t.Error(err)
	}
	return err == nil
}

// checkProjectMetadata reads the metadata of a project from its files, as ppm does when a component is added later.
// Text must be on one line and without control characters.
func checkProjectMetadata(t *testing.T, p *pack.Pack, project fileset.Set, info render.Context) {
	t.Helper()
	got, warnings, err := metadata.Read(metadata.Sources{Folder: "folder", Read: func(name string) ([]byte, error) {
		f, _ := project.Lookup(name)
		return f.Data, nil
	}})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("warnings %q, error %v", warnings, err)
	}
	want := metadata.Values{"language": p.Language}
	switch p.Language {
	case "py", "cython", "js":
		want["author"], want["author_email"] = info["author"], info["author_email"]
		want["description"], want["keywords"] = oneLine(info["description"].(string)), info["keywords"]
		if words, ok := info["keywords"].([]string); ok {
			want["keywords"] = []string{oneLine(words[0]), oneLine(words[1])}
		}
	case "md": // no file has metadata
		want["language"] = ""
	}
	for name, value := range want {
		if !reflect.DeepEqual(got.Values[name], value) {
			t.Errorf("%s = %q, want %q", name, got.Values[name], value)
		}
	}
}

// oneLine joins the lines of a text and removes control characters.
func oneLine(s string) string {
	return strings.NewReplacer("\x1b", "", "\x7f", "").Replace(strings.Join(strings.Fields(s), " "))
}

// checkCMake builds a project and runs its tests with CMake. Without CMake it calls the compiler directly. Without a
// compiler it checks that the files exist.
func checkCMake(compiler, standard, extension string) func(*testing.T, string, render.Context, runner) {
	return func(t *testing.T, dir string, info render.Context, run runner) {
		source, test := "src/greet."+extension, "tests/test_greet."+extension
		for _, name := range []string{source, test} {
			if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
				t.Error(err)
			}
		}
		text, err := os.ReadFile(filepath.Join(dir, "CMakeLists.txt"))
		if err != nil || !strings.Contains(string(text), source) {
			t.Errorf("CMakeLists.txt does not build %s: %v", source, err)
		}
		switch {
		case installed(t, "cmake") && installed(t, compiler):
			run("cmake", "-S", ".", "-B", "build", "-Werror=dev")
			cache, err := os.ReadFile(filepath.Join(dir, "build", "CMakeCache.txt"))
			want := "CMAKE_PROJECT_DESCRIPTION:STATIC=" + oneLine(info["description"].(string)) + "\n"
			if err != nil || !strings.Contains(string(cache), want) {
				t.Errorf("the cache of CMake has no %q, error %v", want, err)
			}
			run("cmake", "--build", "build")
			run("ctest", "--test-dir", "build", "--output-on-failure", "--no-tests=error")
		case installed(t, compiler):
			run(compiler, standard, "-Wall", "-Werror", "-Iinclude", source, test, "-o", "test_greet")
			run("./test_greet")
		}
	}
}

// bare returns the files of the templates of the pack bare, by tag.
func bare(t *testing.T) map[string]fileset.Set {
	t.Helper()
	releases, err := builtIn(t).Releases("bare")
	if err != nil {
		t.Fatal(err)
	}
	packs := map[string]fileset.Set{}
	for _, r := range releases {
		packs[r.Tag] = r.Files
	}
	return packs
}

// A project made from each template builds and passes its tests, whatever its metadata.
func TestBareProjectsWork(t *testing.T) {
	rows := []struct {
		tag, name string
		full      bool
		file      string // a file whose path shows how the name was converted
	}{
		{"py-0.0.1", "my-service", true, "my_service/__init__.py"},        // a name that cannot be imported
		{"py-0.0.1", "2fast", false, "_2fast/__init__.py"},                // a digit first
		{"py-0.0.1", "class", false, "class_/__init__.py"},                // a keyword
		{"cython-0.0.1", "my-service", true, "my_service/greeting.pyx"},   // the same rules
		{"cython-0.0.1", "2fast", false, "_2fast/greeting.pyx"},           //
		{"go-0.0.1", "my-service", true, "go.mod"},                        // a plain name
		{"go-0.0.1", "log", false, "main.go"},                             // a package of the standard library
		{"go-0.0.1", "example.org/me/2fast", false, "main_test.go"},       // a module path
		{"js-0.0.1", "My Service", true, "package.json"},                  // capitals and spaces, which npm rejects
		{"js-0.0.1", "2fast", false, "test/index.test.js"},                // a digit first
		{"c-0.0.1", "2fast", true, "include/lib2fast/greet.h"},            // a digit first
		{"c-0.0.1", "test", false, "include/libtest/greet.h"},             // a target that CMake reserves
		{"cxx-0.0.1", "my-service", true, "include/my_service/greet.hpp"}, // not an identifier
		{"cxx-0.0.1", "double", false, "include/libdouble/greet.hpp"},     // a keyword
		{"md-0.0.1", "服务", true, "docs/getting-started.md"},               // a title may be anything
		{"md-0.0.1", "my-service", false, "README.md"},                    //
	}
	tested := map[string]bool{}
	packs := bare(t)
	for _, row := range rows {
		if testing.Short() && tested[row.tag] {
			continue
		}
		tested[row.tag] = true
		t.Run(row.tag+" "+strings.ReplaceAll(row.name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			files := packs[row.tag]
			info := metadataOf(row.name, row.full)
			p := load(t, "bare", files)
			project, err := renderProject(p, files, info)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := project.Lookup(row.file); !ok {
				t.Errorf("no %s", row.file)
			}
			checkProjectMetadata(t, p, project, info)
			dir := t.TempDir()
			writeProject(t, dir, project)
			run := func(name string, args ...string) string { return runIn(t, dir, name, args...) }
			checks[row.tag](t, dir, info, run)
		})
	}
	for tag := range packs {
		if !tested[tag] {
			t.Errorf("no row has bare@%s", tag)
		}
	}
}

// writeProject writes the files. It checks that each ends with one newline, and that none starts with an empty line.
func writeProject(t *testing.T, dir string, files fileset.Set) {
	t.Helper()
	for _, f := range files {
		text := string(f.Data)
		ends := strings.HasSuffix(text, "\n") && !strings.HasSuffix(text, "\n\n")
		if text != "" && (!ends || strings.HasPrefix(text, "\n")) {
			t.Errorf("%s starts or ends with an empty line, or has no newline at its end:\n%s", f.Path, text)
		}
		name := filepath.Join(dir, filepath.FromSlash(f.Path))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, f.Mode); err != nil {
			t.Fatal(err)
		}
	}
}

// runIn runs a program in a project, without the network.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off", "GOTOOLCHAIN=local",
		"PYTHONPATH=", "NODE_OPTIONS=", "NODE_TEST_CONTEXT=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// A name or version that is invalid in a language is an error that says which key to set.
func TestBareProjectsReject(t *testing.T) {
	rows := []struct{ tag, name, version, key string }{
		{"py-0.0.1", "服务", "0.0.0", "package"},     // Python packages have ASCII names
		{"py-0.0.1", `a"b`, "0.0.0", "package"},    // not an identifier
		{"py-0.0.1", "x", "next", "version"},       // not a PEP 440 version
		{"cython-0.0.1", "服务", "0.0.0", "package"}, //
		{"go-0.0.1", "服务", "0.0.0", "module"},      // module paths are ASCII
		{"go-0.0.1", "a/-/.b", "0.0.0", "module"},  // not a module path
		{"js-0.0.1", "服务", "0.0.0", "package"},     // npm packages have ASCII names
		{"js-0.0.1", "x", "1.0", "version"},        // not a semantic version
		{"c-0.0.1", "服务", "0.0.0", "library"},      // not an identifier
		{"c-0.0.1", "x", "next", "version"},        // CMake versions are numbers
		{"cxx-0.0.1", "a+b", "0.0.0", "library"},   // not a namespace
	}
	packs := bare(t)
	for _, row := range rows {
		t.Run(strings.ReplaceAll(row.tag+" "+row.name+" "+row.version, "/", "_"), func(t *testing.T) {
			info := metadataOf(row.name, false)
			info["version"] = row.version
			_, err := renderProject(load(t, "bare", packs[row.tag]), nil, info)
			if err == nil || !strings.Contains(err.Error(), `key "`+row.key+`"`) ||
				!strings.Contains(failure.Hint(err), "--kv "+row.key) {
				t.Errorf("error %v, hint %q; want the key %q in both", err, failure.Hint(err), row.key)
			}
		})
	}
}
