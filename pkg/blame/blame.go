// Package blame tells who wrote a file of an install, or lines of it: a template of a pack with which keys, or the
// user.
package blame

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"reflect"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// Owners of a file or a line.
const (
	ByInstall  = "install"  // ppm wrote it
	ByUser     = "user"     // the user did
	ByPpm      = "ppm"      // ppm.toml, ppm.lock and .ppm
	InConflict = "conflict" // of a line: it is in a conflict that is not resolved
)

// A Template is the file of a pack that an installed file comes from.
type Template struct {
	File     string `json:"file"`     // from the pack's root
	Rendered bool   `json:"rendered"` // else it was copied
}

// A Key is a key with its value and where that comes from.
type Key struct {
	Name  string `json:"name"`
	Value any    `json:"value"` // a string or a []string
	From  string `json:"from"`  // manifest, settings, pack, project, or lock when it is not known any more
}

// Name says how the path of a file came about.
type Name struct {
	Placement string `json:"placement"` // of the install
	// The pack's template for the placement, when that is what it comes from.
	Default string `json:"default,omitempty"`
	Moved   string `json:"moved,omitempty"` // the path that ppm gave it, when the user moved it since
	// Below the placement, as the component has it; empty for a component of one file.
	File string `json:"file,omitempty"`
	Keys []Key  `json:"keys,omitempty"` // that the name of the file or its folders read
}

// Count counts the lines of a file by whose they are.
type Count struct {
	Installed int `json:"installed"` // as ppm wrote them
	Edited    int `json:"edited"`    // by the user
	Added     int `json:"added"`     // by the user
	Deleted   int `json:"deleted"`   // by the user
	Conflict  int `json:"conflict"`  // in unresolved conflicts
}

// A Line says who wrote a line.
type Line struct {
	Line    int     `json:"line"`
	Text    string  `json:"text"`
	Owner   string  `json:"owner"`              // install, user, ppm or conflict
	Side    string  `json:"side,omitempty"`     // in a conflict: ours, base, theirs or marker
	From    []Place `json:"from,omitempty"`     // where the line was written, or the one that the user edited
	Keys    []Key   `json:"keys,omitempty"`     // whose values are in it
	Because []Key   `json:"because,omitempty"`  // that conditions and loops around it asked
	Was     *string `json:"was,omitempty"`      // the installed line that the user edited
	LineEnd bool    `json:"line_end,omitempty"` // the user changed its line end, and nothing else

	TextBase64 []byte `json:"text_base64,omitempty"` // the exact bytes of Text and Was, where these are not UTF-8
	WasBase64  []byte `json:"was_base64,omitempty"`
}

// A Place is a line of a pack's file.
type Place struct {
	File string `json:"file"`
	Line int    `json:"line"`
}

// Sources are what the values of keys can come from.
type Sources struct {
	Manifest map[string]string // the keys of the install's entry in the manifest
	Settings map[string]string // [keys] of the manifest's layers
	Metadata metadata.Values   // of the project
}

// A File is a file of an install with all that it was made of.
type File struct {
	Template Template
	Keys     []Key // that the template read
	Name     Name

	trace  render.Trace
	source string // path of the component in its pack
	dir    bool
	key    func(name string) Key
}

// Open renders the file f of the install c again. The error is of kind Integrity when the result is not what the
// lockfile says.
func Open(ctx context.Context, packs *install.Packs, c lockfile.Component, f lockfile.File, s Sources) (*File, error) {
	base, err := packs.Base(ctx, c)
	if err != nil {
		return nil, err
	}
	component := base.Hop.Component
	out := &File{source: component.Source, dir: base.Dir, key: s.keyOf(c, base)}
	source := ""
	for rendered, from := range base.Source {
		if !base.Dir || path.Join(c.Path, rendered) == f.Rendered() {
			source = from
		}
	}
	options := render.Options{AllowUndefined: true}
	out.trace, err = render.TraceFile(base.Template, base.Dir, source, render.Context(c.Keys), options)
	if err != nil {
		return nil, err
	}
	if file, _ := base.Files.Lookup(f.Path); !bytes.Equal(file.Data, out.trace.Data) {
		return nil, install.ErrUnproven(c, "%q is not what was installed", f.Path)
	}
	out.Template = Template{File: out.inPack(source), Rendered: out.trace.Rendered}
	out.Keys = out.keys(out.trace.Keys)
	out.Name = Name{Placement: c.Path, Moved: f.From, Keys: out.keys(out.trace.NameKeys)}
	if base.Dir {
		out.Name.File = source
	}
	template := cmp.Or(component.DefaultPath, component.Name)
	if s.isDefault(c, template, base.Dir, path.Base(source)) {
		out.Name.Default = template
	}
	return out, nil
}

// isDefault reports whether an install is where the pack's template for the placement puts it.
func (s Sources) isDefault(c lockfile.Component, template string, dir bool, base string) bool {
	names := render.Context{}
	for name, value := range s.Metadata {
		names[name] = value
	}
	for name, value := range c.Keys {
		names[name] = value
	}
	p, err := render.String("placement", template, names, render.Options{AllowUndefined: true})
	if err == nil {
		p, err = install.Placement(p, dir, base)
	}
	return err == nil && p == c.Path
}

// IsBinary reports whether the file, as ppm rendered it, has no lines.
func (f *File) IsBinary() bool { return IsBinary(f.trace.Data) }

// inPack returns the path of a component's file from the pack's root.
func (f *File) inPack(name string) string {
	if !f.dir {
		return path.Clean(f.source)
	}
	return path.Join(f.source, name)
}

func (f *File) keys(names []string) []Key {
	var out []Key
	for _, name := range names {
		out = append(out, f.key(name))
	}
	return out
}

// keyOf returns what tells where the value of a key of an install comes from.
func (s Sources) keyOf(c lockfile.Component, base install.Base) func(string) Key {
	keys := &install.Keys{Metadata: s.Metadata}
	gives := func(text, name string, value any) bool {
		rendered, err := keys.Render(name, text)
		return err == nil && value == any(rendered)
	}
	return func(name string) Key {
		k := Key{Name: name, Value: c.Keys[name], From: "lock"}
		if text, ok := s.Manifest[name]; ok && gives(text, name, k.Value) {
			k.From = "manifest"
			return k
		}
		if text, ok := s.Settings[name]; ok && gives(text, name, k.Value) {
			k.From = "settings"
			return k
		}
		for _, key := range base.Hop.Pack.Keys {
			if key.Name == name {
				if gives(key.Default, name, k.Value) {
					k.From = "pack"
				}
				return k
			}
		}
		if value, ok := s.Metadata[name]; ok && reflect.DeepEqual(value, k.Value) {
			k.From = "project"
		}
		return k
	}
}
