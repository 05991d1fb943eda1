// Package state reads what is recorded about a project: the layers of its manifest, and its lockfile.
//
// A State is read once, when a project is opened, and never changes.
package state

import (
	"maps"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/location"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// Names of the two files that ppm keeps in a project's folder.
const (
	ManifestName = plan.Manifest
	LockName     = plan.Lock
)

// A State is what is recorded about a project when it is opened. It is read-only.
type State struct {
	Layers       *manifest.Manifest // all layers, merged
	Manifest     *manifest.Manifest // only the project's layer; empty if there is no file
	ManifestText []byte             // nil if there is no file
	Lock         *lockfile.Lock     // empty if there is no file
	LockText     []byte             // nil if there is no file

	Entries map[string]manifest.Component // of Manifest, by path

	// Location has the current folder, which the paths in names are relative to. The zero value is the project's.
	Location location.Location
}

// LayerFiles are the layers of the manifest below the project's. The named files need not exist; a name may be empty.
type LayerFiles struct {
	BuiltIn []byte // the text of the built-in layer
	Pmfp    string // pmfp's settings
	Machine string
	User    string
}

// Read reads the layers and merges them.
func (l LayerFiles) Read() (*manifest.Manifest, error) {
	merged, err := manifest.Parse("built-in ppm.toml", l.BuiltIn, manifest.BuiltIn)
	if err != nil {
		return nil, err
	}
	layer := func(name string, layer manifest.Layer) func([]byte) (*manifest.Manifest, error) {
		return func(data []byte) (*manifest.Manifest, error) { return manifest.Parse(name, data, layer) }
	}
	for _, file := range []struct {
		name  string
		parse func([]byte) (*manifest.Manifest, error)
	}{
		{l.Pmfp, manifest.FromPmfp},
		{l.Machine, layer(l.Machine, manifest.Machine)},
		{l.User, layer(l.User, manifest.User)},
	} {
		data, err := configfile.ReadOptional(file.name)
		if err != nil {
			return nil, err
		}
		if data == nil {
			continue
		}
		layer, err := file.parse(data)
		if err != nil {
			return nil, err
		}
		merged = manifest.Merge(merged, layer)
	}
	return merged, nil
}

// Shared returns the layers that every user of a project has: the built-in one and the project's.
func (l LayerFiles) Shared(project *manifest.Manifest) (*manifest.Manifest, error) {
	builtIn, err := LayerFiles{BuiltIn: l.BuiltIn}.Read()
	if err != nil {
		return nil, err
	}
	return manifest.Merge(builtIn, project), nil
}

// Read reads the project's layer of the manifest and its lockfile. layers are the layers below.
func Read(tree worktree.Tree, layers *manifest.Manifest) (s State, err error) {
	s = State{Layers: layers, Manifest: &manifest.Manifest{}, Lock: &lockfile.Lock{}}
	if s.ManifestText, err = tree.ReadOptional(ManifestName); err != nil {
		return s, err
	}
	if s.ManifestText != nil {
		if s.Manifest, err = manifest.Parse(ManifestName, s.ManifestText, manifest.ProjectLayer); err != nil {
			return s, err
		}
		s.Layers = manifest.Merge(layers, s.Manifest)
	}
	s.Entries = make(map[string]manifest.Component, len(s.Manifest.Components))
	for _, c := range s.Manifest.Components {
		s.Entries[c.Path] = c
	}
	if s.LockText, err = tree.ReadOptional(LockName); err != nil || s.LockText == nil {
		return s, err
	}
	if s.Lock, err = lockfile.Parse(LockName, s.LockText); err != nil {
		return s, err
	}
	return s, checkRenderVersion(s.Lock)
}

// checkRenderVersion returns an error about an install that a newer ppm rendered.
func checkRenderVersion(lock *lockfile.Lock) error {
	for _, c := range lock.Components {
		if c.Render > render.Version {
			return failure.Errorf(failure.Usage, "reading %q: %q was rendered by version %d of the rules, and "+
				"this ppm knows %d",
				LockName, c.Path, c.Render, render.Version).WithHint("use a newer ppm")
		}
	}
	return nil
}

// Wanted returns the manifest's entry of an install. If the user has deleted it, Wanted returns a new one, with the
// keys that the user chose.
func (s State) Wanted(c lockfile.Component) manifest.Component {
	if want, ok := s.Entries[c.Path]; ok {
		return want
	}
	want := manifest.Component{Source: c.Typed(), Path: c.Path}
	for name, key := range c.Keys {
		if key.Origin == lockfile.Typed || key.Origin == lockfile.Asked {
			if want.Keys == nil {
				want.Keys = map[string]any{}
			}
			want.Keys[name] = key.Value
		}
	}
	return want
}

// Ownership returns the ownership of the files for which the manifest sets it, by path. It applies to a shared file
// if one of its installs sets it.
func (s State) Ownership() map[string]manifest.Ownership {
	out := map[string]manifest.Ownership{}
	for _, c := range s.Manifest.Components {
		maps.Copy(out, c.Own)
	}
	return out
}

// HasConflicts reports whether there are unresolved conflicts.
func (s State) HasConflicts() bool { return len(s.Lock.Conflicts()) > 0 }

// InstalledFiles returns the files of all installs, and the versions of those in conflict.
func (s State) InstalledFiles() map[string]bool {
	out := map[string]bool{}
	for _, c := range s.Lock.Components {
		for _, f := range c.Files {
			out[f.Path] = true
		}
		for _, side := range SidePaths(c.Files) {
			out[side] = true
		}
	}
	return out
}

// SidePaths returns the paths of the versions of binary files that are in conflict.
func SidePaths(files []lockfile.File) []string {
	var out []string
	for _, f := range files {
		if f.Sides {
			for _, suffix := range plan.Sides {
				out = append(out, f.Path+suffix)
			}
		}
	}
	return out
}

// AddBase adds the files of an install, as recorded in the lockfile, to base.
func AddBase(base map[string]plan.State, c lockfile.Component) {
	for _, f := range c.Files {
		mode, err := fileset.ParseMode(f.Mode)
		if err != nil {
			mode = 0 // the lockfile was checked when it was read
		}
		base[f.Path] = plan.State{Kind: plan.File, Digest: f.Digest, LFDigest: f.LFDigest, Mode: mode}
	}
}

// IsAtOrBelow reports whether a path is dir or lies in it.
func IsAtOrBelow(path, dir string) bool {
	return path == dir || dir == "." || strings.HasPrefix(path, dir+"/")
}
