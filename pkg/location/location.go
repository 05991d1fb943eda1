// Package location finds the project that a command works on, and converts the paths that users type, which are
// relative to the current folder, to paths in the project.
package location

import (
	"path"
	"path/filepath"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A Location is the folder that a user is in, and the project that a command works on. Both are absolute. The zero
// value is a project whose own folder is the current one.
type Location struct {
	Current string
	// Project is the current folder or one above it. For a member of a workspace it can be any folder.
	Project string
}

// IsElsewhere reports whether the current folder is not the project's own.
func (l Location) IsElsewhere() bool { return l.Current != l.Project }

// Path returns the slash-separated clean path in the project of a path that the user typed; "." is the project's
// folder. It fails when the path is empty or leads out of the project.
func (l Location) Path(typed string) (string, error) {
	if p := l.relative(typed); typed != "" && isInside(p) {
		return p, nil
	}
	err := failure.Errorf(failure.Refused, "%q is not a path in the project %q", typed, l.Project)
	return "", err.WithHint("name a path inside the project, relative to the current folder")
}

// Names returns the paths in the project that the name of an install or a file can mean: the typed path, and unless
// that begins with ./ or ../ or is absolute, the same path from the project's folder, which is how ppm prints it.
func (l Location) Names(typed string) []string {
	var names []string
	if p := l.relative(typed); typed != "" && isInside(p) {
		names = append(names, p)
	}
	if isExplicit(typed) || typed == "" {
		return names
	}
	fromProject := path.Clean(filepath.ToSlash(typed))
	if isInside(fromProject) && (len(names) == 0 || names[0] != fromProject) {
		names = append(names, fromProject)
	}
	return names
}

// Typed returns what a user types for a path in the project: the path relative to the current folder.
func (l Location) Typed(p string) string {
	if !l.IsElsewhere() {
		return p
	}
	typed, err := filepath.Rel(l.Current, filepath.Join(l.Project, filepath.FromSlash(p)))
	if err != nil {
		return p // on another drive
	}
	return filepath.ToSlash(typed)
}

// TypedHere is Typed with a ./ at the beginning of a path that does not begin with ../, so that it means nothing else.
func (l Location) TypedHere(p string) string {
	if typed := l.Typed(p); isExplicit(typed) {
		return typed
	}
	return "./" + l.Typed(p)
}

// Placement returns a placement that the user typed, relative to the project. It is a template: only the ./ and ../
// that it begins with, and the path of the current folder, are treated as a path, and a "/" at its end stays. A path
// that leads out of the project is returned as it was typed. In a member of a workspace a placement is relative to
// the member.
func (l Location) Placement(typed string) string {
	if filepath.IsAbs(typed) {
		return l.absolutePlacement(typed)
	}
	folder := l.relative(".")
	if typed == "" || !l.IsElsewhere() || !isInside(folder) {
		return typed
	}
	rest := filepath.ToSlash(typed)
	for {
		if after, found := strings.CutPrefix(rest, "./"); found {
			rest = after
			continue
		}
		after, found := strings.CutPrefix(rest+"/", "../")
		if !found {
			break
		}
		if folder == "." {
			return typed
		}
		folder, rest = path.Dir(folder), strings.TrimSuffix(after, "/")
	}
	switch {
	case folder == ".":
		folder = ""
	case rest == "." || rest == "":
		return literal(folder) + typed[len(strings.TrimRight(typed, "/")):]
	default:
		folder = literal(folder) + "/"
	}
	if folder+rest == "" {
		return "." + typed[len(strings.TrimRight(typed, "/")):]
	}
	return folder + rest
}

func (l Location) absolutePlacement(typed string) string {
	p := l.relative(typed)
	if !isInside(p) {
		return typed
	}
	if strings.HasSuffix(filepath.ToSlash(typed), "/") {
		p += "/"
	}
	return literal(p)
}

// LocalRepository returns the path of a local repository, which the user typed relative to the current folder,
// relative to the project. An absolute path stays as it is.
func (l Location) LocalRepository(typed string) string {
	if !l.IsElsewhere() || !strings.HasPrefix(typed, "./") && !strings.HasPrefix(typed, "../") {
		return typed
	}
	p := l.relative(typed)
	if filepath.IsAbs(p) || strings.HasPrefix(p, "../") {
		return p
	}
	if p == "." {
		return "../" + filepath.Base(l.Project)
	}
	return "./" + p
}

// relative returns a typed path, slash-separated, clean and relative to the project. It begins with ../ when it leads
// out of it, and is absolute when it is on another drive.
func (l Location) relative(typed string) string {
	abs := filepath.FromSlash(typed)
	if !filepath.IsAbs(abs) {
		if !l.IsElsewhere() {
			return path.Clean(filepath.ToSlash(typed))
		}
		abs = filepath.Join(l.Current, abs)
	}
	rel := relativeTo(l.Project, abs)
	if filepath.IsAbs(filepath.FromSlash(typed)) && !isInside(rel) {
		// The project and the path can be the same folder by way of a symbolic link.
		rel = relativeTo(resolve(l.Project), resolve(abs))
	}
	return rel
}

func relativeTo(dir, abs string) string {
	rel, err := filepath.Rel(dir, abs)
	if err != nil {
		rel = abs
	}
	return filepath.ToSlash(rel)
}

// resolve resolves the symbolic links in the part of a path that exists.
func resolve(abs string) string {
	if real, err := filepath.EvalSymlinks(abs); err == nil {
		return real
	}
	if dir := filepath.Dir(abs); dir != abs {
		return filepath.Join(resolve(dir), filepath.Base(abs))
	}
	return abs
}

func isInside(p string) bool {
	return p != ".." && !strings.HasPrefix(p, "../") && !filepath.IsAbs(filepath.FromSlash(p)) && !path.IsAbs(p)
}

// isExplicit reports whether a path can only be meant relative to the current folder, or is absolute.
func isExplicit(typed string) bool {
	typed = filepath.ToSlash(typed)
	return typed == "." || typed == ".." || strings.HasPrefix(typed, "./") || strings.HasPrefix(typed, "../") ||
		path.IsAbs(typed) || filepath.IsAbs(typed)
}

// literal returns a template that renders to a text.
func literal(text string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	return "{% raw %}" + text + "{% endraw %}"
}
