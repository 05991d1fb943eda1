package state

import (
	"errors"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// Find returns the install with a placement, reference or component name, which must be unambiguous. A placement is
// relative to the current folder, or to the project as ppm prints it.
func (s State) Find(name string) (lockfile.Component, error) {
	at, err := s.pick(name, func(p string) bool { _, is := s.Lock.Component(p); return is })
	if err != nil {
		return lockfile.Component{}, err
	}
	if c, ok := s.Lock.Component(at); ok {
		return c, nil
	}
	source := s.source(name)
	var matches []lockfile.Component
	var paths, known []string
	for _, c := range s.Lock.Components {
		known = append(known, s.Location.Typed(c.Path))
		if c.Source.String() == source || c.Source.Component == name {
			matches = append(matches, c)
			paths = append(paths, s.Location.Typed(c.Path))
		}
	}
	switch {
	case len(matches) == 1:
		return matches[0], nil
	case len(matches) > 1:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%q is installed at %s",
			name, strings.Join(paths, " and ")).
			WithHint("name one of the paths")
	case len(known) == 0:
		return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q: nothing is installed in this project",
			errNoInstall, name).
			WithHint("add a component with ppm add REFERENCE")
	}
	return lockfile.Component{}, failure.Errorf(failure.Usage, "%w %q in this project", errNoInstall, name).
		WithHint("%s", suggest.Hint("install", name, known))
}

// pick returns the path in the project that a name means: of its Location.Names the one that is known, or "" when
// none is. It fails when more than one is known.
func (s State) pick(name string, isKnown func(path string) bool) (string, error) {
	found := slices.DeleteFunc(s.Location.Names(name), func(p string) bool { return !isKnown(p) })
	switch len(found) {
	case 0:
		return "", nil
	case 1:
		return found[0], nil
	}
	return "", failure.Errorf(failure.Usage, "%q is both here and in the project's folder", name).
		WithHint("write %s or %s", s.Location.TypedHere(found[0]), s.Location.TypedHere(found[1]))
}

// source returns a reference as the lockfile has it. For other names it returns the name.
func (s State) source(name string) string {
	r, err := ref.Parse(name)
	if err != nil {
		return name
	}
	r.Origin.URL = s.Location.LocalRepository(r.Origin.URL)
	return r.String()
}

// PathBelow returns the path in the project of a typed path at or below which an install has files. Without such
// files it returns the path relative to the current folder.
func (s State) PathBelow(typed string) (string, error) {
	at, err := s.pick(typed, s.hasFilesBelow)
	if at != "" || err != nil {
		return at, err
	}
	return s.Location.Path(typed)
}

func (s State) hasFilesBelow(path string) bool {
	for _, c := range s.Lock.Components {
		if slices.ContainsFunc(c.Files, func(f lockfile.File) bool { return IsAtOrBelow(f.Path, path) }) {
			return true
		}
	}
	return false
}

// Quote returns a path in the project as a user types it in the current folder.
func (s State) Quote(path string) string { return shell.Quote(s.Location.Typed(path)) }

// FindFiles is FindAll for names that may also be paths of files. only lists the paths of the named files and
// installs.
func (s State) FindFiles(names []string) (installs []lockfile.Component, only []string, err error) {
	if len(names) == 0 {
		return s.Lock.Components, nil, nil
	}
	isFileOrInstall := func(p string) bool {
		_, _, isFile := s.Lock.Owner(p)
		_, isInstall := s.Lock.Component(p)
		return isFile || isInstall
	}
	for _, name := range names {
		at, err := s.pick(name, isFileOrInstall)
		if err != nil {
			return nil, nil, err
		}
		c, f, ok := s.Lock.Owner(at)
		at = f.Path
		if !ok {
			if c, err = s.Find(name); err != nil {
				return nil, nil, err
			}
			at = c.Path
		}
		only = append(only, at)
		installs = appendInstall(installs, c)
	}
	return installs, only, nil
}

// appendInstall appends an install unless the list has it.
func appendInstall(installs []lockfile.Component, c lockfile.Component) []lockfile.Component {
	if slices.ContainsFunc(installs, func(o lockfile.Component) bool { return o.Path == c.Path }) {
		return installs
	}
	return append(installs, c)
}

// MatchingNames returns those of the names that are installs of this project or files of them.
func (s State) MatchingNames(names []string) []string {
	var owned []string
	for _, name := range names {
		if _, _, err := s.FindFiles([]string{name}); !errors.Is(err, errNoInstall) {
			owned = append(owned, name)
		}
	}
	return owned
}

// errNoInstall is wrapped by the error about a name that is not an install.
var errNoInstall = errors.New("no install")

// FindAll returns the installs with the given names, each once, or all installs if there are no names.
func (s State) FindAll(names []string) ([]lockfile.Component, error) {
	if len(names) == 0 {
		return s.Lock.Components, nil
	}
	var out []lockfile.Component
	for _, name := range names {
		c, err := s.Find(name)
		if err != nil {
			return nil, err
		}
		out = appendInstall(out, c)
	}
	return out, nil
}

// ErrNoFile returns the error about a path that is not a file of an install.
func (s State) ErrNoFile(path string) error {
	var known []string
	for _, c := range s.Lock.Components {
		for _, f := range c.Files {
			known = append(known, s.Location.Typed(f.Path))
		}
	}
	if len(known) == 0 {
		return failure.Errorf(failure.Usage, "no install contains %q: nothing is installed in this project", path).
			WithHint("add a component with ppm add REFERENCE")
	}
	return failure.Errorf(failure.Usage, "no install contains %q", path).
		WithHint("%s", suggest.Hint("file", path, known))
}
