package project

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/blame"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/status"
)

// InfoResult is the metadata of a project and what is installed in it.
type InfoResult struct {
	Folder      string          `json:"folder"`
	Information metadata.Values `json:"information"` // what templates can name
	Installs    []state.Install `json:"installs"`
}

// Info returns what templates can name in this project, and its installs.
func (p *Project) Info() (*InfoResult, error) {
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	return &InfoResult{Folder: p.setup.Dir, Information: info.Values, Installs: p.Listed()}, nil
}

// Status compares the files of all installs, or of the named ones, with the lockfile, and lists the other files in
// their folders. It reads nothing but the project. What the policy forbids is reported.
func (p *Project) Status(ctx context.Context, names []string) (*status.Result, error) {
	installs, err := p.FindAll(names)
	if err != nil {
		return nil, err
	}
	for _, c := range installs {
		if err := p.packs.CheckInstall(c); err != nil {
			p.setup.Notify(c.Path + ": " + err.Error())
		}
	}
	return p.comparer().Status(ctx, installs)
}

// Why says of a file, or of lines of it, which install and template wrote it with which keys, or that the user did.
// The target is PATH, PATH:LINE or PATH:FIRST-LAST. When the install cannot be rendered again, the result has what
// the lockfile says, and the error is of kind Integrity, or what kept the pack from being read.
func (p *Project) Why(ctx context.Context, target string) (*blame.Result, error) {
	info := func() (metadata.Values, error) {
		info, err := p.metadata(p.Manifest.Project)
		return info.Values, err
	}
	return blame.Tracer{State: p.State, Tree: p.tree, Packs: p.packs, Metadata: info}.Why(ctx, target)
}
