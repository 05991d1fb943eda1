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
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render/jinja"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
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

// Limits bound what the templates of one call may use together, whatever they say.
type Limits = jinja.Limits

// defaultLimits are far above what a template of source code needs.
var defaultLimits = Limits{Output: 64 << 20, Memory: 256 << 20, Steps: 5_000_000, Depth: 500}

// String renders one text, which has no other templates to include. The name stands in messages for
// the text's origin. Errors are of kind Usage for a template that is wrong, and Refused for a limit
// that is exceeded; they name the line and the column.
func String(name, text string, keys Context, o Options) (string, error) {
	r, err := newRenderer(nil, keys, o)
	if err != nil {
		return "", err
	}
	if !isText([]byte(text)) {
		return "", failure.Errorf(failure.Usage, "rendering %q: it is not UTF-8 text", name).WithHint("write it as UTF-8")
	}
	return r.text(name, text)
}

// A renderer renders the templates of one call.
type renderer struct {
	keys Context
	set  *jinja.Set
}

func newRenderer(files fileset.Set, keys Context, o Options) (*renderer, error) {
	load := func(name string) (string, bool) {
		f, ok := files.Lookup(name)
		return string(f.Data), ok && isText(f.Data)
	}
	limits := Limits{
		Output: cmp.Or(o.Limits.Output, defaultLimits.Output),
		Memory: cmp.Or(o.Limits.Memory, defaultLimits.Memory),
		Steps:  cmp.Or(o.Limits.Steps, defaultLimits.Steps),
		Depth:  cmp.Or(o.Limits.Depth, defaultLimits.Depth),
	}
	set, err := jinja.NewSet(load, keys, o.AllowUndefined, limits)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "rendering with the given keys: %w", err).
			WithHint("give the key another value")
	}
	return &renderer{keys, set}, nil
}

// text renders a template of the given name.
func (r *renderer) text(name, text string) (string, error) {
	result, err := r.set.Render(name, text)
	if err != nil {
		return "", r.failed(name, err)
	}
	return result, nil
}

// failed returns the failure of a rendering of the template of the given name.
func (r *renderer) failed(name string, err error) error {
	problem := err.Error()
	if e := new(jinja.Error); errors.As(err, &e) && e.Name != name {
		problem = fmt.Sprintf("in %q, %s", e.Name, problem)
	}
	return r.explain(fmt.Sprintf("rendering %q: %s", name, problem), err)
}

// name renders the template that the name of a file or folder is.
func (r *renderer) name(name, template string) (string, error) {
	result, err := r.set.Render(name, template)
	if err == nil {
		return result, nil
	}
	problem := err.Error()
	if e := new(jinja.Error); errors.As(err, &e) {
		problem = e.Message // the template is not what the user sees, so its columns say nothing
	}
	return "", r.explain(fmt.Sprintf("rendering the name %q: %s", name, problem), err)
}

// explain returns the failure of a rendering with the hint that fits its cause.
func (r *renderer) explain(message string, err error) error {
	e := new(jinja.Error)
	if !errors.As(err, &e) {
		return failure.Errorf(failure.Other, "%s", message)
	}
	switch {
	case e.Limit:
		return failure.Errorf(failure.Refused, "%s", message).WithHint("make the template simpler: it does more than a template needs to")
	case e.Undefined == "":
		return failure.Errorf(failure.Usage, "%s", message).WithHint("mend the template; docs/jinja.md lists what templates can use")
	}
	hint := fmt.Sprintf("give it with --kv %s::VALUE, or pass --allow-undefined", e.Undefined)
	if similar := suggest.Words(e.Undefined, slices.Collect(maps.Keys(r.keys))); len(similar) > 0 {
		hint = fmt.Sprintf("did the template mean %q? Otherwise %s", similar[0], hint)
	}
	return failure.Errorf(failure.Usage, "%s", message).WithHint("%s", hint)
}
