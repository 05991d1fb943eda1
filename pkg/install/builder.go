package install

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// A Component is a component that has been rendered and placed, but not written.
type Component struct {
	Want     manifest.Component // its entry in the manifest
	Locked   lockfile.Component // its entry in the lockfile
	Files    fileset.Set        // paths relative to the project
	Base     string             // the name of the file if the component is one
	Replaces string             // the path of the install that it is a version of; empty if that is its own path
	Language string             // of its packs, or else of the project
	Needs    []langdeps.Requirement
	Keys     KeyChanges
	Advice   []string // that the packs of the chain give against themselves, by their manifests at these versions
}

// Before returns the path of the install that the component is a version of, if that is installed.
func (c Component) Before() string { return cmp.Or(c.Replaces, c.Locked.Path) }

// KeyChanges are the keys for which the user chose a value and that the pack renamed or no longer declares.
type KeyChanges struct {
	Renamed map[string]string // the name now, by the earlier name
	Dropped map[string]any    // the value, by the name
	Changed []KeyChange       // the values that an installed component had otherwise
}

// A Builder builds the components of one transaction. Find finds them and their dependencies, Build renders them.
type Builder struct {
	Packs       *Packs
	Lock        *lockfile.Lock // of the project; its components are not added again as dependencies
	Keys        *Keys          // its AllowUndefined is for files, too
	Secrets     Secrets        // finds the values of secrets
	AcceptMoved []string       // tags that may point to another commit than in the lockfile
	// Signers that are accepted in place of the recorded ones; see package signers.
	AcceptSigners []string

	selections []Selection
}

// A Selection is a component that has not been rendered yet.
type Selection struct {
	Chain     Chain
	Typed     ref.Ref // the reference by the user, a template or another component, with the component's current name
	Placement string  // a template; empty means the default
	Path      string  // the placement itself, which is not a template; else empty

	replaced lockfile.Component // the install that the component is a version of, or the zero value
}

// Find adds a component, and those of its dependencies that are not installed in the project.
func (b *Builder) Find(ctx context.Context, r ref.Ref, placement string) error {
	if r.Component == "" {
		return b.errNoComponent(ctx, r)
	}
	c, err := b.Packs.Follow(ctx, r)
	if err != nil {
		return err
	}
	same := func(s Selection) bool { return s.Placement == "" && s.Chain.Source() == c.Source() }
	if placement == "" && slices.ContainsFunc(b.selections, same) {
		return nil // two components may depend on the same third
	}
	b.Add(Selection{Chain: c, Typed: c.First().Ref, Placement: placement})
	return b.findDependencies(ctx, r, c)
}

// FindAt adds the component that an entry of the manifest names, at the path of the entry, and those of its
// dependencies that are not installed. It keeps the values of the keys of old, which it replaces; old is zero for a
// new install.
func (b *Builder) FindAt(ctx context.Context, want manifest.Component, old lockfile.Component) error {
	c, err := b.Packs.Follow(ctx, want.Source)
	if err != nil {
		return err
	}
	b.Replace(c, want, old)
	return b.findDependencies(ctx, want.Source, c)
}

// Replace adds a component in place of an install, without its dependencies: see FindAt.
func (b *Builder) Replace(c Chain, want manifest.Component, old lockfile.Component) {
	b.Keys.Carry(want.Keys, old.Keys)
	b.Add(Selection{Chain: c, Typed: c.First().Ref, Path: want.Path, replaced: old})
}

func (b *Builder) findDependencies(ctx context.Context, r ref.Ref, c Chain) error {
	for _, name := range c.Last().Component.Depends {
		dep, err := c.dependency(name)
		if err != nil {
			return err
		}
		earlier := c.Last().Pack.Components[name].RenamedFrom
		if b.isInstalled(dep, earlier) {
			continue
		}
		if err := b.Find(ctx, dep, ""); err != nil {
			return fmt.Errorf("adding %s, which %s depends on: %w", dep, r, err)
		}
	}
	return nil
}

// Add adds a component without its dependencies.
func (b *Builder) Add(s Selection) { b.selections = append(b.selections, s) }

// errNoComponent returns the error about a reference without a component. Its hint lists the pack's components.
func (b *Builder) errNoComponent(ctx context.Context, r ref.Ref) error {
	h, err := b.Packs.Open(ctx, r)
	if err != nil {
		return err
	}
	return failure.Errorf(failure.Usage, "reference %q names a pack but no component", r).
		WithHint("write it as %s//COMPONENT, with one of %s", r, strings.Join(h.Pack.Names(), ", "))
}

// dependency returns the reference that a component's "depends" means. A bare name is one of the same pack and
// version.
func (c Chain) dependency(name string) (ref.Ref, error) {
	if strings.Contains(name, "//") {
		return ref.Parse(name)
	}
	r := c.Last().Ref
	r.Component = name
	return r, nil
}

// isInstalled reports whether the project has the component that r names, at any path and version, perhaps under an
// earlier name. An installed dependency is only upgraded by its own name.
func (b *Builder) isInstalled(r ref.Ref, earlier []string) bool {
	r.Origin = b.Packs.Portable(r.Origin)
	return slices.ContainsFunc(b.Lock.Components, func(c lockfile.Component) bool {
		return c.Source.Origin == r.Origin &&
			(c.Source.Component == r.Component || slices.Contains(earlier, c.Source.Component))
	})
}

// Build gives the keys their values, and renders and places the components, in the order in which they were added.
func (b *Builder) Build(ctx context.Context) ([]Component, error) {
	var chains []Chain
	for _, s := range b.selections {
		chains = append(chains, s.Chain)
	}
	dropped, err := b.Keys.dropUndeclared(chains)
	if err != nil {
		return nil, err
	}
	var out []Component
	for _, s := range b.selections {
		c, err := b.build(ctx, s)
		if err != nil {
			return nil, err
		}
		out = append(out, c)
	}
	if len(out) > 0 {
		out[0].Keys.Dropped = dropped
	}
	return out, nil
}

// check checks what a chain must be before its files are read, and returns its language and its signer.
func (b *Builder) check(ctx context.Context, s Selection) (language, signer string, err error) {
	if language, err = b.language(s.Chain); err != nil {
		return "", "", fmt.Errorf("adding %q: %w", s.Typed, err)
	}
	if err := b.Packs.CheckContent(ctx, s.Chain); err != nil {
		return "", "", err
	}
	if err := checkMoved(b.Lock, s.Chain.Last().Pin, b.AcceptMoved); err != nil {
		return "", "", err
	}
	signer, err = b.signer(ctx, s)
	return language, signer, err
}

// build renders and places one component.
func (b *Builder) build(ctx context.Context, s Selection) (Component, error) {
	last := s.Chain.Last()
	language, signer, err := b.check(ctx, s)
	if err != nil {
		return Component{}, err
	}
	source, err := last.Source(ctx)
	if err != nil {
		return Component{}, err
	}
	if len(source.Files) == 0 {
		return Component{}, failure.Errorf(failure.Usage, "component %q has no files", s.Typed).
			WithHint("its include and exclude patterns in the pack's manifest match nothing")
	}
	values, secrets, err := b.values(ctx, s, source)
	if err != nil {
		return Component{}, err
	}
	rendered, err := source.Render(values.Context(), b.options())
	if err == nil {
		err = b.Packs.addRendered(rendered.Files)
	}
	if err == nil {
		err = b.checkSecrets(s, values, source, secrets, rendered.Files)
	}
	if err != nil {
		return Component{}, fmt.Errorf("rendering %q: %w", s.Typed, err)
	}
	root, err := b.place(s, values, source.Dir, rendered.Files[0].Path)
	if err != nil {
		return Component{}, err
	}
	placed, licenses, err := source.Place(root, rendered.Files)
	if err != nil {
		return Component{}, err
	}
	pin := last.Pin
	locked := lockfile.Component{
		Path: root, Source: s.Chain.Source(), URL: pin.URL, Ref: pin.Ref, Object: pin.Object, Commit: pin.Commit,
		Tree: source.ID, Digest: source.Digest(), Render: render.Version, Dir: source.Dir, Via: s.Chain.Via(),
		ViaCommits: s.Chain.ViaCommits(),
		Keys:       values.locked(), Signer: signer, Files: lockedFiles(placed, licenses),
	}
	return Component{
		Want:     manifest.Component{Source: s.Typed, Path: root, Keys: values.Chosen},
		Locked:   locked,
		Files:    secrets.replace(placed),
		Base:     rendered.Files[0].Path,
		Keys:     KeyChanges{Renamed: values.Renamed, Changed: values.Changed},
		Advice:   s.Chain.advice(),
		Language: language,
		Needs:    s.Chain.Requirements(root, false),
	}, nil
}

// values returns the values that a component is rendered with, and the secrets among them.
func (b *Builder) values(ctx context.Context, s Selection, source Source) (Values, secretSet, error) {
	names := slices.Concat(b.Keys.names(s.Chain), slices.Collect(maps.Keys(s.replaced.Keys)))
	used := usedNames(source.Files, source.Dir, s.template(), names)
	values, err := b.Keys.Values(ctx, s.Chain, used, s.replaced.Keys)
	if err != nil {
		return values, secretSet{}, err
	}
	secrets, err := b.findSecrets(ctx, s, &values)
	return values, secrets, err
}

// checkSecrets returns an error if a component uses its secrets in other ways than to copy them.
func (b *Builder) checkSecrets(s Selection, v Values, source Source, secrets secretSet, files fileset.Set) error {
	return secrets.check(s.Typed, files, func(values []secret.Value) (fileset.Set, error) {
		names := v.Context()
		for name, value := range names {
			if text, isText := value.(string); isText {
				names[name] = string(secret.Reveal([]byte(text), values))
			}
		}
		again, err := source.Render(names, b.options())
		return again.Files, err
	})
}

// lockedFiles returns what the lockfile says of files that have just been rendered. licenses has the paths of the
// license files.
func lockedFiles(placed fileset.Set, licenses map[string]bool) []lockfile.File {
	var out []lockfile.File
	for _, f := range placed {
		out = append(out, lockfile.File{
			Path: f.Path, Digest: f.Digest(), LFDigest: lfDigest(f), Mode: fileset.FormatMode(f.Mode),
			License: licenses[f.Path],
		})
	}
	return out
}

// language returns the language of a component: of its packs, or else of the project. It returns an error if the packs
// are not for the language of the project, or require something that is not a package of the language.
func (b *Builder) language(c Chain) (string, error) {
	project := b.Keys.Metadata.Values
	for _, h := range c {
		if err := checkLanguage(h, project); err != nil {
			return "", err
		}
	}
	own, _ := project["language"].(string)
	language := cmp.Or(c.Language(), own)
	return language, langdeps.Check(language, c.Requirements("", true)...)
}

func (b *Builder) options() render.Options {
	return render.Options{AllowUndefined: b.Keys.AllowUndefined}
}

// place returns the placement of a component whose first file is at base.
func (b *Builder) place(s Selection, values Values, dir bool, base string) (string, error) {
	if s.Path != "" {
		return Placement(s.Path, dir, base)
	}
	root, err := render.String("placement "+s.template(), s.template(), values.Context(), b.options())
	if err != nil {
		return "", err
	}
	return Placement(root, dir, base)
}

// usedNames returns those of the names that the files of a component, or its placement, can use.
func usedNames(files fileset.Set, dir bool, placement string, names []string) []string {
	path := fileset.Set{{Path: "placement.jinja", Data: []byte(placement)}}
	return slices.Concat(render.UsedNames(files, dir, names), render.UsedNames(path, false, names))
}

// UsedKeys returns the keys of the chain's packs that the component's files, its default path, or the defaults of
// these keys can use.
func UsedKeys(c Chain, files fileset.Set, dir bool) []string {
	keys := c.KeyNames()
	used := usedNames(files, dir, c.DefaultPath(), keys)
	for i := 0; i < len(used); i++ {
		for _, name := range render.TextNames(c.Key(used[i]).Default) {
			if slices.Contains(keys, name) && !slices.Contains(used, name) {
				used = append(used, name)
			}
		}
	}
	return used
}

// template returns the placement before it is rendered: the user's, else the default of the packs. It is empty if the
// placement is not a template.
func (s Selection) template() string {
	if s.Path != "" {
		return ""
	}
	return cmp.Or(s.Placement, s.Chain.DefaultPath(), s.Chain.Last().Component.Name)
}

// checkLanguage returns an error about a pack that is for another language or environment than the project. As in
// pmfp, what only one of them states is not a difference.
func checkLanguage(h Hop, project metadata.Values) error {
	name := h.Ref
	name.Component = ""
	for _, c := range []struct{ what, field, pack string }{
		{"language", "language", h.Pack.Language}, {"environment", "env", h.Pack.Env},
	} {
		stated, _ := project[c.field].(string)
		if c.pack != "" && stated != "" && c.pack != stated {
			return failure.Errorf(failure.Usage, "the %s of pack %q is %q, the project's is %q",
				c.what, name, c.pack, stated).
				WithHint("use a pack for %s, or change %s in ppm.toml [project]", stated, c.field)
		}
	}
	return nil
}

// checkMoved returns an error about a tag that points to another commit than in the lockfile.
func checkMoved(lock *lockfile.Lock, pin ref.Pin, accept []string) error {
	tag, isTag := strings.CutPrefix(pin.Ref, ref.TagPrefix)
	if !isTag || slices.Contains(accept, tag) {
		return nil
	}
	for _, c := range lock.Components {
		if c.URL == pin.URL && c.MayMean(pin.Ref) && c.Commit != pin.Commit {
			return failure.Errorf(failure.Integrity, "tag %q of %s moved: the lockfile has commit %.12s, the "+
				"server %.12s",
				tag, pin.URL, c.Commit, pin.Commit).
				WithHint("find out why; to accept the new commit, pass --accept-moved %s", tag)
		}
	}
	return nil
}
