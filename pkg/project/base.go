package project

import (
	"context"
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// base returns the files of an install as ppm once rendered them, each where it stands now. They are rendered
// again, from the locked commit with the locked keys, and each is proven by the
// lockfile's digests: what cannot be proven is an error of kind Integrity, no guess.
func (s *Session) base(ctx context.Context, c lockfile.Component) (fileset.Set, error) {
	r, err := s.rendered(ctx, c)
	return r.files, err
}

// A rendering is an install as ppm once rendered it, with what it was rendered from.
type rendering struct {
	at     stop
	part   pack.Component
	dir    bool
	from   fileset.Set       // the component's files
	source map[string]string // by the path of a rendered file in the component: that of the one of from it comes from
	files  fileset.Set
}

// rendered is base with the files that the base comes from.
func (s *Session) rendered(ctx context.Context, c lockfile.Component) (rendering, error) {
	at, err := s.locked(ctx, c)
	if err != nil {
		return rendering{}, err
	}
	part, err := at.component(c.Source.Component)
	if err != nil {
		return rendering{}, err
	}
	tree, err := at.snapshot.Component(ctx, part.Source)
	if err != nil {
		return rendering{}, err
	}
	if tree.ID != c.Tree || tree.Files.Digest() != c.Digest {
		return rendering{}, unproven(c, "the component at commit %.12s is not the one that was installed", c.Commit)
	}
	// What was undefined at install, with --allow-undefined, was empty then; the digests prove it.
	from := part.Select(tree.Files)
	rendered, err := render.Component(from, tree.Dir, render.Context(c.Keys), render.Options{AllowUndefined: true})
	if err != nil {
		return rendering{}, fmt.Errorf("rendering %q again: %w", c.Source, err)
	}
	files, err := under(c.Path, tree.Dir, rendered.Files)
	if err != nil {
		return rendering{}, err
	}
	if len(files) != len(c.Files) {
		return rendering{}, unproven(c, "it has %d files, and the lockfile lists %d", len(files), len(c.Files))
	}
	out := make([]fileset.File, len(c.Files))
	for i, f := range c.Files {
		file, ok := files.Lookup(f.Rendered())
		if !ok || file.Digest() != f.Digest || fileset.FormatMode(file.Mode) != f.Mode {
			return rendering{}, unproven(c, "%q is not what was installed", f.Path)
		}
		out[i] = file
		out[i].Path = f.Path
	}
	files, err = fileset.New(out)
	return rendering{at, part, tree.Dir, from, rendered.Source, files}, err
}

func unproven(c lockfile.Component, format string, args ...any) error {
	return failure.Errorf(failure.Integrity, "proving %q from %s: %s", c.Path, c.Source, fmt.Sprintf(format, args...)).
		WithHint("the lockfile was altered, or the pack was; take %s from your version control, or install %q again with --force", LockName, c.Path)
}
