package project

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// A Workspace is a folder whose manifest names the projects that commands work on together.
type Workspace struct {
	Members   []string // the projects' folders, sorted: slash-separated, relative to the workspace; "." is its own
	Unmatched []string // patterns of the manifest that no project matches
}

// FindWorkspace returns the workspace of the manifest in dir, or nil when that names none. Members
// are the folders with a manifest that a pattern matches, and dir itself when something
// is installed there. What is a workspace below dir is a member like any other. A member
// that lies behind a symbolic link is an error of kind Refused.
func FindWorkspace(dir string) (*Workspace, error) {
	name := filepath.Join(dir, ManifestName)
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil // the command itself says what is wrong, if anything is
	}
	text, err := configfile.Read(name)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Parse(ManifestName, text, manifest.ProjectLayer)
	if err != nil || m.Workspace == nil {
		return nil, err
	}
	w := &Workspace{}
	for _, pattern := range m.Workspace.Members {
		found, err := matching(dir, pattern, m.Workspace.Exclude)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			w.Unmatched = append(w.Unmatched, pattern)
		}
		w.Members = append(w.Members, found...)
	}
	if _, err := os.Lstat(filepath.Join(dir, LockName)); err == nil || len(m.Components) > 0 {
		w.Members = append(w.Members, ".")
	}
	slices.Sort(w.Members)
	w.Members = slices.Compact(w.Members)
	return w, nil
}

// matching returns the folders below dir that a pattern matches and that hold a manifest.
// Wildcards match no hidden folder and lead through no link.
func matching(dir, pattern string, exclude []string) (found []string, err error) {
	err = doublestar.GlobWalk(os.DirFS(dir), path.Clean(pattern), func(name string, d fs.DirEntry) error {
		if excluded(name, exclude) {
			return nil
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name), ManifestName)); err != nil {
			return nil // a file, or a folder that is no project
		}
		found = append(found, name)
		return throughLink(dir, name)
	}, doublestar.WithNoFollow(), doublestar.WithNoHidden())
	return found, err
}

// excluded reports whether a pattern matches a folder or one above it.
func excluded(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		p = path.Clean(p)
		return doublestar.MatchUnvalidated(p, name) || doublestar.MatchUnvalidated(p+"/**", name)
	})
}

// throughLink refuses a member that a symbolic link leads to, inside the workspace or out of it.
func throughLink(dir, name string) error {
	for at := name; at != "."; at = path.Dir(at) {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(at)))
		if err != nil {
			return failure.Errorf(failure.LocalIO, "looking for the members of the workspace: %w", err).WithHint("check the permissions")
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return failure.Errorf(failure.Refused, "member %q of the workspace: %q is a symbolic link", name, at).
				WithHint("name the folder itself, or leave it out with exclude = [%q] in [workspace] of %s", at, ManifestName)
		}
	}
	return nil
}

// errNoInstall is what the error about a name that no install has wraps.
var errNoInstall = errors.New("no install")

// Holds returns those of the names that mean an install of this project, or a file of one.
func (s *Session) Holds(ctx context.Context, names []string) (held []string, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	for _, name := range names {
		if _, _, err := s.concerned([]string{name}); !errors.Is(err, errNoInstall) {
			held = append(held, name)
		}
	}
	return held, nil
}

// Unsettled reports whether an upgrade left conflicts that are not settled yet.
func (s *Session) Unsettled(ctx context.Context) (open bool, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return false, err
	}
	defer closing(end, &err)
	return s.settled() != nil, nil
}

// Last returns the command that Undo takes back, or the zero value when there is none.
func (s *Session) Last(ctx context.Context) (last PastCommand, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return last, err
	}
	defer closing(end, &err)
	return s.undoable()
}
