package fetch

import (
	"context"
	"path"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/attributes"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// A Snapshot is one commit of a repository, present on this machine.
type Snapshot struct {
	reader *reader
	pin    ref.Pin
}

// A Tree is one component of a snapshot, checked and read.
type Tree struct {
	ID    string      // git id of the component's tree, or of the blob when it is a single file
	Dir   bool        // whether the component is a folder
	Files fileset.Set // paths relative to the component; a single file has its base name as path

	folder string // of the component's files in the pack
	rules  attributes.Rules
}

// Conversion returns what the pack's .gitattributes files say of a file of the component, which need not exist: how
// git checkout converts its content. Files are not converted.
func (t Tree) Conversion(name string) attributes.Conversion {
	return t.rules.Conversion(path.Join(t.folder, name))
}

// A Filter reports whether an entry of a component is read: a file, or a folder, which may have files that are read.
// The path is relative to the component. A nil Filter selects all entries.
type Filter func(path string, dir bool) bool

// ReadFile returns the content of the regular file at name, a slash-separated path from the
// pack's root. The error is fs.ErrNotExist when there is no such file.
func (s *Snapshot) ReadFile(ctx context.Context, name string) ([]byte, error) {
	var data []byte
	err := s.read(ctx, func(t *treeReader) error {
		e, err := t.find(name)
		if err != nil {
			return err
		}
		if e.Mode == objects.ModeTree {
			return failure.Errorf(failure.Refused, "reading %q of %s: it is a folder", name, t.repo).
				WithHint("name a file of the pack")
		}
		data, err = t.blob(e.ID)
		return err
	})
	return data, err
}

// Component returns the file or folder at name, a slash-separated path from the pack's root;
// "." or "" is the whole pack, with the files that the filter selects. Every name, mode and size of these is checked
// before a byte of a file is read; nothing is required of the others. Errors are fs.ErrNotExist, of kind Usage, when
// there is nothing at name, and of kind Refused when something that is selected is not a regular file, has a name that
// not every system accepts, collides with another, or goes over a limit.
func (s *Snapshot) Component(ctx context.Context, name string, filter Filter) (Tree, error) {
	var out Tree
	err := s.read(ctx, func(t *treeReader) error {
		e, err := t.find(name)
		if err != nil {
			return err
		}
		out = Tree{ID: e.ID.String(), Dir: e.Mode == objects.ModeTree, folder: path.Clean(name)}
		if !out.Dir {
			out.folder = path.Dir(out.folder)
		}
		if out.Files, err = t.component(e, out.folder, filter); err != nil {
			return err
		}
		out.rules, err = t.rules()
		return err
	})
	if err != nil {
		return Tree{}, err
	}
	return out, nil
}

// Date returns when the commit was made.
func (s *Snapshot) Date(ctx context.Context) (time.Time, error) {
	var date time.Time
	err := s.read(ctx, func(t *treeReader) error {
		c, err := t.store.ReadCommit(objects.NewID(s.pin.Commit), t.limits.FileBytes)
		if err == nil {
			date = c.Date
		}
		return errMalformed(err, t.repo)
	})
	return date, err
}

// Keep makes sure that the content of all files of the snapshot is on this machine.
func (s *Snapshot) Keep(ctx context.Context) error {
	return s.read(ctx, func(t *treeReader) error { return t.checkAllContent() })
}

// read calls f with a reader of the snapshot's tree, and again after damage was repaired or missing content fetched.
func (s *Snapshot) read(ctx context.Context, f func(*treeReader) error) error {
	return s.reader.read(ctx, s.pin, func(store *objects.Store) error {
		t, err := newTreeReader(ctx, store, s.pin.Commit, s.reader.quoted(), s.reader.limits)
		if err != nil {
			return err
		}
		return f(t)
	})
}
