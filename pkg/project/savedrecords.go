package project

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// checkRecords checks that a plan changes the manifest and the lockfile together, and no table of the manifest that no
// command changes.
func (c *savedCheck) checkRecords(old, next *lockfile.Lock) error {
	before, after := *c.before, *c.after
	for _, m := range []*manifest.Manifest{&before, &after} {
		m.Project, m.Components, m.Packs, m.Keys = manifest.Project{}, nil, nil, nil
	}
	if !reflect.DeepEqual(before, after) {
		return errNotWhole("it changes settings in %s", plan.Manifest)
	}
	wanted, was := entriesByPath(c.before), map[string]manifest.Component{}
	maps.Copy(was, wanted)
	wanted = entriesByPath(c.after)
	for _, install := range next.Components {
		entry, listed := wanted[install.Path]
		before, ok := old.Component(install.Path)
		if ok && reflect.DeepEqual(before, install) && entry.Source == was[install.Path].Source {
			continue
		}
		if !listed {
			return errNotWhole("it installs %q, which is not in %s after it", install.Path, plan.Manifest)
		}
		if entry.Source != install.Typed() {
			return errNotWhole("%s and the lockfile have different sources of %q", plan.Manifest, install.Path)
		}
		if name := wrongKey(entry, install); name != "" {
			return errNotWhole("%s and the lockfile have different values of the key %q of %q", plan.Manifest, name,
				install.Path)
		}
	}
	for path := range wanted {
		if _, installed := next.Component(path); !installed && was[path].Path == "" {
			return errNotWhole("it adds %q to %s, and does not install it", path, plan.Manifest)
		}
	}
	for _, install := range old.Components {
		_, stays := next.Component(install.Path)
		if _, listed := wanted[install.Path]; !stays && listed {
			return errNotWhole("it removes %q, which is still in %s", install.Path, plan.Manifest)
		} else if stays && !listed && was[install.Path].Path != "" {
			return errNotWhole("it removes %q from %s, and does not remove its files", install.Path, plan.Manifest)
		}
	}
	return nil
}

func entriesByPath(m *manifest.Manifest) map[string]manifest.Component {
	out := map[string]manifest.Component{}
	for _, c := range m.Components {
		out[c.Path] = c
	}
	return out
}

// wrongKey returns the name of a key to which the manifest gives another value than the lockfile has, or "".
func wrongKey(entry manifest.Component, install lockfile.Component) string {
	for _, name := range slices.Sorted(maps.Keys(entry.Keys)) {
		if key, has := install.Keys[name]; has && fmt.Sprint(key.Value) != fmt.Sprint(entry.Keys[name]) {
			return name
		}
	}
	return ""
}

// proveSaved renders the installs that a saved plan changes again, as far as the cache has their packs: their files
// must be those in the new lockfile. A note says which could not be compared.
func (p *Project) proveSaved(ctx context.Context, after *lockfile.Lock) error {
	var unknown []string
	for _, c := range after.Components {
		if old, ok := p.Lock.Component(c.Path); ok && reflect.DeepEqual(old, c) {
			continue
		}
		_, err := p.base(ctx, c)
		switch kind := failure.KindOf(err); {
		case err == nil:
		case kind == failure.Integrity, kind == failure.Interrupted, kind == failure.Refused:
			return err
		default:
			unknown = append(unknown, c.Path)
		}
	}
	if len(unknown) > 0 {
		p.setup.Warn(fmt.Sprintf("the cache does not have the packs of %s, so their files in the plan cannot be "+
			"compared with them; ppm project verify does that afterwards", strings.Join(unknown, ", ")))
	}
	return nil
}

// checkUndo returns an error unless a saved plan is the one that undoing the last command makes.
func (p *Project) checkUndo(ctx context.Context, saved plan.Saved, data []byte) error {
	for _, force := range []bool{false, true} {
		pl, _, err := p.tree.PlanUndo(ctx, saved.Command, force)
		if err != nil {
			return err
		}
		again := saved
		again.Plan = pl
		text, err := again.Format(p.readOrNil)
		if err == nil && string(text) == string(data) {
			return nil
		}
	}
	return errNotWhole("it is not what undoing %q does", cmp.Or(saved.Command, "the last command"))
}

// readOrNil reads a file for a diff. What cannot be read has no content.
func (p *Project) readOrNil(path string) ([]byte, error) {
	data, err := p.tree.ReadFile(path)
	if failure.KindOf(err) == failure.LocalIO || failure.KindOf(err) == failure.Refused {
		return nil, fs.ErrNotExist
	}
	return data, err
}

// A mergedFile is a file that the user and upstream changed, and that the plan leaves as it is.
type mergedFile struct{ base, next recordedFile }

// checkMerged checks that a file which the plan leaves as it is has the changes of upstream.
func (p *Project) checkMerged(ctx context.Context, f mergedFile) error {
	base, err := p.base(ctx, f.base.install)
	if err != nil {
		return err
	}
	next, err := p.base(ctx, f.next.install)
	if err != nil {
		return err
	}
	ours, err := p.tree.ReadFile(f.next.Path)
	if err != nil {
		return err
	}
	was, _ := base.Files.Lookup(f.base.Path)
	theirs, _ := next.Files.Lookup(f.next.Path)
	for _, ignoreSpace := range []bool{false, true} {
		r := merge.ThreeWay(merge.WithLineEndsOf(was.Data, ours), ours, merge.WithLineEndsOf(theirs.Data, ours),
			merge.Options{IgnoreSpaceChange: ignoreSpace})
		if string(r.Text) == string(ours) {
			return nil
		}
	}
	return errNotWhole("it keeps %q, which changed upstream", f.next.Path)
}
