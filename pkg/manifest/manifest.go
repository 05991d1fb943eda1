// Package manifest reads and edits ppm.toml, which states the components that a project wants and where packs come
// from.
//
// A manifest has four layers with one schema. The built-in layer is part of the binary and lists
// the built-in packs. The machine's layer is for all users of a machine, and the user's layer for one
// of them. The project's layer lists the components of a project. Later layers override earlier ones.
// The project's layer is edited as text, so that comments, order and line endings stay the same.
package manifest

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Layer is a layer of the manifest. It decides which tables a file can have.
type Layer int

// The layers. Each overrides those before it.
const (
	BuiltIn Layer = iota
	Machine
	User
	ProjectLayer
)

// A Manifest is one layer, or several merged.
type Manifest struct {
	Project    Project         // [project]
	Components []Component     // [[component]], in the order of the file
	Sources    Sources         // [sources]
	Packs      map[string]Pack // [packs.NAME]
	Keys       map[string]any  // [keys]: values of keys that every component sees, each a string or a bool
	Workspace  *Workspace      // [workspace]; nil when there is none
	Merging    Merging         // [merge]
	Policy     policy.Policy   // [policy]: the rules of all layers
	Trust      []TrustRules    // the tables [sources."HOST/NAMESPACE"] of each layer, in the order of the layers
	Limits     Limits          // [limits]; machine's and user's layer only
	Secrets    Secrets         // [secrets]; machine's and user's layer only
}

// Secrets says which secrets the files of any project may have.
type Secrets struct {
	Allow []string `toml:"allow"` // references, as in package secret
}

// Merging says how upgrades merge files.
type Merging struct {
	// IgnoreSpaceChange are patterns of files that are merged without regard to the amount of white space. A pattern
	// without a slash matches the name of a file in any folder, and a pattern of a folder all files below it.
	IgnoreSpaceChange []string `toml:"ignore_space_change"`
}

// IgnoresSpaceChange reports whether a file of the project is merged without regard to the amount of white space.
func (m Merging) IgnoresSpaceChange(name string) bool {
	return slices.ContainsFunc(m.IgnoreSpaceChange, func(pattern string) bool {
		if !strings.Contains(pattern, "/") {
			pattern = "**/" + pattern
		}
		pattern = strings.TrimSuffix(pattern, "/")
		return doublestar.MatchUnvalidated(pattern, name) || doublestar.MatchUnvalidated(pattern+"/**", name)
	})
}

// A Workspace lists the projects in subfolders that commands work on together.
type Workspace struct {
	Members []string `toml:"members"` // patterns of folders, such as "services/*" and "**"; at least one
	Exclude []string `toml:"exclude"` // patterns of folders that are not members, including all folders below
}

// Project is the metadata of a project. Empty fields are not set. SetProject writes the fields in this order.
type Project struct {
	Name        string   `toml:"name"`
	Version     string   `toml:"version"`
	Description string   `toml:"description"`
	Author      string   `toml:"author"`
	AuthorEmail string   `toml:"author_email"`
	Language    string   `toml:"language"`
	Env         string   `toml:"env"`
	Keywords    []string `toml:"keywords"`

	Extra map[string]string `toml:"extra"` // further values by the names that templates use
}

// A Component is a component that the project wants.
type Component struct {
	Source ref.Ref
	Path   string         // the placement: slash-separated, relative, clean; "." for the project's folder
	Keys   map[string]any // each a string or a bool; nil if there are none

	Strategy Strategy             // how an upgrade resolves what both sides changed; "" is MergeBoth
	Own      map[string]Ownership // path of a file in the project → who owns it; Merged is left out
	Moved    map[string]string    // path of a rendered file → path that the user moved it to
}

// A Strategy decides what an upgrade does where the user and upstream made different changes.
type Strategy string

// The strategies.
const (
	MergeBoth   Strategy = "merge"        // mark a conflict
	FastForward Strategy = "fast-forward" // do not upgrade an install that needs a merge
	Ours        Strategy = "ours"         // take the user's side
	Theirs      Strategy = "theirs"       // take upstream's side
)

// Strategies lists all strategies.
var Strategies = []Strategy{MergeBoth, FastForward, Ours, Theirs}

// An Ownership decides who owns a file of an install.
type Ownership string

// The kinds of ownership.
const (
	Merged Ownership = "merge" // upgrades merge the user's edits and upstream's changes
	Once   Ownership = "once"  // ppm writes the file if it is missing, and never changes it
	Mine   Ownership = "mine"  // the file belongs to the user: ppm neither writes nor removes it
)

// Ownerships lists all kinds of ownership.
var Ownerships = []Ownership{Merged, Once, Mine}

// Sources configures where packs come from.
type Sources struct {
	// Host and Namespace are the defaults for references without them.
	Host      string `toml:"host"`
	Namespace string `toml:"namespace"`

	// TemplateConfigName is the name of a pack's manifest in JSON; "" is pmfp's default name.
	TemplateConfigName string `toml:"template_config_name"`

	Mirrors map[string]string `toml:"mirrors"` // prefix of a URL → its replacement

	Trust map[string]Trust `toml:"*"` // of a text that is being parsed: a Manifest has Trust of its own
}

// A Pack is either an alias for a URL or a built-in pack with releases.
type Pack struct {
	URL         string    `toml:"url"`
	Description string    `toml:"description"`
	Releases    []Release `toml:"release"` // in commit order; built-in layer only
}

// A Release is one tagged version of a built-in pack.
type Release struct {
	Tag        string    `toml:"tag"`
	Branch     string    `toml:"branch"`     // the branch of the tag
	Date       time.Time `toml:"date"`       // of the commit
	Dir        string    `toml:"dir"`        // the folder of its files
	Tree       string    `toml:"tree"`       // git id of the folder's tree, fixed at release; "" before
	Executable []string  `toml:"executable"` // paths of its executable files
}

// Merge returns base overridden by the values that over sets. It changes neither.
func Merge(base, over *Manifest) *Manifest {
	out := &Manifest{
		Project:    mergeProject(base.Project, over.Project),
		Components: slices.Clone(over.Components),
		Sources:    mergeSources(base.Sources, over.Sources),
		Policy:     base.Policy.With(over.Policy),
		Packs:      mergeMaps(base.Packs, over.Packs),
		Keys:       mergeMaps(base.Keys, over.Keys),
		Workspace:  cmp.Or(over.Workspace, base.Workspace),
		Trust:      slices.Concat(base.Trust, over.Trust),
		Merging:    Merging{lastSet(base.Merging.IgnoreSpaceChange, over.Merging.IgnoreSpaceChange)},
		Limits:     mergeLimits(base.Limits, over.Limits),
		Secrets:    Secrets{slices.Concat(base.Secrets.Allow, over.Secrets.Allow)},
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
		Keywords:    lastSet(base.Keywords, over.Keywords),
		Extra:       mergeMaps(base.Extra, over.Extra),
	}
	return out
}

func mergeSources(base, over Sources) Sources {
	return Sources{
		Host:               cmp.Or(over.Host, base.Host),
		Namespace:          cmp.Or(over.Namespace, base.Namespace),
		TemplateConfigName: cmp.Or(over.TemplateConfigName, base.TemplateConfigName),
		Mirrors:            mergeMaps(base.Mirrors, over.Mirrors),
	}
}

func lastSet(base, over []string) []string {
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
