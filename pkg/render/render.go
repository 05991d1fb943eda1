// Package render turns the files of a component into the files that a project receives.
//
// A template is a UTF-8 text in Jinja2's language with Jinja2's defaults. A file whose
// name is NAME.jinja is a template; every other file is copied byte for byte. Keys are
// the values that the templates can name.
//
// Rendering is pure: the result depends on the files, the keys and Version alone, and a
// template reaches no disk, clock, environment or randomness.
package render

import (
	"maps"
	"strings"

	"github.com/nikolalohinski/gonja/v2"
	"github.com/nikolalohinski/gonja/v2/config"
	"github.com/nikolalohinski/gonja/v2/exec"
	"github.com/nikolalohinski/gonja/v2/loaders"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// Version is the number of the rendering rules, which a lockfile records: equal files,
// keys and version give equal bytes.
const Version = 1

// A Context holds the keys of a rendering by name. Values are string, int, bool and []string.
type Context map[string]any

// Options are what a caller can choose about a rendering. The zero value is strict, with DefaultLimits.
type Options struct {
	AllowUndefined bool   // an undefined name is empty, as in Jinja2, instead of an error
	Limits         Limits // zero fields take their value from DefaultLimits
}

// Limits bound what one call may use, whatever the template says.
type Limits struct {
	Output int // bytes of all rendered files together
	Steps  int // statements and expressions evaluated
	Depth  int // nesting of the source, of includes and of macro calls
}

// DefaultLimits are far above what a template of source code needs.
var DefaultLimits = Limits{Output: 64 << 20, Steps: 10_000_000, Depth: 100}

// String renders one text. The name stands in messages for the text's origin.
func String(name, text string, keys Context, o Options) (string, error) {
	return newRenderer(nil, keys, o).text(name, text)
}

// A renderer renders the templates of one call.
type renderer struct {
	keys    Context
	options Options
	config  *config.Config
	files   map[string]string
}

func newRenderer(files fileset.Set, keys Context, o Options) *renderer {
	r := &renderer{keys: keys, options: o, config: config.New(), files: map[string]string{}}
	r.config.StrictUndefined = !o.AllowUndefined
	for _, f := range files {
		r.files["/"+f.Path] = string(f.Data)
	}
	return r
}

func (r *renderer) text(name, text string) (_ string, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = failure.Errorf(failure.Usage, "rendering %q: %v", name, p)
		}
	}()
	r.files["/"+name] = strings.ReplaceAll(text, "\r\n", "\n")
	loader, err := loaders.NewMemoryLoader(r.files)
	if err != nil {
		return "", err
	}
	t, err := exec.NewTemplate("/"+name, r.config, loader, gonja.DefaultEnvironment)
	if err != nil {
		return "", failure.Errorf(failure.Usage, "rendering %q: %w", name, err)
	}
	out, err := t.ExecuteToString(exec.NewContext(maps.Clone(r.keys)))
	if err != nil {
		return "", failure.Errorf(failure.Usage, "rendering %q: %w", name, err).
			WithHint("give the name with --kv NAME::VALUE, or pass --allow-undefined")
	}
	return out, nil
}

// name renders the template of a file's or folder's name.
func (r *renderer) name(segment, template string) (string, error) {
	return r.text(segment, template)
}
