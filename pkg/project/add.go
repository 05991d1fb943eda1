package project

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// AddOptions say what to install and how.
type AddOptions struct {
	Ref            ref.Ref
	Path           string   // placement, from the current folder; empty takes the pack's default
	Keys           []ref.KV // values for the pack's keys
	Force          bool     // replace files that are in the way; undo restores them
	AllowUndefined bool     // render an undefined name as nothing
}

// AddResult is what Add installs.
type AddResult struct {
	Installs []state.Install `json:"installs"` // what was asked for first, then what it depends on
	Changes  []Change        `json:"changes"`  // every file of the plan, by path
	// Packages that the installed code needs, in its language's own form.
	Requires []string `json:"requires"`
	Setup    string   `json:"setup,omitempty"` // the command that installs Requires
	DryRun   bool     `json:"dry_run"`
}

// Add installs a component, and those it depends on.
func (p *Project) Add(ctx context.Context, o AddOptions) (*AddResult, *Transaction, error) {
	keys, err := p.typedKeys(o.Keys)
	if err != nil {
		return nil, nil, err
	}
	b, err := p.newBuilder(keys, p.Manifest.Project)
	if err != nil {
		return nil, nil, err
	}
	b.Keys.AllowUndefined = o.AllowUndefined
	if err := b.Find(ctx, o.Ref, p.Location.Placement(o.Path)); err != nil {
		return nil, nil, err
	}
	installs, err := b.Build(ctx)
	if err != nil {
		return nil, nil, err
	}
	if err := p.CheckOrigins(p.Lock, replacedBy(installs, o.Force)...); err != nil {
		return nil, nil, err
	}
	p.noteRenames(o.Ref.Component, installs[0])
	for _, c := range installs {
		for _, advice := range c.Advice {
			p.setup.Notify(advice)
		}
	}
	t, err := p.propose(ctx, request{command: "add " + o.Ref.String(), components: installs, force: o.Force})
	if err != nil {
		return nil, nil, err
	}
	result, err := p.addResult(languageOf(installs), installs, t)
	return result, t, err
}

// replacedBy returns the paths of the installs that new ones replace whatever they are.
func replacedBy(installs []install.Component, force bool) (paths []string) {
	for _, c := range installs {
		if force {
			paths = append(paths, c.Before())
		}
	}
	return paths
}

// noteRenames reports that the component and the keys of a new install have other names than those given.
func (p *Project) noteRenames(component string, c install.Component) {
	if now := c.Want.Source.Component; now != component {
		p.setup.Notify(fmt.Sprintf("component %q was renamed to %q", component, now))
	}
	for _, old := range slices.Sorted(maps.Keys(c.Keys.Renamed)) {
		p.setup.Notify(fmt.Sprintf("key %q was renamed to %q", old, c.Keys.Renamed[old]))
	}
}

// languageOf returns the language of the first install that has one, or "".
func languageOf(installs []install.Component) string {
	for _, c := range installs {
		if c.Language != "" {
			return c.Language
		}
	}
	return ""
}

// addResult describes new installs. language is that of the packages that they require.
func (p *Project) addResult(language string, installs []install.Component, t *Transaction) (*AddResult, error) {
	r := &AddResult{Changes: t.Changes}
	var needs []langdeps.Requirement
	for _, c := range installs {
		r.Installs = append(r.Installs, state.NewInstall(c.Locked))
		needs = append(needs, c.Needs...)
	}
	union, err := langdeps.Merge(language, needs)
	if err != nil {
		return nil, err
	}
	if err := langdeps.CheckConflicts(union); err != nil {
		p.setup.Notify(err.Error())
	}
	r.Requires, r.Setup = union.Lines, langdeps.InstallCommand(language, union.Lines)
	return r, nil
}

// recordedNames returns the names of installs as the history and plans have them: as they were typed, or, when
// they were typed in another folder than the project's, their paths in the project.
func (p *Project) recordedNames(typed []string, installs []lockfile.Component) []string {
	if !p.Location.IsElsewhere() || len(typed) == 0 {
		return typed
	}
	var paths []string
	for _, c := range installs {
		paths = append(paths, c.Path)
	}
	return paths
}

// RemoveResult is what Remove removes.
type RemoveResult struct {
	Removed []state.Install `json:"removed"`
	Changes []Change        `json:"changes"`
	Kept    []string        `json:"kept,omitempty"` // edited files that ppm no longer tracks
	DryRun  bool            `json:"dry_run"`
}

// Remove removes installs, each named by a placement, a component's name or a whole reference. Files that still are
// what was installed are deleted, edited ones are kept and listed.
func (p *Project) Remove(ctx context.Context, names []string) (*RemoveResult, *Transaction, error) {
	var removed []lockfile.Component
	if len(names) > 0 { // findAll takes no names for all installs
		var err error
		if removed, err = p.FindAll(names); err != nil {
			return nil, nil, err
		}
	}
	t, err := p.propose(ctx, request{
		command: "remove " + strings.Join(p.recordedNames(names, removed), " "), removed: removed,
	})
	if err != nil {
		return nil, nil, err
	}
	result := &RemoveResult{Changes: t.Changes}
	for _, c := range removed {
		result.Removed = append(result.Removed, state.NewInstall(c))
	}
	for _, c := range t.Changes {
		if c.Action == "keep" {
			result.Kept = append(result.Kept, c.Path)
		}
	}
	return result, t, nil
}
