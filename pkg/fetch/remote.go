package fetch

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// remote is the origin of a repository on a server, with a bare repository in the cache that holds
// what was fetched so far. The cached refs are those that the server was seen to have.
type remote struct {
	at     string // the URL to connect to, which may have credentials
	public string // the same without them
	slot   slot   // the cached repository; the zero slot when there is no cache
	dialer *wire.Dialer
	tell   func(text string) // of progress

	offline, refresh bool
	limits           Limits

	session *wire.Session  // idle since the list was read; nil when there is none
	adv     *packp.AdvRefs // what the server listed; nil before it was asked
	listed  []ref.GitRef   // the same
}

func (r *remote) url() string { return r.public }

func (r *remote) close() error {
	s := r.session
	r.session, r.adv, r.listed = nil, nil, nil
	if s == nil {
		return nil
	}
	return s.Close()
}

func (r *remote) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	cached, err := r.cached()
	if err != nil {
		return nil, err
	}
	if exact != "" && (r.offline || !r.refresh) {
		if tag, ok := lookupRef(cached, tagPrefix+exact); ok {
			return []ref.GitRef{tag}, nil
		}
		if mayBeCommit(cached, exact) {
			refs, err := r.cachedCommit(exact)
			if err != nil || len(refs) > 0 {
				return refs, err
			}
		}
	}
	if r.offline {
		return r.offlineRefs(cached, exact)
	}
	if err := r.list(ctx); err != nil {
		return nil, err
	}
	if exact == "" {
		return slices.Clone(r.listed), nil
	}
	if err := r.moved(cached, tagPrefix+exact); err != nil {
		return nil, err
	}
	if mayBeCommit(r.listed, exact) {
		return r.findCommit(ctx, exact)
	}
	return slices.Clone(r.listed), nil
}

// cached returns the refs that the cache knows. A damaged list counts as none: it is replaced by the next fetch.
func (r *remote) cached() ([]ref.GitRef, error) {
	if r.slot.path == "" {
		return nil, nil
	}
	refs, err := readRefs(r.slot.path)
	if errors.Is(err, os.ErrNotExist) || errors.Is(err, errDamagedRefs) {
		return nil, nil
	}
	if err != nil {
		return nil, r.slot.failed(err)
	}
	return refs, nil
}

func (r *remote) cachedCommit(exact string) ([]ref.GitRef, error) {
	o := cachedObjects(r.slot.path)
	defer o.shut()
	refs, err := withCommit(r.public, nil, exact, o)
	if failure.KindOf(err) != failure.Usage {
		err = nil // damage is found, and repaired, when the commit is opened
	}
	return refs, err
}

func (r *remote) offlineRefs(cached []ref.GitRef, exact string) ([]ref.GitRef, error) {
	refs := slices.DeleteFunc(slices.Clone(cached), func(g ref.GitRef) bool { return strings.HasPrefix(g.Name, keptPrefix) })
	for _, name := range []string{exact, headPrefix + exact} {
		if _, ok := lookupRef(refs, name); ok {
			return refs, nil
		}
	}
	if exact == "" && len(refs) > 0 {
		return refs, nil
	}
	what := "the repository"
	if exact != "" {
		what = quote(exact)
	}
	return nil, r.missing(what)
}

func (r *remote) missing(what string) error {
	return failure.Errorf(failure.Network, "looking up %s of %s offline: it is not in the cache", what, quote(r.public)).
		WithHint("run the command without --offline")
}

// list asks the server for its refs, once for each remote.
func (r *remote) list(ctx context.Context) error {
	if r.listed != nil {
		return nil
	}
	r.tell("reading the refs")
	s, err := r.dialer.Open(ctx, r.at)
	if err != nil {
		return err
	}
	adv, err := s.Refs(ctx)
	if err != nil {
		s.Close()
		return err
	}
	r.session, r.adv, r.listed = s, adv, advertised(adv)
	return nil
}

// advertised returns what a server lists: HEAD, tags and branches.
func advertised(adv *packp.AdvRefs) []ref.GitRef {
	refs := make([]ref.GitRef, 0, len(adv.References)+1)
	for name, id := range adv.References {
		n := plumbing.ReferenceName(name)
		if !n.IsTag() && !n.IsBranch() || n.Validate() != nil {
			continue
		}
		g := newRef(name, id)
		if commit, ok := adv.Peeled[name]; ok {
			g.Commit = commit.String()
		}
		refs = append(refs, g)
	}
	slices.SortFunc(refs, byName)
	if adv.Head == nil {
		return refs
	}
	g := newRef(head, *adv.Head)
	for _, symref := range adv.Capabilities.Get(capability.SymRef) {
		if target, ok := strings.CutPrefix(symref, head+":"); ok {
			g.Target = target
		}
	}
	return slices.Insert(refs, 0, g)
}

// moved compares a tag as the server has it now with the cached one.
func (r *remote) moved(cached []ref.GitRef, tag string) error {
	was, ok := lookupRef(cached, tag)
	is, found := lookupRef(r.listed, tag)
	if !ok || !found || was.Object == is.Object {
		return nil
	}
	from, to := "commit "+was.Commit, "commit "+is.Commit
	if was.Commit == is.Commit {
		from, to = "tag object "+was.Object, "tag object "+is.Object
	}
	name := strings.TrimPrefix(tag, tagPrefix)
	_, _, repo := splitURL(r.public)
	return failure.Errorf(failure.Integrity, "checking tag %q of %s: it was moved from %s to %s", name, quote(r.public), from, to).
		WithHint("ask its author why; to accept the move, run ppm cache clean --repo %s --tag %s and try again", repo, name)
}

// findCommit returns the list with the commit that exact is the id, or the beginning of the id, of. A
// whole id is taken as it is: fetching shows whether there is such a commit.
func (r *remote) findCommit(ctx context.Context, exact string) ([]ref.GitRef, error) {
	refs := slices.Clone(r.listed)
	if len(exact) == fullCommit {
		return append(refs, commitRef(exact)), nil
	}
	var tips []string
	for _, g := range refs {
		if strings.HasPrefix(g.Commit, exact) && !slices.Contains(tips, g.Commit) {
			tips = append(tips, g.Commit)
		}
	}
	switch len(tips) {
	case 0:
		if err := r.update(ctx, nil, func() error { return r.pull(ctx, r.whole(r.everything(), 0)) }); err != nil {
			return nil, err
		}
		o := cachedObjects(r.slot.path)
		defer o.shut()
		return withCommit(r.public, refs, exact, o)
	case 1:
		return append(refs, commitRef(tips[0])), nil
	}
	return nil, ambiguous(r.public, exact, tips)
}
