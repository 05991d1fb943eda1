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

// withoutPip makes an environment in which there is nothing to install with: it takes a moment, not seconds.
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

// names returns what is in a folder.
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

// A language that has no packages needs no tool, and leaves nothing behind.
func TestNothingToMake(t *testing.T) {
	t.Setenv("PATH", "")
	for _, r := range []langenv.Request{
		{Language: "md", Packages: []string{"x"}}, // no packages in this language
		{Language: "", Packages: []string{"x"}},   // no language at all
		{Language: "go"},                          // no packages are asked for
		{Language: "js"},                          // nor here, and Node.js needs nothing made
	} {
		r.Dir = t.TempDir()
		if err := langenv.Make(t.Context(), r); err != nil || len(names(t, r.Dir)) > 0 {
			t.Errorf("%+v: %v, and there is %q", r, err, names(t, r.Dir))
		}
	}
}

func TestAToolThatIsNotThere(t *testing.T) {
	t.Setenv("PATH", t.TempDir())
	for language, tool := range map[string]string{"py": "python", "cython": "python", "go": `"go"`, "js": `"npm"`} {
		dir := t.TempDir()
		err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: language, Packages: []string{"x"}})
		if failure.KindOf(err) != failure.Other || !strings.Contains(fmt.Sprint(err), tool) || !strings.Contains(fmt.Sprint(err), "not installed") || !strings.Contains(failure.Hint(err), "--install") {
			t.Errorf("%s: %v, hint %q", language, err, failure.Hint(err))
		}
		if left := names(t, dir); len(left) > 0 {
			t.Errorf("%s: there is %q", language, left)
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
		{append(withoutPip, ref.KV{Key: "prompt", Value: "a name"}), "a name"},                           // a flag with a value
	} {
		dir := t.TempDir()
		var said bytes.Buffer
		if err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: "py", Args: c.args, Output: &said}); err != nil {
			t.Fatalf("%v: %v\n%s", c.args, err, &said)
		}
		config, err := os.ReadFile(filepath.Join(dir, ".venv", "pyvenv.cfg"))
		if err != nil || !strings.Contains(string(config), c.want) {
			t.Errorf("%v: %v, without %q in\n%s", c.args, err, c.want, config)
		}
	}
}

// What a failed run made goes; what was there before stays.
func TestFailureLeavesTheFolderAsItWas(t *testing.T) {
	var said bytes.Buffer
	r := langenv.Request{Dir: t.TempDir(), Language: "py", Args: withoutPip, Packages: []string{"x"}, Output: &said}
	err := langenv.Make(t.Context(), r)
	if failure.KindOf(err) != failure.Other || !strings.Contains(fmt.Sprint(err), "-m pip install") || failure.Hint(err) == "" || !strings.Contains(said.String(), "pip") {
		t.Errorf("%v, hint %q; the tool said %q", err, failure.Hint(err), &said)
	}
	if left := names(t, r.Dir); len(left) > 0 {
		t.Errorf("there is %q", left)
	}

	write(t, r.Dir, ".venv/mine", "kept")
	if err := langenv.Make(t.Context(), r); err == nil {
		t.Error("no error without pip")
	}
	if !slices.Contains(names(t, filepath.Join(r.Dir, ".venv")), "mine") {
		t.Error("an environment that was there is gone")
	}

	r = langenv.Request{Dir: t.TempDir(), Language: "py", Args: []ref.KV{{Key: "no_such_flag", Value: "x"}}, Output: &said}
	if err := langenv.Make(t.Context(), r); err == nil || !strings.Contains(err.Error(), "--no-such-flag=x") {
		t.Errorf("a flag that there is not gives %v", err)
	}
}

// wheel writes the smallest package that pip installs, and returns its file.
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

// interrupt ends a run as soon as a tool says a word.
type interrupt struct {
	word string
	end  context.CancelFunc
	said bytes.Buffer
}

func (i *interrupt) Write(p []byte) (int, error) {
	i.said.Write(p)
	if strings.Contains(i.said.String(), i.word) {
		i.end()
	}
	return len(p), nil
}

func TestPythonPackages(t *testing.T) {
	t.Setenv("PIP_NO_INDEX", "1") // nothing is asked of a network
	t.Setenv("PIP_CONFIG_FILE", os.DevNull)
	dir, pack := t.TempDir(), wheel(t, t.TempDir())
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	stop := &interrupt{word: "Processing", end: cancel}
	err := langenv.Make(ctx, langenv.Request{Dir: dir, Language: "py", Packages: []string{pack}, Output: stop})
	if !errors.Is(err, context.Canceled) || len(names(t, dir)) > 0 {
		t.Errorf("interrupted: %v, and there is %q; the tool said\n%s", err, names(t, dir), &stop.said)
	}

	var said bytes.Buffer
	if err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: "cython", Packages: []string{pack}, Output: &said}); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	python := filepath.Join(dir, ".venv", "bin", "python")
	if runtime.GOOS == "windows" {
		python = filepath.Join(dir, ".venv", "Scripts", "python.exe")
	}
	if out, err := exec.Command(python, "-c", "import some_package; print(some_package.here)").CombinedOutput(); err != nil || strings.TrimSpace(string(out)) != "True" {
		t.Errorf("%v\n%s", err, out)
	}
}

// proxy is a folder that Go takes modules from, with one module in it.
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
	for name, text := range map[string]string{"go.mod": "module example.com/some/module\n", "x.go": "package module\n"} {
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
	var said bytes.Buffer
	if err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: "go", Packages: []string{"example.com/some/module@v1.2.3"}, Output: &said}); err != nil {
		t.Fatalf("%v\n%s", err, &said)
	}
	if mod, err := os.ReadFile(filepath.Join(dir, "go.mod")); err != nil || !strings.Contains(string(mod), "example.com/some/module v1.2.3") {
		t.Errorf("%v\n%s", err, mod)
	}
	err := langenv.Make(t.Context(), langenv.Request{Dir: dir, Language: "go", Packages: []string{"example.com/some/module@v9.9.9"}, Output: &said})
	if failure.KindOf(err) != failure.Other || !strings.Contains(fmt.Sprint(err), "go get example.com/some/module@v9.9.9") {
		t.Errorf("a version that there is not gives %v", err)
	}
}

func TestNodePackages(t *testing.T) {
	t.Setenv("npm_config_cache", t.TempDir())
	t.Setenv("npm_config_offline", "true")
	dir := t.TempDir()
	write(t, dir, "lib/package.json", `{"name": "lib", "version": "1.0.0"}`)
	write(t, dir, "package.json", `{"name": "mine", "version": "1.0.0"}`)
	var said bytes.Buffer
	r := langenv.Request{Dir: dir, Language: "js", Packages: []string{"./lib"}, Output: &said}
	err := langenv.Make(t.Context(), r)
	if _, missing := exec.LookPath("npm"); missing != nil {
		if !strings.Contains(fmt.Sprint(err), "not installed") {
			t.Errorf("without npm: %v", err)
		}
		return
	}
	if err != nil || !slices.Contains(names(t, filepath.Join(dir, "node_modules")), "lib") {
		t.Fatalf("%v\n%s", err, &said)
	}
	if err := os.RemoveAll(filepath.Join(dir, "node_modules")); err != nil {
		t.Fatal(err)
	}
	r.Packages = []string{"no-such-package-anywhere"}
	if err := langenv.Make(t.Context(), r); failure.KindOf(err) != failure.Other || slices.Contains(names(t, dir), "node_modules") {
		t.Errorf("a package that there is not gives %v, and there is %q", err, names(t, dir))
	}
}
