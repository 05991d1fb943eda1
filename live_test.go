package ppm_test

import (
	"crypto/sha256"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/gofrs/flock"
)

// The pack's own tests are Python's: they install the components with the real
// binary, run them, and talk to them. testdata/live says how.
func TestLive(t *testing.T) {
	cmd := exec.Command(livePython(t), "-m", "pytest", "-q")
	cmd.Dir = filepath.Join("testdata", "live")
	cmd.Env = append(os.Environ(), "PPM="+liveBinary(t), "PYTHONDONTWRITEBYTECODE=1")
	out, err := cmd.CombinedOutput()
	t.Logf("%s", out)
	if err != nil {
		t.Fatalf("pytest: %v", err)
	}
}

var (
	builtLive string // once buildLive has built it
	buildLive = sync.OnceValues(func() (string, error) {
		// Go keeps the results of tests. Looked at, these folders are among the reasons to run a test again.
		for _, source := range []string{"cmd", "pkg", "examples"} {
			if err := filepath.WalkDir(source, func(_ string, _ fs.DirEntry, err error) error { return err }); err != nil {
				return "", err
			}
		}
		dir, err := os.MkdirTemp("", "ppm-live")
		if err != nil {
			return "", err
		}
		name := filepath.Join(dir, "ppm")
		if runtime.GOOS == "windows" {
			name += ".exe"
		}
		if out, err := exec.Command("go", "build", "-o", name, "./cmd/ppm").CombinedOutput(); err != nil {
			return "", fmt.Errorf("building ppm: %w\n%s", err, out)
		}
		builtLive = name
		return name, nil
	})
	makeVenv = sync.OnceValues(venv)
)

// TestMain removes what liveBinary built.
func TestMain(m *testing.M) {
	code := m.Run()
	if builtLive != "" {
		os.RemoveAll(filepath.Dir(builtLive))
	}
	os.Exit(code)
}

// liveBinary returns the ppm binary, built once.
func liveBinary(t *testing.T) string {
	t.Helper()
	name, err := buildLive()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// livePython returns the interpreter of a virtual environment with what the live tests need.
func livePython(t *testing.T) string {
	t.Helper()
	name, err := makeVenv()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// venv makes the virtual environment in the user's cache folder, once for each list
// of requirements and each Python.
func venv() (string, error) {
	requirements := filepath.Join("testdata", "live", "requirements.txt")
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
		return "", fmt.Errorf("asking Python for its version: %w", err)
	}
	dir, err := cached(fmt.Sprintf("%x", sha256.Sum256(append(list, version...)))[:16], func(dir string) error {
		if err := install(python, "-m", "venv", dir); err != nil {
			return err
		}
		return install(inVenv(dir, "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check", "-r", requirements)
	})
	return inVenv(dir, "python"), err
}

// inVenv returns the path of a program of a virtual environment.
func inVenv(dir, name string) string {
	if runtime.GOOS == "windows" {
		return filepath.Join(dir, "Scripts", name+".exe")
	}
	return filepath.Join(dir, "bin", name)
}

// cached returns a folder in the user's cache folder that fill has filled, this time or earlier.
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

// install runs a program that installs something.
func install(name string, args ...string) error {
	if out, err := exec.Command(name, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s %s: %w\n%s", name, strings.Join(args, " "), err, out)
	}
	return nil
}
