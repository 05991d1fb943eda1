package ppm_test

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

// hostile is text that breaks a file which does not quote it: quotes, escapes, line ends, controls, ends of other syntaxes,
// a character that UTF-16 needs two units for, and the expansions of CMake, JavaScript and Jinja2.
const hostile = "says \"hi\" \\ and \\u0041, it's\r\n# ]] ''' \"\"\" */ \x1b\x7f </p> 服务 😀 $ENV{HOME} ${x} @y@ {{ z }} \\"

// told returns what a project says about itself: its name, and nothing else or everything.
func told(name string, full bool) render.Context {
	if full {
		return render.Context{"project_name": name, "version": "1.2.3", "author": "Zoë \"Z\" O'Neil", "author_email": "zoe@example.org",
			"description": hostile, "keywords": []string{"first", hostile}, "language": "", "env": ""}
	}
	return render.Context{"project_name": name, "version": "0.0.0", "author": "", "author_email": "",
		"description": "", "keywords": "", "language": "", "env": ""}
}

// skeleton renders a template as ppm project new --with_test does.
func skeleton(p *pack.Pack, files fileset.Set, told render.Context) (fileset.Set, error) {
	keys := maps.Clone(told)
	for _, k := range p.Keys {
		value, err := render.String(k.Name, k.Default, told, render.Options{AllowUndefined: true})
		if err == nil {
			err = k.Check(value)
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
	var out []fileset.File
	for _, c := range components {
		root, err := render.String("placement", c.DefaultPath, keys, render.Options{})
		if err != nil {
			return nil, err
		}
		var part []fileset.File
		dir := true
		for _, f := range files {
			inside, in := strings.CutPrefix(f.Path, c.Source+"/")
			if f.Path == c.Source {
				inside, in, dir = path.Base(c.Source), true, false
			}
			if in {
				part = append(part, fileset.File{Path: inside, Mode: f.Mode, Data: f.Data})
			}
		}
		rendered, err := render.Component(c.Select(part), dir, keys, render.Options{})
		if err != nil {
			return nil, err
		}
		for _, f := range rendered.Files {
			if f.Path = path.Join(root, f.Path); !dir {
				f.Path = root
			}
			if err := fileset.CheckPath(f.Path); err != nil {
				return nil, err
			}
			out = append(out, f)
		}
	}
	return fileset.New(out)
}

// A tool runs a command of the language's own in a project.
type tool func(name string, args ...string) string

// loadPyproject is Python that fails when pyproject.toml is not TOML. Before 3.11 Python cannot tell; ppm's own reader can.
const loadPyproject = `
import sys
if sys.version_info >= (3, 11):
    import tomllib
    tomllib.load(open("pyproject.toml", "rb"))
`

// proofs show for each bare project that the language's own tools take it.
var proofs = map[string]func(t *testing.T, dir string, told render.Context, run tool){
	"py-0.0.1": func(t *testing.T, dir string, told render.Context, run tool) {
		run("python3", "-m", "compileall", "-q", ".")
		run("python3", "-m", "unittest")
		run("python3", "-c", loadPyproject)
	},
	// Structure only, because a fresh machine has no Cython: what Python itself reads, and what setup.py will look for.
	"cython-0.0.1": func(t *testing.T, dir string, told render.Context, run tool) {
		run("python3", "-m", "compileall", "-q", ".")
		run("python3", "-c", loadPyproject)
		setup, err := os.ReadFile(filepath.Join(dir, "setup.py"))
		if err != nil {
			t.Fatal(err)
		}
		pattern := regexp.MustCompile(`"(\w+)/\*\*/(\*\.pyx)"`).FindStringSubmatch(string(setup))
		if pattern == nil {
			t.Fatalf("setup.py compiles nothing:\n%s", setup)
		}
		if found, err := filepath.Glob(filepath.Join(dir, pattern[1], pattern[2])); err != nil || len(found) != 1 {
			t.Errorf("setup.py compiles %v, %v", found, err)
		}
	},
	"go-0.0.1": func(t *testing.T, dir string, told render.Context, run tool) {
		if out := run("gofmt", "-l", "."); out != "" {
			t.Errorf("gofmt would change %s", out)
		}
		run("go", "vet", "./...")
		run("go", "test", "./...")
	},
	// Structure only where there is no Node.js: that package.json is JSON, and that the module it exports is there.
	"js-0.0.1": func(t *testing.T, dir string, told render.Context, run tool) {
		data, err := os.ReadFile(filepath.Join(dir, "package.json"))
		if err != nil {
			t.Fatal(err)
		}
		var said struct{ Exports string }
		if err := json.Unmarshal(data, &said); err != nil {
			t.Fatalf("package.json: %v\n%s", err, data)
		}
		if _, err := os.Stat(filepath.Join(dir, said.Exports)); err != nil {
			t.Errorf("package.json exports what is not there: %v", err)
		}
		if has("node") {
			run("node", "--test")
		}
	},
	"c-0.0.1":   proveCMake("cc", "-std=c11", "c"),
	"cxx-0.0.1": proveCMake("c++", "-std=c++20", "cpp"),
	"md-0.0.1": func(t *testing.T, dir string, told render.Context, run tool) {
		links := 0
		for _, name := range []string{"README.md", "docs/getting-started.md"} {
			text, err := os.ReadFile(filepath.Join(dir, name))
			if err != nil {
				t.Fatal(err)
			}
			for _, link := range regexp.MustCompile(`\]\(([^)]+)\)`).FindAllStringSubmatch(string(text), -1) {
				links++
				if _, err := os.Stat(filepath.Join(dir, path.Dir(name), link[1])); err != nil {
					t.Errorf("%s links to what is not there: %v", name, err)
				}
			}
		}
		if links < 2 {
			t.Errorf("%d links, want one there and one back", links)
		}
	},
}

func has(program string) bool {
	_, err := exec.LookPath(program)
	return err == nil
}

// checkSaid reads back what the project says about itself, on one line and without controls: whatever adds to it later
// will judge it by that.
func checkSaid(t *testing.T, p *pack.Pack, project fileset.Set, told render.Context) {
	t.Helper()
	got, warnings, err := metadata.Read(metadata.Sources{Folder: "folder", Read: func(name string) ([]byte, error) {
		f, _ := project.Lookup(name)
		return f.Data, nil
	}})
	if err != nil || len(warnings) > 0 {
		t.Fatalf("warnings %q, error %v", warnings, err)
	}
	want := metadata.Info{"language": p.Language}
	switch p.Language {
	case "py", "cython", "js":
		want["author"], want["author_email"] = told["author"], told["author_email"]
		want["description"], want["keywords"] = line(told["description"].(string)), told["keywords"]
		if words, ok := told["keywords"].([]string); ok {
			want["keywords"] = []string{line(words[0]), line(words[1])}
		}
	case "md": // has no file that says anything
		want["language"] = ""
	}
	for name, value := range want {
		if !reflect.DeepEqual(got[name], value) {
			t.Errorf("%s = %q, want %q", name, got[name], value)
		}
	}
}

func line(s string) string {
	return strings.NewReplacer("\x1b", "", "\x7f", "").Replace(strings.Join(strings.Fields(s), " "))
}

// proveCMake builds and tests with CMake. Where there is none, it compiles by hand, and CMakeLists.txt is proven for
// its structure only; where there is no compiler either, so is all the rest.
func proveCMake(compiler, standard, extension string) func(*testing.T, string, render.Context, tool) {
	return func(t *testing.T, dir string, told render.Context, run tool) {
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
		case has("cmake") && has(compiler):
			run("cmake", "-S", ".", "-B", "build", "-Werror=dev")
			cache, err := os.ReadFile(filepath.Join(dir, "build", "CMakeCache.txt"))
			if want := "CMAKE_PROJECT_DESCRIPTION:STATIC=" + line(told["description"].(string)) + "\n"; err != nil || !strings.Contains(string(cache), want) {
				t.Errorf("CMake does not say %q, error %v", want, err)
			}
			run("cmake", "--build", "build")
			run("ctest", "--test-dir", "build", "--output-on-failure", "--no-tests=error")
		case has(compiler):
			run(compiler, standard, "-Wall", "-Werror", "-Iinclude", source, test, "-o", "proof")
			run("./proof")
		}
	}
}

// bare returns the files of the templates by their tag.
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

// Every bare project works as it is made, whatever the project says about itself.
func TestBareProjectsWork(t *testing.T) {
	rows := []struct {
		tag, name string
		full      bool
		has       string // a file that shows what became of the name
	}{
		{"py-0.0.1", "my-service", true, "my_service/__init__.py"},        // a name that cannot be imported
		{"py-0.0.1", "2fast", false, "_2fast/__init__.py"},                // a digit first
		{"py-0.0.1", "class", false, "class_/__init__.py"},                // a keyword
		{"cython-0.0.1", "my-service", true, "my_service/greeting.pyx"},   // the same rules
		{"cython-0.0.1", "2fast", false, "_2fast/greeting.pyx"},           //
		{"go-0.0.1", "my-service", true, "go.mod"},                        // a plain name
		{"go-0.0.1", "log", false, "main.go"},                             // a package of Go's own
		{"go-0.0.1", "example.org/me/2fast", false, "main_test.go"},       // the path that an older go.mod states
		{"js-0.0.1", "My Service", true, "package.json"},                  // capitals and spaces, which npm refuses
		{"js-0.0.1", "2fast", false, "test/index.test.js"},                // a digit first
		{"c-0.0.1", "2fast", true, "include/lib2fast/greet.h"},            // a digit first
		{"c-0.0.1", "test", false, "include/libtest/greet.h"},             // a target that CMake keeps for itself
		{"cxx-0.0.1", "my-service", true, "include/my_service/greet.hpp"}, // a name that is no identifier
		{"cxx-0.0.1", "double", false, "include/libdouble/greet.hpp"},     // a keyword
		{"md-0.0.1", "服务", true, "docs/getting-started.md"},               // a title may be anything
		{"md-0.0.1", "my-service", false, "README.md"},                    //
	}
	proven := map[string]bool{}
	packs := bare(t)
	for _, row := range rows {
		proven[row.tag] = true
		t.Run(row.tag+" "+strings.ReplaceAll(row.name, "/", "_"), func(t *testing.T) {
			t.Parallel()
			files := packs[row.tag]
			about := told(row.name, row.full)
			p := load(t, "bare", files)
			project, err := skeleton(p, files, about)
			if err != nil {
				t.Fatal(err)
			}
			if _, ok := project.Lookup(row.has); !ok {
				t.Errorf("no %s", row.has)
			}
			checkSaid(t, p, project, about)
			dir := t.TempDir()
			write(t, dir, project)
			proofs[row.tag](t, dir, about, func(name string, args ...string) string { return runIn(t, dir, name, args...) })
		})
	}
	for tag := range packs {
		if !proven[tag] {
			t.Errorf("nothing proves bare@%s", tag)
		}
	}
}

// write makes the files, each of which ends as a text does.
func write(t *testing.T, dir string, files fileset.Set) {
	t.Helper()
	for _, f := range files {
		if text := string(f.Data); text != "" && (!strings.HasSuffix(text, "\n") || strings.HasSuffix(text, "\n\n") || strings.HasPrefix(text, "\n")) {
			t.Errorf("%s begins or ends with an empty line, or not with a line's end:\n%s", f.Path, text)
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

// runIn runs a program in a project without the network.
func runIn(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "GOPROXY=off", "GOFLAGS=-mod=mod", "GOWORK=off", "GOTOOLCHAIN=local", "PYTHONPATH=", "NODE_OPTIONS=", "NODE_TEST_CONTEXT=")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Errorf("%s: %v\n%s", cmd, err, out)
	}
	return string(out)
}

// A name or version that a language cannot have is an error that says which key to give.
func TestBareProjectsRefuse(t *testing.T) {
	rows := []struct{ tag, name, version, key string }{
		{"py-0.0.1", "服务", "0.0.0", "package"},     // PyPA's names are ASCII
		{"py-0.0.1", `a"b`, "0.0.0", "package"},    // no identifier
		{"py-0.0.1", "x", "next", "version"},       // not PEP 440
		{"cython-0.0.1", "服务", "0.0.0", "package"}, //
		{"go-0.0.1", "服务", "0.0.0", "module"},      // Go's module paths are ASCII
		{"go-0.0.1", "a/-/.b", "0.0.0", "module"},  // no path of a module
		{"js-0.0.1", "服务", "0.0.0", "package"},     // npm's names are ASCII
		{"js-0.0.1", "x", "1.0", "version"},        // not Semantic Versioning
		{"c-0.0.1", "服务", "0.0.0", "library"},      // no identifier of C
		{"c-0.0.1", "x", "next", "version"},        // CMake wants numbers
		{"cxx-0.0.1", "a+b", "0.0.0", "library"},   // no namespace
	}
	packs := bare(t)
	for _, row := range rows {
		t.Run(strings.ReplaceAll(row.tag+" "+row.name+" "+row.version, "/", "_"), func(t *testing.T) {
			about := told(row.name, false)
			about["version"] = row.version
			_, err := skeleton(load(t, "bare", packs[row.tag]), nil, about)
			if err == nil || !strings.Contains(err.Error(), `key "`+row.key+`"`) || !strings.Contains(failure.Hint(err), "--kv "+row.key) {
				t.Errorf("error %v, hint %q; want the key %q in both", err, failure.Hint(err), row.key)
			}
		})
	}
}
