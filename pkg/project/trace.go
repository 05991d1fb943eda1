package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// maxLinks bounds how many references between packs are followed one after the other.
const maxLinks = 32

// A stop is one pack on the way from a reference to the files it means.
type stop struct {
	ref      ref.Ref // as typed, or as the pack before it names it
	pin      ref.Pin
	snapshot *fetch.Snapshot
	pack     *pack.Pack
	part     pack.Component // that the reference names; the zero value when it names none
}

// A trail is the way from a reference to a component: the packs passed, outermost
// first. The first stop's default path wins, the last one holds the component's files.
type trail struct{ stops []stop }

func (t trail) first() stop { return t.stops[0] }
func (t trail) last() stop  { return t.stops[len(t.stops)-1] }

// source is what the lockfile records: the reference reached in the end.
func (t trail) source() ref.Ref {
	r := t.last().ref
	r.Component = t.last().part.Name
	return r
}

// via is the way to source, outermost first; empty when the reference led there directly.
func (t trail) via() []ref.Ref {
	var out []ref.Ref
	for _, s := range t.stops[:len(t.stops)-1] {
		out = append(out, s.ref)
	}
	return out
}

// open resolves the pack of a reference and reads its manifest.
func (s *Session) open(ctx context.Context, r ref.Ref, url string) (stop, error) {
	s.setup.Progress(fmt.Sprintf("resolving %s", r))
	repo, err := s.remote.Repo(url)
	if err != nil {
		return stop{}, err
	}
	found, err := resolver.Resolve(ctx, url, r.Version, repo)
	if err != nil {
		return stop{}, s.mistyped(r.Origin, err)
	}
	for _, note := range found.Notes {
		s.setup.Notify(note)
	}
	return s.stopAt(ctx, repo, r, found.Pin)
}

// mistyped adds to the failure of a name that was looked up on the default host the
// built-in pack that was probably meant.
func (s *Session) mistyped(o ref.Origin, err error) error {
	near := suggest.Words(o.Repo, s.registry.Names())
	if o.URL != "" || o.Host != "" || o.Namespace != "" || len(near) == 0 || near[0] == o.Repo {
		return err
	}
	return failure.Errorf(failure.KindOf(err), "%w", err).
		WithHint("did you mean %q, which is inside ppm? Otherwise %s", near[0], failure.Hint(err))
}

// stopAt reads the manifest of the pack at a pin, once in a run: many installs may come from one pack.
func (s *Session) stopAt(ctx context.Context, repo *fetch.Repo, r ref.Ref, pin ref.Pin) (stop, error) {
	key := pin.URL + " " + pin.Commit
	if at, known := s.stops[key]; known {
		at.ref, at.pin = r, pin
		return at, nil
	}
	snapshot, err := repo.Snapshot(ctx, pin)
	if err != nil {
		return stop{}, err
	}
	name := r
	name.Component = ""
	p, err := pack.Load(name.String(), func(path string) ([]byte, error) {
		if other := s.layers.Sources.TemplateConfigName; path == pack.Pmfp && other != "" {
			path = other // pmfp lets its users call the manifest of packs something else
		}
		return snapshot.ReadFile(ctx, path)
	})
	if err != nil {
		return stop{}, err
	}
	at := stop{ref: r, pin: pin, snapshot: snapshot, pack: p}
	s.stops[key] = at
	return at, nil
}

// follow finds the component that a reference names, through references from pack to pack.
func (s *Session) follow(ctx context.Context, r ref.Ref) (trail, error) {
	at, err := s.open(ctx, r, s.registry.URL(r.Origin))
	if err != nil {
		return trail{}, err
	}
	t, err := s.followFrom(ctx, at)
	if err != nil && len(t.stops) == 1 && t.last().part.Name == "" {
		err = s.elsewhere(ctx, at, err)
	}
	return t, err
}

// followFrom is follow from a pack that has been opened.
func (s *Session) followFrom(ctx context.Context, at stop) (t trail, err error) {
	seen := map[string]bool{}
	for {
		at.part, err = at.component(at.ref.Component)
		t.stops = append(t.stops, at)
		if err != nil {
			return t, t.wrap(err)
		}
		// The commit, not the name, tells whether the way has come here before.
		place := at.pin.URL + " " + at.pin.Commit + " " + at.part.Name
		if seen[place] || len(t.stops) > maxLinks {
			return t, failure.Errorf(failure.Usage, "component %q refers to itself: %s", t.stops[0].ref, t.chain()).
				WithHint("tell the authors of %s", at.pin.URL)
		}
		seen[place] = true
		next, isLink, err := at.part.Link()
		if err != nil {
			return t, t.wrap(err)
		}
		if !isLink {
			return t, nil
		}
		if next.Origin.IsLocal() && !at.ref.Origin.IsLocal() {
			return t, failure.Errorf(failure.Refused, "component %q refers to a path of this machine, %q", at.ref, next).
				WithHint("tell the authors of %s", at.pin.URL)
		}
		url := at.pin.URL
		if !at.sameRepository(next.Origin) {
			url = s.registry.URL(next.Origin)
		}
		if at, err = s.open(ctx, next, url); err != nil {
			return t, t.wrap(err)
		}
	}
}

// mostTags bounds in how many tags a component is looked for.
const mostTags = 64

// elsewhere adds to the failure to find a component the tags of its pack that have it, as far as this machine has them.
func (s *Session) elsewhere(ctx context.Context, at stop, missing error) error {
	client, err := s.client(true)
	if err != nil {
		return missing
	}
	defer client.Close()
	repo, err := client.Repo(at.pin.URL)
	if err != nil {
		return missing
	}
	refs, err := repo.Refs(ctx, "")
	if err != nil {
		return missing
	}
	refs = slices.DeleteFunc(refs, func(g ref.GitRef) bool { return !strings.HasPrefix(g.Name, "refs/tags/") })
	var have []string
	for _, g := range refs[max(0, len(refs)-mostTags):] {
		other, err := s.stopAt(ctx, repo, at.ref, ref.Pin{URL: at.pin.URL, Ref: g.Name, Object: g.Object, Commit: g.Commit})
		if err != nil {
			continue // not on this machine, or no pack
		}
		if _, err := other.component(at.ref.Component); err == nil {
			have = append(have, strings.TrimPrefix(g.Name, "refs/tags/"))
		}
	}
	if len(have) == 0 {
		return missing
	}
	return failure.Errorf(failure.Usage, "%w", missing).WithHint("write it as %s@TAG//%s, with one of the tags that have it: %s",
		ref.Ref{Origin: at.ref.Origin}, at.ref.Component, strings.Join(have, ", "))
}

// testComponent is the name by which a pack's tests can be installed like a component.
const testComponent = "test"

// component returns the component of a pack that a reference names.
func (at stop) component(name string) (pack.Component, error) {
	_, declared := at.pack.Components[name]
	if test := at.pack.Test; name == testComponent && !declared && test != nil {
		return pack.Component{Name: testComponent, Source: test.Source, DefaultPath: test.DefaultPath, Requires: at.pack.TestRequires}, nil
	}
	return at.pack.Component(name)
}

// sameRepository reports whether an origin that stands in the pack's manifest means the
// pack's own repository: a bare name equal to the pack's own, wherever it was fetched from.
func (at stop) sameRepository(o ref.Origin) bool {
	return o.URL == "" && o.Host == "" && o.Namespace == "" && o.Repo == packName(at.pin.URL)
}

// packName returns the name that a repository has by its URL: the last part, without ".git".
func packName(url string) string {
	url = strings.TrimRight(url, "/")
	if i := strings.LastIndexAny(url, "/:"); i >= 0 {
		url = url[i+1:]
	}
	return strings.TrimSuffix(url, ".git")
}

func (t trail) chain() string {
	var names []string
	for _, s := range t.stops {
		names = append(names, s.ref.String())
	}
	return strings.Join(names, " → ")
}

// wrap says how a failure deep in a trail was reached.
func (t trail) wrap(err error) error {
	if len(t.stops) < 2 {
		return err
	}
	return fmt.Errorf("following %s: %w", t.chain(), err)
}
