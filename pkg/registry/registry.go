// Package registry turns the name of a pack into the place it is fetched from.
//
// A name is looked up in this order, and the first that knows it wins: an explicit
// host or URL, an alias of the manifest's [packs], the packs built into the binary,
// and last the default host and namespace. The registry also reads the built-in
// packs, each a list of releases in commit order. It uses no network.
package registry

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Registry knows the packs of one manifest.
type Registry struct {
	sources manifest.Sources
	packs   map[string]manifest.Pack
	files   fs.FS
}

// New returns the registry of m, in which the built-in layer is merged: that states the default host and namespace.
// The releases of the built-in packs name folders of files.
func New(m *manifest.Manifest, files fs.FS) *Registry {
	return &Registry{sources: m.Sources, packs: m.Packs, files: files}
}

// URL returns the clone URL of an origin, or that of a built-in pack.
func (r *Registry) URL(o ref.Origin) string {
	if o.URL != "" {
		return r.mirror(o.URL)
	}
	if o.Host == "" && o.Namespace == "" {
		if p, ok := r.packs[o.Repo]; ok {
			if p.URL != "" {
				return r.mirror(p.URL)
			}
			if len(p.Releases) > 0 {
				return ref.BuiltinURL(o.Repo)
			}
		}
	}
	return r.mirror(o.CloneURL(r.sources.Host, r.sources.Namespace))
}

// mirror replaces the longest prefix of url that [sources.mirrors] names.
func (r *Registry) mirror(url string) string {
	best := ""
	for prefix := range r.sources.Mirrors {
		if strings.HasPrefix(url, prefix) && len(prefix) > len(best) {
			best = prefix
		}
	}
	return r.sources.Mirrors[best] + strings.TrimPrefix(url, best)
}

// Names returns the names of the built-in packs, sorted.
func (r *Registry) Names() []string {
	names := slices.Sorted(maps.Keys(r.packs))
	return slices.DeleteFunc(names, func(n string) bool { return len(r.packs[n].Releases) == 0 })
}

// Describe returns the description of the built-in pack of that name.
func (r *Registry) Describe(name string) string { return r.packs[name].Description }

// A Release is one tagged state of a built-in pack.
type Release struct {
	Tag, Branch string
	Date        time.Time
	Tree        string // git id of Files, frozen at release
	Files       fileset.Set
}

// Tags returns the tags of a built-in pack in commit order, without reading its files.
func (r *Registry) Tags(name string) []string {
	var tags []string
	for _, rel := range r.packs[name].Releases {
		tags = append(tags, rel.Tag)
	}
	return tags
}

// Key returns a name for the present content of a built-in pack: equal keys mean equal
// releases. It reads the files only of a release whose tree is not frozen yet.
func (r *Registry) Key(name string) (string, error) {
	sum := sha256.New()
	for _, rel := range r.packs[name].Releases {
		tree := rel.Tree
		if tree == "" {
			files, err := r.read(rel)
			if err != nil {
				return "", err
			}
			tree = files.Digest()
		}
		fmt.Fprintf(sum, "%s %s %s %s\n", rel.Tag, rel.Branch, rel.Date.UTC().Format(time.RFC3339), tree)
	}
	return name + "-" + hex.EncodeToString(sum.Sum(nil)[:8]), nil
}

// Releases reads the releases of a built-in pack in commit order.
func (r *Registry) Releases(name string) ([]Release, error) {
	p, ok := r.packs[name]
	if !ok || len(p.Releases) == 0 {
		return nil, failure.Errorf(failure.Usage, "no built-in pack %q", name).
			WithHint("the built-in packs are %s", strings.Join(r.Names(), ", "))
	}
	var out []Release
	for _, rel := range p.Releases {
		files, err := r.read(rel)
		if err != nil {
			return nil, fmt.Errorf("reading built-in pack %q at %q: %w", name, rel.Tag, err)
		}
		out = append(out, Release{Tag: rel.Tag, Branch: rel.Branch, Date: rel.Date, Tree: rel.Tree, Files: files})
	}
	return out, nil
}

// read reads the folder of one release. An embedded file has no mode of its own: the index lists what is executable.
func (r *Registry) read(rel manifest.Release) (fileset.Set, error) {
	var files []fileset.File
	err := fs.WalkDir(r.files, rel.Dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		data, err := fs.ReadFile(r.files, name)
		if err != nil {
			return err
		}
		inside := strings.TrimPrefix(name, path.Clean(rel.Dir)+"/")
		mode := fileset.Regular
		if slices.Contains(rel.Executable, inside) {
			mode = fileset.Executable
		}
		files = append(files, fileset.File{Path: inside, Mode: mode, Data: data})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fileset.New(files)
}
