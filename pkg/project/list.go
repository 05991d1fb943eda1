package project

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
)

// List returns the project's installs by path, as the lockfile records them.
func (s *Session) List(ctx context.Context) (installs []Install, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	for _, c := range s.lock.Components {
		installs = append(installs, describe(c))
	}
	return installs, nil
}

// InfoResult is what a project says about itself and what is installed in it.
type InfoResult struct {
	Folder      string        `json:"folder"`
	Information metadata.Info `json:"information"` // what templates can name
	Installs    []Install     `json:"installs"`
}

// Info returns what templates can name in this project, and its installs.
func (s *Session) Info(ctx context.Context) (result *InfoResult, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	told, err := s.information()
	if err != nil {
		return nil, err
	}
	result = &InfoResult{Folder: s.setup.Dir, Information: told}
	for _, c := range s.lock.Components {
		result.Installs = append(result.Installs, describe(c))
	}
	return result, nil
}

func describe(c lockfile.Component) Install {
	in := Install{Path: c.Path, Source: c.Source.String(), URL: c.URL, Ref: c.Ref, Commit: c.Commit, Tree: c.Tree, Keys: c.Keys}
	for _, f := range c.Files {
		in.Files = append(in.Files, f.Path)
	}
	return in
}
