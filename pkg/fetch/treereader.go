package fetch

import (
	"context"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
)

// A treeReader reads the tree of one commit and checks every name, mode and size in it.
type treeReader struct {
	ctx    context.Context
	store  *objects.Store
	limits Limits
	repo   string // the repository's URL, quoted, for messages
	root   objects.ID

	trees  map[objects.ID][]objects.Entry // read so far: a tree that is in a thousand folders is read once
	filter Filter                         // of the component that is read
	count  int                            // files and folders so far
	files  []treeFile
	folder string // of the component
	// The .gitattributes files that the files of the component are subject to, each after those of its parent folders.
	// Their paths are relative to the pack's root.
	attributes []treeFile
}

// A treeFile is a file whose name and mode have been checked. It has not been read.
type treeFile struct {
	path string
	mode fs.FileMode
	id   objects.ID
}

func newTreeReader(ctx context.Context, s *objects.Store, commit, repo string, l Limits) (*treeReader, error) {
	root, err := s.RootTree(objects.NewID(commit), l.FileBytes)
	if err != nil {
		return nil, errMalformed(err, repo)
	}
	return &treeReader{
		ctx: ctx, store: s, limits: l, repo: repo, root: root,
		trees: map[objects.ID][]objects.Entry{},
	}, nil
}

// find returns the entry at name. The folders that it is in are checked.
func (t *treeReader) find(name string) (objects.Entry, error) {
	e := objects.Entry{Mode: objects.ModeTree, ID: t.root}
	name = path.Clean(name) // "" becomes "."
	if name == "." {
		return e, nil
	}
	if err := fileset.CheckPath(name); err != nil {
		return e, err
	}
	at := ""
	for segment := range strings.SplitSeq(name, "/") {
		if e.Mode != objects.ModeTree {
			return e, t.errMissing(name)
		}
		entries, err := t.entries(e.ID, at)
		if err != nil {
			return e, err
		}
		t.noteAttributes(entries, at)
		at = path.Join(at, segment)
		i := objects.Lookup(entries, segment)
		if i < 0 {
			return e, t.errMissing(name)
		}
		e = entries[i]
		if err := t.checkMode(e, at); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (t *treeReader) errMissing(name string) error {
	return failure.Errorf(failure.Usage, "reading %q of %s: %w", name, t.repo, fs.ErrNotExist).
		WithHint("check the path against the pack's manifest")
}

func (t *treeReader) errRefused(name, problem string) error {
	return failure.Errorf(failure.Refused, "reading %q of %s: %s", name, t.repo, problem).
		WithHint("report it to the author of the pack: only regular files with portable names can be installed")
}

// component reads those files of e that the filter selects. e is the folder of that path in the pack, or a file in it.
func (t *treeReader) component(e objects.Entry, folder string, filter Filter) (fileset.Set, error) {
	t.folder = folder
	if t.filter = filter; filter == nil {
		t.filter = func(string, bool) bool { return true }
	}
	if e.Mode == objects.ModeTree {
		if err := t.addDir(e.ID, "", 0); err != nil {
			return nil, err
		}
	} else if t.filter(e.Name, false) {
		t.files = []treeFile{{e.Name, e.Mode.Perm(), e.ID}}
	}
	names := make([]string, len(t.files))
	for i, f := range t.files {
		names[i] = f.path
	}
	if err := fileset.CheckCollisions(names); err != nil {
		return nil, err
	}
	return t.contents()
}

// addDir adds the selected files of the tree id and of all trees below it, and checks their paths, which include the
// names of their folders, and modes. prefix is its path in the component.
func (t *treeReader) addDir(id objects.ID, prefix string, depth int) error {
	if depth > t.limits.Depth {
		return objects.LimitError(quote(prefix)+" of "+t.repo, depth, "nested folders", t.limits.Depth)
	}
	if err := checkContext(t.ctx); err != nil {
		return err
	}
	entries, err := t.entries(id, prefix)
	if err != nil {
		return err
	}
	if t.count += len(entries); t.count > t.limits.Files {
		return objects.LimitError("the component in "+t.repo, t.count, "or more files and folders", t.limits.Files)
	}
	t.noteAttributes(entries, path.Join(t.folder, prefix))
	for _, e := range entries {
		at := e.Name
		if prefix != "" {
			at = prefix + "/" + e.Name
		}
		if !t.filter(at, e.Mode == objects.ModeTree) {
			continue
		}
		if err := t.addEntry(e, at, depth); err != nil {
			return err
		}
	}
	return nil
}

// addEntry adds a selected entry of a folder. at is its path in the component.
func (t *treeReader) addEntry(e objects.Entry, at string, depth int) error {
	if e.Mode == objects.ModeTree {
		return t.addDir(e.ID, at, depth+1)
	}
	if err := fileset.CheckPath(at); err != nil {
		return err
	}
	t.files = append(t.files, treeFile{at, e.Mode.Perm(), e.ID})
	return t.checkMode(e, at)
}

// checkMode refuses an entry that is not a file or a folder.
func (t *treeReader) checkMode(e objects.Entry, at string) error {
	switch e.Mode {
	case objects.ModeTree, objects.ModeFile, objects.ModeExec, objects.ModeGroup:
		return nil
	case objects.ModeLink:
		return t.errRefused(at, "it is a symbolic link")
	case objects.ModeGitlink:
		return t.errRefused(at, "it is a submodule")
	}
	return t.errRefused(at, "its file mode is unknown")
}

// contents reads the files that were added.
func (t *treeReader) contents() (fileset.Set, error) {
	var ids []objects.ID
	for _, f := range slices.Concat(t.files, t.attributes) { // what is missing is fetched in one request
		ids = append(ids, f.id)
	}
	if err := checkContent(t.store, ids); err != nil {
		return nil, err
	}
	var total int64
	out := make([]fileset.File, len(t.files))
	for i, f := range t.files {
		if err := checkContext(t.ctx); err != nil {
			return nil, err
		}
		data, err := t.blob(f.id)
		if err != nil {
			return nil, err
		}
		if total += int64(len(data)); total > t.limits.TotalBytes {
			return nil, objects.LimitError("the component in "+t.repo, total, "or more bytes", t.limits.TotalBytes)
		}
		out[i] = fileset.File{Path: f.path, Mode: f.mode, Data: data}
	}
	return fileset.New(out)
}

func (t *treeReader) blob(id objects.ID) ([]byte, error) {
	if err := checkContent(t.store, []objects.ID{id}); err != nil {
		return nil, err
	}
	data, err := t.store.Read(id, objects.BlobType, t.limits.FileBytes)
	return data, errMalformed(err, t.repo)
}

// entries returns the entries of the tree id. at is its path, for messages.
func (t *treeReader) entries(id objects.ID, at string) ([]objects.Entry, error) {
	if entries, ok := t.trees[id]; ok {
		return entries, nil
	}
	data, err := t.store.Read(id, objects.TreeType, t.limits.FileBytes)
	if err != nil {
		return nil, errMalformed(err, t.repo)
	}
	entries, err := objects.ParseTree(data)
	if err != nil {
		return nil, t.errRefused(at, err.Error())
	}
	t.trees[id] = entries
	return entries, nil
}

// checkAllContent returns a *missingError when the content of any file of the tree is not on this machine.
func (t *treeReader) checkAllContent() error {
	found := map[objects.ID]objects.Mode{}
	if err := t.store.AddTree(t.ctx, t.root, t.limits.response(), found); err != nil {
		return errMalformed(err, t.repo)
	}
	var files []objects.ID
	for id, mode := range found {
		if mode != objects.ModeTree && mode != objects.ModeGitlink {
			files = append(files, id)
		}
	}
	return checkContent(t.store, files)
}
