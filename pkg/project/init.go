package project

import (
	"cmp"
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// InitResult is the project that Init creates.
type InitResult struct {
	Folder   string   `json:"folder"` // absolute
	Name     string   `json:"name"`
	Language string   `json:"language,omitempty"` // as other tools' files state it
	Changes  []Change `json:"changes"`
	DryRun   bool     `json:"dry_run"`
}

// Init makes the folder a project, in which nothing is installed yet: it writes ppm.toml with the project's name. An
// empty name takes the one that other tools' files state, or else the folder's. A ppm.toml that only describes a pack
// is kept and gets the name, too.
func (p *Project) Init(ctx context.Context, name string) (*InitResult, *Transaction, error) {
	if err := p.checkNoProject(); err != nil {
		return nil, nil, err
	}
	info, err := p.metadata(manifest.Project{Name: name})
	if err != nil {
		return nil, nil, err
	}
	found, _ := info.Values["project_name"].(string)
	stated := manifest.Project{Name: cmp.Or(name, found)}
	t, err := p.propose(ctx, request{command: "init", project: &stated})
	if err != nil {
		return nil, nil, err
	}
	result := &InitResult{Folder: p.setup.Dir, Name: stated.Name, Changes: t.Changes}
	result.Language, _ = info.Values["language"].(string)
	return result, t, nil
}

// checkNoProject returns an error if the folder is already a project.
func (p *Project) checkNoProject() error {
	switch {
	case p.LockText != nil && p.ManifestText == nil:
		return failure.Errorf(failure.Refused, "%q has a %s, so it is a project without a %s",
			p.setup.Dir, state.LockName, state.ManifestName).
			WithHint("restore %s, for example with git checkout %s", state.ManifestName, state.ManifestName)
	case p.LockText != nil, p.ManifestText != nil && !manifest.DescribesOnlyPack(p.ManifestText):
		return failure.Errorf(failure.Refused, "%q is already a project", p.setup.Dir).
			WithHint("install components with ppm project add REFERENCE; ppm project list shows what is installed")
	}
	return nil
}
