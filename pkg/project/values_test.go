package project_test

import (
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/internal/applytest"
	"github.com/Project-Manager-With-Git/ppm/internal/gittest"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/project"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A valueCase is an install of which one key and two names of the project's information have the given origins, and a
// change before the next verb.
type valueCase struct{ key, name, author, change string }

// values are what the file of the install contains.
type values struct{ key, name, author string }

func (v values) text(version string) string {
	return fmt.Sprintf("%s|%s in %s|%s|%s", v.key, v.key, v.name, v.author, version)
}

// valueChanges are what happens between an install and the next verb, with what an upgrade to the next version, and
// what a sync makes of the values. Unless they say otherwise, the first is that a default of the pack changes.
var valueChanges = map[string]func(c valueCase, upgraded, synced *values){
	"none":            func(valueCase, *values, *values) {},
	"another machine": func(valueCase, *values, *values) {},
	"no other files":  func(valueCase, *values, *values) {},
	"[keys]": func(c valueCase, upgraded, synced *values) {
		if c.key != "typed" && c.key != "asked" {
			upgraded.key, synced.key = "set", "set"
		}
	},
	"no keys": func(c valueCase, upgraded, synced *values) {
		if c.key != "user" { // the user's settings do not change
			upgraded.key, synced.key = "two", "one"
		}
	},
	"keys": func(_ valueCase, upgraded, synced *values) { upgraded.key, synced.key = "set", "set" },
	"[project]": func(_ valueCase, upgraded, synced *values) {
		upgraded.name, synced.name, upgraded.author, synced.author = "renamed", "renamed", "Eve", "Eve"
	},
	"no [project]": func(c valueCase, upgraded, synced *values) {
		if c.author == "project" {
			upgraded.author, synced.author = "", ""
		}
	},
	"other files": func(c valueCase, upgraded, _ *values) {
		if c.name == "detected" {
			upgraded.name = "module"
		}
		if c.author != "project" {
			upgraded.author = "Eve"
		}
	},
}

// TestValues installs a component with values of every origin, changes something, and checks what each verb makes of
// it, for each combination.
func TestValues(t *testing.T) {
	r := gittest.NewRepo(t)
	for _, version := range []string{"one", "two"} {
		r.Write("ppm.toml", "[pack]\ntype = \"components\"\n[pack.components.part]\nsource = \"part\"\n"+
			"[pack.keys.key]\nask = true\ndefault = \""+version+"\"\n"+
			"[pack.keys.full]\ndefault = \"{{ key }} in {{ project_name }}\"\n", 0o644)
		r.Write("part/text.jinja", "{{ key }}|{{ full }}|{{ author }}|"+version+"\n", 0o644)
		r.Commit(version)
		r.Tag(version)
	}
	n := 0
	for _, key := range []string{"typed", "asked", "configured", "user", "default"} {
		for _, name := range []string{"folder", "project", "detected"} {
			for _, author := range []string{"project", "detected", "user", "none"} {
				for _, change := range slices.Sorted(maps.Keys(valueChanges)) {
					if n++; testing.Short() && n%7 != 0 {
						continue
					}
					c := valueCase{key, name, author, change}
					t.Run(strings.Join([]string{key, name, author, change}, ","), func(t *testing.T) {
						t.Parallel()
						c.run(t, r.Dir)
					})
				}
			}
		}
	}
}

// A valueRun is a project with a home folder.
type valueRun struct {
	*testing.T
	home, dir string
	answer    string
}

func (c valueCase) run(t *testing.T, repo string) {
	r := &valueRun{T: t, home: t.TempDir(), dir: filepath.Join(t.TempDir(), "shop")}
	must(t, os.Mkdir(r.dir, 0o777))
	want := c.install(r, repo)
	if got, text := r.read("part/text"), want.text("one"); got != text {
		t.Fatalf("installed %q, want %q, with\n%s", got, text, r.read("ppm.lock"))
	}
	upgraded, synced := want, want
	if c.key == "default" {
		upgraded.key = "two"
	}
	c.doChange(r)
	valueChanges[c.change](c, &upgraded, &synced)
	r.checkClean()
	second := filepath.Join(t.TempDir(), "clone")
	must(t, os.CopyFS(second, os.DirFS(r.dir)))
	r.check("sync", func(p *project.Project) (any, *project.Transaction, error) {
		return p.Sync(t.Context(), project.SyncOptions{})
	}, synced.text("one"))
	r.dir = second
	r.check("upgrade", func(p *project.Project) (any, *project.Transaction, error) {
		return p.Upgrade(t.Context(), project.UpgradeOptions{To: "two"})
	}, upgraded.text("two"))
}

// install writes the sources of the values, and installs the component.
func (c valueCase) install(r *valueRun, repo string) (want values) {
	want = values{"x", "shop", ""}
	reference, err := ref.Parse(repo + "@one//part")
	must(r.T, err)
	o := project.AddOptions{Ref: reference}
	manifest, home := "", map[string]string{}
	files := map[string]string{}
	switch c.key {
	case "typed":
		o.Keys = []ref.KV{{Key: "key", Value: "x"}}
	case "asked":
		r.answer = "x"
	case "configured":
		manifest += "[keys]\nkey = \"x\"\n"
	case "user":
		home["ppm.toml"] = "[keys]\nkey = \"x\"\n"
	case "default":
		want.key = "one"
	}
	if c.author != "none" {
		want.author = "Ann"
	}
	switch c.author {
	case "detected":
		files["package.json"] = `{"author": "Ann"}`
	case "user":
		home[".pmfprc/pmfprc.json"] = `{"author": "Ann"}`
	}
	switch c.name {
	case "project":
		want.name = "stated"
		manifest = "[project]\nname = \"stated\"\n\n" + manifest
	case "detected":
		want.name = "mod"
		files["go.mod"] = "module mod\n"
	}
	if c.author == "project" && c.name == "project" {
		manifest = strings.Replace(manifest, "\n\n", "\nauthor = \"Ann\"\n\n", 1)
	} else if c.author == "project" {
		manifest = "[project]\nauthor = \"Ann\"\n\n" + manifest
	}
	files["ppm.toml"] = manifest
	applytest.Write(r.T, r.dir, files)
	applytest.Write(r.T, r.home, home)
	r.do(func(p *project.Project) (any, *project.Transaction, error) { return p.Add(r.Context(), o) })
	r.answer = "wrong: a value is asked for once"
	return want
}

// doChange makes the change of the case in the project.
func (c valueCase) doChange(r *valueRun) {
	text := r.read("ppm.toml")
	without := func(prefixes ...string) string {
		return strings.Join(slices.DeleteFunc(strings.SplitAfter(text, "\n"), func(line string) bool {
			return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(line, p) })
		}), "")
	}
	switch c.change {
	case "another machine":
		r.home = r.TempDir()
		applytest.Write(r.T, r.home, map[string]string{
			"ppm.toml": "[keys]\nkey = \"wrong\"\n", ".pmfprc/pmfprc.json": `{"author": "wrong", "version": "wrong"}`,
		})
	case "no other files":
		must(r.T, os.RemoveAll(filepath.Join(r.dir, "go.mod")))
		must(r.T, os.RemoveAll(filepath.Join(r.dir, "package.json")))
	case "[keys]":
		text = without("[keys]", "key =") + "\n[keys]\nkey = \"set\"\n"
	case "no keys":
		text = without("[keys]", "key =", "keys =")
		r.answer = "" // an upgrade asks again, and gets the default
	case "keys":
		text = strings.TrimRight(without("keys ="), "\n") + "\nkeys = { key = \"set\" }\n"
		if i := strings.Index(text, "[keys]"); i > strings.Index(text, "[[component]]") {
			r.Fatalf("[keys] is behind the component in\n%s", text)
		}
	case "[project]":
		text = without("[project]", "name =", "author =") + "\n[project]\nname = \"renamed\"\nauthor = \"Eve\"\n"
	case "no [project]":
		text = without("[project]", "name =", "author =")
	case "other files":
		applytest.Write(r.T, r.dir, map[string]string{
			"go.mod": "module module\n", "package.json": `{"author": "Eve"}`,
		})
	}
	applytest.Write(r.T, r.dir, map[string]string{"ppm.toml": text})
}

func (r *valueRun) read(name string) string {
	data, err := os.ReadFile(filepath.Join(r.dir, name))
	must(r.T, err)
	return string(data)
}

func (r *valueRun) open() *project.Project {
	r.Helper()
	p, err := project.Open(r.Context(), project.Setup{
		Dir: r.dir, Home: r.home, CacheDir: filepath.Join(filepath.Dir(r.dir), "cache"),
		UserFile: filepath.Join(r.home, "ppm.toml"), KeyDirs: []string{filepath.Join(r.home, "state")},
		Env: func(string) string { return "" },
		Ask: func(context.Context, install.Question) (string, error) { return r.answer, nil },
	}, project.Write)
	must(r.T, err)
	return p
}

func (r *valueRun) do(verb func(*project.Project) (any, *project.Transaction, error)) *project.Transaction {
	r.Helper()
	p := r.open()
	defer p.Close()
	_, tx, err := verb(p)
	must(r.T, err)
	must(r.T, p.Apply(r.Context(), tx, project.ApplyOptions{}))
	return tx
}

// checkClean checks that nothing seems to be edited, whatever the values are now.
func (r *valueRun) checkClean() {
	r.Helper()
	p := r.open()
	defer p.Close()
	if _, err := p.Verify(r.Context(), project.VerifyOptions{}); err != nil {
		r.Errorf("verify: %v", err)
	}
	diff, err := p.Diff(r.Context(), project.DiffOptions{})
	must(r.T, err)
	if len(diff.Files) > 0 {
		r.Errorf("diff: %+v", diff)
	}
}

// check calls a verb, which must make the text of the installed file. Called again, it has nothing to do, and the
// project matches its manifest.
func (r *valueRun) check(name string, verb func(*project.Project) (any, *project.Transaction, error), want string) {
	r.Helper()
	before := r.read("ppm.toml")
	r.do(verb)
	if got := r.read("part/text"); got != want {
		r.Errorf("%s gives %q, want %q, with\n%s\n%s", name, got, want, before, r.read("ppm.lock"))
	}
	if tx := r.do(verb); !tx.Empty() {
		r.Errorf("%s again has %+v, with\n%s\n%s", name, tx.Changes, r.read("ppm.toml"), r.read("ppm.lock"))
	}
	p := r.open()
	if result, _, err := p.Sync(r.Context(), project.SyncOptions{Check: true}); err != nil {
		r.Errorf("after %s, sync --check: %v, %+v, with\n%s\n%s",
			name, err, result, r.read("ppm.toml"), r.read("ppm.lock"))
	}
	must(r.T, p.Close())
	r.checkClean()
}
