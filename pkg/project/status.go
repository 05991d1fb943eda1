package project

import (
	"context"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A FileStatus says how a file differs from what ppm installed.
type FileStatus struct {
	Path  string `json:"path"`
	State string `json:"state"`         // clean, edited, "mode changed", missing, moved, replaced, conflict or extra
	To    string `json:"to,omitempty"`  // of a moved file: where one of its content stands
	Own   string `json:"own,omitempty"` // once or mine, of a file that is the user's

	PathBase64 []byte `json:"path_base64,omitempty"` // the exact bytes of Path, where these are not UTF-8, as that of an extra file can be
}

// isChanged reports whether the file is not as it was installed, and the user has not said that it is theirs.
func (f FileStatus) isChanged() bool {
	switch f.State {
	case "clean", "extra":
		return false
	case "edited", "mode changed":
		return f.Own == ""
	}
	return f.Own != string(manifest.Mine)
}

// An InstallStatus is an install and its files.
type InstallStatus struct {
	Path   string       `json:"path"`
	Source string       `json:"source"`
	State  string       `json:"state"` // clean, or changed when a file is not
	Files  []FileStatus `json:"files"`
}

// StatusResult is how a project differs from its lockfile.
type StatusResult struct {
	Installs []InstallStatus `json:"installs"`
}

// Changed reports whether a file is not as it was installed.
func (r *StatusResult) Changed() bool {
	return slices.ContainsFunc(r.Installs, func(in InstallStatus) bool { return in.State != "clean" })
}

// Status compares the files of all installs, or of the named ones, with the lockfile, and lists
// the other files in their folders. It reads nothing but the project.
func (p *Project) Status(ctx context.Context, names []string) (*StatusResult, error) {
	installs, err := p.findAll(names)
	if err != nil {
		return nil, err
	}
	result, err := p.compare(ctx, installs)
	if err != nil {
		return nil, err
	}
	if err := p.findMoved(ctx, result); err != nil {
		return nil, err
	}
	return result, p.findExtra(ctx, result, installs)
}

// compare looks at every file of the installs.
func (p *Project) compare(ctx context.Context, installs []lockfile.Component) (*StatusResult, error) {
	var all []string
	for _, c := range installs {
		for _, f := range c.Files {
			all = append(all, f.Path)
		}
	}
	disk, err := p.tree.Scan(ctx, all)
	if err != nil {
		return nil, err
	}
	result := &StatusResult{Installs: []InstallStatus{}}
	base, own := map[string]plan.State{}, p.ownership()
	for _, c := range installs {
		addBase(base, c)
		in := InstallStatus{Path: c.Path, Source: c.Source.String(), State: "clean"}
		for _, f := range c.Files {
			file := FileStatus{Path: f.Path, State: fileState(disk[f.Path], base[f.Path]), Own: string(own[f.Path])}
			if f.Conflict != "" {
				file.State = "conflict"
			}
			if file.isChanged() {
				in.State = "changed"
			}
			in.Files = append(in.Files, file)
		}
		result.Installs = append(result.Installs, in)
	}
	return result, nil
}

func fileState(disk, base plan.State) string {
	switch {
	case disk.Same(base):
		return "clean"
	case disk.Kind == plan.Absent:
		return "missing"
	case disk.Kind != plan.File:
		return "replaced"
	case disk.Digest == base.Digest:
		return "mode changed"
	}
	return "edited"
}
