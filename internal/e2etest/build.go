// Package e2etest runs the ppm binary and the programs that end-to-end tests need: a Python environment,
// tools written in Go, and services. What it installs is kept in the user's cache folder.
package e2etest

import (
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
)

// Root is the root folder of the repository, as seen from the packages that use this one.
const Root = ".."

// Binary builds ppm, once per test process, and returns its path. The package needs Main as its TestMain.
var Binary = Build(Root, "./cmd/ppm")

// Build returns a function that builds a program in the module at dir, once per test process, and returns its path.
func Build(dir, program string) func(t *testing.T) string {
	return once(func() (string, error) { return goBuild(dir, program) })
}

// once returns a function that calls build the first time, and returns its path every time. It ends the test if the
// build failed.
func once(build func() (string, error)) func(t *testing.T) string {
	build = sync.OnceValues(build)
	return func(t *testing.T) string {
		t.Helper()
		path, err := build()
		if err != nil {
			t.Fatal(err)
		}
		return path
	}
}

// binDir returns the folder of the built programs, which Main removes.
var binDir = sync.OnceValues(func() (string, error) { return os.MkdirTemp("", "ppm-e2e") })

func goBuild(dir, program string) (string, error) {
	if err := watchSources(); err != nil {
		return "", err
	}
	bin, err := binDir()
	if err != nil {
		return "", err
	}
	name := filepath.Join(bin, exe(filepath.Base(filepath.Join(dir, program))))
	build := exec.Command("go", "build", "-o", name, program)
	build.Dir = dir
	if out, err := build.CombinedOutput(); err != nil {
		return "", fmt.Errorf("building %s: %w\n%s", program, err, out)
	}
	return name, nil
}

// watchSources makes the cached result of a test invalid when a source file changes. The go command
// records the files and folders that a test opens, but not what the programs that it runs read.
func watchSources() error {
	for _, dir := range []string{"cmd", "pkg", "registry", "examples", "e2e", "ppm.toml"} {
		visit := func(_ string, _ fs.DirEntry, err error) error { return err }
		if err := filepath.WalkDir(filepath.Join(Root, dir), visit); err != nil {
			return err
		}
	}
	return nil
}

// Main is the TestMain of a package that builds programs. It removes them after the tests.
func Main(m *testing.M) {
	code := m.Run()
	if bin, err := binDir(); err == nil {
		os.RemoveAll(bin)
	}
	os.Exit(code)
}

// exe returns the file name of a program on this system.
func exe(name string) string {
	if runtime.GOOS == "windows" {
		return name + ".exe"
	}
	return name
}
