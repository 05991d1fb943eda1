package adopt

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/similarity"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// maxNames limits the files of a folder that is compared with a component.
const maxNames = 200_000

// A localCopy is a file or folder of the project that may be a copy of a component. It reads files when they are
// needed, and caches comparisons.
type localCopy struct {
	tree     worktree.Tree
	root     string           // from the project's folder
	dir      bool             // the root is a folder
	sizes    map[string]int64 // of its regular files, by their paths from the project's folder
	texts    map[string][]byte
	bytes    int64 // of texts
	compared map[string]similarity.File
}

// openCopy lists the files at a path of the project.
func openCopy(ctx context.Context, tree worktree.Tree, root string) (*localCopy, error) {
	kind, err := tree.Kind(ctx, root)
	if err != nil {
		return nil, err
	}
	c := &localCopy{
		tree: tree, root: root, dir: kind == plan.Dir,
		sizes: map[string]int64{}, texts: map[string][]byte{}, compared: map[string]similarity.File{},
	}
	switch kind {
	case plan.File, plan.Dir:
	case plan.Absent, plan.Sparse:
		return nil, failure.Errorf(failure.Usage, "adopting %q: there is no such file or folder", root).
			WithHint("name the path of the copy, from the project's folder")
	default:
		return nil, failure.Errorf(failure.Refused, "adopting %q: it is not a regular file or folder, or is "+
			"behind a symbolic link",
			root).
			WithHint("put the files themselves there")
	}
	err = fs.WalkDir(os.DirFS(tree.Dir), root, func(name string, d fs.DirEntry, err error) error {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil && name != root {
			return fs.SkipDir // the files in a folder that cannot be read count as missing
		}
		return c.visit(name, d, err)
	})
	return c, err
}

func (c *localCopy) visit(name string, d fs.DirEntry, err error) error {
	switch {
	case err != nil:
		return failure.Errorf(failure.LocalIO, "adopting %q: %w", name, err).WithHint("check its permissions")
	case d.IsDir() && name != c.root && worktree.IsToolDir(d.Name()):
		return fs.SkipDir
	case !d.Type().IsRegular():
		return nil
	case len(c.sizes) == maxNames:
		return failure.Errorf(failure.Refused, "adopting %q: it has more than %d files", c.root, maxNames).
			WithHint("name a folder inside it")
	}
	if info, err := d.Info(); err == nil { // a file that was removed meanwhile is missing
		c.sizes[name] = info.Size()
	}
	return nil
}

// read returns the content of a file, or false if there is no file that can be compared.
func (c *localCopy) read(name string) ([]byte, bool, error) {
	if data, done := c.texts[name]; done {
		return data, data != nil, nil
	}
	if _, ok := c.sizes[name]; !ok {
		return nil, false, nil
	}
	data, err := c.tree.ReadFile(name)
	if errors.Is(err, fs.ErrNotExist) || failure.KindOf(err) == failure.Refused {
		// It was removed meanwhile, or is too large to compare.
		c.texts[name] = nil
		return nil, false, nil
	}
	if err != nil {
		return nil, false, err
	}
	if c.bytes += int64(len(data)); c.bytes > fetch.DefaultLimits.TotalBytes {
		return nil, false, failure.Errorf(failure.Refused, "adopting %q: its files are more than %d MiB",
			c.root, fetch.DefaultLimits.TotalBytes>>20).
			WithHint("name a part of it, and the component that this is a copy of")
	}
	if data == nil {
		data = []byte{}
	}
	c.texts[name] = data
	return data, true, nil
}

// files returns the files below root whose paths from there match.
func (c *localCopy) files(root string, match func(string) bool) (fileset.Set, error) {
	var files []fileset.File
	for name := range c.sizes {
		inside, ok := within(root, name)
		if !ok || !match(inside) {
			continue
		}
		data, ok, err := c.read(name)
		if err != nil {
			return nil, err
		}
		if ok {
			files = append(files, fileset.File{Path: inside, Data: data})
		}
	}
	return fileset.New(files)
}

// compare returns how similar the files of a rendering are to those on disk.
func (c *localCopy) compare(files fileset.Set) (similarity.Score, map[string]similarity.File, error) {
	var all similarity.Score
	each := map[string]similarity.File{}
	for _, f := range files {
		data, ok, err := c.read(f.Path)
		if err != nil {
			return all, nil, err
		}
		if !ok {
			all = all.Add(similarity.Alone(len(f.Data)))
			continue
		}
		id := f.Path + "\x00" + f.Digest()
		found, done := c.compared[id]
		if !done {
			found = similarity.Compare(f.Data, data)
			c.compared[id] = found
		}
		each[f.Path] = found
		all = all.Add(found.Score)
	}
	return all, each, nil
}

// within returns the path of a file relative to a folder, "" for the folder itself.
func within(root, name string) (string, bool) {
	switch {
	case root == ".":
		return name, true
	case name == root:
		return "", true
	}
	return strings.CutPrefix(name, root+"/")
}
