package project

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
)

// List returns the project's installs by path, as the lockfile records them.
func (p *Project) List() []Install {
	var installs []Install
	for _, c := range p.Lock.Components {
		installs = append(installs, describe(c))
	}
	return installs
}

// An Install is one component at one path.
type Install struct {
	Path   string         `json:"path"`
	Source string         `json:"source"`
	URL    string         `json:"url"`
	Ref    string         `json:"ref,omitempty"`
	Commit string         `json:"commit"`
	Tree   string         `json:"tree"`
	Keys   map[string]any `json:"keys,omitempty"` // each a string or a []string
	Files  []string       `json:"files"`
}

// InfoResult is the metadata of a project and what is installed in it.
type InfoResult struct {
	Folder      string          `json:"folder"`
	Information metadata.Values `json:"information"` // what templates can name
	Installs    []Install       `json:"installs"`
}

// Info returns what templates can name in this project, and its installs.
func (p *Project) Info() (*InfoResult, error) {
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	return &InfoResult{Folder: p.setup.Dir, Information: info, Installs: p.List()}, nil
}

func describe(c lockfile.Component) Install {
	in := Install{Path: c.Path, Source: c.Source.String(), URL: c.URL, Ref: c.Ref, Commit: c.Commit, Tree: c.Tree, Keys: c.Keys}
	for _, f := range c.Files {
		in.Files = append(in.Files, f.Path)
	}
	return in
}
