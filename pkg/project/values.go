package project

import (
	"context"
	"fmt"
	"reflect"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// The name of the folder decides the project's name only once: the first install writes it to the manifest. From then
// on a clone in a folder of another name is the same project.
const projectName = "project_name"

// recordedName returns the name of the project that installs were rendered with, and whether it was that of the
// manifest or of a file of another tool. Without one, name is "".
func (p *Project) recordedName() (name string, origin lockfile.Origin) {
	for _, c := range p.Lock.Components {
		key := c.Keys[projectName]
		if name, ok := key.Value.(string); ok && (key.Origin == lockfile.Project || key.Origin == lockfile.Detected) {
			return name, key.Origin
		}
	}
	return "", ""
}

// isNameLost reports whether the manifest had the name of the project, and nothing states it any more.
func (p *Project) isNameLost() (bool, error) {
	if _, origin := p.recordedName(); p.Manifest.Project.Name != "" || origin != lockfile.Project {
		return false, nil
	}
	info, err := p.metadata(p.Manifest.Project)
	return info.From[projectName] == metadata.FromFolder, err
}

// nameProject returns the text of the manifest with the name of the project, if a request installs something and
// nothing states the name.
func (p *Project) nameProject(text []byte, r request) ([]byte, error) {
	if r.project != nil || p.Manifest.Project.Name != "" || len(r.components) == 0 && !r.name {
		return text, nil
	}
	if _, origin := p.recordedName(); origin == lockfile.Detected {
		return text, nil // the file that states it can be missing only here, as in a sparse checkout
	}
	info, err := p.metadata(p.Manifest.Project)
	if err != nil || info.From[projectName] != metadata.FromFolder {
		return text, err
	}
	name, _ := info.Values[projectName].(string)
	named, err := manifest.AddName(state.ManifestName, text, name)
	if err != nil {
		p.setup.Notify(fmt.Sprintf("cannot write name = %q to [project] of %s, which keeps the project's name in "+
			"folders of other names: write it there yourself", name, state.ManifestName))
		return text, nil
	}
	return named, nil
}

// explainValues names in a plan the values that changed as the reason for the changes of files, where an install stays
// at its version.
func (p *Project) explainValues(pl plan.Plan, components []install.Component) {
	reasons := map[string]string{}
	for _, c := range components {
		old, installed := p.Lock.Component(c.Locked.Path)
		if !installed || old.Commit != c.Locked.Commit || old.Tree != c.Locked.Tree || len(c.Keys.Changed) == 0 {
			continue
		}
		var causes []string
		for _, k := range c.Keys.Changed {
			if key := c.Locked.Keys[k.Name]; key.Origin != lockfile.Default || old.Keys[k.Name].Origin != key.Origin {
				causes = append(causes, k.Name+" changed "+k.Why)
			}
		}
		for _, f := range c.Files {
			reasons[f.Path] = strings.Join(causes, ", ")
		}
	}
	for i, c := range pl.Changes {
		if reason := reasons[c.Path]; reason != "" {
			pl.Changes[i].Reason = strings.ReplaceAll(c.Reason, "changed upstream", reason)
		}
	}
}

// areValuesAsWanted reports whether an install has the version and the values that the manifest asks for, as far as
// manifest and lockfile tell.
func (p *Project) areValuesAsWanted(c lockfile.Component, want manifest.Component, info metadata.Metadata) bool {
	if want.Source != c.Typed() {
		return false
	}
	for name := range want.Keys {
		if _, known := c.Keys[name]; !known {
			return false
		}
	}
	for name, key := range c.Keys {
		if !p.isValueAsWanted(name, key, want, info) {
			return false
		}
	}
	return true
}

// isValueAsWanted reports whether the manifest has the value of an install's key. What the files of other tools and
// the user's settings say is only of interest to an upgrade.
func (p *Project) isValueAsWanted(
	name string, key lockfile.Key, want manifest.Component, info metadata.Metadata,
) bool {
	if value, typed := want.Keys[name]; typed {
		return isValue(key, value)
	}
	from := info.From[name]
	switch key.Origin {
	case lockfile.Typed, lockfile.Asked:
		return false
	case lockfile.Configured, lockfile.Default:
		value, configured := p.Manifest.Keys[name]
		return configured == (key.Origin == lockfile.Configured) && (!configured || isValue(key, value))
	case lockfile.User:
		if value, configured := p.Manifest.Keys[name]; configured && !isValue(key, value) {
			return false
		}
	}
	if reflect.DeepEqual(key.Value, info.Values[name]) || from == metadata.FromFolder {
		return true
	}
	return from != metadata.FromManifest && key.Origin != lockfile.Project
}

// isValue reports whether a value in the manifest is the recorded value of a key. The manifest may have another word
// for a boolean.
func isValue(key lockfile.Key, value any) bool {
	recorded, isBool := key.Value.(bool)
	if !isBool {
		return key.Value == any(fmt.Sprint(value))
	}
	wanted, ok := pack.ParseBool(fmt.Sprint(value))
	return ok && wanted == recorded
}

// replace adds to a builder what an entry of the manifest wants in place of an install, with the values that the
// install has. pinned keeps the locked commit, as long as the manifest names the same version.
func (p *Project) replace(
	ctx context.Context, b *install.Builder, want manifest.Component, old lockfile.Component, pinned bool,
) error {
	if !pinned || want.Source != old.Typed() {
		return b.FindAt(ctx, want, old)
	}
	chain, err := p.packs.Retrace(ctx, old)
	if err == nil {
		b.Replace(chain, want, old)
	}
	return err
}
