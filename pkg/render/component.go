package render

import (
	"path"
	"strings"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// suffix marks a file as a template.
const suffix = ".jinja"

// A Result is a rendered component.
type Result struct {
	Files  fileset.Set
	Source map[string]string // by the path of each of Files: the path of the component's file that it comes from
}

// Component renders the files of a component, whose paths are relative to its root.
//
// A folder component (dir) keeps its shape. A file NAME.jinja with no other ".jinja" in NAME is
// rendered to NAME, and every other file is copied byte for byte. Then in each segment of each path
// "_ref_" stands for "{{ " and "_fer_" for " }}", and the segment is rendered; one that comes out
// empty keeps its name. The paths are checked again, because a rendered one can be anything.
//
// A component of one file (dir is false) gives one file, at its base name, which the caller replaces
// by the place it goes to. It is rendered when its name ends in ".jinja", which the new name drops.
//
// Templates include, extend and import the component's own files by their path from its root.
// Modes are kept. Errors are of kind Usage for a template that is wrong, and Refused for an unsafe
// name or a limit that is exceeded.
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
		target, isTemplate := output(f.Path, dir)
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
			WithHint("choose keys that give each file a name of its own")
	}
	res.Files, err = fileset.New(out)
	return res, err
}

// output returns the path that a file is written to before its names are rendered, and whether the file is a template.
func output(p string, dir bool) (string, bool) {
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
			WithHint("save the template as UTF-8, or drop the suffix %q to have the file copied as it is", suffix)
	}
	return r.text(f.Path, string(f.Data))
}

// isText reports whether data can be a template: valid UTF-8 with no NUL.
func isText(data []byte) bool {
	return utf8.Valid(data) && !strings.Contains(string(data), "\x00")
}

// nameMarks are the delimiters of an expression in the name of a file or folder, which can stand in every name.
var nameMarks = strings.NewReplacer("_ref_", "{{ ", "_fer_", " }}")

// path renders each segment of target, the path that the file at source is written to.
func (r *renderer) path(source, target string) (string, error) {
	segments := strings.Split(target, "/")
	for i, segment := range segments {
		template := nameMarks.Replace(segment)
		if !strings.Contains(template, "{") {
			continue
		}
		name, err := r.name(segment, template)
		if err != nil {
			return "", err
		}
		if strings.Contains(name, "/") {
			return "", failure.Errorf(failure.Refused, "rendering the name %q of %q: the result %q is more than one name", segment, source, name).
				WithHint("choose keys without a slash")
		}
		if name != "" {
			segments[i] = name
		}
	}
	result := strings.Join(segments, "/")
	if err := fileset.CheckPath(result); err != nil {
		return "", failure.Errorf(failure.Refused, "rendering the name of %q to %q: %w", source, result, err).
			WithHint("choose keys that give a plain name")
	}
	return result, nil
}
