package project

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// SyncOptions say how far Sync may go.
type SyncOptions struct {
	Check          bool // change nothing; an error of kind Differs when there is something to do
	Frozen         bool // never touch the lockfile; what would need it is an error
	Style          merge.Style
	AllowUndefined bool

	IgnoreSpaceChange bool // in all files, not only in those that the manifest names
}

// SyncResult is what Sync did, or with Check or DryRun would do.
type SyncResult struct {
	Added    []state.Install `json:"added"`    // in the manifest and not in the lockfile
	Upgrades []Upgraded      `json:"upgrades"` // at another version or with other keys than in the lockfile
	Removed  []state.Install `json:"removed"`  // in the lockfile and not in the manifest
	Changes  []Change        `json:"changes"`
	Failed   []Failed        `json:"failed"` // the installs that stay as they are; see FailedError
	DryRun   bool            `json:"dry_run"`
}

// Sync makes the project equal to its manifest and lockfile: files that are missing are restored as the lockfile
// says, byte for byte, or not at all; what the manifest and the lockfile disagree about is installed, upgraded or
// removed. Edited files stay. With Check, an error of kind Differs comes with the result when there is something to
// do.
func (p *Project) Sync(ctx context.Context, o SyncOptions) (*SyncResult, *Transaction, error) {
	if err := checkUnresolved(p.Lock); err != nil {
		return nil, nil, err
	}
	result := &SyncResult{
		Added: []state.Install{}, Upgrades: []Upgraded{}, Removed: []state.Install{}, Changes: []Change{},
	}
	failures, err := p.proveAll(ctx)
	if err != nil {
		return nil, nil, err
	}
	d, err := p.difference(ctx, o, &failures)
	if err != nil {
		return nil, nil, err
	}
	nameLost, err := p.isNameLost()
	if err != nil {
		return nil, nil, err
	}
	if err := p.checkFrozen(o, d, failures, nameLost); err != nil {
		return nil, nil, err
	}
	p.forbidden(&failures, d.removed)
	r := request{
		command: "sync", components: slices.Concat(d.groups...), removed: d.removed, name: nameLost,
		upgrade: true, style: o.Style, ignoreSpaceChange: o.IgnoreSpaceChange, recreate: true,
	}
	missing, replaced, err := p.missing(ctx, r, &failures)
	if err != nil {
		return nil, nil, err
	}
	r.others = missing
	t, errs, err := p.proposeEach(ctx, r, d.groups)
	if err != nil {
		return nil, nil, err
	}
	if err := p.report(ctx, d, result, errs, &failures); err != nil {
		return nil, nil, err
	}
	if err := failures.only(len(p.Manifest.Components)); err != nil {
		return nil, nil, err
	}
	result.Failed = failures.all()
	result.Changes = append(append(result.Changes, replaced...), t.Changes...)
	if len(missing) > 0 && !o.Check {
		p.setup.Notify("missing files are restored; to keep them deleted, undo this and run " +
			p.keepDeleted(paths(missing)))
	}
	switch {
	case o.Check && slices.ContainsFunc(t.Changes, Change.writes):
		return result, t, failure.Errorf(failure.Differs, "the project does not match %s and %s",
			state.ManifestName, state.LockName).
			WithHint("%s", p.hintSync(t.Changes, missing))
	case o.Check && len(replaced) > 0:
		return result, t, failure.Errorf(failure.Differs, "%q %s", replaced[0].Path, replaced[0].Reason).
			WithHint("%s", p.hintMoveAway(replaced[0].Path))
	}
	return result, t, nil
}

// checkFrozen returns an error if sync would change the lockfile and must not.
func (p *Project) checkFrozen(o SyncOptions, d difference, failures Failures, nameLost bool) error {
	if !o.Frozen || len(d.groups)+len(failures.list)+len(d.removed) == 0 && !nameLost && !p.confirmed {
		return nil
	}
	for _, f := range failures.list {
		if failure.KindOf(f.err) == failure.Integrity {
			return f.err
		}
	}
	return failure.Errorf(failure.Differs, "%s and %s differ, and --frozen forbids changing %s",
		state.ManifestName, state.LockName, state.LockName).
		WithHint("run ppm project sync without --frozen and commit %s", state.LockName)
}

// A difference is what the manifest wants and the lockfile does not have, and the other way round.
type difference struct {
	groups  [][]install.Component // the installs of the manifest, each with what it depends on
	before  []lockfile.Component  // for each group what is installed there; the zero value for a new install
	removed []lockfile.Component
}

// difference compares the manifest with the lockfile. It records the entries that cannot be installed in failures.
func (p *Project) difference(ctx context.Context, o SyncOptions, failures *Failures) (d difference, err error) {
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return d, err
	}
	wanted := map[string]bool{}
	var missing []manifest.Component
	for _, want := range p.Manifest.Components {
		wanted[want.Path] = true
		old, installed := p.Lock.Component(want.Path)
		inPlace := installed && areFilesAsMoved(old, want.Moved)
		if inPlace && p.areValuesAsWanted(old, want, info) {
			continue
		}
		ok, err := failures.of(lockfile.Component{Path: want.Path}, want.Source.String(), func() error {
			installs, err := p.build(ctx, want, old, o)
			if err != nil {
				return fmt.Errorf("installing what %s has at %q: %w", state.ManifestName, want.Path, err)
			}
			first := installs[0]
			if inPlace && isSameInstall(old, first.Locked) && first.Want.Source == want.Source &&
				reflect.DeepEqual(first.Want.Keys, want.Keys) {
				return nil
			}
			d.groups, d.before = append(d.groups, installs), append(d.before, old)
			return nil
		})
		if err != nil {
			return d, err
		}
		if !ok && !installed {
			missing = append(missing, want)
		}
	}
	for _, c := range p.Lock.Components {
		// An entry whose path was edited is a new install, in place of the one that is not wanted any more.
		replaces := func(w manifest.Component) bool {
			return w.Source.Origin == c.Typed().Origin && w.Source.Component == c.Typed().Component
		}
		if !wanted[c.Path] && !slices.ContainsFunc(missing, replaces) {
			d.removed = append(d.removed, c)
		}
	}
	return d, nil
}

// report adds to a result what is done about a difference. errs has the errors of the groups that are left out.
func (p *Project) report(
	ctx context.Context, d difference, result *SyncResult, errs []error, failures *Failures,
) error {
	for i, installs := range d.groups {
		next, old := installs[0], d.before[i]
		switch {
		case errs[i] != nil:
			failures.add(next.Locked.Path, next.Want.Source.String(), errs[i])
		case old.Path == "":
			result.Added = append(result.Added, state.NewInstall(next.Locked))
		default:
			requires, err := p.newRequires(ctx, old, installs)
			if err != nil {
				return err
			}
			up := Upgraded{
				Requires: requires,
				Path:     old.Path, From: old.Typed().String(), To: next.Want.Source.String(),
				FromCommit: old.Commit, ToCommit: next.Locked.Commit,
				RenamedKeys: next.Keys.Renamed, DroppedKeys: next.Keys.Dropped, ChangedKeys: next.Keys.Changed,
			}
			up.noteKind(old, next.Locked)
			result.Upgrades = append(result.Upgrades, up)
		}
	}
	for _, c := range d.removed {
		result.Removed = append(result.Removed, state.NewInstall(c))
	}
	return nil
}

// build builds what an entry of the manifest asks for, in place of old, which is zero for a new install.
func (p *Project) build(
	ctx context.Context, want manifest.Component, old lockfile.Component, o SyncOptions,
) ([]install.Component, error) {
	b, err := p.newBuilder(nil, p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	b.Keys.Ask, b.Keys.AllowUndefined = nil, o.AllowUndefined
	if err := p.replace(ctx, b, want, old, old.Path != ""); err != nil {
		return nil, err
	}
	return b.Build(ctx)
}

// missing returns the files that the disk lacks of the installs that a request leaves alone, and what is said of those
// that the user has replaced by something other than a file: that stays. It records the installs whose files cannot be
// made again in failures.
func (p *Project) missing(ctx context.Context, r request, failures *Failures) (fileset.Set, []Change, error) {
	var files []fileset.File
	var replaced []Change
	own := p.Ownership()
	for _, c := range p.Lock.Components {
		if r.concerns(c.Path) {
			continue
		}
		var names []string
		for _, f := range c.Files {
			if own[f.Path] != manifest.Mine {
				names = append(names, f.Path)
			}
		}
		disk, err := p.tree.Scan(ctx, names)
		if err != nil {
			return nil, nil, err
		}
		var gone []string
		for _, name := range names {
			switch kind := disk[name].Kind; kind {
			case plan.File, plan.Sparse:
			case plan.Absent:
				gone = append(gone, name)
			default:
				replaced = append(replaced, Change{
					Path: name, Action: string(plan.Keep),
					Reason: "is " + kind.Describe() + " now; ppm restores only files",
				})
			}
		}
		if len(gone) == 0 {
			continue
		}
		var base install.Base
		ok, err := failures.of(c, c.Typed().String(), func() (err error) {
			if base, err = p.restorable(ctx, c); err == nil {
				_, err = p.verifySigner(ctx, c)
			}
			return err
		})
		if err != nil {
			return nil, nil, err
		}
		if !ok {
			continue
		}
		for _, name := range gone {
			file, _ := base.Files.Lookup(name)
			isListed := func(f fileset.File) bool { return f.Path == name }
			if !slices.ContainsFunc(files, isListed) { // installs may share a file
				files = append(files, file)
			}
		}
	}
	out, err := fileset.New(files)
	return out, replaced, err
}

// hintSync says what to do about a project that sync would change, when some of the changes restore missing files.
func (p *Project) hintSync(changes []Change, missing fileset.Set) string {
	isOther := func(c Change) bool {
		_, ok := missing.Lookup(c.Path)
		return c.writes() && !ok
	}
	switch {
	case len(missing) == 0:
		return "run ppm project sync"
	case slices.ContainsFunc(changes, isOther):
		return "run ppm project sync; to keep deleted what is missing, run " + p.keepDeleted(paths(missing)) + " first"
	}
	return p.hintMissing(paths(missing))
}

// hintMoveAway says what to do about something that is where an installed file belongs.
func (p *Project) hintMoveAway(path string) string {
	return fmt.Sprintf("move it away and run ppm project sync, or keep it with ppm project own %s mine",
		p.Quote(path))
}
