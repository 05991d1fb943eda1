package fetch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp"
	"github.com/go-git/go-git/v5/plumbing/protocol/packp/capability"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

const (
	shallowFile = "shallow"   // git's list of commits whose parents were not fetched
	promisor    = ".promisor" // git's mark of a pack that does not hold all that belongs to it

	allowAny  = capability.Capability("allow-any-sha1-in-want")
	notOurRef = "not our ref" // what git says about an object that it does not have, or does not give
)

func (r *remote) open(ctx context.Context, pin ref.Pin, damage *damaged) (*objects, error) {
	if damage == nil {
		if o, err := r.ready(pin); o != nil || err != nil {
			return o, err
		}
	}
	err := r.update(ctx, damage, func() error { return r.store(ctx, pin) })
	o := cachedObjects(r.slot.path)
	if err == nil {
		return o, nil
	}
	if ok, _ := o.holds(pin.Commit); ok && damage == nil && failure.KindOf(err) == failure.LocalIO {
		return o, nil // in a cache that can only be read, what is there serves
	}
	o.shut()
	return nil, err
}

// ready returns the cached objects when nothing needs to be fetched or recorded for pin, else nil.
func (r *remote) ready(pin ref.Pin) (*objects, error) {
	cached, err := r.cached()
	if err != nil {
		return nil, err
	}
	if r.saw(pin) && strings.HasPrefix(pin.Ref, tagPrefix) {
		if err := r.moved(cached, pin.Ref); err != nil {
			return nil, err
		}
	}
	known, _ := lookupRef(cached, pin.Ref)
	_, kept := lookupRef(cached, keptPrefix+pin.Commit)
	if !kept || r.saw(pin) && known.Object != pin.Object {
		return nil, nil
	}
	o := cachedObjects(r.slot.path)
	if ok, _ := o.holds(pin.Commit); !ok {
		return nil, o.shut()
	}
	return o, nil
}

// saw reports whether the server listed what pin says. A pin from a lockfile is no proof of that.
func (r *remote) saw(pin ref.Pin) bool {
	g, ok := lookupRef(r.listed, pin.Ref)
	return ok && g.Object == pin.Object && g.Commit == pin.Commit
}

// update calls f while no other process writes to the cached repository, which it makes when it is
// not there, and rids of the packs that hold the damaged object.
func (r *remote) update(ctx context.Context, damage *damaged, f func() error) (err error) {
	if r.slot.path == "" {
		return failure.Errorf(failure.LocalIO, "fetching %s: there is no folder for the cache", quote(r.public)).
			WithHint("set HOME, or name a cache folder")
	}
	unlock, err := r.slot.lock(ctx)
	if err != nil {
		return err
	}
	defer func() { err = r.slot.failed(errors.Join(err, unlock())) }()
	if err := r.prepare(); err != nil {
		return err
	}
	if err := r.repair(damage); err != nil {
		return err
	}
	return f()
}

// prepare makes the cached repository when there is none that can be read.
func (r *remote) prepare() error {
	if _, err := readRefs(r.slot.path); err == nil {
		return nil
	}
	if err := initBare(r.slot.path, partialConfig); err != nil {
		return err
	}
	if err := writeURL(r.slot.path, r.slot.temp(), r.public); err != nil {
		return err
	}
	return writeRefs(r.slot.path, r.slot.temp(), nil)
}

// repair removes the packs that hold a damaged object, unless another process has done so, and those
// whose index cannot be read.
func (r *remote) repair(damage *damaged) error {
	packs, err := listPacks(r.slot.path)
	if err != nil {
		return err
	}
	o := cachedObjects(r.slot.path)
	bad := damage != nil && !o.sound(damage.id)
	if err := o.shut(); err != nil {
		return err
	}
	for _, p := range packs {
		if p.index != nil && (!bad || !p.has(damage.id)) {
			continue
		}
		if r.offline {
			return failure.Errorf(failure.Integrity, "reading the cache of %s: a pack is damaged", quote(r.public)).
				WithHint("run the command without --offline to fetch it again")
		}
		if err := p.remove(); err != nil {
			return err
		}
	}
	return nil
}

// store fetches the commit of pin, unless the cache has it by now, and records it.
func (r *remote) store(ctx context.Context, pin ref.Pin) error {
	o := cachedObjects(r.slot.path)
	ok, _ := o.holds(pin.Commit)
	if r.saw(pin) {
		ok = ok && o.sound(plumbing.NewHash(pin.Commit)) && o.sound(plumbing.NewHash(pin.Object))
	}
	if err := o.shut(); err != nil {
		return err
	}
	if !ok {
		if r.offline {
			return r.missing("commit " + pin.Commit)
		}
		if err := r.fetch(ctx, pin, false); err != nil {
			return err
		}
	}
	return r.record(pin)
}

// fetch gets the commit of pin alone where the server lets it, else all history. Unless whole, the content of
// files is left out where fill can get it later.
func (r *remote) fetch(ctx context.Context, pin ref.Pin, whole bool) error {
	ids, alone, err := r.wants(ctx, pin)
	if err != nil {
		return err
	}
	if !alone {
		return r.pull(ctx, r.snapshots(ids, 0, whole))
	}
	err = r.pull(ctx, r.snapshots(ids, 1, whole))
	if _, listed := r.want(pin); err == nil || listed || !strings.Contains(err.Error(), pin.Commit) {
		return err
	}
	if strings.Contains(err.Error(), notOurRef) {
		return noCommit(r.public, pin.Commit)
	}
	if err := r.list(ctx); err != nil { // the server offered what it does not give
		return err
	}
	return r.pull(ctx, r.snapshots(r.everything(), 0, whole))
}

// wants returns what to ask the server for to get the commit of pin, and whether that is the commit alone.
// Where it does not give that, it is the tips of all history.
func (r *remote) wants(ctx context.Context, pin ref.Pin) (ids []plumbing.Hash, alone bool, err error) {
	if err := r.connect(ctx); err != nil {
		return nil, false, err
	}
	if !r.gives() {
		if err := r.list(ctx); err != nil {
			return nil, false, err
		}
	}
	if want, listed := r.want(pin); listed || r.gives() {
		return []plumbing.Hash{want}, true, nil
	}
	return r.everything(), false, nil
}

// want returns the object that the commit of pin comes with: the object of a ref, which every server
// gives, and which of an annotated tag proves what it stands for; else the commit.
func (r *remote) want(pin ref.Pin) (id plumbing.Hash, listed bool) {
	if r.saw(pin) {
		return plumbing.NewHash(pin.Object), true
	}
	for _, g := range r.listed {
		if g.Commit == pin.Commit {
			return plumbing.NewHash(g.Object), true
		}
	}
	return plumbing.NewHash(pin.Commit), false
}

// gives reports whether the server sends commits that no ref stands for.
func (r *remote) gives() bool {
	return r.offers.Supports(capability.AllowReachableSHA1InWant) || r.offers.Supports(allowAny)
}

// filters reports whether the server can leave out the content of files, and send it later by its ids. Of a
// server of version 0 the latter is not known.
func (r *remote) filters() bool {
	return r.offers.Supports(capability.Filter) && r.offers.Supports(allowAny)
}

// everything returns the objects of all branches and tags: with their history, all of the repository.
func (r *remote) everything() []plumbing.Hash {
	ids := make([]plumbing.Hash, len(r.listed))
	for i, g := range r.listed {
		ids[i] = plumbing.NewHash(g.Object)
	}
	plumbing.HashesSort(ids)
	return slices.Compact(ids)
}

// A pull is one request for a pack.
type pull struct {
	ids    []plumbing.Hash // what is wanted
	haves  []plumbing.Hash // commits that are on this machine with all that belongs to them
	depth  int             // commits of each history; 0 means all
	filter string          // in git's words; a server that knows no filters sends more
	dir    string          // the bare repository to put it in
	limits Limits
}

// snapshots is the request for depth commits of each history, or for all when depth is 0; see fetch.
func (r *remote) snapshots(ids []plumbing.Hash, depth int, whole bool) pull {
	p := pull{ids: ids, depth: depth, dir: r.slot.path, limits: r.limits}
	if !whole && r.filters() {
		p.filter = noBlobs
	}
	return p
}

// pull stores what the server sends.
func (r *remote) pull(ctx context.Context, p pull) error {
	if len(p.ids) == 0 {
		return nil // an empty repository
	}
	r.tell("fetching")
	if err := r.connect(ctx); err != nil {
		return err
	}
	req := packp.NewUploadPackRequest()
	req.Wants, req.Haves, req.Filter = p.ids, p.haves, packp.Filter(p.filter)
	if r.offers.Supports(capability.Shallow) {
		req.Depth = packp.DepthCommits(p.depth)
	}
	resp, err := r.session.Fetch(ctx, req)
	if err != nil {
		r.hangUp()
		return err
	}
	base, err := receive(ctx, resp, p.dir, r.slot.temp(), p.limits)
	resp.Close()
	if err != nil {
		r.hangUp()
	}
	if errors.Is(err, errMalformedPack) {
		return failure.Errorf(failure.Network, "fetching from %s: %w", quote(r.public), err).
			WithHint("try again; if it stays so, the server's copy is damaged")
	}
	if err == nil && p.filter != "" && r.offers.Supports(capability.Filter) {
		err = os.WriteFile(base+promisor, nil, 0o644)
	}
	if err != nil {
		return err
	}
	return addShallow(p.dir, r.slot.temp(), resp.Shallows)
}

// addShallow notes commits whose parents were left out, so that git can read the cache, too.
func addShallow(dir, temp string, ids []plumbing.Hash) error {
	name := filepath.Join(dir, shallowFile)
	data, err := os.ReadFile(name)
	if ignoreNotExist(err) != nil {
		return err
	}
	lines := strings.Fields(string(data))
	for _, id := range ids {
		lines = append(lines, id.String())
	}
	if len(lines) == 0 {
		return nil
	}
	slices.Sort(lines)
	return writeFile(name, temp, []byte(strings.Join(slices.Compact(lines), "\n")+"\n"))
}

// record checks what was fetched for pin and makes the cache remember what the server listed for it.
func (r *remote) record(pin ref.Pin) error {
	o := cachedObjects(r.slot.path)
	defer o.shut()
	seen := r.saw(pin)
	if id, ok := o.peel(plumbing.NewHash(pin.Object), r.limits.FileBytes); seen && (!ok || id.String() != pin.Commit) {
		return failure.Errorf(failure.Integrity, "checking %q of %s: the server lists commit %s for it, but it stands for %s",
			pin.Ref, quote(r.public), pin.Commit, id).WithHint("tell the owner of the server")
	}
	if ok, err := o.holds(pin.Commit); err != nil {
		return nil // reading finds it again, and repairs it
	} else if !ok {
		return noCommit(r.public, pin.Commit)
	}
	refs, err := r.cached()
	if err != nil {
		return err
	}
	refs = setRef(refs, newRef(keptPrefix+pin.Commit, plumbing.NewHash(pin.Commit)))
	if seen {
		refs = r.setSeen(refs, pin)
	}
	return writeRefs(r.slot.path, r.slot.temp(), refs)
}

// setSeen adds the ref of pin, and HEAD when it is that branch.
func (r *remote) setSeen(refs []ref.GitRef, pin ref.Pin) []ref.GitRef {
	g := ref.GitRef{Name: pin.Ref, Object: pin.Object, Commit: pin.Commit}
	top, _ := lookupRef(r.listed, head)
	if g.Name == head {
		g.Name = top.Target
	}
	if g.Name == "" {
		return refs // a HEAD that is no branch: the commit itself is kept
	}
	refs = setRef(refs, g)
	if g.Name == top.Target {
		g.Name, g.Target = head, top.Target
		refs = setRef(refs, g)
	}
	return refs
}

// setRef returns refs with g in the place of the one of its name.
func setRef(refs []ref.GitRef, g ref.GitRef) []ref.GitRef {
	refs = slices.DeleteFunc(slices.Clone(refs), func(old ref.GitRef) bool { return old.Name == g.Name })
	return append(refs, g)
}
