package fetch

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Snapshot is one commit of a repository, present on this machine.
type Snapshot struct {
	repo *Repo
	pin  ref.Pin
}

// A Tree is one component of a snapshot, checked and read.
type Tree struct {
	ID    string      // git id of the component's tree, or of the blob when it is a single file
	Dir   bool        // whether the component is a folder
	Files fileset.Set // paths relative to the component; a single file has its base name as path
}

// ReadFile returns the content of the regular file at name, a slash-separated path from the
// pack's root. The error is fs.ErrNotExist when there is no such file.
func (s *Snapshot) ReadFile(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := s.read(ctx, func(w *walk) error {
		e, err := w.find(name)
		if err != nil {
			return err
		}
		if e.mode == modeTree {
			return failure.Errorf(failure.Refused, "reading %q of %s: it is a folder", name, w.where).
				WithHint("name a file of the pack")
		}
		data, err = w.blob(e.id)
		return err
	})
	return data, err
}

// Component returns the file or folder at name, a slash-separated path from the pack's root;
// "." or "" is the whole pack. Every name, mode and size in it is checked before a byte of a
// file is read. Errors are fs.ErrNotExist, of kind Usage, when there is nothing at name, and
// of kind Refused when something in it is not a regular file, has a name that not every
// system accepts, collides with another, or goes over a limit.
func (s *Snapshot) Component(ctx context.Context, name string) (Tree, error) {
	var t Tree
	err := s.read(ctx, func(w *walk) error {
		e, err := w.find(name)
		if err != nil {
			return err
		}
		t = Tree{ID: e.id.String(), Dir: e.mode == modeTree}
		t.Files, err = w.component(e)
		return err
	})
	if err != nil {
		return Tree{}, err
	}
	return t, nil
}

// read calls f with a walk over the snapshot's tree; a second time when the first found damage that could be repaired.
func (s *Snapshot) read(ctx context.Context, f func(*walk) error) error {
	return s.repo.with(ctx, s.pin, func(o *objects) error {
		w := &walk{ctx: ctx, objects: o, limits: s.repo.limits, where: s.repo.quoted(), trees: map[plumbing.Hash][]entry{}}
		root, err := o.root(plumbing.NewHash(s.pin.Commit), w.limits.FileBytes)
		if err != nil {
			return refused(err, w.where)
		}
		w.root = root
		return f(w)
	})
}

// A walk reads the tree of one commit and checks what it meets.
type walk struct {
	ctx     context.Context
	objects *objects
	limits  Limits
	where   string // the repository, quoted, for messages
	root    plumbing.Hash

	trees map[plumbing.Hash][]entry // read so far: a tree that stands at a thousand places is read once
	met   int                       // files and folders so far
	files []found
}

// A found file has passed the checks of names and modes; it has not been read.
type found struct {
	path string
	mode fs.FileMode
	id   plumbing.Hash
}

// find returns the entry at name, with the folders on the way to it checked.
func (w *walk) find(name string) (entry, error) {
	e := entry{mode: modeTree, id: w.root}
	name = path.Clean(name) // "" becomes "."
	if name == "." {
		return e, nil
	}
	if err := fileset.CheckPath(name); err != nil {
		return e, err
	}
	at := ""
	for segment := range strings.SplitSeq(name, "/") {
		if e.mode != modeTree {
			return e, w.missing(name)
		}
		entries, err := w.entries(e.id, at)
		if err != nil {
			return e, err
		}
		at = path.Join(at, segment)
		i := lookup(entries, segment)
		if i < 0 {
			return e, w.missing(name)
		}
		if e = entries[i]; lookup(entries[i+1:], segment) >= 0 {
			return e, w.refuse(at, "the name stands twice in its folder")
		}
		if err := w.checkMode(e, at); err != nil {
			return e, err
		}
	}
	return e, nil
}

func (w *walk) missing(name string) error {
	return failure.Errorf(failure.Usage, "reading %q of %s: %w", name, w.where, fs.ErrNotExist).
		WithHint("check the path against the pack's manifest")
}

func (w *walk) refuse(name, problem string) error {
	return failure.Errorf(failure.Refused, "reading %q of %s: %s", name, w.where, problem).
		WithHint("tell the author of the pack: only regular files with portable names can be installed")
}

// component reads all files of e, which is a folder or a file.
func (w *walk) component(e entry) (fileset.Set, error) {
	if e.mode == modeTree {
		if err := w.folder(e.id, "", 0); err != nil {
			return nil, err
		}
	} else {
		w.files = []found{{e.name, e.mode.perm(), e.id}}
	}
	names := make([]string, len(w.files))
	for i, f := range w.files {
		names[i] = f.path
	}
	if err := fileset.CheckCollisions(names); err != nil {
		return nil, err
	}
	return w.contents()
}

// folder checks the tree id and what is below it. prefix is its path inside the component.
func (w *walk) folder(id plumbing.Hash, prefix string, depth int) error {
	if depth > w.limits.Depth {
		return overLimit(quote(prefix)+" of "+w.where, depth, "folders inside each other", w.limits.Depth)
	}
	if err := check(w.ctx); err != nil {
		return err
	}
	entries, err := w.entries(id, prefix)
	if err != nil {
		return err
	}
	if w.met += len(entries); w.met > w.limits.Files {
		return overLimit("the component in "+w.where, w.met, "or more files and folders", w.limits.Files)
	}
	seen := make(map[string]bool, len(entries))
	for _, e := range entries {
		at := e.name
		if prefix != "" {
			at = prefix + "/" + e.name
		}
		if err := fileset.CheckPath(at); err != nil {
			return err
		}
		if seen[e.name] {
			return w.refuse(at, "the name stands twice in its folder")
		}
		seen[e.name] = true
		if err := w.checkMode(e, at); err != nil {
			return err
		}
		if e.mode != modeTree {
			w.files = append(w.files, found{at, e.mode.perm(), e.id})
		} else if err := w.folder(e.id, at, depth+1); err != nil {
			return err
		}
	}
	return nil
}

func (w *walk) checkMode(e entry, at string) error {
	if problem := e.mode.problem(); problem != "" {
		return w.refuse(at, problem)
	}
	return nil
}

// contents reads the files that were found.
func (w *walk) contents() (fileset.Set, error) {
	ids := make([]plumbing.Hash, len(w.files))
	for i, f := range w.files {
		ids[i] = f.id
	}
	if err := w.objects.lacks(ids); err != nil {
		return nil, err
	}
	var total int64
	out := make([]fileset.File, len(w.files))
	for i, f := range w.files {
		if err := check(w.ctx); err != nil {
			return nil, err
		}
		data, err := w.blob(f.id)
		if err != nil {
			return nil, err
		}
		if total += int64(len(data)); total > w.limits.TotalBytes {
			return nil, overLimit("the component in "+w.where, total, "or more bytes", w.limits.TotalBytes)
		}
		out[i] = fileset.File{Path: f.path, Mode: f.mode, Data: data}
	}
	return fileset.New(out)
}

func (w *walk) blob(id plumbing.Hash) ([]byte, error) {
	if err := w.objects.lacks([]plumbing.Hash{id}); err != nil {
		return nil, err
	}
	data, err := w.objects.read(id, plumbing.BlobObject, w.limits.FileBytes)
	return data, refused(err, w.where)
}

// entries returns what the tree id holds. at is its path, for messages.
func (w *walk) entries(id plumbing.Hash, at string) ([]entry, error) {
	if entries, ok := w.trees[id]; ok {
		return entries, nil
	}
	data, err := w.objects.read(id, plumbing.TreeObject, w.limits.FileBytes)
	if err != nil {
		return nil, refused(err, w.where)
	}
	entries, err := parseTree(data)
	if err != nil {
		return nil, w.refuse(at, err.Error())
	}
	w.trees[id] = entries
	return entries, nil
}

// refused makes a verified object that is not what its place calls for an error of kind Refused.
func refused(err error, where string) error {
	var known *failure.Error
	var damage *damaged
	var missing *lacking
	if err == nil || errors.As(err, &known) || errors.As(err, &damage) || errors.As(err, &missing) {
		return err
	}
	return failure.Errorf(failure.Refused, "reading %s: %w", where, err).
		WithHint("tell the author of the pack: the repository is malformed")
}
