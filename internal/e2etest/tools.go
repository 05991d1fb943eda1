package e2etest

import (
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// Python returns the interpreter of the virtual environment that has the packages of e2e/live/requirements.txt.
func Python(t *testing.T) string {
	t.Helper()
	return Tool(t, "python")
}

// Tool returns the path of a program of that virtual environment, such as ruff or shellcheck.
func Tool(t *testing.T, name string) string {
	t.Helper()
	dir, err := liveEnv()
	if err != nil {
		t.Fatal(err)
	}
	return inEnv(dir, name)
}

// PythonWith returns a function that creates a virtual environment with the packages of a list of requirements, once,
// and returns its interpreter. The list must be complete: pip installs nothing else.
func PythonWith(requirements string) func(t *testing.T) string {
	return once(func() (string, error) {
		dir, err := virtualEnv(requirements, "--no-deps")
		return inEnv(dir, "python"), err
	})
}

// GoTool returns a function that builds a program of another module at a version, once.
func GoTool(path, version string) func(t *testing.T) string {
	return once(func() (string, error) { return goInstall(path, version) })
}

// NodeTool returns a function that installs an npm package at a version, once, and returns the folder of the package.
// No installation scripts run.
func NodeTool(name, version string) func(t *testing.T) string {
	return once(func() (string, error) { return npmInstall(name, version) })
}

// liveEnv creates the virtual environment of the live tests.
var liveEnv = sync.OnceValues(func() (string, error) {
	return virtualEnv(filepath.Join(Root, "e2e", "live", "requirements.txt"))
})

// virtualEnv creates a virtual environment, once for each list of requirements and each Python.
func virtualEnv(requirements string, options ...string) (string, error) {
	list, err := os.ReadFile(requirements)
	if err != nil {
		return "", err
	}
	python := "python3"
	if runtime.GOOS == "windows" {
		python = "python"
	}
	version, err := exec.Command(python, "-c", "import sys; print(sys.version, sys.executable)").Output()
	if err != nil {
		return "", fmt.Errorf("getting the version of Python: %w", err)
	}
	key := fmt.Sprintf("%x", sha256.Sum256(append(list, version...)))[:16]
	return cached(key, func(dir string) error {
		if err := install(exec.Command(python, "-m", "venv", dir)); err != nil {
			return err
		}
		pip := []string{"-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements}
		return install(exec.Command(inEnv(dir, "python"), append(pip, options...)...))
	})
}

// inEnv returns the path of a program of a virtual environment.
func inEnv(dir, name string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", exe(name))
	}
	return filepath.Join(dir, "bin", name)
}

func goInstall(path, version string) (string, error) {
	name := filepath.Base(path)
	dir, err := cached(name+"@"+version, func(dir string) error {
		cmd := exec.Command("go", "install", path+"@"+version)
		cmd.Env = append(os.Environ(), "GOBIN="+dir, "GOFLAGS=", "GOOS=", "GOARCH=")
		return install(cmd)
	})
	return filepath.Join(dir, exe(name)), err
}

func npmInstall(name, version string) (string, error) {
	env, err := liveEnv()
	if err != nil {
		return "", err
	}
	npm := inEnv(env, "npm")
	dir, err := cached(name+"@"+version, func(dir string) error {
		cmd := exec.Command(npm, "install", "--prefix", dir, "--omit=optional", "--ignore-scripts", "--no-audit",
			"--no-fund", "--no-progress", name+"@"+version)
		path := filepath.Dir(npm) + string(filepath.ListSeparator) + os.Getenv("PATH")
		cmd.Env = append(os.Environ(), "PATH="+path)
		return install(cmd)
	})
	return filepath.Join(dir, "node_modules", name), err
}

// cached returns a folder in the user's cache folder that fill has filled, now or earlier.
// A lock file keeps other processes out while fill runs.
func cached(name string, fill func(dir string) error) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(cache, "ppm-live-tests", name)
	if err := os.MkdirAll(filepath.Dir(dir), 0o777); err != nil {
		return "", err
	}
	lock := flock.New(dir + ".lock")
	if err := lock.Lock(); err != nil {
		return "", err
	}
	defer lock.Unlock()
	complete := filepath.Join(dir, "complete")
	if _, err := os.Stat(complete); err == nil {
		return dir, nil
	}
	if err := os.RemoveAll(dir); err != nil {
		return "", err
	}
	if err := os.Mkdir(dir, 0o777); err != nil {
		return "", err
	}
	if err := fill(dir); err != nil {
		return "", err
	}
	return dir, os.WriteFile(complete, nil, 0o666)
}

// install runs a command that installs something.
func install(cmd *exec.Cmd) error {
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", strings.Join(cmd.Args, " "), err, out)
	}
	return nil
}
