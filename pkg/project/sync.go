package project

import (
	"cmp"
	"context"
	"fmt"
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
	AcceptMoved    []string
}

// SyncResult is what Sync did, or with Check or DryRun would do.
type SyncResult struct {
	Added    []state.Install `json:"added"`    // in the manifest and not in the lockfile
	Upgrades []Upgraded      `json:"upgrades"` // at another version or with other keys than in the lockfile
	Removed  []state.Install `json:"removed"`  // in the lockfile and not in the manifest
	Changes  []Change        `json:"changes"`
	DryRun   bool            `json:"dry_run"`
}

// Sync makes the project equal to its manifest and lockfile: files that are missing are made again as the lockfile
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
	components, removed, err := p.difference(ctx, o, result)
	if err != nil {
		return nil, nil, err
	}
	if o.Frozen && len(components)+len(removed) > 0 {
		return nil, nil, failure.Errorf(failure.Differs, "%s and %s differ, and --frozen forbids changing %s",
			state.ManifestName, state.LockName, state.LockName).
			WithHint("run ppm project sync without --frozen and commit %s", state.LockName)
	}
	missing, replaced, err := p.missing(ctx, request{components: components, removed: removed})
	if err != nil {
		return nil, nil, err
	}
	t, err := p.propose(ctx, request{
		command: "sync", components: components, removed: removed,
		upgrade: true, style: o.Style, recreate: true, restore: missing,
	})
	if err != nil {
		return nil, nil, err
	}
	result.Changes = append(append(result.Changes, replaced...), t.Changes...)
	switch {
	case o.Check && slices.ContainsFunc(t.Changes, Change.writes):
		return result, t, failure.Errorf(failure.Differs, "the project does not match %s and %s",
			state.ManifestName, state.LockName).
			WithHint("run ppm project sync")
	case o.Check && len(replaced) > 0:
		return result, t, failure.Errorf(failure.Differs, "%q %s", replaced[0].Path, replaced[0].Reason).
			WithHint("%s", p.hintMoveAway(replaced[0].Path))
	}
	return result, t, nil
}

// difference returns what the manifest wants and the lockfile does not have, and the other way round.
func (p *Project) difference(
	ctx context.Context, o SyncOptions, result *SyncResult,
) (components []install.Component, removed []lockfile.Component, err error) {
	wanted := map[string]bool{}
	for _, want := range p.Manifest.Components {
		wanted[want.Path] = true
		old, installed := p.Lock.Component(want.Path)
		if installed && isAsWanted(old, want) {
			continue
		}
		installs, err := p.build(ctx, want, old, o)
		if err != nil {
			return nil, nil, fmt.Errorf("installing what %s has at %q: %w", state.ManifestName, want.Path, err)
		}
		components = append(components, installs...)
		next := installs[0].Locked
		if !installed {
			result.Added = append(result.Added, state.NewInstall(next))
			continue
		}
		result.Upgrades = append(result.Upgrades, Upgraded{
			Path: want.Path, From: old.Typed().String(), To: installs[0].Want.Source.String(),
			FromCommit: old.Commit, ToCommit: next.Commit,
			RenamedKeys: installs[0].Keys.Renamed, DroppedKeys: installs[0].Keys.Dropped,
		})
	}
	for _, c := range p.Lock.Components {
		if !wanted[c.Path] {
			removed = append(removed, c)
			result.Removed = append(result.Removed, state.NewInstall(c))
		}
	}
	return components, removed, nil
}

// isAsWanted reports whether an install is what the manifest asks for, as far as manifest and lockfile tell.
func isAsWanted(c lockfile.Component, want manifest.Component) bool {
	if want.Source != c.Typed() {
		return false
	}
	for key, value := range want.Keys {
		if c.Keys[key] != value {
			return false
		}
	}
	for _, f := range c.Files {
		if to := cmp.Or(want.Moved[f.Rendered()], f.Rendered()); to != f.Path {
			return false
		}
	}
	return true
}

// build builds what an entry of the manifest asks for, in place of old, which is zero for a new install.
func (p *Project) build(
	ctx context.Context, want manifest.Component, old lockfile.Component, o SyncOptions,
) ([]install.Component, error) {
	b, err := p.newBuilder(nil, p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	b.Keys.Carry(want.Keys, old.Keys)
	b.Keys.Ask, b.AllowUndefined, b.AcceptMoved = nil, o.AllowUndefined, o.AcceptMoved
	if err := b.Find(ctx, want.Source, want.Path); err != nil {
		return nil, err
	}
	return b.Build(ctx)
}

// missing returns the files that the disk lacks of the installs that a request leaves alone, and what is said of those
// that the user has replaced by something other than a file: that stays.
func (p *Project) missing(ctx context.Context, r request) (fileset.Set, []Change, error) {
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
			case plan.File:
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
		base, err := p.base(ctx, c)
		if err != nil {
			return nil, nil, err
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

// hintMoveAway says what to do about something that is where an installed file belongs.
func (p *Project) hintMoveAway(path string) string {
	return fmt.Sprintf("move it away and run ppm project sync, or keep it with ppm project own %s mine",
		p.Quote(path))
}
