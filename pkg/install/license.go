package install

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// licenses reads the license files that the pack installs with the hop's component.
func (h Hop) licenses(ctx context.Context) ([]Source, error) {
	var out []Source
	for _, name := range h.Pack.LicenseFilesOf(h.Component) {
		tree, err := h.Snapshot.Component(ctx, name, nil)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, failure.Errorf(failure.Usage, "license file %q of %s does not exist", name, h.Ref).
				WithHint("report it to the authors of the pack, or use another version")
		case err != nil:
			return nil, err
		case tree.Dir:
			return nil, failure.Errorf(failure.Usage, "license file %q of %s is a folder", name, h.Ref).
				WithHint("report it to the authors of the pack, or use another version")
		}
		tree.Files[0].Mode = 0o644
		out = append(out, Source{Tree: tree, name: name, url: h.Pin.URL})
	}
	return out, nil
}

// Place returns the rendered files of the component, and its license files, at a placement. licenses has the paths of
// the license files. One that the component has anyway, with the same content, is not added.
func (s Source) Place(root string, rendered fileset.Set) (files fileset.Set, licenses map[string]bool, err error) {
	if files, err = Place(root, s.Dir, rendered); err != nil {
		return nil, nil, err
	}
	licenses = map[string]bool{}
	all := []fileset.File(files)
	for _, l := range s.Licenses {
		r, err := l.Render(render.Context{}, render.Options{})
		if err != nil {
			return nil, nil, err
		}
		file := r.Files[0]
		file.Path = licensePath(root, s.Dir, file.Path)
		if own, has := files.Lookup(file.Path); has {
			if !bytes.Equal(own.Data, file.Data) {
				return nil, nil, failure.Errorf(failure.Refused, "the component %q of %s has a file at %q, and its "+
					"license file %q belongs there, too", s.name, s.url, file.Path, l.name).
					WithHint("report it to the authors of the pack, or use another version")
			}
			continue
		}
		licenses[file.Path] = true
		all = append(all[:len(all):len(all)], file)
	}
	files, err = fileset.New(all)
	if err != nil {
		err = fmt.Errorf("placing the license files of %q: %w", s.name, err)
	}
	return files, licenses, err
}

// licensePath returns where a license file belongs: in the folder of an install, beside an install that is a file, and
// in the folder LICENSES for an install that is the project's folder, whose own license is another one.
func licensePath(root string, dir bool, name string) string {
	switch {
	case !dir:
		return root + "." + name
	case root == ".":
		return path.Join("LICENSES", name)
	}
	return path.Join(root, name)
}

// licenseName is the inverse of licensePath.
func licenseName(root string, dir bool, at string) string {
	if !dir {
		return strings.TrimPrefix(at, root+".")
	}
	return path.Base(at)
}

// License returns the source of the license file at a path of an install with that source.
func (s Source) License(root, at string) (Source, bool) {
	for _, l := range s.Licenses {
		if licensePath(root, s.Dir, l.Files[0].Path) == at {
			return l, true
		}
	}
	return Source{}, false
}

// Name returns the name of the component, or the path of a license file in the pack.
func (s Source) Name() string { return s.name }
