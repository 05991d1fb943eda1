// Package workspace finds the projects of a workspace, and runs a function in each of them.
package workspace

import (
	"context"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"

	"github.com/bmatcuk/doublestar/v4"
	"golang.org/x/sync/errgroup"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

const (
	manifestName = "ppm.toml"
	lockName     = "ppm.lock"
)

// A Workspace is a folder whose manifest names the projects that commands work on together.
type Workspace struct {
	// Members are the folders of the projects, sorted, slash-separated and relative to the workspace.
	Members []string
	// Unmatched are the patterns of the manifest that no project matches.
	Unmatched []string
}

// Find returns the workspace of the manifest in dir, or nil when the manifest has no [workspace]. Members are the
// folders with a manifest that a pattern matches, and ".", dir itself, when something is installed there. A workspace
// below dir is a member like any other. A member behind a symbolic link is an error of kind Refused.
func Find(dir string) (*Workspace, error) {
	name := filepath.Join(dir, manifestName)
	if info, err := os.Lstat(name); err != nil || !info.Mode().IsRegular() {
		return nil, nil // the command itself reports what is wrong, if anything is
	}
	text, err := configfile.Read(name)
	if err != nil {
		return nil, err
	}
	m, err := manifest.Parse(manifestName, text, manifest.ProjectLayer)
	if err != nil || m.Workspace == nil {
		return nil, err
	}
	w := &Workspace{}
	for _, pattern := range m.Workspace.Members {
		found, err := match(dir, pattern, m.Workspace.Exclude)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			w.Unmatched = append(w.Unmatched, pattern)
		}
		w.Members = append(w.Members, found...)
	}
	if _, err := os.Lstat(filepath.Join(dir, lockName)); err == nil || len(m.Components) > 0 {
		w.Members = append(w.Members, ".")
	}
	slices.Sort(w.Members)
	w.Members = slices.Compact(w.Members)
	return w, nil
}

// match returns the folders below dir that a pattern matches and that have a manifest.
// Wildcards match no hidden folder and follow no link.
func match(dir, pattern string, exclude []string) (found []string, err error) {
	err = doublestar.GlobWalk(os.DirFS(dir), path.Clean(pattern), func(name string, d fs.DirEntry) error {
		if isExcluded(name, exclude) {
			return nil
		}
		if _, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(name), manifestName)); err != nil {
			return nil // a file, or a folder without a manifest
		}
		found = append(found, name)
		return checkNoLink(dir, name)
	}, doublestar.WithNoFollow(), doublestar.WithNoHidden())
	return found, err
}

// isExcluded reports whether a pattern matches a folder or one above it.
func isExcluded(name string, patterns []string) bool {
	return slices.ContainsFunc(patterns, func(p string) bool {
		p = path.Clean(p)
		return doublestar.MatchUnvalidated(p, name) || doublestar.MatchUnvalidated(p+"/**", name)
	})
}

// checkNoLink checks that neither a member nor a folder above it is a symbolic link, wherever that leads.
func checkNoLink(dir, name string) error {
	for at := name; at != "."; at = path.Dir(at) {
		info, err := os.Lstat(filepath.Join(dir, filepath.FromSlash(at)))
		if err != nil {
			return failure.Errorf(failure.LocalIO, "looking for the members of the workspace: %w", err).
				WithHint("check the permissions")
		}
		if info.Mode()&fs.ModeSymlink != 0 {
			return failure.Errorf(failure.Refused, "member %q of the workspace: %q is a symbolic link", name, at).
				WithHint("name the folder itself, or leave it out with exclude = [%q] in [workspace] of %s",
					at, manifestName)
		}
	}
	return nil
}

// maxParallel is how many members Run works on at once. Most of the time they wait for the disk or a server.
const maxParallel = 8

// Run calls a function for each member, for at most eight of them at once, and returns its errors in the order of the
// members. An error does not stop the others. Once ctx has ended, the function is not called any more, and the
// error is that of ctx.
func Run[M any](ctx context.Context, members []M, run func(context.Context, M) error) []error {
	errs := make([]error, len(members))
	var group errgroup.Group
	group.SetLimit(maxParallel)
	for i, m := range members {
		group.Go(func() error {
			if errs[i] = ctx.Err(); errs[i] == nil {
				errs[i] = run(ctx, m)
			}
			return nil
		})
	}
	_ = group.Wait() // the functions return no error
	return errs
}
