package langenv_test

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langenv"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// withoutPip creates an environment without pip, which is much faster.
var withoutPip = []ref.KV{{Key: "without_pip"}}

func write(t *testing.T, dir, name, text string) {
	t.Helper()
	name = filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(name), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(name, []byte(text), 0o666); err != nil {
		t.Fatal(err)
	}
}

// names returns the names of the files in a folder.
func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	out := []string{}
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// A language without packages needs no tool and creates no files.
func TestNothingToMake(t *testing.T) {
	t.Setenv("PATH", "")
	for _, r := range []langenv.Request{
		{Language: "md", Packages: []string{"x"}}, // a language without packages
		{Language: "", Packages: []string{"x"}},   // no language
		{Language: "go"},                          // no packages
		{Language: "js"},                          // no packages, and no environment to create
	} {
		r.Dir = t.TempDir()
		if err := langenv.Make(t.Context(), r); err != nil || len(names(t, r.Dir)) > 0 {
			t.Errorf("%+v: %v, created %q", r, err, names(t, r.Dir))
		}
	}
}

func TestMissingTool(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for language, tool := range map[string]string{"py": "python", "cython": "python", "go": `"go"`, "js": `"npm"`} {
		dir := t.TempDir()
		err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: language, Packages: []string{"x"}})
		if failure.KindOf(err) != failure.Other || !strings.Contains(fmt.Sprint(err), tool) ||
			!strings.Contains(fmt.Sprint(err), "not installed") || !strings.Contains(failure.Hint(err), "--install") {
			t.Errorf("%s: %v, hint %q", language, err, failure.Hint(err))
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("%s: left %q", language, left)
		}
	}
}

func TestPythonEnvironment(t *testing.T) {
	for _, c := range []struct {
		args []ref.KV
		want string // in pyvenv.cfg
	}{
		{withoutPip, "include-system-site-packages = false"},
		{append(withoutPip, ref.KV{Key: "system_site_packages"}), "include-system-site-packages = true"}, // a flag
		// A flag with a value.
		{append(withoutPip, ref.KV{Key: "prompt", Value: "a name"}), "a name"},
	} {
		dir := t.TempDir()
		var output bytes.Buffer
		if err := langenv.Make(t.Context(),
			langenv.Request{Dir: dir, Language: "py", Args: c.args, Output: &output}); err != nil {
			t.Fatalf("%v: %v\n%s", c.args, err, &output)
		}
		config, err := os.ReadFile(filepath.Join(dir, ".venv", "pyvenv.cfg"))
		if err != nil || !strings.Contains(string(config), c.want) {
			t.Errorf("%v: %v, without %q in\n%s", c.args, err, c.want, config)
		}
	}
}

// A failed run removes the environment only if it created it.
func TestFailureRemovesNewEnvironment(t *testing.T) {
	var output bytes.Buffer
	r := langenv.Request{Dir: t.TempDir(), Language: "py", Args: withoutPip, Packages: []string{"x"}, Output: &output}
	err := langenv.Make(t.Context(), r)
	if failure.KindOf(err) != failure.Other || !strings.Contains(fmt.Sprint(err), "-m pip install") ||
		failure.Hint(err) == "" || !strings.Contains(output.String(), "pip") {
		t.Errorf("%v, hint %q; output %q", err, failure.Hint(err), &output)
	}
	if left := names(t, r.Dir); len(left) > 0 {
		t.Errorf("left %q", left)
	}

	write(t, r.Dir, ".venv/mine", "kept")
	if err := langenv.Make(t.Context(), r); err == nil {
		t.Error("no error without pip")
	}
	if !slices.Contains(names(t, filepath.Join(r.Dir, ".venv")), "mine") {
		t.Error("an existing environment was removed")
	}

	r = langenv.Request{Dir: t.TempDir(), Language: "py", Args: []ref.KV{{Key: "no_such_flag", Value: "x"}},
		Output: &output}
	if err := langenv.Make(t.Context(), r); err == nil || !strings.Contains(err.Error(), "--no-such-flag=x") {
		t.Errorf("a flag that does not exist: %v", err)
	}
}

// wheel writes a minimal package for pip, and returns its path.
func wheel(t *testing.T, dir string) string {
	t.Helper()
	name := filepath.Join(dir, "some_package-1.0-py3-none-any.whl")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	const info = "some_package-1.0.dist-info/"
	for _, file := range [][2]string{
		{"some_package.py", "here = True\n"},
		{info + "METADATA", "Metadata-Version: 2.1\nName: some-package\nVersion: 1.0\n"},
		{info + "WHEEL", "Wheel-Version: 1.0\nGenerator: hand\nRoot-Is-Purelib: true\nTag: py3-none-any\n"},
		{info + "RECORD", "some_package.py,,\n" + info + "METADATA,,\n" + info + "WHEEL,,\n" + info + "RECORD,,\n"},
	} {
		w, err := z.Create(file[0])
		if err == nil {
			_, err = w.Write([]byte(file[1]))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// An interrupt is an output that cancels a context once a word is written to it.
type interrupt struct {
	word   string
	cancel context.CancelFunc
	output bytes.Buffer
}

func (i *interrupt) Write(p []byte) (int, error) {
	i.output.Write(p)
	if strings.Contains(i.output.String(), i.word) {
		i.cancel()
	}
	return len(p), nil
}

func TestPythonPackages(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	t.Setenv("PIP_NO_INDEX", "1") // no network
	t.Setenv("PIP_CONFIG_FILE", os.DevNull)
	dir, pack := t.TempDir(), wheel(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := &interrupt{word: "Processing", cancel: cancel}
	err := langenv.Make(ctx, langenv.Request{Dir: dir, Language: "py", Packages: []string{pack}, Output: stop})
	if !errors.Is(err, context.Canceled) || len(names(t, dir)) > 0 {
		t.Errorf("interrupted: %v, left %q; output:\n%s", err, names(t, dir), &stop.output)
	}

	var output bytes.Buffer
	if err := langenv.Make(t.Context(),
		langenv.Request{Dir: dir, Language: "cython", Packages: []string{pack}, Output: &output}); err != nil {
		t.Fatalf("%v\n%s", err, &output)
	}
	python := filepath.Join(dir, ".venv", "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, ".venv", "Scripts", "python.exe")
	}
	if out, err := exec.Command(python, "-c",
		"import some_package; print(some_package.here)").CombinedOutput(); err != nil ||
		strings.TrimSpace(string(out)) != "True" {
		t.Errorf("%v\n%s", err, out)
	}
}

// proxy creates a module proxy with one module, and returns its URL.
func proxy(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	const at = "example.com/some/module/@v/"
	write(t, dir, at+"list", "v1.2.3\n")
	write(t, dir, at+"v1.2.3.info", `{"Version":"v1.2.3"}`)
	write(t, dir, at+"v1.2.3.mod", "module example.com/some/module\n")
	f, err := os.Create(filepath.Join(dir, filepath.FromSlash(at), "v1.2.3.zip"))
	if err != nil {
		t.Fatal(err)
	}
	z := zip.NewWriter(f)
	for name, text := range map[string]string{"go.mod": "module example.com/some/module\n",
		"x.go": "package module\n"} {
		w, err := z.Create("example.com/some/module@v1.2.3/" + name)
		if err == nil {
			_, err = w.Write([]byte(text))
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(z.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	return "file://" + filepath.ToSlash(dir)
}

func TestGoPackages(t *testing.T) {
	t.Setenv("GOPROXY", proxy(t))
	t.Setenv("GONOSUMDB", "*")
	t.Setenv("GOFLAGS", "-modcacherw") // so that the test can remove it
	t.Setenv("GOMODCACHE", t.TempDir())
	dir := t.TempDir()
	write(t, dir, "go.mod", "module example.com/mine\n\ngo 1.21\n")
	var output bytes.Buffer
	if err := langenv.Make(t.Context(),
		langenv.Request{Dir: dir, Language: "go", Packages: []string{"example.com/some/module@v1.2.3"},
			Output: &output}); err != nil {
		t.Fatalf("%v\n%s", err, &output)
	}
	if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil ||
		!strings.Contains(string(mod), "example.com/some/module v1.2.3") {
		t.Errorf("%v\n%s", err, mod)
	}
	err := langenv.Make(t.Context(),
		langenv.Request{Dir: dir, Language: "go", Packages: []string{"example.com/some/module@v9.9.9"},
			Output: &output})
	if failure.KindOf(err) != failure.Other ||
		!strings.Contains(fmt.Sprint(err), "go get -- example.com/some/module@v9.9.9") {
		t.Errorf("a version that does not exist: %v", err)
	}
}

func TestNodePackages(t *testing.T) {
	if testing.Short() {
		t.Skip("skipped by -short")
	}
	t.Setenv("npm_config_cache", t.TempDir())
	t.Setenv("npm_config_offline", "true")
	dir := t.TempDir()
	write(t, dir, "lib/package.json", `{"name": "lib", "version": "1.0.0"}`)
	write(t, dir, "package.json", `{"name": "mine", "version": "1.0.0"}`)
	var output bytes.Buffer
	r := langenv.Request{Dir: dir, Language: "js", Packages: []string{"./lib"}, Output: &output}
	err := langenv.Make(t.Context(), r)
	if _, missing := exec.LookPath("npm"); missing != nil {
		if !strings.Contains(fmt.Sprint(err), "not installed") {
			t.Errorf("without npm: %v", err)
		}
		return
	}
	if err != nil || !slices.Contains(names(t, filepath.Join(dir, "node_modules")), "lib") {
		t.Fatalf("%v\n%s", err, &output)
	}
	if err := os.RemoveAll(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	r.Packages = []string{"no-such-package-anywhere"}
	if err := langenv.Make(t.Context(), r); failure.KindOf(err) != failure.Other ||
		slices.Contains(names(t, dir), "node_modules") {
		t.Errorf("a package that does not exist: %v, left %q", err, names(t, dir))
	}
}
