// Package adopt finds the version of a component, and the values of its keys, that a copy in a project was made from.
//
// It renders the component at each possible version, with each value of its keys that the copy suggests, and compares
// the result with the files on disk. The most similar rendering becomes the base of an install.
package adopt

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
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/resolver"
	"github.com/Project-Manager-With-Git/ppm/pkg/similarity"
)

// maxVersions limits the versions that a copy is compared with, the newest first.
const maxVersions = 200

// A search looks for the rendering that is the most similar to a copy.
type search struct {
	*Finder
	Target
	copy         *localCopy
	searched     map[string]bool      // commits
	seen         map[string]candidate // by what the component is rendered from
	list         []candidate
	hasComponent bool // a version has the component
	skipped      int  // versions over maxVersions, which are not compared
	// Why the first version could not be compared. Once a version has the component, only versions with it count.
	failed error
}

// A candidate is a version of a component, with the values of keys that make it the most similar.
type candidate struct {
	similarity.Score
	chain     install.Chain
	typed     ref.Ref                    // as the manifest will have it
	root      string                     // its placement
	values    map[string]string          // of the keys that do not have the value that they have without --kv
	files     map[string]similarity.File // those of the rendering that are on disk, by path
	paths     []string                   // of the rendering, sorted
	runnersUp []similarity.Finding       // with other values
}

// bySimilarity orders candidates, the most similar first.
func bySimilarity(a, b candidate) int {
	switch {
	case b.Less(a.Score):
		return -1
	case a.Less(b.Score):
		return 1
	}
	return cmp.Compare(b.exact(), a.exact())
}

// exact returns the number of files that are equal byte for byte.
func (c candidate) exact() int {
	n := 0
	for _, f := range c.files {
		if f.Exact {
			n++
		}
	}
	return n
}

// name returns the reference with the exact version, even if the manifest gets a range.
func (c candidate) name() string {
	r := c.typed
	if tag, ok := strings.CutPrefix(c.chain.First().Pin.Ref, ref.TagPrefix); ok {
		r.Version, _ = ref.ParseVersion(tag) // it was one of the tags that a version can name
	}
	return r.String()
}

// A version is a version of a pack that the copy is compared with.
type version struct {
	ref   ref.Ref // for the manifest
	pin   ref.Pin // the zero value if ref is not resolved yet
	named bool    // the reference names it
}

// candidates returns the versions that the copy was compared with, the most similar first. Equally similar ones are
// in the order in which they were compared: the version that the reference names, then the newest. Without an error
// there is at least one. The search ends at the first version that is equal byte for byte, if the reference names it
// or the copy has no other files.
func (s *search) candidates(ctx context.Context) ([]candidate, error) {
	s.searched, s.seen = map[string]bool{}, map[string]candidate{}
	for _, next := range []func(context.Context) ([]version, error){s.named, s.tagged, s.fallback} {
		versions, err := next(ctx)
		if err != nil {
			return nil, err
		}
		for _, v := range versions {
			c, err := s.compare(ctx, v)
			switch kind := failure.KindOf(err); {
			case err == nil && c == nil:
			case err == nil && c.exact() == len(c.paths) && (v.named || len(c.paths) == len(s.copy.sizes)):
				return append([]candidate{*c}, s.list...), nil
			case err == nil:
				s.list = append(s.list, *c)
			case kind != failure.Usage && kind != failure.Refused && !(kind == failure.Network && s.Packs.Offline()):
				return nil, err
			case s.failed == nil:
				s.failed = err
			}
		}
	}
	if s.skipped > 0 {
		s.Notify(fmt.Sprintf("%s was compared with the newest %d versions of %s, and not with %d older ones; a "+
			"range in --ref names others",
			s.Path, maxVersions, s.Ref.Origin, s.skipped))
	}
	if len(s.list) == 0 {
		err := failure.Errorf(failure.Usage, "adopting %q: no version of %s can be named", s.Path, s.Ref).
			WithHint("name one with --ref")
		return nil, cmp.Or(s.failed, error(err))
	}
	s.penalizeExtras()
	slices.SortStableFunc(s.list, bySimilarity)
	return s.list, nil
}

// penalizeExtras lowers the score of a version for each file of the copy that only other versions have.
func (s *search) penalizeExtras() {
	known := map[string]bool{}
	for _, c := range s.list {
		for _, p := range c.paths {
			known[p] = true
		}
	}
	for i, c := range s.list {
		for p := range known {
			size, ok := s.copy.sizes[p]
			if _, has := slices.BinarySearch(c.paths, p); ok && !has {
				s.list[i].Score = s.list[i].Add(similarity.Alone(int(size)))
			}
		}
	}
}

// named returns the version that the reference names, if any.
func (s *search) named(context.Context) ([]version, error) {
	if s.Ref.Version.String() == "" || !s.anyTag() {
		return nil, nil
	}
	return []version{{ref: s.Ref, named: true}}, nil
}

// tagged returns the tags that match the reference, the newest first, one for each commit.
func (s *search) tagged(ctx context.Context) ([]version, error) {
	if s.isExact() {
		return nil, nil
	}
	url := s.Packs.URL(s.Packs.Portable(s.Ref.Origin))
	repo, err := s.Packs.Repo(s.Ref, url)
	if err != nil {
		return nil, err
	}
	pins, err := resolver.Tags(ctx, url, s.Ref.Version, repo)
	if err != nil {
		return nil, s.Packs.SuggestName(s.Ref.Origin, err)
	}
	if len(pins) == 0 && !s.anyTag() {
		_, err = resolver.Resolve(ctx, url, s.Ref.Version, repo) // for its error, which lists the tags
		return nil, err
	}
	var out []version
	commits := map[string]bool{}
	for _, pin := range pins {
		v := version{ref: s.Ref, pin: pin}
		exact, err := ref.ParseVersion(strings.TrimPrefix(pin.Ref, ref.TagPrefix))
		if err != nil || exact.Kind() != ref.Exact || commits[pin.Commit] {
			// No reference can name the tag, or its commit is in the list already.
			continue
		}
		if commits[pin.Commit] = true; len(commits) > maxVersions {
			s.skipped++
			continue
		}
		if s.anyTag() {
			v.ref.Version = exact
		}
		out = append(out, v)
	}
	return out, nil
}

// fallback returns the default branch if no version so far is similar enough.
func (s *search) fallback(context.Context) ([]version, error) {
	isEnough := func(c candidate) bool { return c.Percent() >= float64(s.MinSimilarity) }
	if s.isExact() || !s.anyTag() || slices.ContainsFunc(s.list, isEnough) {
		return nil, nil
	}
	latest := version{ref: s.Ref}
	var err error
	latest.ref.Version, err = ref.ParseVersion("latest")
	return []version{latest}, err
}

// isExact reports whether only the version that the reference names is compared.
func (s *search) isExact() bool {
	return !s.TryFirst && s.anyTag() && s.Ref.Version.String() != ""
}

// anyTag reports whether every tag of the pack matches the reference.
func (s *search) anyTag() bool {
	kind := s.Ref.Version.Kind()
	return kind != ref.Glob && kind != ref.Range
}

// isRedirect reports whether a chain ends at the component of the same name, at another tag of the same pack.
func isRedirect(c install.Chain) bool {
	first, last := c.First(), c.Last()
	return len(c) > 1 && first.Pin.URL == last.Pin.URL && first.Component.Name == last.Component.Name &&
		strings.HasPrefix(last.Pin.Ref, ref.TagPrefix)
}

// compare compares the copy with one version. It returns nil if the same commit is compared as another version.
func (s *search) compare(ctx context.Context, v version) (*candidate, error) {
	chain, err := s.follow(ctx, v)
	if err != nil {
		return nil, err
	}
	commit := chain.First().Pin.Commit
	if s.searched[commit] || s.anyTag() && !v.named && isRedirect(chain) {
		return nil, nil
	}
	s.searched[commit] = true
	if !s.hasComponent {
		s.hasComponent, s.failed = true, nil
	}
	last := chain.Last()
	source, err := last.Source(ctx)
	if err != nil {
		return nil, err
	}
	if len(source.Files) == 0 {
		return nil, failure.Errorf(failure.Usage, "component %q has no files", v.ref).
			WithHint("name another component with --ref")
	}
	c := candidate{chain: chain, typed: v.ref, root: s.Path}
	switch {
	case source.Dir && !s.copy.dir:
		return nil, failure.Errorf(failure.Usage, "adopting %q: it is a file, and the component %q is a folder",
			s.Path, v.ref).
			WithHint("name the folder that has the file in it")
	case !source.Dir && s.copy.dir:
		c.root = path.Join(s.Path, strings.TrimSuffix(source.Files[0].Path, ".jinja"))
	}
	choices, err := s.choices(ctx, c, source)
	if err != nil {
		return nil, err
	}
	id := fmt.Sprint(source.ID, source.Digest(), choices) // maps print sorted
	if same, done := s.seen[id]; done {
		same.chain, same.typed = chain, v.ref
		return &same, nil
	}
	if err := s.chooseKeys(ctx, &c, source, choices); err != nil {
		return nil, err
	}
	s.seen[id] = c
	return &c, nil
}

// follow follows the reference at a version.
func (s *search) follow(ctx context.Context, v version) (install.Chain, error) {
	if v.pin == (ref.Pin{}) {
		return s.Packs.Follow(ctx, v.ref)
	}
	s.Progress(fmt.Sprintf("comparing %s with %s", s.Path, strings.TrimPrefix(v.pin.Ref, ref.TagPrefix)))
	h, err := s.Packs.OpenPin(ctx, v.ref, v.pin)
	if err != nil {
		return nil, err
	}
	return s.Packs.FollowFrom(ctx, h)
}

// choices returns the possible values of each key that the files use: first the one that it has without --kv, then
// those that the copy suggests, and those that the pack allows. A given key has only its given value.
func (s *search) choices(ctx context.Context, c candidate, source install.Source) (map[string][]string, error) {
	values, err := s.Builder.Keys.Values(ctx, c.chain, nil, nil)
	if err != nil {
		return nil, err
	}
	names := render.UsedNames(source.Files, source.Dir, c.chain.KeyNames())
	pattern := render.NewPattern(source.Files, source.Dir, names)
	files, err := s.copy.files(c.root, pattern.Match)
	if err != nil {
		return nil, err
	}
	suggested := pattern.Values(files)
	out := map[string][]string{}
	for _, name := range names {
		first := "" // of a key without a value
		if key, ok := values.All[name]; ok {
			first = fmt.Sprint(key.Value)
		}
		out[name] = []string{first}
		if _, given := s.Builder.Keys.Given[name]; given {
			continue
		}
		key := c.chain.Key(name)
		possible := slices.Concat(suggested[name], key.Choices)
		if key.Bool {
			possible = []string{"true", "false"}
		}
		for _, value := range possible {
			if !slices.Contains(out[name], value) {
				out[name] = append(out[name], value)
			}
		}
	}
	return out, nil
}

// render renders a candidate with values given for keys.
func (s *search) render(
	ctx context.Context, c *candidate, source install.Source, choices map[string][]string, given map[string]string,
) (fileset.Set, error) {
	values, err := s.Builder.Keys.With(given).Values(ctx, c.chain, slices.Collect(maps.Keys(choices)), nil)
	if err != nil {
		return nil, err
	}
	r, err := source.Render(values.Context(), render.Options{AllowUndefined: true})
	if err != nil {
		return nil, fmt.Errorf("rendering %q: %w", c.typed, err)
	}
	return install.Place(c.root, source.Dir, r.Files)
}

// chooseKeys finds the values of the keys with which the rendering is the most similar, and sets them in the
// candidate.
func (s *search) chooseKeys(
	ctx context.Context, c *candidate, source install.Source, choices map[string][]string,
) error {
	var impossible error
	given := func(values map[string]string) map[string]string { // those that differ from the default
		out := map[string]string{}
		for key, value := range values {
			if value != choices[key][0] {
				out[key] = value
			}
		}
		return out
	}
	found, err := similarity.Search(choices, func(values map[string]string) (similarity.Score, bool, error) {
		placed, err := s.render(ctx, c, source, choices, given(values))
		if kind := failure.KindOf(err); kind == failure.Usage || kind == failure.Refused {
			impossible = cmp.Or(impossible, err)
			return similarity.Score{}, false, ctx.Err()
		} else if err != nil {
			return similarity.Score{}, false, err
		}
		l, _, err := s.copy.compare(placed)
		return l, true, cmp.Or(err, ctx.Err())
	})
	if err != nil {
		return err
	}
	if len(found) == 0 {
		return impossible
	}
	for i := range found {
		found[i].Values = given(found[i].Values)
	}
	c.values, c.runnersUp = found[0].Values, found[1:]
	placed, err := s.render(ctx, c, source, choices, c.values)
	if err != nil {
		return err
	}
	for _, f := range placed {
		c.paths = append(c.paths, f.Path)
	}
	c.Score, c.files, err = s.copy.compare(placed)
	return err
}
