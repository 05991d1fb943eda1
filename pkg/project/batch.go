package project

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// A batch collects the installs of one transaction: first it finds all components,
// then it gives the keys their values and renders.
type batch struct {
	session   *Session
	keys      *keyring
	accept    []string // tags that may have moved
	undefined bool     // render an undefined name as nothing
	found     []finding
	installs  []install
}

// A finding is a component that was found and not rendered yet.
type finding struct {
	trail     trail
	typed     ref.Ref // as the user, a template or another component names it
	placement string  // empty takes the default
}

// An install is one component, rendered and placed, that no byte has been written of.
type install struct {
	want     manifest.Component // what the manifest will say
	locked   lockfile.Component // what the lockfile will say
	files    fileset.Set        // paths relative to the project
	language string
	needs    []langdeps.Need
}

// newBatch returns an empty batch for a project whose information is known by now.
func (s *Session) newBatch(keys []ref.KV) (*batch, error) {
	given, err := kvMap(keys)
	if err != nil {
		return nil, err
	}
	told, err := s.information()
	if err != nil {
		return nil, err
	}
	return &batch{session: s, keys: &keyring{given: given, defaults: s.layers.Keys, told: told, ask: s.setup.Ask}}, nil
}

// find adds a component, and everything that it depends on and the project lacks.
func (b *batch) find(ctx context.Context, r ref.Ref, placement string) error {
	if r.Component == "" {
		return b.noComponent(ctx, r)
	}
	t, err := b.session.follow(ctx, r)
	if err != nil {
		return err
	}
	if placement == "" && slices.ContainsFunc(b.found, func(f finding) bool { return f.placement == "" && f.trail.source() == t.source() }) {
		return nil // two components may depend on the same third
	}
	b.found = append(b.found, finding{t, r, placement})
	for _, name := range t.last().part.Depends {
		dep, err := t.dependency(name)
		if err != nil {
			return err
		}
		if b.session.installed(dep) {
			continue
		}
		if err := b.find(ctx, dep, ""); err != nil {
			return fmt.Errorf("adding %s, which %s depends on: %w", dep, r, err)
		}
	}
	return nil
}

// noComponent reports a reference to a whole pack, with the components that could be meant.
func (b *batch) noComponent(ctx context.Context, r ref.Ref) error {
	at, err := b.session.open(ctx, r, b.session.registry.URL(r.Origin))
	if err != nil {
		return err
	}
	return failure.Errorf(failure.Usage, "reference %q names a pack but no component", r).
		WithHint("write it as %s//COMPONENT, with one of %s", r, strings.Join(at.pack.Names(), ", "))
}

// dependency returns the reference that a component's "depends" means: a name is one of the same pack and version.
func (t trail) dependency(name string) (ref.Ref, error) {
	if strings.Contains(name, "//") {
		return ref.Parse(name)
	}
	r := t.last().ref
	r.Component = name
	return r, nil
}

// installed reports whether the project holds the component that r names, at whatever
// path and version: a dependency that is there is upgraded by its own name.
func (s *Session) installed(r ref.Ref) bool {
	return slices.ContainsFunc(s.lock.Components, func(c lockfile.Component) bool {
		return c.Source.Origin == r.Origin && c.Source.Component == r.Component
	})
}

// prepare gives the keys their values, and renders and places all that was found.
func (b *batch) prepare(ctx context.Context) error {
	var trails []trail
	for _, f := range b.found {
		trails = append(trails, f.trail)
	}
	if err := b.keys.checkNames(trails); err != nil {
		return err
	}
	for _, f := range b.found {
		in, err := b.install(ctx, f)
		if err != nil {
			return err
		}
		b.installs = append(b.installs, in)
	}
	return nil
}

// install renders and places one component.
func (b *batch) install(ctx context.Context, f finding) (install, error) {
	t := f.trail
	if err := agree(t.last().pack, b.keys.told); err != nil {
		return install{}, fmt.Errorf("adding %q: %w", f.typed, err)
	}
	if err := b.session.unmoved(t.last().pin, b.accept); err != nil {
		return install{}, err
	}
	tree, err := t.last().snapshot.Component(ctx, t.last().part.Source)
	if err != nil {
		return install{}, err
	}
	files := t.last().part.Select(tree.Files)
	if len(files) == 0 {
		return install{}, failure.Errorf(failure.Usage, "component %q has no files", f.typed).
			WithHint("its include and exclude patterns in the pack's manifest match nothing")
	}
	needed := needs(files, tree.Dir, f.template(), b.keys.names(t))
	d, err := b.keys.decide(ctx, t, needed)
	if err != nil {
		return install{}, err
	}
	opts := render.Options{AllowUndefined: b.undefined}
	rendered, err := render.Component(files, tree.Dir, d.all, opts)
	if err != nil {
		return install{}, fmt.Errorf("rendering %q: %w", f.typed, err)
	}
	root, err := b.root(f, d, tree.Dir, rendered.Files[0].Path)
	if err != nil {
		return install{}, err
	}
	placed, err := under(root, tree.Dir, rendered.Files)
	if err != nil {
		return install{}, err
	}
	pin := t.last().pin
	locked := lockfile.Component{
		Path: root, Source: t.source(), URL: pin.URL, Ref: pin.Ref, Object: pin.Object, Commit: pin.Commit,
		Tree: tree.ID, Digest: tree.Files.Digest(), Render: render.Version, Dir: tree.Dir, Via: t.via(),
		Keys: used(needed, d.all, d.chosen, d.decided),
	}
	for _, file := range placed {
		locked.Files = append(locked.Files, lockfile.File{Path: file.Path, Digest: file.Digest(), Mode: fileset.FormatMode(file.Mode)})
	}
	return install{
		want:     manifest.Component{Source: f.typed, Path: root, Keys: d.chosen},
		locked:   locked,
		files:    placed,
		language: t.language(),
		needs:    t.needs(root, false),
	}, nil
}

// needs returns which of the names the files of a component, or its placement, can use.
func needs(files fileset.Set, dir bool, placement string, names []string) []string {
	path := fileset.Set{{Path: "placement.jinja", Data: []byte(placement)}}
	return slices.Concat(render.UsedNames(files, dir, names), render.UsedNames(path, false, names))
}

// template returns the placement of a component before it is rendered: the user's, else
// the default of the outermost pack that has one.
func (f finding) template() string {
	return cmp.Or(f.placement, f.trail.first().part.DefaultPath, f.trail.last().part.DefaultPath, f.trail.last().part.Name)
}

// root returns the placement of a component, rendered with all keys.
func (b *batch) root(f finding, d decision, dir bool, base string) (string, error) {
	root, err := render.String("placement "+f.template(), f.template(), d.all, render.Options{AllowUndefined: b.undefined})
	if err != nil {
		return "", err
	}
	return place(root, dir, base)
}

// result says what became of a batch.
func (b *batch) result(changes []Change, dryRun bool) *AddResult {
	r := &AddResult{Changes: changes, DryRun: dryRun}
	var needs []langdeps.Need
	language := ""
	for _, in := range b.installs {
		r.Installs = append(r.Installs, describe(in.locked))
		needs = append(needs, in.needs...)
		language = cmp.Or(language, in.language)
	}
	union := langdeps.Merge(language, needs)
	if err := conflicts(union); err != nil {
		b.session.setup.Notify(err.Error())
	}
	r.Requires, r.Setup = union.Lines, setupCommand(language, union.Lines)
	return r
}

// unmoved reports a tag that the lockfile knows at another commit than the server does now.
func (s *Session) unmoved(pin ref.Pin, accept []string) error {
	if !strings.HasPrefix(pin.Ref, "refs/tags/") {
		return nil
	}
	tag := strings.TrimPrefix(pin.Ref, "refs/tags/")
	for _, c := range s.lock.Components {
		if c.URL == pin.URL && c.Ref == pin.Ref && c.Commit != pin.Commit && !slices.Contains(accept, tag) {
			return failure.Errorf(failure.Integrity, "tag %q of %s moved: the lockfile has commit %.12s, the server %.12s", tag, pin.URL, c.Commit, pin.Commit).
				WithHint("find out why; to go on with the new commit pass --accept-moved %s", tag)
		}
	}
	return nil
}
