package fetch

import (
	"context"
	"errors"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// maxIdle is how long a session is trusted to live while nothing is asked: a user may take time for an answer.
const maxIdle = 20 * time.Second

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

	session *wire.Session    // idle; nil when there is none
	used    time.Time        // when session was last needed
	offers  *capability.List // what the server can do; nil before it was asked
	listed  []ref.GitRef     // what the server listed so far
	all     bool             // listed is all that the server has
	asked   map[string]bool  // names that were looked for in what the server has
	fills   map[string]int   // requests for files, by commit
}

func (r *remote) url() string { return r.public }

func (r *remote) close() error {
	r.offers, r.listed, r.all = nil, nil, false
	clear(r.asked)
	clear(r.fills)
	return r.hangUp()
}

// hangUp ends the session. The next request opens another.
func (r *remote) hangUp() error {
	s := r.session
	if r.session = nil; s == nil {
		return nil
	}
	return s.Close()
}

// connect opens a session when there is none, or none that is sure to live, and asks once what the server can do.
func (r *remote) connect(ctx context.Context) (err error) {
	if time.Since(r.used) > maxIdle {
		r.hangUp()
	}
	if r.session == nil {
		if r.session, err = r.dialer.Open(ctx, r.at); err != nil {
			r.session = nil
			return err
		}
	}
	if r.offers == nil {
		if r.offers, err = r.session.Offers(ctx); err != nil {
			r.hangUp()
			return err
		}
	}
	r.used = time.Now()
	return nil
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
	if err := r.find(ctx, exact); err != nil {
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

// find lists the refs that may have a name, and all when none has it: then the caller wants to know what there
// is instead.
func (r *remote) find(ctx context.Context, exact string) error {
	full := []string{tagPrefix + exact, headPrefix + exact}
	if strings.HasPrefix(exact, "refs/") {
		full = append(full, exact)
	}
	if exact == "" || len(exact) > maxRefName || plumbing.ReferenceName(tagPrefix+exact).Validate() != nil {
		return r.list(ctx)
	}
	if r.asked[exact] {
		return nil
	}
	if err := r.list(ctx, append(full, head)...); err != nil {
		return err
	}
	r.asked[exact] = true
	found := slices.ContainsFunc(full, func(name string) bool { _, ok := lookupRef(r.listed, name); return ok })
	if found && !mayBeCommit(nil, exact) || len(exact) == fullCommit && isHex(exact) {
		return nil
	}
	return r.list(ctx)
}

// list asks the server for the refs whose names start with one of the prefixes; for all, and once for each
// remote, when there are none.
func (r *remote) list(ctx context.Context, prefixes ...string) error {
	if r.all {
		return nil
	}
	r.tell("reading the refs")
	if err := r.connect(ctx); err != nil {
		return err
	}
	adv, err := r.session.Refs(ctx, prefixes...)
	if err != nil {
		r.hangUp()
		return err
	}
	refs := advertised(adv)
	if r.all = len(prefixes) == 0; !r.all {
		known := slices.DeleteFunc(r.listed, func(g ref.GitRef) bool { _, again := lookupRef(refs, g.Name); return again })
		refs = append(refs, known...)
		slices.SortFunc(refs, byName)
	}
	r.listed = refs
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
		if err := r.update(ctx, nil, func() error { return r.pull(ctx, r.snapshots(r.everything(), 0, false)) }); err != nil {
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
