package install

import (
	"context"
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// A Base is the files of an install as ppm rendered them, and what they were rendered from.
type Base struct {
	Hop    Hop               // with its component
	Source Source            // what they were rendered from
	From   map[string]string // for each path of a rendered file in the component, the path in Source
	Files  fileset.Set       // each at its path in the project
}

// Base renders an install again, from the locked commit with the locked keys. The error is of kind Integrity if a
// file does not have the digest in the lockfile.
func (p *Packs) Base(ctx context.Context, c lockfile.Component) (Base, error) {
	h, err := p.OpenLocked(ctx, c)
	if err != nil {
		return Base{}, err
	}
	if h.Component, err = h.Find(c.Source.Component); err != nil {
		return Base{}, err
	}
	source, err := h.Source(ctx)
	if err != nil {
		return Base{}, err
	}
	if source.ID != c.Tree || source.Digest() != c.Digest {
		return Base{}, ErrUnproven(c, "the component at commit %.12s is not the one that was installed", c.Commit)
	}
	// With --allow-undefined, undefined names were rendered as empty text at install. The digests are checked below.
	rendered, err := source.Render(render.Context(c.Context()), render.Options{AllowUndefined: true})
	if err != nil {
		return Base{}, fmt.Errorf("rendering %q again: %w", c.Source, err)
	}
	files, licenses, err := source.Place(c.Path, rendered.Files)
	if err != nil {
		return Base{}, err
	}
	if len(files) != len(c.Files) {
		return Base{}, ErrUnproven(c, "it has %d files, and the lockfile lists %d", len(files), len(c.Files))
	}
	out := make([]fileset.File, len(c.Files))
	for i, f := range c.Files {
		file, ok := files.Lookup(f.Rendered())
		if !ok || file.Digest() != f.Digest || lfDigest(file) != f.LFDigest ||
			fileset.FormatMode(file.Mode) != f.Mode || licenses[f.Rendered()] != f.License {
			return Base{}, ErrUnproven(c, "%q is not what was installed", f.Path)
		}
		out[i] = file
		out[i].Path = f.Path
	}
	if files, err = fileset.New(out); err == nil {
		err = p.proveRest(ctx, c)
	}
	return Base{h, source, rendered.Source, files}, err
}

// lfDigest returns the digest of a file with LF line endings, or "" if it does not have both kinds. With it, the file
// is recognized in a checkout of git, which makes all line endings the same.
func lfDigest(f fileset.File) string {
	if merge.LineEndsOf(f.Data) != merge.Mixed {
		return ""
	}
	return fileset.Digest(merge.WithLineEnds(f.Data, merge.LF))
}

// ErrUnproven returns an error of kind Integrity about an install whose base is not what the lockfile says.
func ErrUnproven(c lockfile.Component, format string, args ...any) error {
	problem := fmt.Sprintf(format, args...)
	return failure.Errorf(failure.Integrity, "verifying %q against %s: %s", c.Path, c.Source, problem).
		WithHint("the lockfile or the pack was altered; restore ppm.lock from version control, "+
			"or install %q again with --force", c.Path)
}
