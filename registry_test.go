package ppm_test

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
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
)

var update = flag.Bool("update", false, "write what is generated from the built-in packs, and the tree ids in the index")

func builtIn(t *testing.T) *registry.Registry {
	t.Helper()
	m, err := manifest.Parse("ppm.toml", ppm.Manifest, manifest.BuiltIn)
	if err != nil {
		t.Fatal(err)
	}
	files := ppm.Packs()
	if *update { // what was embedded is older than what has just been written
		files = os.DirFS(".")
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

// Beside each ppm.toml stands what pmfp reads, so that both tools can use the pack.
func TestPacksServePmfpToo(t *testing.T) {
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		want, err := load(t, name, r.Files).JSON()
		if err != nil {
			t.Fatal(err)
		}
		if *update {
			if err := os.WriteFile(filepath.Join("registry", name, r.Tag, pack.Pmfp), want, 0o644); err != nil {
				t.Fatal(err)
			}
			return
		}
		got, ok := r.Files.Lookup(pack.Pmfp)
		if !ok || string(got.Data) != string(want) {
			t.Errorf("%s is not what ppm.toml says: run go test . -update", pack.Pmfp)
		}
	})
}

// A released tag is frozen: the index holds the id of its tree.
func TestReleasesAreFrozen(t *testing.T) {
	eachRelease(t, func(t *testing.T, name string, r registry.Release) {
		id, err := fetch.TreeID(r.Files)
		if err != nil {
			t.Fatal(err)
		}
		if id == r.Tree {
			return
		}
		if !*update {
			t.Fatalf("the tree of %s is %s, and the index says %q; a released tag never changes", r.Tag, id, r.Tree)
		}
		index, err := os.ReadFile("ppm.toml")
		if err != nil {
			t.Fatal(err)
		}
		dir := fmt.Sprintf("dir = %q", "registry/"+name+"/"+r.Tag)
		before, after, found := strings.Cut(string(index), dir)
		if !found {
			t.Fatalf("no line %s in ppm.toml", dir)
		}
		line := regexp.MustCompile(`(?m)^tree = ".*"$`)
		place := line.FindStringIndex(after)
		if place == nil {
			t.Fatalf("no tree line after %s in ppm.toml", dir)
		}
		after = after[:place[0]] + fmt.Sprintf("tree = %q", id) + after[place[1]:]
		if err := os.WriteFile("ppm.toml", []byte(before+dir+after), 0o644); err != nil {
			t.Fatal(err)
		}
	})
}

// Every component can be found: its source is in the pack, or it is a reference.
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
				t.Errorf("component %q: nothing at %q", c.Name, c.Source)
			}
			if c.Description == "" {
				t.Errorf("component %q has no description", c.Name)
			}
		}
	})
}
