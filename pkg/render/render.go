// Package render renders the files of a component.
//
// A template is a UTF-8 text in Jinja2's language with Jinja2's defaults. A file whose
// name is NAME.jinja is a template; every other file is copied byte for byte. Keys are
// the values that the templates can name.
//
// Rendering is pure: the result depends only on the files, the keys and Version, and a
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

// Version is the version of the rendering rules. The lockfile records it: the same files, keys and version render to
// the same bytes.
const Version = 1

// A Context maps the names of keys to their values, which are string, int, bool or []string.
type Context map[string]any

// Options change how templates are rendered. The zero value is strict, with the default limits.
type Options struct {
	AllowUndefined bool   // undefined names render as empty text, as in Jinja2, instead of an error
	Limits         Limits // zero fields take their value from DefaultLimits
}

// Limits bound the resources that the templates of one call may use together.
type Limits = jinja.Limits

// defaultLimits are far above what templates of source code need.
var defaultLimits = Limits{Output: 64 << 20, Memory: 256 << 20, Steps: 5_000_000, Depth: 500}

// String renders one text, which cannot include other templates. The name is used in error messages. Errors are of
// kind Usage for an invalid template, and Refused for an exceeded limit; they contain the line and the column.
func String(name, text string, keys Context, o Options) (string, error) {
	r, err := newRenderer(nil, keys, o)
	if err != nil {
		return "", err
	}
	if !isText([]byte(text)) {
		return "", failure.Errorf(failure.Usage, "rendering %q: it is not UTF-8 text", name).
			WithHint("write it as UTF-8")
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
			WithHint("choose another value for the key")
	}
	return &renderer{keys, set}, nil
}

// text renders the template with the given name.
func (r *renderer) text(name, text string) (string, error) {
	result, err := r.set.Render(name, text)
	if err != nil {
		return "", r.errRender(name, err)
	}
	return result, nil
}

// errRender returns the error for a failed template.
func (r *renderer) errRender(name string, err error) error {
	problem := err.Error()
	if e := new(jinja.Error); errors.As(err, &e) && e.Name != name {
		problem = fmt.Sprintf("in %q, %s", e.Name, problem)
	}
	return r.errExplained(fmt.Sprintf("rendering %q: %s", name, problem), err)
}

// name renders the template in the name of a file or folder.
func (r *renderer) name(name, template string) (string, error) {
	result, err := r.set.Render(name, template)
	if err == nil {
		return result, nil
	}
	problem := err.Error()
	if e := new(jinja.Error); errors.As(err, &e) {
		problem = e.Message // the user does not see the template, so omit the column
	}
	return "", r.errExplained(fmt.Sprintf("rendering the name %q: %s", name, problem), err)
}

// errExplained returns the error for a failed rendering, with a hint for its cause.
func (r *renderer) errExplained(message string, err error) error {
	e := new(jinja.Error)
	if !errors.As(err, &e) {
		return failure.Errorf(failure.Other, "%s", message)
	}
	switch {
	case e.Limit:
		return failure.Errorf(failure.Refused, "%s", message).
			WithHint("make the template simpler: it does more than a template needs to")
	case e.Undefined == "":
		return failure.Errorf(failure.Usage, "%s", message).
			WithHint("correct the template; docs/jinja.md lists the supported features")
	}
	// A key that the pack declares always has a value, so that --kv cannot set this name.
	hint := fmt.Sprintf("set it in ppm.toml, as in [project.extra] %s = \"VALUE\", or pass --allow-undefined",
		e.Undefined)
	if similar := suggest.Words(e.Undefined, slices.Collect(maps.Keys(r.keys))); len(similar) > 0 {
		hint = fmt.Sprintf("did the template mean %q? Otherwise %s", similar[0], hint)
	}
	return failure.Errorf(failure.Usage, "%s", message).WithHint("%s", hint)
}
