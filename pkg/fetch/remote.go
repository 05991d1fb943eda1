package fetch

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch/wire"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/objects"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/refs"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// Where a server can leave out the content of files, a commit is fetched only with its trees. Content is fetched when
// it is read: first the manifest, then the files of a component, in one request. For more than this, the whole
// snapshot is fetched, which is cheaper than many requests.
const (
	maxFill  = 5000 // files at once
	maxFills = 8    // times for one commit, while a client is open
)

// The histories of a cached repository are in folders of their own, because they lack the content of files. A folder
// has the range of commits that are reachable from one commit and not from another, with the trees that only they
// have. Where that is too little, as after a merge of an old branch, the whole history of the newer commit is in a
// folder below it.
const (
	historyDir     = "history"
	fullHistoryDir = "whole" // in the folder of a range
)

// notOurRef is what git says about an object that it does not have, or does not send.
const notOurRef = "not our ref"

// remote is the backend of a repository on a server.
type remote struct {
	server *server
	cache  cachedRepo
	known  knownTags

	offline, refresh bool
	limits           Limits

	fills map[string]int // requests for files, by commit
}

func (r *remote) url() string { return r.server.public }

func (r *remote) close() error {
	clear(r.fills)
	return r.server.close()
}

func (r *remote) refs(ctx context.Context, exact string) ([]ref.GitRef, error) {
	cached, err := r.cache.refs()
	if err != nil {
		return nil, err
	}
	ask := !r.offline && (r.refresh || slices.Contains(r.known.accept, exact))
	if exact != "" && !ask {
		if tag, ok := refs.Lookup(cached, ref.TagPrefix+exact); ok {
			return []ref.GitRef{tag}, nil
		}
		if mayBeCommit(cached, exact) {
			list, err := r.cachedCommit(exact)
			if err != nil || len(list) > 0 {
				return list, err
			}
		}
	}
	if r.offline {
		return r.offlineRefs(cached, exact)
	}
	if err := r.server.find(ctx, exact); err != nil {
		return nil, err
	}
	if exact == "" {
		return slices.Clone(r.server.listed), nil
	}
	if err := r.checkMoved(cached, ref.TagPrefix+exact); err != nil {
		return nil, err
	}
	if mayBeCommit(r.server.listed, exact) {
		return r.findCommit(ctx, exact)
	}
	return slices.Clone(r.server.listed), nil
}

func (r *remote) cachedCommit(prefix string) ([]ref.GitRef, error) {
	s := r.cache.repo().open()
	defer s.Close()
	list, err := addCommit(nil, r.url(), prefix, s)
	if failure.KindOf(err) != failure.Usage {
		err = nil // damage is found, and repaired, when the commit is opened
	}
	return list, err
}

func (r *remote) offlineRefs(cached []ref.GitRef, exact string) ([]ref.GitRef, error) {
	isKept := func(g ref.GitRef) bool { return strings.HasPrefix(g.Name, keptPrefix) }
	list := slices.DeleteFunc(slices.Clone(cached), isKept)
	for _, name := range []string{exact, ref.BranchPrefix + exact} {
		if _, ok := refs.Lookup(list, name); ok {
			return list, nil
		}
	}
	if exact == "" && len(list) > 0 {
		return list, nil
	}
	what := "the repository"
	if exact != "" {
		what = quote(exact)
	}
	return nil, r.errNotCached(what)
}

func (r *remote) errNotCached(what string) error {
	return failure.Errorf(failure.Network, "looking up %s of %s offline: it is not in the cache",
		what, quote(r.url())).
		WithHint("run the command without --offline")
}

// checkMoved returns an error when the server has a tag with another object than the cache, or this machine, knows.
func (r *remote) checkMoved(cached []ref.GitRef, tag string) error {
	is, found := refs.Lookup(r.server.listed, tag)
	if !found {
		return nil
	}
	if was, ok := refs.Lookup(cached, tag); ok {
		if err := r.known.checkSame(was, is); err != nil {
			return err
		}
	}
	return r.known.check(is)
}

// findCommit returns the listed refs and the commit whose id is or starts with prefix. A full id is not checked:
// fetching shows whether there is such a commit.
func (r *remote) findCommit(ctx context.Context, prefix string) ([]ref.GitRef, error) {
	list := slices.Clone(r.server.listed)
	if len(prefix) == objects.FullHex {
		return append(list, refs.New("", prefix)), nil
	}
	var tips []string
	for _, g := range list {
		if strings.HasPrefix(g.Commit, prefix) && !slices.Contains(tips, g.Commit) {
			tips = append(tips, g.Commit)
		}
	}
	switch len(tips) {
	case 0:
		err := r.cache.update(ctx, nil, func() error { return r.send(ctx, r.snapshots(r.server.tips(), 0, false)) })
		if err != nil {
			return nil, err
		}
		s := r.cache.repo().open()
		defer s.Close()
		return addCommit(list, r.url(), prefix, s)
	case 1:
		return append(list, refs.New("", tips[0])), nil
	}
	return nil, errAmbiguous(r.url(), prefix, tips)
}

func (r *remote) open(ctx context.Context, pin ref.Pin, damage *objects.DamagedError) (*objects.Store, error) {
	if damage == nil {
		if s, err := r.openCached(ctx, pin); s != nil || err != nil {
			return s, err
		}
	}
	if _, err := os.Stat(r.cache.slot.path); r.offline && r.cache.slot.path != "" && os.IsNotExist(err) {
		return nil, r.errNotCached("commit " + pin.Commit) // do not make a cache for nothing
	}
	err := r.cache.update(ctx, damage, func() error {
		if damage != nil && damage.ID.String() == pin.Object && pin.Object != pin.Commit {
			return r.storeTag(ctx, pin)
		}
		return r.store(ctx, pin)
	})
	s := r.cache.repo().open()
	if err == nil {
		return s, nil
	}
	if ok, _ := s.HasCommit(pin.Commit); ok && damage == nil && failure.KindOf(err) == failure.LocalIO {
		return s, nil // a read-only cache can still be read
	}
	s.Close()
	return nil, err
}

// openCached opens the cached repository when nothing needs to be fetched or recorded for pin, else it returns nil.
func (r *remote) openCached(ctx context.Context, pin ref.Pin) (*objects.Store, error) {
	cached, err := r.cache.refs()
	if err != nil {
		return nil, err
	}
	if r.server.hasListed(pin) && strings.HasPrefix(pin.Ref, ref.TagPrefix) {
		if err := r.checkMoved(cached, pin.Ref); err != nil {
			return nil, err
		}
	}
	known, _ := refs.Lookup(cached, pin.Ref)
	_, kept := refs.Lookup(cached, keptPrefix+pin.Commit)
	if !kept || r.server.hasListed(pin) && known.Object != pin.Object {
		return nil, nil
	}
	if r.server.hasListed(pin) {
		if err := r.known.remember(ctx, pin); err != nil {
			return nil, err
		}
	}
	s := r.cache.repo().open()
	if ok, _ := s.HasCommit(pin.Commit); !ok {
		return nil, s.Close()
	}
	return s, nil
}

// store fetches the commit of pin, unless the cache has it by now, and records it.
func (r *remote) store(ctx context.Context, pin ref.Pin) error {
	s := r.cache.repo().open()
	ok, _ := s.HasCommit(pin.Commit)
	if r.server.hasListed(pin) {
		ok = ok && s.Intact(objects.NewID(pin.Commit)) && s.Intact(objects.NewID(pin.Object))
	}
	if err := s.Close(); err != nil {
		return err
	}
	if !ok {
		if r.offline {
			return r.errNotCached("commit " + pin.Commit)
		}
		if err := r.known.check(ref.GitRef{Name: pin.Ref, Object: pin.Object, Commit: pin.Commit}); err != nil {
			return err
		}
		if err := r.fetch(ctx, pin, false); err != nil {
			return err
		}
	}
	return r.record(ctx, pin)
}

// fetch gets only the commit of pin where the server allows it, else all history. Unless full is set, it leaves out
// the content of files where fill can get it later.
func (r *remote) fetch(ctx context.Context, pin ref.Pin, full bool) error {
	ids, alone, err := r.server.wants(ctx, pin)
	if err != nil {
		return err
	}
	if !alone {
		return r.send(ctx, r.snapshots(ids, 0, full))
	}
	err = r.send(ctx, r.snapshots(ids, 1, full))
	if _, listed := r.server.want(pin); err == nil || listed || !strings.Contains(err.Error(), pin.Commit) {
		return err
	}
	if strings.Contains(err.Error(), notOurRef) {
		return errNoCommit(r.url(), pin.Commit)
	}
	if err := r.server.list(ctx); err != nil { // the server does not send what it offers
		return err
	}
	return r.send(ctx, r.snapshots(r.server.tips(), 0, full))
}

// snapshots returns the request for depth commits of each history, or for all when depth is 0; see fetch.
func (r *remote) snapshots(ids []objects.ID, depth int, full bool) request {
	q := request{wire.Request{Wants: ids, Depth: depth}, r.cache.repo(), r.limits.response()}
	if !full && r.server.filters() {
		q.Filter = noBlobs
	}
	return q
}

func (r *remote) send(ctx context.Context, q request) error {
	return r.server.fetch(ctx, q, r.cache.slot.temp())
}

// record checks what was fetched for pin and writes what the server listed for it into the cache.
func (r *remote) record(ctx context.Context, pin ref.Pin) error {
	s := r.cache.repo().open()
	defer s.Close()
	listed := r.server.hasListed(pin)
	if id, ok := s.Peel(objects.NewID(pin.Object), r.limits.FileBytes); listed && (!ok || id.String() != pin.Commit) {
		return failure.Errorf(failure.Integrity,
			"checking %q of %s: the server lists commit %s for it, but it points to %s",
			pin.Ref, quote(r.url()), pin.Commit, id).
			WithHint("report it to the owner of the server")
	}
	if ok, err := s.HasCommit(pin.Commit); err != nil {
		return nil // reading finds it again, and repairs it
	} else if !ok {
		return errNoCommit(r.url(), pin.Commit)
	}
	list, err := r.cache.refs()
	if err != nil {
		return err
	}
	list = refs.Set(list, refs.New(keptPrefix+pin.Commit, pin.Commit))
	if listed {
		if err := r.known.remember(ctx, pin); err != nil {
			return err
		}
		list = r.setListed(list, pin)
	}
	return r.cache.writeRefs(list)
}

// setListed sets the ref of pin, and HEAD when it points to that branch.
func (r *remote) setListed(list []ref.GitRef, pin ref.Pin) []ref.GitRef {
	g := ref.GitRef{Name: pin.Ref, Object: pin.Object, Commit: pin.Commit}
	head, _ := refs.Lookup(r.server.listed, ref.Head)
	if g.Name == ref.Head {
		g.Name = head.Target
	}
	if g.Name == "" {
		return list // a detached HEAD: the commit itself is kept
	}
	list = refs.Set(list, g)
	if g.Name == head.Target {
		g.Name, g.Target = ref.Head, head.Target
		list = refs.Set(list, g)
	}
	return list
}

// fill fetches content of the snapshot of pin that the server left out. It asks for the whole snapshot when the server
// does not send single objects after all, or when there are too many files or requests.
func (r *remote) fill(ctx context.Context, pin ref.Pin, missing *missingError) error {
	return r.cache.update(ctx, nil, func() error {
		if !r.cache.stillMissing(&missing) { // another process was faster
			return nil
		}
		if r.offline {
			return r.errNotCached(fmt.Sprintf("the content of %d files at commit %s", len(missing.ids), pin.Commit))
		}
		if err := r.server.connect(ctx); err != nil {
			return err
		}
		r.fills[pin.Commit]++
		if r.server.filters() && len(missing.ids) <= maxFill && r.fills[pin.Commit] <= maxFills {
			err := r.send(ctx, request{wire.Request{Wants: missing.ids}, r.cache.repo(), r.limits.response()})
			if err != nil && failure.KindOf(err) != failure.Network || err == nil && !r.cache.stillMissing(&missing) {
				return err
			}
		}
		if err := r.fetch(ctx, pin, true); err != nil {
			return err
		}
		if r.cache.stillMissing(&missing) {
			return failure.Errorf(failure.Network,
				"fetching from %s: the server does not send %d files of commit %s, such as %s",
				quote(r.url()), len(missing.ids), pin.Commit, missing.ids[0]).
				WithHint("report it to the owner of the server")
		}
		return nil
	})
}

// history returns the commits between two commits. When an object was missing in the last result, it fetches the whole
// history of the newer commit; after other damage it fetches again.
func (r *remote) history(ctx context.Context, from, to string, damage *objects.DamagedError) (*lineage, error) {
	dir := bareRepo(filepath.Join(r.cache.slot.path, historyDir, from+"-"+to))
	if r.cache.slot.path == "" || damage != nil || !dir.hasPacks() || !r.cache.repo().hasCommit(from) {
		err := r.cache.update(ctx, damage, func() error { return r.storeHistory(ctx, from, to, dir, damage) })
		if err != nil {
			return nil, err
		}
	}
	commits, full := dir.open(), bareRepo(filepath.Join(string(dir), fullHistoryDir)).open()
	return &lineage{commits, objects.Chain(commits, r.cache.repo().open(), full)}, nil
}

// storeHistory fetches the range of commits between two commits into the repository dir, and the whole history of the
// newer one when the range is known to be too little. One range is kept for each older commit, because the newer one
// is usually the latest at that time.
func (r *remote) storeHistory(ctx context.Context, from, to string, dir bareRepo, damage *objects.DamagedError) error {
	if err := r.store(ctx, ref.Pin{Commit: from}); err != nil {
		return err
	}
	q := request{wire.Request{Filter: noBlobs, Haves: []objects.ID{objects.NewID(from)}}, dir, r.limits.response()}
	stale := filepath.Join(r.cache.slot.path, historyDir, from+"-*")
	switch {
	case damage != nil && damage.Absent():
		q.repo, q.Haves = bareRepo(filepath.Join(string(dir), fullHistoryDir)), nil
		stale = string(q.repo)
	case damage == nil && dir.hasPacks():
		return nil
	}
	if r.offline {
		return r.errNotCached("the history of commit " + to)
	}
	ids, _, err := r.server.wants(ctx, ref.Pin{Commit: to})
	if err != nil {
		return err
	}
	old, err := filepath.Glob(stale)
	if err != nil {
		return err
	}
	for _, name := range old {
		if err := os.RemoveAll(name); err != nil {
			return err
		}
	}
	if err := q.repo.init(partialConfig); err != nil {
		return err
	}
	q.limits.PackBytes = min(q.limits.PackBytes, r.limits.HistoryBytes)
	q.Wants = ids
	return r.send(ctx, q)
}
