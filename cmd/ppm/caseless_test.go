package main

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/caselesstest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
)

// A caselessProject is a project on a disk that ignores the case of names.
type caselessProject struct {
	t    *testing.T
	dir  string
	home string
}

// run runs ppm in the project, and requires its exit code and a part of what it prints.
func (p caselessProject) run(code int, want string, args ...string) {
	p.t.Helper()
	// Not with cmd.Dir: the disk is served by this process, which stops while it changes the folder of a new process.
	cmd := exec.Command(filepath.Join(binary, "ppm"), append(args, "--cwd", p.dir)...)
	cmd.Env = append(os.Environ(), "HOME="+p.home, "PPM_CACHE_DIR="+filepath.Join(p.home, "cache"),
		"PPM_STATE_DIR="+filepath.Join(p.home, "state"))
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	got := 0
	if errors.As(err, &exit) {
		got = exit.ExitCode()
	} else if err != nil {
		p.t.Fatal(err)
	}
	if got != code || !strings.Contains(string(out), want) {
		p.t.Fatalf("ppm %s: exit code %d, want %d with %q:\n%s", strings.Join(args, " "), got, code, want, out)
	}
}

// content returns the paths of the files as the disk spells them, with their contents, except for ppm's own.
func (p caselessProject) content() string {
	var b strings.Builder
	err := filepath.WalkDir(p.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.Name() == ".ppm" {
			return cmp.Or(err, fs.SkipDir)
		}
		if d.Type().IsRegular() && !strings.HasPrefix(d.Name(), "ppm.") {
			data, err := os.ReadFile(path)
			fmt.Fprintf(&b, "%s=%s;", strings.TrimPrefix(path, p.dir+"/"), strings.TrimSpace(string(data)))
			return err
		}
		return nil
	})
	if err != nil {
		p.t.Fatal(err)
	}
	return b.String()
}

func (p caselessProject) require(want string) {
	p.t.Helper()
	if got := p.content(); got != want {
		p.t.Fatalf("the project has %s\nwant %s", got, want)
	}
}

func (p caselessProject) write(name, text string) {
	name = filepath.Join(p.dir, name)
	err := os.MkdirAll(filepath.Dir(name), 0o777)
	if err == nil {
		err = os.WriteFile(name, []byte(text), 0o666)
	}
	if err != nil {
		p.t.Fatal(err)
	}
}

// caselessPack makes a pack that renames a file to another spelling in v1.2.0, and then has files that differ in case.
func caselessPack(t *testing.T) *gittest.Repo {
	pack := gittest.NewRepo(t)
	pack.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n", 0o644)
	pack.Write("part/Tool.txt", "tool one", 0o644)
	pack.Write("part/Dir/file.txt", "file one", 0o644)
	pack.Commit("one")
	pack.Tag("v1.0.0")
	pack.Write("part/Dir/file.txt", "file two", 0o644)
	pack.Commit("two")
	pack.Tag("v1.1.0")
	pack.Git("mv", "part/Tool.txt", "part/tool.txt")
	pack.Commit("three")
	pack.Tag("v1.2.0")
	pack.Write("part/TOOL.txt", "another", 0o644)
	pack.Commit("four")
	pack.Tag("hostile-1")
	return pack
}

// TestCaselessDisk works in a project on a disk that ignores case. What differs from a file in case only is that file:
// it is never written over or deleted under another spelling.
func TestCaselessDisk(t *testing.T) {
	p := caselessProject{t, filepath.Join(caselesstest.Dir(t), "project"), t.TempDir()}
	pack := caselessPack(t)
	at := func(version string) string { return pack.Dir + "@" + version + "//part" }

	// Files of the user in other spellings, at and above the files of a component.
	p.write("part/TOOL.TXT", "mine")
	p.run(3, "differs in case", "project", "add", at("v1.0.0"))
	p.require("part/TOOL.TXT=mine;")
	p.run(3, "", "project", "add", at("v1.0.0"), "--located-path", "PART")
	p.require("part/TOOL.TXT=mine;")

	// Names of tools, in any case, and files of one component that differ in case only.
	for _, path := range []string{".GIT/x", ".Ppm/x", "x/.Git"} {
		p.run(3, "tool's own folder", "project", "add", at("v1.0.0"), "--located-path", path)
	}
	p.run(3, "one name", "project", "add", at("hostile-1"), "--located-path", "other")
	p.require("part/TOOL.TXT=mine;")

	// The same component twice, in two spellings of one path.
	p.run(0, "", "project", "add", at("v1.0.0"), "--located-path", "lib")
	p.run(3, "", "project", "add", at("v1.0.0"), "--located-path", "LIB")
	installed := "lib/Dir/file.txt=file one;lib/Tool.txt=tool one;part/TOOL.TXT=mine;"
	p.require(installed)
	p.run(0, "unchanged", "project", "status")
	p.run(0, "upgraded", "project", "upgrade", "--to", "v1.1.0")
	p.require(strings.Replace(installed, "file one", "file two", 1))

	// Upstream renames a file to another spelling: refused, and nothing is lost.
	p.run(3, "differs in case", "project", "upgrade", "--to", "v1.2.0")
	p.require(strings.Replace(installed, "file one", "file two", 1))
	p.run(0, "verified", "project", "verify")
	p.run(0, "undid", "project", "undo")
	p.require(installed)

	// The user renames a file to another spelling: it is still the same file, and is not deleted.
	for _, step := range [][2]string{{"Tool.txt", "x"}, {"x", "tOOL.txt"}} { // one step does nothing on some disks
		if err := os.Rename(filepath.Join(p.dir, "lib", step[0]), filepath.Join(p.dir, "lib", step[1])); err != nil {
			t.Fatal(err)
		}
	}
	p.run(0, "replaced  lib/Tool.txt", "project", "status")
	p.run(0, "kept because", "project", "remove", "lib")
	p.require("lib/tOOL.txt=tool one;part/TOOL.TXT=mine;")
}
