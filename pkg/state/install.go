package state

import "github.com/Project-Manager-With-Git/ppm/pkg/lockfile"

// An Install is a component that is installed at a path.
type Install struct {
	Path   string         `json:"path"`
	Source string         `json:"source"`
	URL    string         `json:"url"`
	Ref    string         `json:"ref,omitempty"`
	Commit string         `json:"commit"`
	Signer string         `json:"signer"` // as the lockfile records it
	Tree   string         `json:"tree"`
	Keys   map[string]any `json:"keys,omitempty"` // each a string, a bool or a []string

	// Where each of Keys came from: typed, asked, configured, user, project, detected or default.
	Origins map[string]lockfile.Origin `json:"origins,omitempty"`
	Files   []string                   `json:"files"`
	Problem string                     `json:"problem,omitempty"` // why it cannot come from its source
}

// NewInstall describes an entry of the lockfile.
func NewInstall(c lockfile.Component) Install {
	in := Install{
		Path: c.Path, Source: c.Source.String(), URL: c.URL, Ref: c.Ref, Commit: c.Commit, Signer: c.Signer,
		Tree: c.Tree, Keys: c.Values(), Origins: map[string]lockfile.Origin{},
	}
	for name, key := range c.Keys {
		in.Origins[name] = key.Origin
	}
	for _, f := range c.Files {
		in.Files = append(in.Files, f.Path)
	}
	return in
}

// Installs describes all installs, sorted by path.
func (s State) Installs() []Install {
	var installs []Install
	for _, c := range s.Lock.Components {
		installs = append(installs, NewInstall(c))
	}
	return installs
}
