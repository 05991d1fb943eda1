package project

import (
	"context"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// AddOptions say what to install and how.
type AddOptions struct {
	Ref            ref.Ref
	Path           string   // placement; empty takes the pack's default
	Keys           []ref.KV // values for the pack's keys
	Force          bool     // replace files that are in the way; undo restores them
	DryRun         bool     // plan, and change nothing
	AllowUndefined bool     // render an undefined name as nothing
	AcceptMoved    []string // tags that may name another commit than the lockfile says
}

// AddResult is what Add did, or with DryRun would do.
type AddResult struct {
	Installs []Install `json:"installs"`        // what was asked for first, then what it depends on
	Changes  []Change  `json:"changes"`         // every file looked at, by path
	Requires []string  `json:"requires"`        // packages that the installed code needs, in its language's own form
	Setup    string    `json:"setup,omitempty"` // the command that installs Requires
	DryRun   bool      `json:"dry_run"`
}

// An Install is one component placed at one path.
type Install struct {
	Path   string            `json:"path"`
	Source string            `json:"source"`
	URL    string            `json:"url"`
	Ref    string            `json:"ref,omitempty"`
	Commit string            `json:"commit"`
	Tree   string            `json:"tree"`
	Keys   map[string]string `json:"keys,omitempty"`
	Files  []string          `json:"files"`
}

// Add installs a component, and those it depends on, as one transaction.
func (s *Session) Add(ctx context.Context, o AddOptions) (result *AddResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)

	given, err := kvMap(o.Keys)
	if err != nil {
		return nil, err
	}
	told, err := s.information()
	if err != nil {
		return nil, err
	}
	b := &batch{session: s, accept: o.AcceptMoved, undefined: o.AllowUndefined,
		keys: keyring{given: given, defaults: s.layers.Keys, told: told, ask: s.setup.Ask}}
	if err := b.add(ctx, o.Ref, o.Path); err != nil {
		return nil, err
	}
	changes, err := s.commit(ctx, b.installs, nil, commitOptions{command: "add " + o.Ref.String(), force: o.Force, dryRun: o.DryRun})
	if err != nil {
		return nil, err
	}
	result = &AddResult{Changes: changes, Requires: []string{}, DryRun: o.DryRun}
	for _, in := range b.installs {
		result.Installs = append(result.Installs, describe(in.locked))
		result.Requires = append(result.Requires, in.requires...)
	}
	slices.Sort(result.Requires)
	result.Requires = slices.Compact(result.Requires)
	result.Setup = setupCommand(b.installs[0].language, result.Requires)
	return result, nil
}

// A batch collects the installs of one transaction.
type batch struct {
	session   *Session
	keys      keyring
	accept    []string
	undefined bool
	installs  []install
}

// An install is one component, rendered and placed, that no byte has been written of.
type install struct {
	want     manifest.Component // what the manifest will say
	locked   lockfile.Component // what the lockfile will say
	files    fileset.Set        // paths relative to the project
	language string
	requires []string
}

// add prepares a component and everything it depends on.
func (b *batch) add(ctx context.Context, r ref.Ref, placement string) error {
	if r.Component == "" {
		return b.noComponent(ctx, r)
	}
	t, err := b.session.follow(ctx, r)
	if err != nil {
		return err
	}
	if slices.ContainsFunc(b.installs, func(in install) bool { return in.locked.Source == t.source().String() }) {
		return nil // two components may depend on the same third
	}
	in, err := b.session.prepare(ctx, t, r, placement, b)
	if err != nil {
		return err
	}
	b.installs = append(b.installs, in)
	for _, name := range t.component.Depends {
		dep, err := t.dependency(name)
		if err != nil {
			return err
		}
		if b.session.installed(dep) {
			continue
		}
		if err := b.add(ctx, dep, ""); err != nil {
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

// installed reports whether the lockfile holds the component that r names, at whatever path.
func (s *Session) installed(r ref.Ref) bool {
	return slices.ContainsFunc(s.lock.Components, func(c lockfile.Component) bool { return c.Source == r.String() })
}

// prepare renders the component at the end of a trail and places it.
func (s *Session) prepare(ctx context.Context, t trail, typed ref.Ref, placement string, b *batch) (install, error) {
	if err := agree(t.last().pack, b.keys.told); err != nil {
		return install{}, fmt.Errorf("adding %q: %w", typed, err)
	}
	if err := s.unmoved(t.last().pin, b.accept); err != nil {
		return install{}, err
	}
	all, decided, err := b.keys.decide(ctx, t)
	if err != nil {
		return install{}, err
	}
	tree, err := t.last().snapshot.Component(ctx, t.component.Source)
	if err != nil {
		return install{}, err
	}
	files := t.component.Select(tree.Files)
	if len(files) == 0 {
		return install{}, failure.Errorf(failure.Usage, "component %q has no files", typed).
			WithHint("its include and exclude patterns in the pack's manifest match nothing")
	}
	opts := render.Options{AllowUndefined: b.undefined}
	rendered, err := render.Component(files, tree.Dir, all, opts)
	if err != nil {
		return install{}, fmt.Errorf("rendering %q: %w", typed, err)
	}
	template := firstOf(placement, t.outer.DefaultPath, t.component.DefaultPath, t.component.Name)
	root, err := render.String("placement "+template, template, all, opts)
	if err != nil {
		return install{}, err
	}
	root, err = place(root, tree.Dir, rendered.Files[0].Path)
	if err != nil {
		return install{}, err
	}
	placed, err := under(root, tree.Dir, rendered.Files)
	if err != nil {
		return install{}, err
	}

	names := make([]string, 0, len(all))
	for name := range all {
		names = append(names, name)
	}
	locked := lockfile.Component{
		Path: root, Source: t.source().String(), URL: t.last().pin.URL, Ref: t.last().pin.Ref,
		Object: t.last().pin.Object, Commit: t.last().pin.Commit, Tree: tree.ID, Digest: tree.Files.Digest(),
		Render: render.Version, Dir: tree.Dir, Via: t.via(),
		Keys: used(render.Uses(files, tree.Dir, names), all, b.keys.given, decided),
	}
	for _, f := range placed {
		locked.Files = append(locked.Files, lockfile.File{Path: f.Path, Digest: f.Digest(), Mode: fileset.FormatMode(f.Mode)})
	}
	p := t.last().pack
	return install{
		want:     manifest.Component{Source: typed.String(), Path: root, Keys: b.keys.given},
		locked:   locked,
		files:    placed,
		language: p.Language,
		requires: slices.Concat(p.Requires, t.component.Requires),
	}, nil
}

// place turns a rendered placement into a clean path inside the project. A file that is
// placed at a path ending in "/" goes into that folder under its own name.
func place(p string, dir bool, base string) (string, error) {
	clean := path.Clean(strings.TrimPrefix(p, "./"))
	if !dir && strings.HasSuffix(p, "/") {
		clean = path.Join(clean, base)
	}
	if path.IsAbs(p) || clean == ".." || strings.HasPrefix(clean, "../") {
		return "", failure.Errorf(failure.Refused, "placement %q is outside the project", p).
			WithHint("give a path relative to the project's folder")
	}
	if clean == "." {
		if dir {
			return clean, nil
		}
		return "", failure.Errorf(failure.Usage, "placement %q is a folder, and the component is one file", p).
			WithHint("end it with a file's name, or with \"/\" to keep the name %q", base)
	}
	if err := fileset.CheckPath(clean); err != nil {
		return "", fmt.Errorf("placement %q: %w", p, err)
	}
	return clean, nil
}

// under moves the files of a component to their placement.
func under(root string, dir bool, files fileset.Set) (fileset.Set, error) {
	out := make([]fileset.File, len(files))
	for i, f := range files {
		f.Path = path.Join(root, f.Path)
		if !dir {
			f.Path = root
		}
		out[i] = f
	}
	return fileset.New(out)
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
