package install

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// A Source is the files of a component as its pack has them, before they are rendered.
type Source struct{ fetch.Tree }

// Source reads those files of the hop's component that the patterns of the component select.
func (h Hop) Source(ctx context.Context) (Source, error) {
	tree, err := h.Snapshot.Component(ctx, h.Component.Source, h.Component.Selects)
	return Source{tree}, err
}

// Digest returns the digest of the files, as the lockfile records it.
func (s Source) Digest() string { return s.Files.Digest() }

// Render renders the files as render.Component does.
func (s Source) Render(keys render.Context, o render.Options) (render.Result, error) {
	return render.Component(s.Files, s.Dir, keys, o)
}
