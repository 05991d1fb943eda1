// Package status compares the files of a project with what ppm installed.
package status

import (
	"context"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// A File says how a file differs from what ppm installed.
type File struct {
	Path string `json:"path"`
	// clean, edited, "mode changed", missing, moved, replaced, conflict, extra or "not checked out"
	State string `json:"state"`
	To    string `json:"to,omitempty"`  // of a moved file: its new path
	Own   string `json:"own,omitempty"` // once or mine, of a file that the user owns

	// PathBase64 is the exact bytes of Path when these are not UTF-8. Only an extra file can have such a path.
	PathBase64 []byte `json:"path_base64,omitempty"`
}

// IsChanged reports whether the file differs from what was installed and the user does not own it.
func (f File) IsChanged() bool {
	switch f.State {
	case "clean", "extra", notCheckedOut:
		return false
	case "edited", "mode changed":
		return f.Own == ""
	}
	return f.Own != string(manifest.Mine)
}

// An Install is the files of one install.
type Install struct {
	Path   string `json:"path"`
	Source string `json:"source"`
	State  string `json:"state"` // clean or changed
	Files  []File `json:"files"`
}

// Result is how a project differs from its lockfile.
type Result struct {
	Installs []Install `json:"installs"`
}

// Changed reports whether a file has changed.
func (r *Result) Changed() bool {
	return slices.ContainsFunc(r.Installs, func(in Install) bool { return in.State != "clean" })
}

// A Comparer compares the files of a project with its lockfile. It uses no network.
type Comparer struct {
	State state.State
	Tree  worktree.Tree
}

// Status compares the files of installs with the lockfile, finds out where missing files were moved, and lists the
// extra files in the folders of the installs.
func (c Comparer) Status(ctx context.Context, installs []lockfile.Component) (*Result, error) {
	result, err := c.Compare(ctx, installs)
	if err != nil {
		return nil, err
	}
	if err := c.setMoved(ctx, result); err != nil {
		return nil, err
	}
	return result, c.addExtra(ctx, result, installs)
}

// Compare compares every file of the installs with the lockfile. Other line ends in a whole file are not a difference:
// they depend on how git checks the file out.
func (c Comparer) Compare(ctx context.Context, installs []lockfile.Component) (*Result, error) {
	var all []string
	for _, in := range installs {
		for _, f := range in.Files {
			all = append(all, f.Path)
		}
	}
	disk, err := c.Tree.Scan(ctx, all)
	if err != nil {
		return nil, err
	}
	base, own := map[string]plan.State{}, c.State.Ownership()
	for _, locked := range installs {
		state.AddBase(base, locked)
	}
	converted, err := c.Tree.Convert(disk, base)
	if err != nil {
		return nil, err
	}
	result := &Result{Installs: []Install{}}
	for _, locked := range installs {
		in := Install{Path: locked.Path, Source: locked.Source.String(), State: "clean"}
		for _, f := range locked.Files {
			want := base[f.Path]
			is := disk[f.Path].IgnoringLineEnds(want, converted[f.Path])
			file := File{Path: f.Path, State: fileState(is, want), Own: string(own[f.Path])}
			if f.Conflict != "" {
				file.State = "conflict"
			}
			if file.IsChanged() {
				in.State = "changed"
			}
			in.Files = append(in.Files, file)
		}
		result.Installs = append(result.Installs, in)
	}
	return result, nil
}

// notCheckedOut is the state of a file that git has, and that a sparse checkout leaves out.
const notCheckedOut = "not checked out"

func fileState(disk, base plan.State) string {
	switch {
	case disk.Same(base):
		return "clean"
	case disk.Kind == plan.Absent:
		return "missing"
	case disk.Kind == plan.Sparse:
		return notCheckedOut
	case disk.Kind != plan.File:
		return "replaced"
	case disk.Digest == base.Digest:
		return "mode changed"
	}
	return "edited"
}
