package render

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// suffix is the suffix of template files.
const suffix = ".jinja"

// A Result is a rendered component.
type Result struct {
	Files  fileset.Set
	Source map[string]string // maps the path of each file to the path of its source in the component
}

// Component renders the files of a component. Their paths are relative to its root.
//
// In a folder component (dir), a file NAME.jinja with no other ".jinja" in NAME is rendered to NAME. Every other file
// is copied byte for byte. In each segment of a path that has both, "_ref_" stands for "{{ " and "_fer_" for " }}".
// The segment is rendered; one that renders to the empty string keeps its name. The rendered paths are validated.
//
// A file component (dir is false) has one file. The result has that file at its base name, without the suffix ".jinja"
// if it is a template; the caller moves it to its placement.
//
// Templates can include, extend and import the component's files by their path. Modes are kept. Errors are of kind
// Usage for an invalid template, and Refused for an unsafe name or an exceeded limit.
func Component(files fileset.Set, dir bool, keys Context, o Options) (Result, error) {
	if !dir && len(files) != 1 {
		return Result{}, failure.Errorf(failure.Other, "rendering a file component: it has %d files", len(files))
	}
	r, err := newRenderer(files, keys, o)
	if err != nil {
		return Result{}, err
	}
	res := Result{Source: make(map[string]string, len(files))}
	out := make([]fileset.File, 0, len(files))
	paths := make([]string, 0, len(files))
	for _, f := range files {
		target, isTemplate := Output(f.Path, dir)
		data := f.Data
		if isTemplate {
			text, err := r.file(f)
			if err != nil {
				return Result{}, err
			}
			data = []byte(text)
		}
		if dir {
			if target, err = r.path(f.Path, target); err != nil {
				return Result{}, err
			}
		}
		out = append(out, fileset.File{Path: target, Mode: f.Mode, Data: data})
		paths = append(paths, target)
		res.Source[target] = f.Path
	}
	if err := fileset.CheckCollisions(paths); err != nil {
		return Result{}, failure.Errorf(failure.Refused, "rendering the names of a component: %w", err).
			WithHint("choose key values that give each file a different name, or report it to the authors of the pack")
	}
	res.Files, err = fileset.New(out)
	return res, err
}

// Output returns the path of a file's result before the rendering of names, and whether the file is a template.
func Output(p string, dir bool) (string, bool) {
	folder, base := path.Split(p)
	if !dir {
		folder = ""
	}
	name, found := strings.CutSuffix(base, suffix)
	if !found || name == "" || dir && strings.Contains(name, suffix) {
		return folder + base, false
	}
	return folder + name, true
}

// file renders a template file.
func (r *renderer) file(f fileset.File) (string, error) {
	if !isText(f.Data) {
		return "", failure.Errorf(failure.Usage, "rendering %q: it is not UTF-8 text", f.Path).
			WithHint("save the template as UTF-8, or remove the suffix %q to copy the file as it is", suffix)
	}
	return r.text(f.Path, string(f.Data))
}

// isText reports whether data can be a template: valid UTF-8 without NUL.
func isText(data []byte) bool {
	return utf8.Valid(data) && !strings.Contains(string(data), "\x00")
}

// nameDelimiters replaces the delimiters of expressions in names, which are valid on every file system.
var nameDelimiters = strings.NewReplacer("_ref_", "{{ ", "_fer_", " }}")

// nameTemplate returns the template in the name of a file or folder. As in pmfp, the delimiters have a meaning only in
// a name with both.
func nameTemplate(segment string) string {
	if strings.Contains(segment, "_ref_") && strings.Contains(segment, "_fer_") {
		return nameDelimiters.Replace(segment)
	}
	return segment
}

// path renders each segment of target, the path of the result of the file source.
func (r *renderer) path(source, target string) (string, error) {
	segments := strings.Split(target, "/")
	for i, segment := range segments {
		template := nameTemplate(segment)
		if !strings.Contains(template, "{") {
			continue
		}
		name, err := r.name(segment, template)
		if err != nil {
			return "", err
		}
		if strings.Contains(name, "/") {
			return "", failure.Errorf(failure.Refused,
				"rendering the name %q of %q: the result %q contains a slash", segment, source, name).
				WithHint("choose key values without a slash")
		}
		if name != "" {
			segments[i] = name
		}
	}
	result := strings.Join(segments, "/")
	if err := fileset.CheckPath(result); err != nil {
		return "", failure.Errorf(failure.Refused, "rendering the name of %q to %q: %w", source, result, err).
			WithHint("choose key values that give a valid file name")
	}
	return result, nil
}
