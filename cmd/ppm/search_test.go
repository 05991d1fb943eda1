package main

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
)

// surroundings are folders that commands run in, and the project that they have to find, if there is one.
var surroundings = []struct {
	name    string
	files   map[string]string // "ppm.toml" in the first ones makes a project
	current string
	project string
}{
	{"the project itself", map[string]string{"p/ppm.toml": ""}, "p", "p"},
	{"a folder below", map[string]string{"p/ppm.toml": "", "p/a/b/f": ""}, "p/a/b", "p"},
	{"a nested project", map[string]string{"p/ppm.toml": "", "p/a/ppm.toml": "", "p/a/b/f": ""}, "p/a/b", "p/a"},
	{"the root of a repository", map[string]string{"p/ppm.toml": "", "p/.git/HEAD": "", "p/a/f": ""}, "p/a", "p"},
	{"a linked worktree", map[string]string{"p/ppm.toml": "", "p/.git": "gitdir: x\n", "p/a/f": ""}, "p/a", "p"},
	{"a member", map[string]string{
		"p/ppm.toml": "[workspace]\nmembers = [\"m\"]\n", "p/m/ppm.toml": "", "p/m/a/f": "",
	}, "p/m/a", "p/m"},
	{"no project", map[string]string{"p/f": ""}, "p", ""},
	{"a repository in a project", map[string]string{
		"p/ppm.toml": "", "p/r/.git/HEAD": "", "p/r/a/f": "",
	}, "p/r/a", ""},
	{"a submodule in a project", map[string]string{
		"p/ppm.toml": "", "p/s/.git": "gitdir: x\n", "p/s/a/f": "",
	}, "p/s/a", ""},
	{"a pack", map[string]string{"p/ppm.toml": "[pack]\nlanguage = \"py\"\n", "p/a/f": ""}, "p/a", ""},
}

// Every command that works on a project finds it, and those that need one fail where there is none and write nothing.
func TestCommandsFindTheProject(t *testing.T) {
	var found []*command
	for _, c := range commands().find("project").commands {
		if len(c.commands) > 0 { // plan
			found = append(found, c.commands...)
		} else {
			found = append(found, c)
		}
	}
	checked := 0
	for _, s := range surroundings {
		for _, c := range found {
			if c.search == noSearch {
				continue
			}
			checked++
			root := makeFiles(t, s.files)
			before := fileNames(t, root)
			line := []string{"ppm", "project", c.name, "--offline", "--json", "--cwd", filepath.Join(root, s.current)}
			if c.planned != nil {
				line = append([]string{"ppm", "project", "plan", c.name}, line[3:]...)
				line = append(line, "-o", filepath.Join(t.TempDir(), "plan"))
			}
			var out bytes.Buffer
			code := run(t.Context(), line, testInvocation(&out), func(name string) string {
				return map[string]string{"PPM_CACHE_DIR": t.TempDir()}[name]
			})
			var d document
			if err := json.Unmarshal(out.Bytes(), &d); err != nil {
				t.Fatalf("%s in %s: %v\n%s", c.fullName(), s.name, err, out.String())
			}
			isNeeded := c.search == nearestProject || c.search == nearestHistory || c.search == newestHistory
			switch {
			case s.project != "" && d.Project != filepath.Join(root, s.project):
				t.Errorf("%s in %s works on %q: %+v", c.fullName(), s.name, d.Project, d.Error)
			case s.project == "" && isNeeded && (code != 2 || !strings.Contains(d.Error.Message, "no project in")):
				t.Errorf("%s in %s ends with %d: %+v", c.fullName(), s.name, code, d.Error)
			case s.project == "" && !isNeeded && d.Project != filepath.Join(root, s.current):
				t.Errorf("%s in %s works on %q: %+v", c.fullName(), s.name, d.Project, d.Error)
			}
			if after := fileNames(t, root); s.project == "" && isNeeded && after != before {
				t.Errorf("%s in %s leaves %s, before %s", c.fullName(), s.name, after, before)
			}
		}
	}
	if checked < 200 {
		t.Errorf("only %d combinations were checked", checked)
	}
}

// makeFiles writes files into a new folder, and returns its path without symbolic links.
func makeFiles(t *testing.T, files map[string]string) string {
	t.Helper()
	root, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	applytest.Write(t, root, files)
	return root
}

// fileNames returns the paths of all files in a folder as one text.
func fileNames(t *testing.T, root string) string {
	t.Helper()
	var names []string
	err := filepath.WalkDir(root, func(name string, _ os.DirEntry, err error) error {
		names = append(names, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return strings.Join(names, " ")
}
