// Package install turns a reference, or an entry of the lockfile, into rendered files.
//
// A component can be a reference to a component of another pack. Each pack that is followed is a hop, and all hops
// are a chain, which begins with the pack that the user named. A Builder gives the keys of a chain their values,
// renders the component and places its files. Nothing here writes to a project.
package install

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/registry"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// maxHops limits how many references from pack to pack are followed.
const maxHops = 32

// maxTags limits the tags that are searched for a missing component.
const maxTags = 64

// Options say where packs come from.
type Options struct {
	Layers   *manifest.Manifest // all layers, merged
	Shared   *manifest.Manifest // those that every user of the project has, merged; nil without a project
	Lock     *lockfile.Lock     // of the project; nil without one
	BuiltIn  fs.FS              // the folders that the index of the built-in packs names
	Fetch    fetch.Options      // NewPacks sets Builtin, Policy, Limits, Progress and Notify
	Signers  *signers.Checker   // says who signed versions of packs
	Notify   func(string)       // reports what is worth knowing and is not an error
	Progress func(string)       // reports what is being done; may be nil
}

// Packs opens packs. It reads the manifest of each commit once.
type Packs struct {
	o        Options
	registry *registry.Registry
	shared   *registry.Registry  // decides what a name in the records of the project means
	recorded map[ref.Origin]bool // the origins that the lockfile names
	client   *fetch.Client
	hops     map[string]Hop   // without Ref and Component, by URL and commit
	reached  map[string]error // by fact: nil if the ref of an install has its commit, or why it could not be asked
	moved    []string         // notes on moved tags that are not reported yet
	rendered atomic.Int64     // bytes of all components so far
}

// NewPacks returns Packs that look up names in the layers.
func NewPacks(o Options) (*Packs, error) {
	p := &Packs{o: o, registry: registry.New(o.Layers, o.BuiltIn), hops: map[string]Hop{}, reached: map[string]error{}}
	p.shared, p.recorded = p.registry, map[ref.Origin]bool{}
	if o.Shared != nil {
		p.shared = registry.New(o.Shared, o.BuiltIn)
	}
	if o.Lock != nil {
		for _, c := range o.Lock.Components {
			for _, r := range c.References() {
				p.recorded[r.Origin] = true
			}
		}
	}
	client, err := p.newClient(o.Fetch.Offline)
	if err != nil {
		return nil, err
	}
	p.client = client
	return p, nil
}

// Close ends all connections.
func (p *Packs) Close() error { return p.client.Close() }

// Client returns the client that fetches the packs.
func (p *Packs) Client() *fetch.Client { return p.client }

// Registry returns the registry in which names are looked up.
func (p *Packs) Registry() *registry.Registry { return p.registry }

// Offline reports whether the network must not be used.
func (p *Packs) Offline() bool { return p.o.Fetch.Offline }

func (p *Packs) newClient(offline bool) (*fetch.Client, error) {
	o := p.o.Fetch
	o.Offline, o.Refresh = offline, o.Refresh && !offline
	o.Builtin, o.Notify = p.Builtin, p.o.Notify
	o.Limits = fetchLimits(p.o.Layers.Limits)
	o.Policy = p.o.Layers.Policy
	if p.o.Progress != nil { // a server that sends no progress answers sooner
		o.Progress = func(e fetch.Event) { p.o.Progress(e.String()) }
	}
	return fetch.New(o)
}

// Builtin returns a built-in pack for a fetch.Client.
func (p *Packs) Builtin(name string) (*fetch.Builtin, error) {
	if len(p.registry.Tags(name)) == 0 {
		_, err := p.registry.Releases(name)
		return nil, err
	}
	key, err := p.registry.Key(name)
	if err != nil {
		return nil, err
	}
	return &fetch.Builtin{Name: name, Key: key, Releases: func() ([]fetch.Release, error) {
		releases, err := p.registry.Releases(name)
		if err != nil {
			return nil, err
		}
		out := make([]fetch.Release, len(releases))
		for i, r := range releases {
			out[i] = fetch.Release{
				Tag: r.Tag, Branch: r.Branch, Date: r.Date, Message: "Release " + r.Tag, Files: r.Files,
			}
		}
		return out, nil
	}}, nil
}

// Open resolves the pack of a reference and reads its manifest.
func (p *Packs) Open(ctx context.Context, r ref.Ref) (Hop, error) {
	return p.openURL(ctx, r, p.URL(p.Portable(r.Origin)))
}

func (p *Packs) openURL(ctx context.Context, r ref.Ref, url string) (Hop, error) {
	p.progress("resolving %s", r)
	repo, err := p.Repo(r, url)
	if err != nil {
		return Hop{}, err
	}
	found, err := p.resolve(ctx, r, url, repo)
	if err != nil {
		return Hop{}, p.SuggestName(r.Origin, errForbidden(r, err))
	}
	for _, note := range found.Notes {
		p.o.Notify(note)
	}
	return p.OpenPin(ctx, r, found.Pin)
}

func (p *Packs) progress(format string, args ...any) {
	if p.o.Progress != nil {
		p.o.Progress(fmt.Sprintf(format, args...))
	}
}

// SuggestName adds a hint to the error about a pack that cannot be read, if its origin looks like a mistyped name: of
// a pack on a forge, of a component of a built-in pack, or of a built-in pack.
func (p *Packs) SuggestName(o ref.Origin, err error) error {
	if name := o.ForgeName(); name != "" && failure.KindOf(err) == failure.Network {
		return failure.Errorf(failure.Network, "%w", err).
			WithHint("%s is an ssh address; if you mean the pack, write %s. Otherwise %s", o, name, failure.Hint(err))
	}
	if o.URL == "" && o.Host == "" && slices.Contains(p.registry.Names(), o.Namespace) {
		return failure.Errorf(failure.KindOf(err), "%w", err).
			WithHint("a component of the built-in pack %s is written %s//%s. Otherwise %s",
				o.Namespace, o.Namespace, o.Repo, failure.Hint(err))
	}
	near := suggest.Words(o.Repo, p.registry.Names())
	if o.URL != "" || o.Host != "" || o.Namespace != "" || len(near) == 0 || near[0] == o.Repo {
		return err
	}
	return failure.Errorf(failure.KindOf(err), "%w", err).
		WithHint("%s It is built in. Otherwise %s", suggest.DidYouMean(near[:1]), failure.Hint(err))
}

// OpenLocked reads the pack of an install at its locked commit. It uses no network if the commit is in the cache, and
// its origin was proven on this machine. Else the server is asked: see CheckReached.
func (p *Packs) OpenLocked(ctx context.Context, c lockfile.Component) (Hop, error) {
	if err := p.checkReachedOnce(ctx, c); err != nil {
		p.reportMoved(err)
		return Hop{}, err
	}
	h, err := p.OpenPin(ctx, c.Source, ref.Pin{URL: c.URL, Ref: c.Ref, Object: c.Object, Commit: c.Commit})
	p.reportMoved(err)
	if errors.Is(err, fetch.ErrNoCommit) {
		next := fmt.Sprintf("if it was deleted upstream, install %q again with --force", c.Path)
		if _, builtIn := ref.BuiltinName(c.URL); builtIn {
			next = "otherwise " + failure.Hint(err)
		}
		err = failure.Errorf(failure.Integrity, "verifying %q against %s: %w", c.Path, c.Source, err).
			WithHint("if ppm.lock was altered, restore it from version control; %s", next)
	}
	return h, err
}

// OpenPin reads the manifest of the pack at a pin. It leaves Hop.Component empty: see Hop.Find.
func (p *Packs) OpenPin(ctx context.Context, r ref.Ref, pin ref.Pin) (Hop, error) {
	repo, err := p.Repo(r, pin.URL)
	if err != nil {
		return Hop{}, err
	}
	return p.openPin(ctx, repo, r, pin)
}

func (p *Packs) openPin(ctx context.Context, repo *fetch.Repo, r ref.Ref, pin ref.Pin) (Hop, error) {
	snapshot, err := repo.Snapshot(ctx, pin) // checks the tag of the pin, also of a commit that is open
	if err != nil {
		return Hop{}, err
	}
	key := pin.URL + " " + pin.Commit
	if h, known := p.hops[key]; known {
		h.Ref, h.Pin, h.Snapshot = r, pin, snapshot
		return h, nil
	}
	name := r
	name.Component = ""
	manifest, err := pack.Load(name.String(), func(path string) ([]byte, error) {
		if other := p.o.Layers.Sources.TemplateConfigName; path == pack.Pmfp && other != "" {
			path = other // pmfp lets its users give the manifest of packs another name
		}
		return snapshot.ReadFile(ctx, path)
	})
	if err != nil {
		return Hop{}, err
	}
	h := Hop{Ref: r, Pin: pin, Snapshot: snapshot, Pack: manifest}
	p.hops[key] = h
	return h, nil
}

// Follow finds the component that a reference names, through references from pack to pack.
func (p *Packs) Follow(ctx context.Context, r ref.Ref) (Chain, error) {
	h, err := p.Open(ctx, r)
	if err != nil {
		return nil, err
	}
	c, err := p.FollowFrom(ctx, h)
	if err != nil && len(c) == 1 && c.Last().Component.Name == "" {
		err = p.suggestTags(ctx, h, err)
	}
	return c, err
}

// FollowFrom is Follow from a pack that has been opened. With an error it returns the hops up to the one that failed.
func (p *Packs) FollowFrom(ctx context.Context, h Hop) (c Chain, err error) {
	seen := map[string]bool{}
	h.Ref.Origin = p.Portable(h.Ref.Origin)
	for {
		h.Component, err = h.Find(h.Ref.Component)
		if _, renamed := h.Pack.Renamed(h.Ref.Component); renamed {
			h.Ref.Component = h.Component.Name
		}
		c = append(c, h)
		if err != nil {
			return c, c.wrap(err)
		}
		// The commit, not the name, tells whether the chain was here before.
		id := h.Pin.URL + " " + h.Pin.Commit + " " + h.Component.Name
		if seen[id] || len(c) > maxHops {
			return c, failure.Errorf(failure.Usage, "component %q refers to itself: %s", c.First().Ref, c).
				WithHint("report it to the authors of %s", h.Pin.URL)
		}
		seen[id] = true
		next, isLink, err := h.Component.Link()
		if err != nil {
			return c, c.wrap(err)
		}
		if !isLink {
			return c, nil
		}
		if next.Origin.IsLocal() && !h.Ref.Origin.IsLocal() {
			return c, failure.Errorf(failure.Refused, "component %q refers to a path of this machine, %q",
				h.Ref, next).
				WithHint("report it to the authors of %s", h.Pin.URL)
		}
		url := h.Pin.URL
		if !h.isSameRepository(next.Origin) {
			next.Origin = p.Portable(next.Origin)
			url = p.URL(next.Origin)
		}
		if h, err = p.openURL(ctx, next, url); err != nil {
			return c, c.wrap(err)
		}
	}
}

// suggestTags adds a hint to the error about a missing component: the tags in the cache that have it.
func (p *Packs) suggestTags(ctx context.Context, h Hop, missing error) error {
	client, err := p.newClient(true)
	if err != nil {
		return missing
	}
	defer client.Close()
	// What is opened offline stays offline, so p must not remember it.
	cached := &Packs{
		o: p.o, registry: p.registry, shared: p.shared, recorded: p.recorded, client: client,
		hops: map[string]Hop{},
	}
	repo, err := cached.Repo(h.Ref, h.Pin.URL)
	if err != nil {
		return missing
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return missing
	}
	refs = slices.DeleteFunc(refs, func(g ref.GitRef) bool { return !strings.HasPrefix(g.Name, ref.TagPrefix) })
	var have []string
	for _, g := range refs[max(0, len(refs)-maxTags):] {
		pin := ref.Pin{URL: h.Pin.URL, Ref: g.Name, Object: g.Object, Commit: g.Commit}
		other, err := cached.openPin(ctx, repo, h.Ref, pin)
		if err != nil {
			continue // not in the cache, or not a pack
		}
		if _, err := other.Find(h.Ref.Component); err == nil {
			have = append(have, strings.TrimPrefix(g.Name, ref.TagPrefix))
		}
	}
	if len(have) == 0 {
		return missing
	}
	return failure.Errorf(failure.Usage, "%w", missing).
		WithHint("write it as %s@TAG//%s, with one of the tags that have it: %s",
			ref.Ref{Origin: h.Ref.Origin}, h.Ref.Component, strings.Join(have, ", "))
}

// Retrace returns the chain of an install: its own pack at the locked commit, and the packs that led there.
func (p *Packs) Retrace(ctx context.Context, locked lockfile.Component) (Chain, error) {
	var c Chain
	url := ""
	for i, r := range append(slices.Clone(locked.Via), locked.Source) {
		if len(c) == 0 || !c.Last().isSameRepository(r.Origin) {
			url = p.URL(r.Origin)
		}
		var h Hop
		var err error
		outer := i < len(locked.Via)
		if outer {
			h, err = p.openURL(ctx, r, url)
		} else {
			h, err = p.OpenLocked(ctx, locked)
		}
		if err == nil {
			h.Component, err = h.Find(r.Component)
		}
		if outer && errors.Is(err, failure.Usage) {
			// Its branch has moved on without the component: the lock has no commit of the outer packs.
			p.o.Notify(fmt.Sprintf("ignoring what %s requires for %q: %v", r, locked.Path, err))
			continue
		}
		if err != nil {
			return c, err
		}
		c = append(c, h)
	}
	return c, nil
}

// A Listing is the refs of the repository of a reference, as the server has them now.
type Listing struct {
	URL  string
	Repo *fetch.Repo
	Refs []ref.GitRef
}

// List lists the refs of the repository of a reference.
func (p *Packs) List(ctx context.Context, r ref.Ref) (Listing, error) {
	return p.ListURL(ctx, r, p.URL(p.Portable(r.Origin)))
}

// ListURL lists the refs of the repository of a reference, at a clone URL.
func (p *Packs) ListURL(ctx context.Context, r ref.Ref, url string) (Listing, error) {
	repo, err := p.Repo(r, url)
	if err != nil {
		return Listing{}, err
	}
	refs, err := repo.Refs(ctx, "")
	return Listing{url, repo, refs}, err
}

// IsOnMachine reports whether the repository at a clone URL is built in or a path of this machine, so that it is never
// asked over the network.
func (p *Packs) IsOnMachine(url string) bool {
	_, builtIn := ref.BuiltinName(url)
	return builtIn || ref.Origin{URL: url}.IsLocal()
}

// Lookup returns the ref with a full name.
func (l Listing) Lookup(name string) (ref.GitRef, bool) {
	for _, g := range l.Refs {
		if g.Name == name && name != "" {
			return g, true
		}
	}
	return ref.GitRef{}, false
}

// Find returns the commit of the ref with a full name.
func (l Listing) Find(name string) (commit string, ok bool) {
	g, ok := l.Lookup(name)
	return g.Commit, ok
}

// Resolve returns the pin that a reference to a repository means now. Of a glob or a range, that is the highest tag
// that is not retracted.
func (p *Packs) Resolve(ctx context.Context, l Listing, r ref.Ref) (ref.Pin, error) {
	found, err := p.resolve(ctx, r, l.URL, l.Repo)
	return found.Pin, err
}

// Newer returns the released tags of the same series as a tag that are newer, oldest first. ordered is false when the
// tag cannot be compared with the other tags that there are.
func (l Listing) Newer(tag string) (newer []string, ordered bool) {
	tags := l.tags()
	return resolver.Newer(tags, tag), resolver.IsOrdered(tag) || len(tags) <= 1
}

// OtherForms returns the highest tags of the series that may continue the one of a tag in another form.
func (l Listing) OtherForms(tag string) []string { return resolver.OtherForms(l.tags(), tag) }

func (l Listing) tags() []string {
	var tags []string
	for _, g := range l.Refs {
		if tag, ok := strings.CutPrefix(g.Name, ref.TagPrefix); ok {
			tags = append(tags, tag)
		}
	}
	return tags
}

// OpenAt reads the pack of an install at another commit, with the install's component.
func (p *Packs) OpenAt(ctx context.Context, c lockfile.Component, url, commit string) (Hop, error) {
	h, err := p.OpenPin(ctx, c.Source, ref.Pin{URL: url, Object: commit, Commit: commit})
	if err != nil {
		return h, err
	}
	h.Component, err = h.Find(c.Source.Component)
	return h, err
}

// RefCommit returns the commit that the ref of an install points to on the server, or "" if the ref is gone.
func (p *Packs) RefCommit(ctx context.Context, c lockfile.Component) (string, error) {
	repo, err := p.Repo(c.Source, c.URL)
	if err != nil {
		return "", err
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return "", err
	}
	for _, g := range refs {
		if g.Name == c.Ref {
			return g.Commit, nil
		}
	}
	return "", nil
}
