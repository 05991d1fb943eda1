// Package blame finds where the files and lines of a project come from: a template of a pack and values of keys, or
// the user.
package blame

import (
	"bytes"
	"cmp"
	"context"
	"maps"
	"path"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// The owners of a file or a line.
const (
	ByInstall  = "install"  // rendered from a pack
	ByUser     = "user"     // written by the user
	ByPpm      = "ppm"      // ppm.toml, ppm.lock and .ppm
	InConflict = "conflict" // only of a line: in an unresolved conflict
)

// A Template is the file of a pack that an installed file was made from.
type Template struct {
	File     string `json:"file"`     // from the pack's root
	Rendered bool   `json:"rendered"` // false if it was copied
}

// A Key is a key, its value and the origin of the value.
type Key struct {
	Name  string `json:"name"`
	Value any    `json:"value"` // a string, a bool or a []string

	// Where the value came from, as the lockfile has it: see lockfile.Origin.
	From lockfile.Origin `json:"from"`
}

// Name explains the path of a file.
type Name struct {
	Placement string `json:"placement"` // of the install
	// The pack's template that gives the placement; empty if the user chose it.
	Default string `json:"default,omitempty"`
	Moved   string `json:"moved,omitempty"` // the path at which it was installed, if the user moved it
	// The path in the component; empty for a component of one file.
	File string `json:"file,omitempty"`
	Keys []Key  `json:"keys,omitempty"` // used in the names of the file and its folders
}

// Count counts the lines of a file by origin.
type Count struct {
	Installed int `json:"installed"` // as installed
	Edited    int `json:"edited"`    // by the user
	Added     int `json:"added"`     // by the user
	Deleted   int `json:"deleted"`   // by the user
	Conflict  int `json:"conflict"`  // in unresolved conflicts
}

// A Line is a line and its origin.
type Line struct {
	Line    int     `json:"line"`
	Text    string  `json:"text"`
	Owner   string  `json:"owner"`              // install, user, ppm or conflict
	Side    string  `json:"side,omitempty"`     // in a conflict: ours, base, theirs or marker
	From    []Place `json:"from,omitempty"`     // where the line, or the one that the user edited, comes from
	Keys    []Key   `json:"keys,omitempty"`     // whose values the line contains
	Because []Key   `json:"because,omitempty"`  // used by the conditions and loops around it
	Was     *string `json:"was,omitempty"`      // the installed line that the user edited
	LineEnd bool    `json:"line_end,omitempty"` // the user changed only its line ending

	TextBase64 []byte `json:"text_base64,omitempty"` // the exact bytes of Text and Was, where these are not UTF-8
	WasBase64  []byte `json:"was_base64,omitempty"`
}

// A Place is a line of a pack's file.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// A File is a file of an install and what it was made from.
type File struct {
	Template Template
	Keys     []Key // used by the template
	Name     Name

	trace  render.Trace
	source string // the path of the component in its pack
	dir    bool
	locked map[string]lockfile.Key
}

// Open renders the file f of the install c again. project is the metadata of the project. The error is of kind
// Integrity if the result does not match the lockfile.
func Open(
	ctx context.Context, packs *install.Packs, c lockfile.Component, f lockfile.File, project metadata.Values,
) (*File, error) {
	base, err := packs.Base(ctx, c)
	if err != nil {
		return nil, err
	}
	component := base.Hop.Component
	out := &File{source: component.Source, dir: base.Source.Dir, locked: c.Keys}
	source := ""
	for rendered, from := range base.From {
		if !base.Source.Dir || path.Join(c.Path, rendered) == f.Rendered() {
			source = from
		}
	}
	options := render.Options{AllowUndefined: true}
	from := base.Source
	if license, ok := base.Source.License(c.Path, f.Rendered()); ok && f.License {
		from, source = license, license.Files[0].Path
		out.source, out.dir = license.Name(), false
	}
	out.trace, err = from.Trace(source, render.Context(c.Context()), options)
	if err != nil {
		return nil, err
	}
	if file, _ := base.Files.Lookup(f.Path); !bytes.Equal(file.Data, out.trace.Data) {
		return nil, install.ErrUnproven(c, "%q is not what was installed", f.Path)
	}
	out.Template = Template{File: out.inPack(source), Rendered: out.trace.Rendered}
	out.Keys = out.keys(out.trace.Keys)
	out.Name = Name{Placement: c.Path, Moved: f.From, Keys: out.keys(out.trace.NameKeys)}
	if base.Source.Dir {
		out.Name.File = source
	}
	template := cmp.Or(component.DefaultPath, component.Name)
	if isDefault(c, project, template, base.Source.Dir, path.Base(source)) {
		out.Name.Default = template
	}
	return out, nil
}

// isDefault reports whether the placement of an install is what the pack's template gives.
func isDefault(c lockfile.Component, project metadata.Values, template string, dir bool, base string) bool {
	names := render.Context(maps.Clone(project))
	maps.Copy(names, c.Context())
	p, err := render.String("placement", template, names, render.Options{AllowUndefined: true})
	if err == nil {
		p, err = install.Placement(p, dir, base)
	}
	return err == nil && p == c.Path
}

// IsBinary reports whether the file, as installed, is binary.
func (f *File) IsBinary() bool { return IsBinary(f.trace.Data) }

// inPack returns the path of a file of the component relative to the pack's root.
func (f *File) inPack(name string) string {
	if !f.dir {
		return path.Clean(f.source)
	}
	return path.Join(f.source, name)
}

func (f *File) keys(names []string) []Key {
	var out []Key
	for _, name := range names {
		key := f.locked[name]
		out = append(out, Key{Name: name, Value: key.Value, From: key.Origin})
	}
	return out
}
