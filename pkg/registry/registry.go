// Package registry maps the name of a pack to its clone URL, and reads the built-in packs.
//
// The first match in this order decides: an explicit host or URL, an alias in [packs] of
// the manifest, a built-in pack, the default host and namespace. A built-in pack is a list
// of releases in commit order. The package does not use the network.
//
// Settings of one machine can give a name a meaning that it does not have on another one. A
// name in the records of a project has its shared meaning: the one by the built-in layer and
// the project's layer.
package registry

import (
	"cmp"
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
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A Registry looks up the packs of a manifest.
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

// URL returns the clone URL of an origin. It is the same with and without mirrors: see Mirror.
func (r *Registry) URL(o ref.Origin) string {
	if p, ok := r.packs[o.Repo]; ok && o.IsBare() {
		if p.URL != "" {
			return p.URL
		}
		if len(p.Releases) > 0 {
			return ref.BuiltinURL(o.Repo)
		}
	}
	return o.CloneURL(r.sources.Host, r.sources.Namespace)
}

// Explicit returns the origin with the host and namespace, or the URL, that it means. The result means the same in
// every registry, unless it is a built-in pack.
func (r *Registry) Explicit(o ref.Origin) ref.Origin {
	if o.URL != "" || o.Host != "" {
		return o
	}
	url := r.URL(o)
	if _, builtIn := ref.BuiltinName(url); builtIn {
		return o
	}
	named := ref.Origin{
		Host: r.sources.Host, Namespace: cmp.Or(o.Namespace, r.sources.Namespace), Repo: o.Repo,
	}
	if named.CloneURL("", "") == url {
		return named
	}
	if parsed, err := ref.Parse(url); err == nil {
		return parsed.Origin
	}
	return ref.Origin{URL: url}
}

// Published returns the origin that o means to pmfp, which has no built-in packs: the name of a built-in pack is one
// in the default namespace. builtIn reports whether o is such a name.
func (r *Registry) Published(o ref.Origin) (published ref.Origin, builtIn bool) {
	if p := r.packs[o.Repo]; o.URL != "" || o.Host != "" || o.Namespace != "" || p.URL != "" || len(p.Releases) == 0 {
		return o, false
	}
	o.Namespace = r.sources.Namespace
	return o, true
}

// Mirror returns the URL to connect to for a clone URL: with its longest prefix that is in [sources.mirrors] replaced.
// A prefix ends where a name in the URL ends, so that that of one host is not a prefix of another host.
// Only connections use it: the records of a project are the same with every mirror.
func (r *Registry) Mirror(url string) string {
	longest := ""
	for prefix := range r.sources.Mirrors {
		rest, ok := strings.CutPrefix(url, prefix)
		atEnd := rest == "" || rest[0] == '/' || strings.HasSuffix(prefix, "/") || strings.HasSuffix(prefix, ":")
		if ok && atEnd && len(prefix) > len(longest) {
			longest = prefix
		}
	}
	return r.sources.Mirrors[longest] + strings.TrimPrefix(url, longest)
}

// Names returns the names of the built-in packs, sorted.
func (r *Registry) Names() []string {
	names := slices.Sorted(maps.Keys(r.packs))
	return slices.DeleteFunc(names, func(n string) bool { return len(r.packs[n].Releases) == 0 })
}

// Describe returns the description of a built-in pack.
func (r *Registry) Describe(name string) string { return r.packs[name].Description }

// A Release is one tagged version of a built-in pack.
type Release struct {
	Tag, Branch string
	Date        time.Time
	Tree        string // git id of Files, fixed at release; "" before
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

// Key returns a name for the current content of a built-in pack: equal keys mean equal releases. It reads the files of
// a release only if its tree is not fixed yet.
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
			WithHint("%s", suggest.Hint("pack", name, r.Names()))
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

// read reads the files of a release. Embedded files have no modes; the release lists the executable ones.
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
		relative := strings.TrimPrefix(name, path.Clean(rel.Dir)+"/")
		mode := fileset.Regular
		if slices.Contains(rel.Executable, relative) {
			mode = fileset.Executable
		}
		files = append(files, fileset.File{Path: relative, Mode: mode, Data: data})
		return nil
	})
	if err != nil {
		return nil, err
	}
	return fileset.New(files)
}
