package fetch

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Folders of the cache, one for each kind of backend that uses it.
const (
	builtinKind = "builtin"
	remoteKind  = "git"
)

// A backend knows where the refs and objects of one repository come from.
type backend interface {
	// url returns the repository's URL without credentials.
	url() string
	// refs returns the refs in order; see Repo.Refs.
	refs(ctx context.Context, exact string) ([]ref.GitRef, error)
	// knownTag returns a tag without asking a server; see Repo.KnownTag.
	knownTag(ctx context.Context, name string) (ref.GitRef, bool)
	// open returns a store that has the commit of pin. damage is nil, or says what was wrong with the store that was
	// returned before: a backend that can repair it does so.
	open(ctx context.Context, pin ref.Pin, damage *objects.DamagedError) (*objects.Store, error)
	// fill fetches content that a store lacks of the snapshot of pin. A store must be opened again to see it.
	fill(ctx context.Context, pin ref.Pin, missing *missingError) error
	// history returns the commits between two commits; see Repo.Log. damage says what could not be read of those
	// that were returned before.
	history(ctx context.Context, from, to string, damage *objects.DamagedError) (*lineage, error)
	// close closes what the other methods keep open for later calls.
	close() error
}
