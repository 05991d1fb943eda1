package blame

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// Result is the origin of a file or folder.
type Result struct {
	Path     string          `json:"path"`
	Folder   bool            `json:"folder,omitempty"`
	Owner    string          `json:"owner"`    // install, user or ppm
	Installs []state.Install `json:"installs"` // those with the file, or with files in the folder
	State    string          `json:"state,omitempty"`
	Own      string          `json:"own,omitempty"` // once or mine, of a file that the user owns
	Template *Template       `json:"template,omitempty"`
	Keys     []Key           `json:"keys,omitempty"` // used by the template
	Name     *Name           `json:"name,omitempty"`
	// Nil for a binary or missing file.
	Count *Count `json:"count,omitempty"`
	Lines []Line `json:"lines,omitempty"` // those that were asked for
}

// A Project is a project whose files can be traced to their origin.
type Tracer struct {
	State    state.State
	Tree     worktree.Tree
	Packs    *install.Packs
	Metadata func() (metadata.Values, error) // called only for files of installs
}

// Why returns the origin of a file, or of lines of it: the install, template and keys, or the user. The target is
// PATH, PATH:LINE or PATH:FIRST-LAST. If the install cannot be rendered again, Why returns both an error and a result
// with what the lockfile says. The error is of kind Integrity if the pack could be read.
func (p Tracer) Why(ctx context.Context, target string) (*Result, error) {
	name, lines, err := p.parseTarget(target)
	if err != nil {
		return nil, err
	}
	result := &Result{Path: name, Owner: ByInstall, Installs: []state.Install{}}
	if c, f, ok := p.State.Lock.Owner(name); ok {
		for _, other := range p.State.Lock.Components {
			if slices.ContainsFunc(other.Files, func(o lockfile.File) bool { return o.Path == name }) {
				result.Installs = append(result.Installs, state.NewInstall(other))
			}
		}
		err := p.whyFile(ctx, c, f, lines, result)
		if err != nil && result.Template != nil {
			result = nil // only the lines are missing
		}
		return result, err
	}
	for _, c := range p.State.Lock.Components {
		inFolder := func(f lockfile.File) bool { return strings.HasPrefix(f.Path, name+"/") }
		if name == "." || c.Path == name || slices.ContainsFunc(c.Files, inFolder) {
			result.Installs, result.Folder = append(result.Installs, state.NewInstall(c)), true
		}
	}
	info, statErr := os.Lstat(filepath.Join(p.Tree.Dir, filepath.FromSlash(name)))
	result.Folder = result.Folder || statErr == nil && info.IsDir()
	switch {
	case len(result.Installs) > 0:
	case statErr != nil:
		return nil, p.errNothingAt(name)
	case name == state.ManifestName, name == state.LockName, name == ".ppm", strings.HasPrefix(name, ".ppm/"):
		result.Owner = ByPpm
	default:
		result.Owner = ByUser
	}
	if lines == (Range{}) {
		return result, nil
	}
	if result.Folder {
		return nil, failure.Errorf(failure.Usage, "%q is a folder, which has no lines", name).
			WithHint("name a file, as FILE:LINE")
	}
	text, err := p.Tree.ReadFile(name)
	if err != nil {
		return nil, err
	}
	result.Lines, err = LinesOf(name, text, lines, result.Owner)
	return result, err
}

var targetWithLines = lazyregexp.New(`^(.+):([0-9]{1,9})(?:-([0-9]{1,9}))?$`)

// parseTarget returns the path, relative to the project's folder, and the lines of a target.
func (p Tracer) parseTarget(target string) (string, Range, error) {
	none := Range{}
	name, err := p.pathInProject(target)
	if err != nil || p.exists(name) {
		return name, none, err
	}
	m := targetWithLines.FindStringSubmatch(target)
	if m == nil {
		if file, rest, ok := strings.Cut(name, ":"); ok && p.exists(file) {
			return "", none, failure.Errorf(failure.Usage, "%q of %q is not a line", rest, target).
				WithHint("write it as FILE:LINE or FILE:FIRST-LAST")
		}
		return name, none, nil
	}
	if name, err = p.pathInProject(m[1]); err != nil {
		return "", none, err
	}
	first, err := strconv.Atoi(m[2])
	if err != nil {
		return "", none, err
	}
	last, err := strconv.Atoi(cmp.Or(m[3], m[2]))
	if err != nil {
		return "", none, err
	}
	if first < 1 || last < first {
		return "", none, failure.Errorf(failure.Usage, "%q is not a range of lines", target).
			WithHint("lines count from 1, and a range goes from the smaller to the larger number")
	}
	return name, Range{First: first, Last: last}, nil
}

// pathInProject returns a path that the user typed, relative to the project's folder. An installed file can also be
// named by its path in the project.
func (p Tracer) pathInProject(typed string) (string, error) {
	name, err := p.State.Location.Path(typed)
	if err == nil && p.exists(name) {
		return name, nil
	}
	if installed, err := p.State.PathBelow(typed); err == nil {
		return installed, nil
	}
	if err != nil {
		return "", failure.Errorf(failure.Usage, "%w", err)
	}
	return name, nil
}

// exists reports whether a path exists, on disk or in an install.
func (p Tracer) exists(name string) bool {
	if _, _, ok := p.State.Lock.Owner(name); ok {
		return true
	}
	_, err := os.Lstat(filepath.Join(p.Tree.Dir, filepath.FromSlash(name)))
	return err == nil
}

// errNothingAt returns the error about a path that exists neither on disk nor in an install.
func (p Tracer) errNothingAt(name string) error {
	err := failure.Errorf(failure.Usage, "no install contains %q, and there is no such file", name)
	var known []string
	for _, c := range p.State.Lock.Components {
		known = append(known, p.State.Location.Typed(c.Path))
		for _, f := range c.Files {
			known = append(known, p.State.Location.Typed(f.Path))
		}
	}
	dir := path.Dir(name)
	if siblings, readErr := os.ReadDir(filepath.Join(p.Tree.Dir, filepath.FromSlash(dir))); readErr == nil {
		for _, e := range siblings {
			known = append(known, p.State.Location.Typed(path.Join(dir, e.Name())))
		}
	}
	slices.Sort(known)
	if similar := suggest.Words(p.State.Location.Typed(name), slices.Compact(known)); len(similar) > 0 {
		return err.WithHint("%s", suggest.DidYouMean(similar))
	}
	return err.WithHint("ppm project list shows what is installed")
}

// whyFile sets the result for a file of an install.
func (p Tracer) whyFile(
	ctx context.Context, c lockfile.Component, f lockfile.File, lines Range, result *Result,
) error {
	alone := c
	alone.Files = []lockfile.File{f}
	compared, err := status.Comparer{State: p.State, Tree: p.Tree}.Compare(ctx, []lockfile.Component{alone})
	if err != nil {
		return err
	}
	now := compared.Installs[0].Files[0]
	result.State, result.Own = now.State, now.Own
	info, err := p.Metadata()
	if err != nil {
		return err
	}
	file, err := Open(ctx, p.Packs, c, f, info)
	if err != nil {
		return fmt.Errorf("finding the origin of %q: %w", f.Path, err)
	}
	result.Template, result.Keys, result.Name = &file.Template, file.Keys, &file.Name
	text, err := p.Tree.ReadOptional(f.Path)
	switch {
	case text == nil && err == nil, now.State == "replaced":
		if lines == (Range{}) {
			return nil
		}
		hint := "restore it with ppm project sync"
		if now.State == "not checked out" {
			hint = fmt.Sprintf("check out the folder %q with git sparse-checkout add", path.Dir(f.Path))
		}
		return failure.Errorf(failure.Usage, "%q does not exist, so it has no lines", f.Path).WithHint("%s", hint)
	case err != nil:
		return err
	case IsBinary(text) || file.IsBinary():
		if lines == (Range{}) {
			return nil
		}
		return ErrBinary(f.Path)
	}
	answer, count := file.Lines(text, f, lines)
	result.Count = &count
	if err := CheckRange(f.Path, text, lines); err != nil {
		return err
	}
	result.Lines = answer
	return nil
}
