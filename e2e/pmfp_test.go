package e2e_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

// pmfpPython returns a Python with pmfp 4.1.11, the tool that ppm is compatible with.
var pmfpPython = e2etest.PythonWith(filepath.Join("pmfp", "requirements.txt"))

// pmfpFile is the file in which pmfp keeps a project's metadata and what it added.
const pmfpFile = "pmfprc.json"

// A pmfpUser has a home folder in which pmfp and ppm find the same default host, and commands that both run there.
type pmfpUser struct {
	t       *testing.T
	root    string // repositories in it are published at https://HOST/NAMESPACE/NAME.git
	home    string
	ca      string
	ppm     string
	folders int
}

// newPmfpUser starts the server. pmfp uses https URLs, and does not verify certificates.
func newPmfpUser(t *testing.T) *pmfpUser {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("pmfp/run.py needs os.fork")
	}
	u := &pmfpUser{t: t, root: t.TempDir(), home: t.TempDir(), ppm: e2etest.Binary(t)}
	ca, file := gittest.NewCA(t)
	u.ca = file
	server := gittest.ServeHTTP(t, u.root, gittest.TLS(ca.Cert(time.Hour, "127.0.0.1")))
	// The Python that makes virtual environments does nothing: these tests need none.
	u.writeHome("config.json", map[string]string{"default_template_host": server.Addr(), "python": "true"})
	return u
}

// namespace is the folder of the default namespace in root.
func (u *pmfpUser) namespace() string { return filepath.Join(u.root, "Project-Manager-With-Git") }

// writeHome writes a file of ~/.pmfprc.
func (u *pmfpUser) writeHome(name string, content any) {
	u.t.Helper()
	u.writeJSON(filepath.Join(u.home, ".pmfprc", name), content)
}

func (u *pmfpUser) writeJSON(name string, content any) {
	u.t.Helper()
	data, err := json.Marshal(content)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(name), 0o777)
	}
	if err == nil {
		err = os.WriteFile(name, data, 0o666)
	}
	if err != nil {
		u.t.Fatal(err)
	}
}

// project makes the folder of a project with this metadata.
func (u *pmfpUser) project(metadata map[string]any) string {
	u.t.Helper()
	u.folders++
	dir := filepath.Join(u.home, "projects", fmt.Sprint(u.folders), "folder")
	u.writeJSON(filepath.Join(dir, pmfpFile), metadata)
	return dir
}

func (u *pmfpUser) env() []string {
	return append(os.Environ(), "HOME="+u.home, "XDG_CACHE_HOME="+filepath.Join(u.home, "cache"),
		"XDG_CONFIG_HOME="+filepath.Join(u.home, "config"), "GIT_CONFIG_GLOBAL="+os.DevNull, "GIT_CONFIG_NOSYSTEM=1",
		"GIT_SSL_CAINFO="+u.ca, "NO_PROXY=*", "no_proxy=*", "PYTHONPATH=", "PYTHONDONTWRITEBYTECODE=1")
}

// runPPM runs ppm without a terminal.
func (u *pmfpUser) runPPM(dir string, args ...string) (output string, err error) {
	cmd := exec.CommandContext(u.t.Context(), u.ppm, args...)
	cmd.Dir, cmd.Env = dir, u.env()
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// A pmfpCommand is a command line of pmfp.
type pmfpCommand struct {
	Dir  string   `json:"dir"`
	Args []string `json:"args"`
}

// runPmfp runs commands of pmfp, and returns the output of each, which ends with the error of a command that failed.
func (u *pmfpUser) runPmfp(commands []pmfpCommand) []string {
	u.t.Helper()
	in, err := json.Marshal(commands)
	if err != nil {
		u.t.Fatal(err)
	}
	cmd := exec.CommandContext(u.t.Context(), pmfpPython(u.t), filepath.Join("pmfp", "run.py"))
	cmd.Env, cmd.Stdin = u.env(), bytes.NewReader(in)
	var out, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &stderr
	var outputs []string
	if err = cmd.Run(); err == nil {
		err = json.Unmarshal(out.Bytes(), &outputs)
	}
	if err != nil || len(outputs) != len(commands) {
		u.t.Fatalf("running pmfp: %v\n%s", err, stderr.Bytes())
	}
	return outputs
}

// readFolder returns the content of the files in a folder, by path, without those of ppm and pmfp.
func readFolder(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		switch d.Name() {
		case ".ppm":
			return fs.SkipDir
		case "ppm.toml", "ppm.lock", pmfpFile:
			return nil
		}
		if d.IsDir() {
			return nil
		}
		data, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		path, err := filepath.Rel(dir, name)
		files[filepath.ToSlash(path)] = string(data)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// installedFiles returns the files of the installs in ppm's lock, as they are on disk: those of a reference, or all.
func installedFiles(t *testing.T, dir, reference string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "ppm.lock"))
	if err != nil {
		t.Fatal(err)
	}
	lock, err := lockfile.Parse("ppm.lock", data)
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]string{}
	for _, c := range lock.Components {
		if reference != "" && c.Typed().String() != reference {
			continue
		}
		for _, f := range c.Files {
			data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(f.Path)))
			if err != nil {
				t.Fatal(err)
			}
			files[f.Path] = string(data)
		}
	}
	return files
}

// checkSameFiles reports the files that differ.
func checkSameFiles(t *testing.T, ppm, pmfp map[string]string) {
	t.Helper()
	for name, text := range pmfp {
		if got, ok := ppm[name]; !ok {
			t.Errorf("ppm does not install %s, pmfp does", name)
		} else if got != text {
			t.Errorf("%s is %q from ppm, %q from pmfp", name, got, text)
		}
	}
	for name := range ppm {
		if _, ok := pmfp[name]; !ok {
			t.Errorf("pmfp does not install %s, ppm does", name)
		}
	}
}

// pmfp installs every component of the exported registry, with the bytes that ppm installs.
func TestPmfpInstallsTheRegistry(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	if out, err := u.runPPM(u.root, "registry", "export", u.namespace()); err != nil {
		t.Fatalf("ppm registry export: %v\n%s", err, out)
	}
	metadata := map[string]any{
		"project_name": "testpygrpc", "version": "1.2.3", "author": "Ada", "author_email": "ada@example.org",
		"description": "it is <tested> & \"quoted\"", "keywords": []string{"grpc", "two words"},
	}
	var commands []pmfpCommand
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		for _, component := range load(t, name, r.Files).Names() {
			commands = append(commands, pmfpCommand{
				u.project(metadata), []string{"project", "add", name + "@" + r.Tag + "//" + component},
			})
		}
	})
	outputs := u.runPmfp(commands)
	for i, c := range commands {
		reference := c.Args[len(c.Args)-1]
		t.Run(reference, func(t *testing.T) {
			dir := u.project(metadata)
			if out, err := u.runPPM(dir, c.Args...); err != nil {
				t.Fatalf("ppm: %v\n%s", err, out)
			}
			files := readFolder(t, c.Dir)
			if len(files) == 0 {
				t.Fatalf("pmfp installed nothing:\n%s", outputs[i])
			}
			// pmfp does not add what a component depends on.
			checkSameFiles(t, installedFiles(t, dir, reference), files)
		})
	}
	if len(commands) < 171 {
		t.Errorf("%d components, want the 171 of the first releases and more", len(commands))
	}
}

// pmfp makes a project of every template of the exported registry, with the components that ppm installs, and ppm
// adopts it from the server, although it has a built-in pack of that name.
func TestPmfpMakesProjectsOfTheRegistry(t *testing.T) {
	e2etest.SkipInShort(t)
	u := newPmfpUser(t)
	if out, err := u.runPPM(u.root, "registry", "export", u.namespace()); err != nil {
		t.Fatalf("ppm registry export: %v\n%s", err, out)
	}
	var commands []pmfpCommand
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		if p := load(t, name, r.Files); p.IsTemplate() {
			args := "project new -n testpygrpc -v 1.2.3 -a Ada -m ada@example.org -t " + name + "@" + r.Tag
			if p.Test != nil {
				args = strings.Replace(args, "new", "new --with-test", 1)
			}
			dir := filepath.Join(u.project(nil), "..", "new")
			if err := os.Mkdir(dir, 0o777); err != nil {
				t.Fatal(err)
			}
			commands = append(commands, pmfpCommand{dir, strings.Fields(args)})
		}
	})
	outputs := u.runPmfp(commands)
	for i, c := range commands {
		t.Run("new "+c.Args[len(c.Args)-1], func(t *testing.T) {
			dir := u.project(map[string]any{})
			if out, err := u.runPPM(dir, c.Args...); err != nil {
				t.Fatalf("ppm: %v\n%s", err, out)
			}
			files, parts := readFolder(t, c.Dir), installedFiles(t, dir, "")
			for name := range files {
				if _, ok := parts[name]; !ok {
					delete(files, name) // pmfp's own
				}
			}
			checkSameFiles(t, parts, files)
			out, err := u.runPPM(c.Dir, "project", "adopt")
			adopted, exact := strings.Count(out, "adopted "), strings.Count(out, ", 100.0 % similar\n")
			published := strings.Count(out, " as Project-Manager-With-Git::")
			// pmfp does not record the name of a project in Go or Markdown.
			known := !strings.Contains(t.Name(), "go-") && !strings.Contains(t.Name(), "md-")
			if err != nil || adopted == 0 || known && exact != adopted || published != adopted {
				t.Errorf("adopted %d installs, %d exactly, %d published: %v\n%s", adopted, exact, published, err, out)
			}
			if t.Failed() {
				t.Logf("pmfp:\n%s", outputs[i])
			}
		})
	}
	if len(commands) < 15 {
		t.Errorf("%d templates", len(commands))
	}
}
