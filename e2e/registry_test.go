package e2e_test

import (
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	ppm "github.com/Project-Manager-With-Git/ppm"
	"github.com/Project-Manager-With-Git/ppm/internal/e2etest"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

var update = flag.Bool("update", false,
	"update the files that are generated from the built-in packs, and the tree ids in their index")

// builtIn returns the built-in registry.
func builtIn(t *testing.T) *registry.Registry {
	t.Helper()
	m, err := manifest.Parse("ppm.toml", ppm.Manifest, manifest.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	files := ppm.Packs()
	if *update { // the embedded files are older than the files that a test has just written
		files = os.DirFS(e2etest.Root)
	}
	return registry.New(m, files)
}

// eachRelease calls f for every release of every built-in pack.
func eachRelease(t *testing.T, f func(t *testing.T, name string, r registry.Release)) {
	t.Helper()
	reg := builtIn(t)
	for _, name := range reg.Names() {
		releases, err := reg.Releases(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range releases {
			t.Run(name+"@"+r.Tag, func(t *testing.T) { f(t, name, r) })
		}
	}
}

// load parses the manifest of a pack.
func load(t *testing.T, name string, files fileset.Set) *pack.Pack {
	t.Helper()
	p, err := pack.Load(name, func(path string) ([]byte, error) {
		file, ok := files.Lookup(path)
		if !ok {
			return nil, fs.ErrNotExist
		}
		return file.Data, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Each pack has a manifest for pmfp beside its ppm.toml, so that both tools can use it.
func TestPacksHaveAPmfpManifest(t *testing.T) {
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		want, err := load(t, name, r.Files).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			file := filepath.Join(e2etest.Root, "registry", name, r.Tag, pack.Pmfp)
			if err := os.WriteFile(file, want, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		got, ok := r.Files.Lookup(pack.Pmfp)
		if !ok || string(got.Data) != string(want) {
			t.Errorf("%s does not match ppm.toml: run go test ./e2e -update", pack.Pmfp)
		}
	})
}

// A released tag never changes: the index holds the id of its tree.
func TestReleasesAreFrozen(t *testing.T) {
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		id, err := objects.TreeID(r.Files)
		if err != nil {
			t.Fatal(err)
		}
		if id == r.Tree {
			return
		}
		if !*update {
			t.Fatalf("a released tag must not change: the tree of %s is %s, the index has %q", r.Tag, id, r.Tree)
		}
		updateTree(t, "registry/"+name+"/"+r.Tag, id)
	})
}

// updateTree changes the id of the tree of a release in the index.
func updateTree(t *testing.T, dir, id string) {
	t.Helper()
	file := filepath.Join(e2etest.Root, "ppm.toml")
	index, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	key := fmt.Sprintf("dir = %q", dir)
	before, after, found := strings.Cut(string(index), key)
	if !found {
		t.Fatalf("ppm.toml has no line %s", key)
	}
	loc := regexp.MustCompile(`(?m)^tree = ".*"$`).FindStringIndex(after)
	if loc == nil {
		t.Fatalf("ppm.toml has no tree after %s", key)
	}
	after = after[:loc[0]] + fmt.Sprintf("tree = %q", id) + after[loc[1]:]
	if err := os.WriteFile(file, []byte(before+key+after), 0o644); err != nil {
		t.Fatal(err)
	}
}

// The source of every component is a path in the pack, or a reference. Every component in a pack has a description.
func TestComponentsHaveFiles(t *testing.T) {
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		p := load(t, name, r.Files)
		for _, c := range p.Components {
			if _, link, err := c.Link(); err != nil || link {
				continue
			}
			found := false
			for _, f := range r.Files {
				found = found || f.Path == c.Source || strings.HasPrefix(f.Path, c.Source+"/")
			}
			if !found {
				t.Errorf("component %q: the pack has no %q", c.Name, c.Source)
			}
			if c.Description == "" {
				t.Errorf("component %q has no description", c.Name)
			}
		}
	})
}
