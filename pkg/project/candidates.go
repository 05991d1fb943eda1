package project

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
	"github.com/Project-Manager-With-Git/ppm/pkg/similarity"
)

// maxVersions bounds how many versions of a component a copy is compared with, the newest first.
const maxVersions = 200

// An adoption is the search for the rendering that is nearest to a copy.
type adoption struct {
	adoptee
	session *Session
	base    *batch // what all adoptions have in common: the project's information and the given keys
	copied  *copied
	least   int                  // percent that are enough
	looked  map[string]bool      // commits
	seen    map[string]candidate // by what the component is rendered from
	list    []candidate
	has     bool  // a version has the component
	beyond  int   // versions that are too many
	failed  error // why the first version could not be compared, of those that have the component when one has
}

// A candidate is a version of a component, with the values of keys that bring it nearest.
type candidate struct {
	similarity.Likeness
	trail     trail
	typed     ref.Ref                    // as the manifest will have it
	root      string                     // its placement
	values    map[string]string          // of the keys that are not what they would be anyway
	files     map[string]similarity.File // those of the rendering that are on the disk, by path
	paths     []string                   // of the rendering, sorted
	runnersUp []similarity.Finding       // with other values
}

func nearestFirst(a, b candidate) int {
	switch {
	case b.Less(a.Likeness):
		return -1
	case a.Less(b.Likeness):
		return 1
	}
	return cmp.Compare(b.exact(), a.exact())
}

// exact returns how many files are the same to the last byte.
func (c candidate) exact() int {
	n := 0
	for _, f := range c.files {
		if f.Exact {
			n++
		}
	}
	return n
}

// name returns the reference of the very version, where the manifest will have a range.
func (c candidate) name() string {
	r := c.typed
	if tag, ok := strings.CutPrefix(c.trail.first().pin.Ref, "refs/tags/"); ok {
		r.Version, _ = ref.ParseVersion(tag) // it was one of the tags that a version can name
	}
	return r.String()
}

// A version is a version of a pack to compare with.
type version struct {
	ref   ref.Ref // what the manifest will say
	pin   ref.Pin // the zero value when it has to be resolved
	named bool    // the reference names it
}

// candidates returns the versions that the copy was compared with, the nearest first; of equally near ones the
// one that the reference names, then the newest. There is at least one, or an error. It ends at the first
// that is the same in every byte, as long as it is the named one or the copy has no more files.
func (a *adoption) candidates(ctx context.Context) ([]candidate, error) {
	a.looked, a.seen = map[string]bool{}, map[string]candidate{}
	for _, next := range []func(context.Context) ([]version, error){a.named, a.tagged, a.spare} {
		versions, err := next(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			c, err := a.look(ctx, v)
			switch kind := failure.KindOf(err); {
			case err == nil && c == nil:
			case err == nil && c.exact() == len(c.paths) && (v.named || len(c.paths) == len(a.copied.sizes)):
				return append([]candidate{*c}, a.list...), nil
			case err == nil:
				a.list = append(a.list, *c)
			case kind != failure.Usage && kind != failure.Refused && !(kind == failure.Network && a.session.setup.Offline):
				return nil, err
			case a.failed == nil:
				a.failed = err
			}
		}
	}
	if a.beyond > 0 {
		a.session.setup.Notify(fmt.Sprintf("%s was compared with the newest %d versions of %s, and not with %d older ones; a range in --ref names others", a.path, maxVersions, a.ref.Origin, a.beyond))
	}
	if len(a.list) == 0 {
		return nil, cmp.Or(a.failed, error(failure.Errorf(failure.Usage, "adopting %q: no version of %s can be named", a.path, a.ref).WithHint("name one with --ref")))
	}
	a.weighExtras()
	slices.SortStableFunc(a.list, nearestFirst)
	return a.list, nil
}

// weighExtras makes files count that are on the disk, and that a version lacks but another has.
func (a *adoption) weighExtras() {
	known := map[string]bool{}
	for _, c := range a.list {
		for _, p := range c.paths {
			known[p] = true
		}
	}
	for i, c := range a.list {
		for p := range known {
			size, ok := a.copied.sizes[p]
			if _, has := slices.BinarySearch(c.paths, p); ok && !has {
				a.list[i].Likeness = a.list[i].Add(similarity.Alone(int(size)))
			}
		}
	}
}

// named returns the version that the reference names, if it names one.
func (a *adoption) named(context.Context) ([]version, error) {
	if a.ref.Version.String() == "" || !a.everything() {
		return nil, nil
	}
	return []version{{ref: a.ref, named: true}}, nil
}

// tagged returns the tags that the reference allows, the newest first, and no commit twice.
func (a *adoption) tagged(ctx context.Context) ([]version, error) {
	if a.single() {
		return nil, nil
	}
	url := a.session.registry.URL(a.ref.Origin)
	repo, err := a.session.remote.Repo(url)
	if err != nil {
		return nil, err
	}
	pins, err := resolver.Tags(ctx, url, a.ref.Version, repo)
	if err != nil {
		return nil, a.session.mistyped(a.ref.Origin, err)
	}
	if len(pins) == 0 && !a.everything() {
		_, err = resolver.Resolve(ctx, url, a.ref.Version, repo) // it says what there is instead
		return nil, err
	}
	var out []version
	commits := map[string]bool{}
	for _, pin := range pins {
		at := version{ref: a.ref, pin: pin}
		exact, err := ref.ParseVersion(strings.TrimPrefix(pin.Ref, "refs/tags/"))
		if err != nil || exact.Kind() != ref.Exact || commits[pin.Commit] { // no reference can name it, or one stands for both
			continue
		}
		if commits[pin.Commit] = true; len(commits) > maxVersions {
			a.beyond++
			continue
		}
		if a.everything() {
			at.ref.Version = exact
		}
		out = append(out, at)
	}
	return out, nil
}

// spare returns the default branch when nothing so far is near enough.
func (a *adoption) spare(context.Context) ([]version, error) {
	if a.single() || !a.everything() || slices.ContainsFunc(a.list, func(c candidate) bool { return c.Percent() >= float64(a.least) }) {
		return nil, nil
	}
	latest := version{ref: a.ref}
	var err error
	latest.ref.Version, err = ref.ParseVersion("latest")
	return []version{latest}, err
}

// single reports whether the version that the reference names is the only one to look at.
func (a *adoption) single() bool {
	return !a.hint && a.everything() && a.ref.Version.String() != ""
}

// everything reports whether the reference leaves no tag of the pack out.
func (a *adoption) everything() bool {
	kind := a.ref.Version.Kind()
	return kind != ref.Glob && kind != ref.Range
}

// stays reports whether the trail leads to the component of the same name under another tag of the same pack.
func (t trail) stays() bool {
	first, last := t.first(), t.last()
	return len(t.stops) > 1 && first.pin.URL == last.pin.URL && first.part.Name == last.part.Name && strings.HasPrefix(last.pin.Ref, "refs/tags/")
}

// look compares the copy with one version. It returns nil for one that is looked at in another turn.
func (a *adoption) look(ctx context.Context, v version) (*candidate, error) {
	t, err := a.trail(ctx, v)
	if err != nil {
		return nil, err
	}
	commit := t.first().pin.Commit
	if a.looked[commit] || a.everything() && !v.named && t.stays() {
		return nil, nil
	}
	a.looked[commit] = true
	if !a.has {
		a.has, a.failed = true, nil
	}
	tree, err := t.last().snapshot.Component(ctx, t.last().part.Source)
	if err != nil {
		return nil, err
	}
	files := t.last().part.Select(tree.Files)
	if len(files) == 0 {
		return nil, failure.Errorf(failure.Usage, "component %q has no files", v.ref).WithHint("name another component with --ref")
	}
	c := candidate{trail: t, typed: v.ref, root: a.path}
	switch {
	case tree.Dir && !a.copied.dir:
		return nil, failure.Errorf(failure.Usage, "adopting %q: it is a file, and the component %q is a folder", a.path, v.ref).WithHint("name the folder that has the file in it")
	case !tree.Dir && a.copied.dir:
		c.root = path.Join(a.path, strings.TrimSuffix(files[0].Path, ".jinja"))
	}
	choices, err := a.choices(ctx, t, files, tree.Dir, c.root)
	if err != nil {
		return nil, err
	}
	id := fmt.Sprint(tree.ID, t.last().part.Include, t.last().part.Exclude, choices) // maps print sorted
	if same, done := a.seen[id]; done {
		same.trail, same.typed = t, v.ref
		return &same, nil
	}
	if err := a.search(ctx, &c, files, tree.Dir, choices); err != nil {
		return nil, err
	}
	a.seen[id] = c
	return &c, nil
}

// trail follows the reference at a version.
func (a *adoption) trail(ctx context.Context, v version) (trail, error) {
	if v.pin == (ref.Pin{}) {
		return a.session.follow(ctx, v.ref)
	}
	a.session.setup.Progress(fmt.Sprintf("comparing %s with %s", a.path, strings.TrimPrefix(v.pin.Ref, "refs/tags/")))
	repo, err := a.session.remote.Repo(v.pin.URL)
	if err != nil {
		return trail{}, err
	}
	at, err := a.session.stopAt(ctx, repo, v.ref, v.pin)
	if err != nil {
		return trail{}, err
	}
	return a.session.followFrom(ctx, at)
}

// choices returns for each key of the packs that the component's files use what it may be: what it is when nothing
// is said, what the files on the disk suggest, and what the pack lets it be. A given key has its one value.
func (a *adoption) choices(ctx context.Context, t trail, files fileset.Set, dir bool, root string) (map[string][]string, error) {
	d, err := a.base.keys.decide(ctx, t, nil)
	if err != nil {
		return nil, err
	}
	names := render.UsedNames(files, dir, slices.Collect(maps.Keys(d.decided)))
	shape := render.NewPattern(files, dir, names)
	copies, err := a.copied.chosen(root, shape.Match)
	if err != nil {
		return nil, err
	}
	suggested := shape.Values(copies)
	out := map[string][]string{}
	for _, name := range names {
		out[name] = []string{d.decided[name]}
		if _, given := a.base.keys.given[name]; given {
			continue
		}
		for _, value := range slices.Concat(suggested[name], t.key(name).Choices) {
			if !slices.Contains(out[name], value) {
				out[name] = append(out[name], value)
			}
		}
	}
	return out, nil
}

// key returns the outermost declaration of a key.
func (t trail) key(name string) pack.Key {
	for _, at := range t.stops {
		for _, key := range at.pack.Keys {
			if key.Name == name {
				return key
			}
		}
	}
	return pack.Key{}
}

// search finds the values of the keys, and puts what it found into the candidate.
func (a *adoption) search(ctx context.Context, c *candidate, files fileset.Set, dir bool, choices map[string][]string) error {
	var impossible error
	rendering := func(values map[string]string) (fileset.Set, error) {
		d, err := a.base.keys.with(values).decide(ctx, c.trail, slices.Collect(maps.Keys(choices)))
		if err != nil {
			return nil, err
		}
		r, err := render.Component(files, dir, d.all, render.Options{AllowUndefined: true})
		if err != nil {
			return nil, fmt.Errorf("rendering %q: %w", c.typed, err)
		}
		return under(c.root, dir, r.Files)
	}
	said := func(values map[string]string) map[string]string { // what has to be said to have these values
		out := map[string]string{}
		for key, value := range values {
			if value != choices[key][0] {
				out[key] = value
			}
		}
		return out
	}
	found, err := similarity.Search(choices, func(values map[string]string) (similarity.Likeness, bool, error) {
		placed, err := rendering(said(values))
		if kind := failure.KindOf(err); kind == failure.Usage || kind == failure.Refused {
			impossible = cmp.Or(impossible, err)
			return similarity.Likeness{}, false, ctx.Err()
		} else if err != nil {
			return similarity.Likeness{}, false, err
		}
		l, _, err := a.copied.compare(placed)
		return l, true, cmp.Or(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return impossible
	}
	for i := range found {
		found[i].Values = said(found[i].Values)
	}
	c.values, c.runnersUp = found[0].Values, found[1:]
	placed, err := rendering(c.values)
	if err != nil {
		return err
	}
	c.paths = paths(placed)
	c.Likeness, c.files, err = a.copied.compare(placed)
	return err
}

// with returns the keyring with these values given, too.
func (k *keyring) with(values map[string]string) *keyring {
	out := *k
	out.given = maps.Clone(k.given)
	maps.Copy(out.given, values)
	return &out
}
