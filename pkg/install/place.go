package install

import (
	"fmt"
	"path"
	"slices"
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
			WithHint("give a path inside the project")
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

// PlacementAs returns where an install belongs whose component was a file and is a folder now, or the other way round:
// without the extension of the file, such as app/util for app/util.py, or with it. base is the name of the new file.
func PlacementAs(p string, dir bool, base string) string {
	ext := path.Ext(p)
	switch {
	case dir && ext != path.Base(p):
		return strings.TrimSuffix(p, ext)
	case dir:
		return p
	case ext == "":
		return p + path.Ext(base)
	}
	return p
}

// PlacedAt returns the component at another path, as a version of the install at the path that it has now.
func (c Component) PlacedAt(root string) (Component, error) {
	from, dir := c.Locked.Path, c.Locked.Dir
	licenses := map[string]bool{}
	for _, f := range c.Locked.Files {
		licenses[f.Path] = f.License
	}
	to := func(p string) string {
		switch {
		case licenses[p]:
			return licensePath(root, dir, licenseName(from, dir, p))
		case !dir:
			return root
		}
		return path.Join(root, strings.TrimPrefix(p, from+"/"))
	}
	files := slices.Clone(c.Files)
	for i, f := range files {
		files[i].Path = to(f.Path)
	}
	c.Locked.Files = slices.Clone(c.Locked.Files)
	for i, f := range c.Locked.Files {
		c.Locked.Files[i].Path = to(f.Path)
	}
	c.Want.Path, c.Locked.Path, c.Replaces = root, root, from
	var err error
	c.Files, err = fileset.New(files)
	return c, err
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
