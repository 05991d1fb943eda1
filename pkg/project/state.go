package project

import (
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// A State is what is recorded about a project, as it was when the project was opened. Nothing changes it.
type State struct {
	Layers       *manifest.Manifest // the built-in layer, the user's and the project's, merged
	Manifest     *manifest.Manifest // the project's layer alone; empty when there is none
	ManifestText []byte             // nil when there is no file
	Lock         *lockfile.Lock     // empty when there is none
	LockText     []byte             // nil when there is no file

	entries map[string]manifest.Component // of Manifest, by path
}

// layers reads the layers below the project's: the built-in one, pmfp's settings and the user's.
func (s Setup) layers() (*manifest.Manifest, error) {
	merged, err := manifest.Parse("built-in ppm.toml", s.BuiltIn, manifest.BuiltIn)
	if err != nil {
		return nil, err
	}
	parseUser := func(data []byte) (*manifest.Manifest, error) { return manifest.Parse(s.UserFile, data, manifest.User) }
	for _, file := range []struct {
		name  string
		parse func([]byte) (*manifest.Manifest, error)
	}{{s.pmfpFile("config.json"), manifest.FromPmfp}, {s.UserFile, parseUser}} {
		data, err := readOptional(file.name)
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

// readState reads the project's layer of the manifest and its lockfile.
func readState(tree worktree.Tree, layers *manifest.Manifest) (s State, err error) {
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
	s.entries = make(map[string]manifest.Component, len(s.Manifest.Components))
	for _, c := range s.Manifest.Components {
		s.entries[c.Path] = c
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
			return failure.Errorf(failure.Usage, "reading %q: %q was rendered by version %d of the rules, and this ppm knows %d",
				LockName, c.Path, c.Render, render.Version).WithHint("take a newer ppm")
		}
	}
	return nil
}

// wanted returns the manifest's entry of an install, or what it would be when the user has deleted it.
func (s State) wanted(c lockfile.Component) manifest.Component {
	if want, ok := s.entries[c.Path]; ok {
		return want
	}
	return manifest.Component{Source: c.Typed(), Path: c.Path}
}

// ownership returns who owns a file, for the files for which the manifest says it. A file that installs share is the
// user's when one of them says so.
func (s State) ownership() map[string]manifest.Ownership {
	out := map[string]manifest.Ownership{}
	for _, c := range s.Manifest.Components {
		maps.Copy(out, c.Own)
	}
	return out
}

// find returns the one install that a user means by its placement, its reference or its component's name.
func (s State) find(name string) (lockfile.Component, error) {
	clean := strings.TrimSuffix(strings.TrimPrefix(name, "./"), "/")
	if c, ok := s.Lock.Component(clean); ok {
		return c, nil
	}
	var matches []lockfile.Component
	var paths, known []string
	for _, c := range s.Lock.Components {
		known = append(known, c.Path)
		if c.Source.String() == name || c.Source.Component == name {
			matches = append(matches, c)
			paths = append(paths, c.Path)
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(matches) > 1:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%q is installed at %s", name, strings.Join(paths, " and ")).
			WithHint("name one of the paths")
	case len(known) == 0:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q: nothing is installed in this project", errNoInstall, name).
			WithHint("add a component with ppm add REFERENCE")
	}
	return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q in this project", errNoInstall, name).
		WithHint("%s", suggest.Hint("install", name, known))
}

// findAll returns the installs that names mean, each once, or all installs when there are no names.
func (s State) findAll(names []string) ([]lockfile.Component, error) {
	if len(names) == 0 {
		return s.Lock.Components, nil
	}
	var out []lockfile.Component
	for _, name := range names {
		c, err := s.find(name)
		if err != nil {
			return nil, err
		}
		if !slices.ContainsFunc(out, func(o lockfile.Component) bool { return o.Path == c.Path }) {
			out = append(out, c)
		}
	}
	return out, nil
}

// installedFiles returns the files of all installs, and the versions of binary files beside those in conflict.
func (s State) installedFiles() map[string]bool {
	out := map[string]bool{}
	for _, c := range s.Lock.Components {
		for _, f := range c.Files {
			out[f.Path] = true
		}
		for _, side := range sidePaths(c.Files) {
			out[side] = true
		}
	}
	return out
}

// sidePaths returns the paths of the versions of binary files that are in conflict.
func sidePaths(files []lockfile.File) []string {
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

// errNoFile returns the error about a path at which no install has a file.
func (s State) errNoFile(path string) error {
	var known []string
	for _, c := range s.Lock.Components {
		for _, f := range c.Files {
			known = append(known, f.Path)
		}
	}
	if len(known) == 0 {
		return failure.Errorf(failure.Usage, "no install has %q: nothing is installed in this project", path).
			WithHint("add a component with ppm add REFERENCE")
	}
	return failure.Errorf(failure.Usage, "no install has %q", path).WithHint("%s", suggest.Hint("file", path, known))
}

// addBase adds the files of an install, as the lockfile has them, to base.
func addBase(base map[string]plan.State, c lockfile.Component) {
	for _, f := range c.Files {
		mode, err := fileset.ParseMode(f.Mode)
		if err != nil {
			mode = 0 // the lockfile was checked when it was read
		}
		base[f.Path] = plan.State{Kind: plan.File, Digest: f.Digest, Mode: mode}
	}
}

// isAtOrBelow reports whether a path is dir or lies in it.
func isAtOrBelow(path, dir string) bool {
	return path == dir || dir == "." || strings.HasPrefix(path, dir+"/")
}

// quotedPaths lists the paths of files in a sentence.
func quotedPaths(files []lockfile.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return strings.Join(names, ", ")
}
