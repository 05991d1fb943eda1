// Package manifest owns ppm.toml: what is wanted, in one schema and three layers.
//
// The built-in layer ships inside the binary and names the packs that do, too. The user's
// layer says how a machine looks packs up. The project's layer lists the components of a
// project. A later layer wins over an earlier one. The project's layer is edited as text,
// so that comments, order and line endings stay as the user left them.
package manifest

import (
	"cmp"
	"maps"
	"slices"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Layer says whose manifest a text is, and so what may stand in it.
type Layer int

// The layers, the weakest first.
const (
	BuiltIn Layer = iota
	User
	ProjectLayer
)

// A Manifest is one layer, or several merged.
type Manifest struct {
	Project    Project           // [project]
	Components []Component       // [[component]], in the order of the file
	Sources    Sources           // [sources]
	Packs      map[string]Pack   // [packs.NAME]
	Keys       map[string]string // [keys]: values of keys that every component sees
	Workspace  *Workspace        // [workspace]; nil when there is none
}

// A Workspace says which folders below the manifest's own are projects that commands work on together.
type Workspace struct {
	Members []string `toml:"members"` // patterns of folders, as in "services/*" and "**"; at least one
	Exclude []string `toml:"exclude"` // patterns of folders that are no members, with all below them
}

// Project is what a project says about itself. Empty fields are not stated.
type Project struct {
	Name        string   `toml:"name"`
	Version     string   `toml:"version"`
	Description string   `toml:"description"`
	Author      string   `toml:"author"`
	AuthorEmail string   `toml:"author_email"`
	Language    string   `toml:"language"`
	Env         string   `toml:"env"`
	Keywords    []string `toml:"keywords"`
}

// A Component is one that the project wants.
type Component struct {
	Source ref.Ref
	Path   string            // the placement: slash-separated, relative, clean; "." for the project's folder
	Keys   map[string]string // nil when there are none

	Strategy Strategy          // how an upgrade resolves what both sides changed; empty is MergeBoth
	Own      map[string]Own    // path of a file in the project → who owns it; Merged is left out
	Moved    map[string]string // path that the rendering gives a file → path that the user moved it to
}

// A Strategy says what an upgrade does where the user and upstream changed the same.
type Strategy string

// The strategies.
const (
	MergeBoth   Strategy = "merge"        // mark a conflict
	FastForward Strategy = "fast-forward" // do not upgrade an install that needs a merge
	Ours        Strategy = "ours"         // take the user's side
	Theirs      Strategy = "theirs"       // take upstream's side
)

// Strategies lists them all.
var Strategies = []Strategy{MergeBoth, FastForward, Ours, Theirs}

// An Own says whose a file of an install is.
type Own string

// The kinds of ownership.
const (
	Merged Own = "merge" // the user's edits and upstream's changes go into it
	Once   Own = "once"  // ppm writes it where it is missing, and never again
	Mine   Own = "mine"  // the user's alone: ppm neither writes nor removes it
)

// Owns lists them all.
var Owns = []Own{Merged, Once, Mine}

// Sources says where packs come from.
type Sources struct {
	Host               string            `toml:"host"`                 // of a reference that names none
	Namespace          string            `toml:"namespace"`            // of a reference that names none
	TemplateConfigName string            `toml:"template_config_name"` // of a pack's manifest in JSON, if not pmfp's usual name
	AllowHosts         []string          `toml:"allow_hosts"`          // when not empty, the only hosts to connect to; the user's layer alone may say so
	DenyHosts          []string          `toml:"deny_hosts"`           // hosts never to connect to; the lists of all layers together
	AllowHTTP          []string          `toml:"allow_http"`           // hosts that may be reached by plain http; the user's layer alone may say so
	Mirrors            map[string]string `toml:"mirrors"`              // beginning of a URL → what to put in its place
}

// A Pack is an entry of the index: an alias for a URL, or releases inside the binary.
type Pack struct {
	URL         string    `toml:"url"`
	Description string    `toml:"description"`
	Releases    []Release `toml:"release"` // in commit order; in the built-in layer alone
}

// A Release is one tagged state of a built-in pack.
type Release struct {
	Tag        string    `toml:"tag"`
	Branch     string    `toml:"branch"`     // that the tag lies on
	Date       time.Time `toml:"date"`       // of its commit
	Dir        string    `toml:"dir"`        // the folder that holds its files
	Tree       string    `toml:"tree"`       // git id of that folder's tree, frozen at release; empty before
	Executable []string  `toml:"executable"` // the files of it that are
}

// Merge returns base with all that over states put above it. Neither is changed.
func Merge(base, over *Manifest) *Manifest {
	out := &Manifest{
		Project:    mergeProject(base.Project, over.Project),
		Components: slices.Clone(over.Components),
		Sources:    mergeSources(base.Sources, over.Sources),
		Packs:      mergeMaps(base.Packs, over.Packs),
		Keys:       mergeMaps(base.Keys, over.Keys),
		Workspace:  cmp.Or(over.Workspace, base.Workspace),
	}
	if len(over.Components) == 0 {
		out.Components = slices.Clone(base.Components)
	}
	return out
}

func mergeProject(base, over Project) Project {
	out := Project{
		Name:        cmp.Or(over.Name, base.Name),
		Version:     cmp.Or(over.Version, base.Version),
		Description: cmp.Or(over.Description, base.Description),
		Author:      cmp.Or(over.Author, base.Author),
		AuthorEmail: cmp.Or(over.AuthorEmail, base.AuthorEmail),
		Language:    cmp.Or(over.Language, base.Language),
		Env:         cmp.Or(over.Env, base.Env),
		Keywords:    lastStated(base.Keywords, over.Keywords),
	}
	return out
}

func mergeSources(base, over Sources) Sources {
	denied := slices.Concat(base.DenyHosts, over.DenyHosts)
	slices.Sort(denied)
	return Sources{
		Host:               cmp.Or(over.Host, base.Host),
		Namespace:          cmp.Or(over.Namespace, base.Namespace),
		TemplateConfigName: cmp.Or(over.TemplateConfigName, base.TemplateConfigName),
		AllowHosts:         lastStated(base.AllowHosts, over.AllowHosts),
		DenyHosts:          slices.Compact(denied), // what one layer forbids no other allows
		AllowHTTP:          lastStated(base.AllowHTTP, over.AllowHTTP),
		Mirrors:            mergeMaps(base.Mirrors, over.Mirrors),
	}
}

func lastStated(base, over []string) []string {
	if len(over) > 0 {
		return slices.Clone(over)
	}
	return slices.Clone(base)
}

func mergeMaps[V any](base, over map[string]V) map[string]V {
	if len(base) == 0 && len(over) == 0 {
		return nil
	}
	out := make(map[string]V, len(base)+len(over))
	maps.Copy(out, base)
	maps.Copy(out, over)
	return out
}
