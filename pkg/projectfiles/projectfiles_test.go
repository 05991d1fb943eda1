package projectfiles_test

import (
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/projectfiles"
)

// hostile is text that breaks a file that does not quote it.
const hostile = `says "hi" \ and \u0041, it's # ]] ''' """ */ 服务 😀 $ENV{HOME} ${x} @y@ <p>`

func info(name string) metadata.Values {
	return metadata.Values{
		"project_name": name, "version": "1.2.3", "author": `Zoë "Z" O'Neil`, "author_email": "zoe@example.org",
		"description": hostile, "keywords": []string{"first", hostile}, "language": "", "env": "",
	}
}

func missing(t *testing.T, p projectfiles.Project, has ...string) fileset.Set {
	t.Helper()
	files, err := projectfiles.Missing(p, func(name string) bool { return slices.Contains(has, name) })
	if err != nil {
		t.Fatal(err)
	}
	return files
}

func TestMissing(t *testing.T) {
	for _, c := range []struct {
		language string
		has      []string
		want     string
	}{
		{"go", nil, "CHANGELOG.md README.md go.mod"},
		{"js", nil, "CHANGELOG.md README.md package.json"},
		{"py", nil, "CHANGELOG.md README.md pyproject.toml"},
		{"cython", nil, "CHANGELOG.md README.md pyproject.toml"},
		{"C", nil, "CHANGELOG.md CMakeLists.txt README.md"},
		{"CXX", nil, "CHANGELOG.md CMakeLists.txt README.md"},
		{"md", nil, "CHANGELOG.md README.md"},
		{"", nil, "CHANGELOG.md README.md"},
		{"go", []string{"go.mod", "README.md", "CHANGELOG.md"}, ""},
		{"py", []string{"setup.cfg", "README.rst"}, "CHANGELOG.md"}, // files that serve the same purpose
	} {
		p := projectfiles.Project{Language: c.language, Metadata: info("a")}
		var got []string
		for _, f := range missing(t, p, c.has...) {
			got = append(got, f.Path)
		}
		if strings.Join(got, " ") != c.want {
			t.Errorf("%s with %q misses %q, want %s", c.language, c.has, got, c.want)
		}
	}
}

// The file of a language says what the metadata says, whatever is in it.
func TestMetadataIsReadBack(t *testing.T) {
	for language, want := range map[string]metadata.Values{
		"go": {"project_name": "example.com/a/b"},
		"js": {"project_name": "example.com-a-b", "version": "1.2.3", "author": `Zoë "Z" O'Neil`,
			"author_email": "zoe@example.org", "description": hostile, "keywords": []string{"first", hostile}},
		"py": {"project_name": "example.com-a-b", "version": "1.2.3", "author": `Zoë "Z" O'Neil`,
			"author_email": "zoe@example.org", "description": hostile, "keywords": []string{"first", hostile}},
		"cython": {"project_name": "example.com-a-b", "version": "1.2.3"},
		"C":      {"project_name": "example.com-a-b", "version": "1.2.3"},
		"CXX":    {"project_name": "example.com-a-b", "version": "1.2.3"},
	} {
		p := projectfiles.Project{Language: language, Metadata: info("example.com/a/b"), Requires: []string{hostile}}
		files := missing(t, p)
		got, warnings, err := metadata.Read(metadata.Sources{Folder: "f", Read: func(name string) ([]byte, error) {
			if f, ok := files.Lookup(name); ok {
				return f.Data, nil
			}
			return nil, fs.ErrNotExist
		}})
		want["language"] = language
		for name, value := range want {
			if err != nil || len(warnings) > 0 || !reflect.DeepEqual(got.Values[name], value) {
				t.Errorf("%s: %s = %q, %q, %v, want %q", language, name, got.Values[name], warnings, err, value)
			}
		}
	}
}

func TestVersions(t *testing.T) {
	for _, c := range []struct{ language, version, minimum, file, want, not string }{
		{"go", "1", "1.22", "go.mod", "\ngo 1.22\n", ""},
		{"go", "1", "1.22.3", "go.mod", "\ngo 1.22.3\n", ""},
		{"go", "1", ">=1.22", "go.mod", "\ngo 1.25\n", ""}, // not a version of Go
		{"py", "1.0rc1", "3.12", "pyproject.toml", `version = "1.0rc1"`, ""},
		{"py", "1.0rc1", "3.12", "pyproject.toml", `requires-python = ">=3.12"`, ""},
		{"py", "v-1", "three", "pyproject.toml", `version = "0.0.0"`, "v-1"},
		{"cython", "1", "", "pyproject.toml", `"cython>=3"`, ""},
		{"js", "1.2.3-rc.1+b", "", "package.json", `"version": "1.2.3-rc.1+b"`, ""},
		{"js", "1.2", "", "package.json", `"name"`, `"version"`}, // npm refuses it
		{"C", "1.2-rc", "", "CMakeLists.txt", "project(a\n", "\n  VERSION"},
	} {
		values := info("a")
		values["version"] = c.version
		p := projectfiles.Project{Language: c.language, LanguageVersion: c.minimum, Metadata: values}
		f, _ := missing(t, p).Lookup(c.file)
		if !strings.Contains(string(f.Data), c.want) || c.not != "" && strings.Contains(string(f.Data), c.not) {
			t.Errorf("%s at %s has no %q, or has %q:\n%s", c.file, c.version, c.want, c.not, f.Data)
		}
	}
}

func TestNames(t *testing.T) {
	for _, c := range []struct{ language, name, want string }{
		{"go", "tool", "module tool\n"},
		{"js", "@Scope/My Tool", `"name": "@scope/my-tool"`},
		{"js", "_x", `"name": "x"`},
		{"js", "服务", `"name": "project"`},
		{"py", "my tool", `name = "my-tool"`},
		{"py", "my_tool", `packages.find.include = ["my_tool", "my_tool.*"]`},
		{"C", "my tool", "project(my-tool\n"},
	} {
		text := ""
		for _, f := range missing(t, projectfiles.Project{Language: c.language, Metadata: info(c.name)}) {
			text += string(f.Data)
		}
		if !strings.Contains(text, c.want) {
			t.Errorf("%s, %q: no %q in\n%s", c.language, c.name, c.want, text)
		}
	}
	for _, name := range []string{"my tool", "a//b", "/a", "服务", "a@v1"} {
		p := projectfiles.Project{Language: "go", Metadata: info(name)}
		_, err := projectfiles.Missing(p, func(string) bool { return false })
		if !errors.Is(err, failure.Usage) || !strings.Contains(failure.Hint(err), "-n") {
			t.Errorf("go.mod of %q: %v, hint %q", name, err, failure.Hint(err))
		}
		if _, err := projectfiles.Missing(p, func(name string) bool { return name == "go.mod" }); err != nil {
			t.Errorf("%q with a go.mod of its own: %v", name, err)
		}
	}
}

// The tools of each language read the file. Python has a TOML parser since 3.11.
func TestToolsReadTheFiles(t *testing.T) {
	const toml = `import sys, json
if sys.version_info >= (3, 11):
    import tomllib
    print(json.dumps(tomllib.load(open("pyproject.toml", "rb"))["project"]["description"]))
else:
    print(json.dumps(sys.argv[1]))
`
	run := func(dir, name string, args ...string) string {
		t.Helper()
		cmd := exec.Command(name, args...)
		cmd.Dir = dir
		cmd.Env = append(os.Environ(), "GOFLAGS=-mod=mod", "GOWORK=off")
		out, err := cmd.CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v\n%s", cmd, err, out)
		}
		return string(out)
	}
	for language, check := range map[string]func(dir string){
		"go": func(dir string) {
			if got := run(dir, "go", "list", "-m"); got != "example.com/a\n" {
				t.Errorf("go list -m prints %q", got)
			}
		},
		"py": func(dir string) {
			out, got := run(dir, "python3", "-c", toml, hostile), ""
			if err := json.Unmarshal([]byte(out), &got); err != nil || got != hostile {
				t.Errorf("the description is %q, %v", got, err)
			}
		},
		"CXX": func(dir string) {
			if _, err := exec.LookPath("cmake"); err != nil {
				if os.Getenv("CI") != "" {
					t.Error(err)
				}
				return
			}
			os.Mkdir(filepath.Join(dir, "src"), 0o777)
			os.WriteFile(filepath.Join(dir, "src", "main.cc"), []byte("int main() {}\n"), 0o666)
			run(dir, "cmake", "-B", "build")
			run(dir, "cmake", "--build", "build")
		},
	} {
		dir := t.TempDir()
		p := projectfiles.Project{Language: language, LanguageVersion: "", Metadata: info("example.com/a")}
		for _, f := range missing(t, p) {
			if err := os.WriteFile(filepath.Join(dir, f.Path), f.Data, 0o666); err != nil {
				t.Fatal(err)
			}
		}
		check(dir)
	}
}
