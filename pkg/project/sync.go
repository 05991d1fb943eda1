package project

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// SyncOptions say how far Sync may go.
type SyncOptions struct {
	Check          bool // change nothing; an error of kind Differs when there is something to do
	Frozen         bool // never touch the lockfile; what would need it is an error
	Style          merge.Style
	DryRun         bool
	AllowUndefined bool
	AcceptMoved    []string
	NoIndex        bool // mark no conflicts in git's index
}

// SyncResult is what Sync did, or with Check or DryRun would do.
type SyncResult struct {
	Added    []Install  `json:"added"`    // in the manifest and not in the lockfile
	Upgrades []Upgraded `json:"upgrades"` // at another version or with other keys than in the lockfile
	Removed  []Install  `json:"removed"`  // in the lockfile and not in the manifest
	Changes  []Change   `json:"changes"`
	DryRun   bool       `json:"dry_run"`
}

// Sync makes the project equal to its manifest and lockfile: files that are missing are
// made again as the lockfile says, byte for byte, or not at all; what the manifest has
// and the lockfile has not is installed, upgraded or removed. Edited files stay.
func (s *Session) Sync(ctx context.Context, o SyncOptions) (result *SyncResult, err error) {
	looks := o.DryRun || o.Check
	end, err := s.begin(ctx, !looks)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	s.noIndex = o.NoIndex
	if err := s.settled(); err != nil {
		return nil, err
	}
	result = &SyncResult{Added: []Install{}, Upgrades: []Upgraded{}, Removed: []Install{}, Changes: []Change{}, DryRun: looks}
	coming, going, err := s.difference(ctx, o, result)
	if err != nil {
		return nil, err
	}
	if o.Frozen && len(coming)+len(going) > 0 {
		return nil, failure.Errorf(failure.Differs, "%s and %s differ, and --frozen leaves %s as it is", ManifestName, LockName, LockName).
			WithHint("run ppm project sync without --frozen and commit %s", LockName)
	}
	missing, replaced, err := s.missing(ctx, coming, going)
	if err != nil {
		return nil, err
	}
	if result.Changes, err = s.commit(ctx, coming, going, commitOptions{
		command: "sync", upgrade: true, style: o.Style, remake: true, restore: missing, dryRun: looks,
	}); err != nil {
		return nil, err
	}
	differs := slices.ContainsFunc(result.Changes, Change.writes)
	result.Changes = slices.Insert(result.Changes, 0, replaced...)
	switch {
	case o.Check && differs:
		return result, failure.Errorf(failure.Differs, "the project is not what %s and %s say", ManifestName, LockName).
			WithHint("run ppm project sync")
	case o.Check && len(replaced) > 0:
		return result, failure.Errorf(failure.Differs, "%q %s", replaced[0].Path, replaced[0].Reason).WithHint("%s", makeWay(replaced[0].Path))
	}
	return result, left(result.Changes, looks)
}

// difference returns what the manifest wants and the lockfile does not have, and the other way round.
func (s *Session) difference(ctx context.Context, o SyncOptions, result *SyncResult) (coming []install, going []lockfile.Component, err error) {
	wanted := map[string]bool{}
	for _, want := range s.own.Components {
		p, err := manifest.CleanPath(want.Path)
		if err != nil {
			return nil, nil, err
		}
		wanted[p] = true
		old, installed := s.lock.Component(p)
		if installed && s.asWanted(old, want) {
			continue
		}
		b, err := s.fulfil(ctx, want, p, o)
		if err != nil {
			return nil, nil, fmt.Errorf("installing what %s has at %q: %w", ManifestName, p, err)
		}
		coming = append(coming, b.installs...)
		next := b.installs[0].locked
		if !installed {
			result.Added = append(result.Added, describe(next))
			continue
		}
		result.Upgrades = append(result.Upgrades, Upgraded{Path: p, From: old.Typed().String(), To: want.Source.String(), FromCommit: old.Commit, ToCommit: next.Commit})
	}
	for _, c := range s.lock.Components {
		if !wanted[c.Path] {
			going = append(going, c)
			result.Removed = append(result.Removed, describe(c))
		}
	}
	return coming, going, nil
}

// asWanted reports whether an install is what the manifest asks for, as far as that can be told without looking it up.
func (s *Session) asWanted(c lockfile.Component, want manifest.Component) bool {
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

// fulfil prepares an entry of the manifest.
func (s *Session) fulfil(ctx context.Context, want manifest.Component, path string, o SyncOptions) (*batch, error) {
	b, err := s.newBatch(nil)
	if err != nil {
		return nil, err
	}
	b.keys.given, b.keys.ask, b.undefined, b.accept = want.Keys, nil, o.AllowUndefined, o.AcceptMoved
	if err := b.find(ctx, want.Source, path); err != nil {
		return nil, err
	}
	return b, b.prepare(ctx)
}

// missing returns the files of installs that stay and that are not on the disk, and what becomes of those in
// whose place the user has put something else: it stays.
func (s *Session) missing(ctx context.Context, coming []install, going []lockfile.Component) (fileset.Set, []Change, error) {
	var files []fileset.File
	var replaced []Change
	own := s.ownership()
	for _, c := range s.lock.Components {
		if slices.ContainsFunc(coming, func(i install) bool { return i.locked.Path == c.Path }) ||
			slices.ContainsFunc(going, func(g lockfile.Component) bool { return g.Path == c.Path }) {
			continue
		}
		var names []string
		for _, f := range c.Files {
			if own[f.Path] != manifest.Mine {
				names = append(names, f.Path)
			}
		}
		disk, err := s.store.Scan(ctx, names)
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
				replaced = append(replaced, Change{Path: name, Action: string(plan.Keep), Reason: "is " + kind.Describe() + " now, and no file that ppm could bring back"})
			}
		}
		if len(gone) == 0 {
			continue
		}
		base, err := s.base(ctx, c)
		if err != nil {
			return nil, nil, err
		}
		for _, name := range gone {
			file, _ := base.Lookup(name)
			if !slices.ContainsFunc(files, func(f fileset.File) bool { return f.Path == name }) { // two installs may share a file
				files = append(files, file)
			}
		}
	}
	out, err := fileset.New(files)
	return out, replaced, err
}

// makeWay says what to do about something that stands where an installed file belongs.
func makeWay(path string) string {
	return fmt.Sprintf("move it away and run ppm project sync, or keep it with ppm project own %s mine", shellQuote(path))
}
