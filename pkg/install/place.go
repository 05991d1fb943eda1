package install

import (
	"fmt"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// Placement returns a rendered placement as a clean path inside the project. A file that is placed at a path
// ending in "/" goes into that folder under its own name, which is base.
func Placement(p string, dir bool, base string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(p, "./"))
	if !dir && strings.HasSuffix(p, "/") {
		clean = path.Join(clean, base)
	}
	if path.IsAbs(p) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", failure.Errorf(failure.Refused, "placement %q is outside the project", p).
			WithHint("give a path relative to the project's folder")
	}
	if clean == "." {
		if dir {
			return clean, nil
		}
		return "", failure.Errorf(failure.Usage, "placement %q is a folder, and the component is one file", p).
			WithHint("end it with a file's name, or with \"/\" to keep the name %q", base)
	}
	if err := fileset.CheckPath(clean); err != nil {
		return "", fmt.Errorf("placing the component: %w", err)
	}
	return clean, nil
}

// Place returns the files of a component at a placement.
func Place(root string, dir bool, files fileset.Set) (fileset.Set, error) {
	out := make([]fileset.File, len(files))
	for i, f := range files {
		f.Path = path.Join(root, f.Path)
		if !dir {
			f.Path = root
		}
		out[i] = f
	}
	return fileset.New(out)
}
