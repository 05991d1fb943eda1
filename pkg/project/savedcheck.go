package project

import (
	"context"
	"io/fs"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// A saved plan is input: it can come from a job that somebody else controls. The digest in it only detects accidents,
// so a plan is also compared with what it says about itself: after it, each file must be what the new lockfile says,
// except where the user has edited it. Saved undos are compared with the history instead.

// A savedCheck compares the changes of a saved plan with the records before and after it.
type savedCheck struct {
	changes   map[string]plan.Change // by path, without the records
	old, new  recordedFiles
	before    *manifest.Manifest
	after     *manifest.Manifest
	disk      plan.Disk
	converted map[string]plan.Converted // of files on the disk
	merged    []mergedFile
	adopts    bool // the command makes files that exist the files of an install
}

// recordedFiles are the files of a lockfile, by path.
type recordedFiles map[string]recordedFile

type recordedFile struct {
	lockfile.File
	install lockfile.Component
}

func recordFiles(lock *lockfile.Lock) recordedFiles {
	out := recordedFiles{}
	for _, c := range lock.Components {
		for _, f := range c.Files {
			out[f.Path] = recordedFile{f, c}
		}
	}
	return out
}

// inInstall returns the path of the rendered file in its install.
func (f recordedFile) inInstall() string { return strings.TrimPrefix(f.Rendered(), f.install.Path) }

// state returns the file as its install has it.
func (f recordedFile) state() plan.State {
	mode, err := fileset.ParseMode(f.Mode)
	if err != nil {
		mode = 0 // the lockfile was checked when it was read
	}
	return plan.State{Kind: plan.File, Digest: f.Digest, LFDigest: f.LFDigest, Mode: mode}
}

// checkWhole returns an error of kind Integrity unless a saved plan has all changes, and only those, that lead from
// the records of the project to the records after it.
func (p *Project) checkWhole(ctx context.Context, pl plan.Plan, command string, after recordPair) error {
	c := &savedCheck{
		changes: map[string]plan.Change{}, old: recordFiles(p.Lock), new: recordFiles(after.lock),
		before: p.Manifest, after: after.manifest, adopts: strings.HasPrefix(command+" ", "adopt "),
	}
	if err := c.checkRecords(p.Lock, after.lock); err != nil {
		return err
	}
	sorted := c.paths(pl)
	var err error
	if c.disk, err = p.tree.Scan(ctx, sorted); err != nil {
		return err
	}
	all := p.lockedFiles()
	for path, f := range c.new {
		all[path] = f.state()
	}
	if c.converted, err = p.tree.Convert(c.disk, all); err != nil {
		return err
	}
	for _, path := range sorted {
		if err := c.checkPath(path); err != nil {
			if c.isUnproven(ctx, p, path) {
				continue
			}
			return err
		}
	}
	for _, f := range c.merged {
		if err := p.checkMerged(ctx, f); err != nil {
			return err
		}
	}
	return nil
}

// paths returns the paths that a plan or its records change, and sets the changes.
func (c *savedCheck) paths(pl plan.Plan) []string {
	paths := map[string]bool{}
	for _, change := range pl.Changes {
		if !change.Record {
			c.changes[change.Path] = change
			paths[change.Path] = true
		}
		if change.From != "" {
			paths[change.From] = true
		}
	}
	for path, f := range c.new {
		if old, ok := c.old[path]; !ok || old.File != f.File {
			paths[path] = true
		}
	}
	for path := range c.old {
		if _, ok := c.new[path]; !ok {
			paths[path] = true
		}
	}
	for path := range maps.Clone(paths) {
		if base, ok := c.base(c.changes[path], c.new[path]); ok && path != "" {
			paths[base.Path] = true
		}
	}
	return slices.Sorted(maps.Keys(paths))
}

// isUnproven reports whether the path belongs to an install that is removed and of which no file can be proven, so
// that all of its files stay.
func (c *savedCheck) isUnproven(ctx context.Context, p *Project, path string) bool {
	old, isOld := c.old[path]
	if _, isNew := c.new[path]; isNew || !isOld {
		return false
	}
	for _, f := range old.install.Files {
		if _, planned := c.changes[f.Path]; planned {
			return false
		}
	}
	_, err := p.base(ctx, old.install)
	return err != nil && failure.KindOf(err) != failure.Integrity
}

// errNotWhole returns the error about a plan that lacks a change or has another one than a command makes.
func errNotWhole(format string, args ...any) error {
	return failure.Errorf(failure.Integrity, "reading the plan: it was edited: "+format, args...).
		WithHint("do not trust the source of this plan; make your own with ppm project plan")
}

// checkPath checks what the plan does at a path.
func (c *savedCheck) checkPath(path string) error {
	change, planned := c.changes[path]
	next, isNew := c.new[path]
	old, isOld := c.old[path]
	switch {
	case isNew && planned:
		return c.checkInstalled(change, next)
	case isNew:
		base, hasBase := c.base(plan.Change{Path: path}, next)
		isSame := hasBase && base.Digest == next.Digest && base.Mode == next.Mode
		isMoved := c.disk[path].Kind == plan.File || c.disk[base.Path].Kind != plan.File
		if !(isSame && (base.Path == path || isMoved)) && !c.isUpToDate(path, base, hasBase, next) {
			return errNotWhole("it has no change of %q, which it installs", path)
		}
		return c.checkConflict(plan.Change{Path: path}, next)
	case isOld:
		return c.checkRemoved(change, planned, old)
	case planned && change.Writes():
		return c.checkSide(change)
	}
	return nil
}

// matches reports whether the file on the disk is as an install has it, apart from its mode and its line endings.
func (c *savedCheck) matches(path string, want plan.State) bool {
	now := c.disk[path]
	return now.Kind == plan.File && now.IgnoringLineEnds(want, c.converted[path]).Digest == want.Digest
}

// isUpToDate reports whether the file on the disk needs no change.
func (c *savedCheck) isUpToDate(path string, base recordedFile, hasBase bool, next recordedFile) bool {
	return c.matches(path, next.state()) && c.hasMode(path, base, hasBase, next)
}

// hasMode reports whether the file on the disk has the mode of an install, or the user has changed its mode.
func (c *savedCheck) hasMode(path string, base recordedFile, hasBase bool, next recordedFile) bool {
	mode := c.disk[path].Mode
	return mode == 0 || mode == next.state().Mode || hasBase && mode != base.state().Mode
}

// base returns the file that a change replaces, as it was installed.
func (c *savedCheck) base(change plan.Change, next recordedFile) (recordedFile, bool) {
	if f, ok := c.old[change.Path]; ok {
		return f, true
	}
	if f, ok := c.old[change.From]; ok {
		return f, true
	}
	for _, f := range c.old {
		isMoved := f.install.Source == next.install.Source && f.install.Digest == next.install.Digest &&
			!c.isInstalled(f.install.Path)
		if (f.install.Path == next.install.Path || isMoved) && f.inInstall() == next.inInstall() {
			return f, true
		}
	}
	return recordedFile{}, false
}

// isInstalled reports whether there is an install at a path afterwards.
func (c *savedCheck) isInstalled(path string) bool {
	for _, f := range c.new {
		if f.install.Path == path {
			return true
		}
	}
	return false
}

// checkInstalled checks the change of a file that an install has afterwards.
func (c *savedCheck) checkInstalled(change plan.Change, next recordedFile) error {
	if err := c.checkConflict(change, next); err != nil {
		return err
	}
	base, hasBase := c.base(change, next)
	switch change.Action {
	case plan.Create, plan.Update, plan.Merge:
		return c.checkWritten(change, base, hasBase, next)
	case plan.Keep:
		return c.checkKept(change, base, hasBase, next)
	case plan.Unchanged:
		if !c.isUpToDate(change.Path, base, hasBase, next) {
			return errNotWhole("it leaves %q as it is, which is not as in %q", change.Path, next.install.Source)
		}
		return nil
	}
	return errNotWhole("it has the action %s for %q, which it installs", change.Action, change.Path)
}

// checkWritten checks the content and the mode that the plan gives a file. A file that the user has not edited gets
// the content of the pack; one that only the user has changed keeps its content.
func (c *savedCheck) checkWritten(change plan.Change, base recordedFile, hasBase bool, next recordedFile) error {
	change, replaces := withoutReplacements(change, next.install)
	ours := change.Ours()
	now := c.disk[ours]
	isEdited := now.Kind == plan.File && !(hasBase && c.matches(ours, base.state()))
	isUpstreams := !hasBase || base.Digest != next.Digest || replaces
	isMerged := isEdited && isUpstreams && !c.matches(ours, next.state()) &&
		(change.Action == plan.Merge || change.From != "")
	switch {
	case change.Sides:
		return errNotWhole("it writes %q, whose versions are beside it", change.Path)
	case isMerged, c.hasContent(change, next):
	case isEdited && !isUpstreams && change.New.Digest == now.Digest: // its name or its mode changes
	case !isEdited && change.New.Digest == now.Digest && !isUpstreams:
	default:
		return errNotWhole("the content of %q is not that of %q", change.Path, next.install.Source)
	}
	if mode := change.New.Mode; mode != 0 && mode != next.state().Mode && mode != now.Mode {
		return errNotWhole("the mode of %q is not %04o", change.Path, next.state().Mode)
	}
	return nil
}

// hasContent reports whether the new content of a change is that of a file, apart from its line endings. A secret that
// gets another value has another placeholder in a plan than in the lockfile.
func (c *savedCheck) hasContent(change plan.Change, next recordedFile) bool {
	want := next.state()
	if change.New.Digest == change.Old.Digest {
		return c.matches(change.Path, want)
	}
	text := string(change.Data)
	for name, key := range next.install.Keys {
		if _, isSecret := key.Secret(); isSecret {
			text = strings.ReplaceAll(text, secret.Replacement(name), secret.Placeholder(name))
		}
	}
	state := plan.FileState([]byte(text), 0)
	converted, _ := plan.Convert([]byte(text))
	return state.IgnoringLineEnds(want, converted).Digest == want.Digest
}

// checkKept checks that the user has a reason to keep a file that an install has.
func (c *savedCheck) checkKept(change plan.Change, base recordedFile, hasBase bool, next recordedFile) error {
	isFile := c.disk[change.Path].Kind == plan.File
	switch {
	case c.isOwned(change.Path), c.isOwned(change.From), c.adopts:
	case change.Sides && isFile && (!hasBase || base.Digest != next.Digest):
		return c.checkSides(change, base, hasBase, next)
	case isFile && hasBase && !c.matches(change.Path, base.state()) && c.strategy(next) == manifest.Ours:
	case isFile && hasBase && !c.matches(change.Path, base.state()) && base.Digest != next.Digest:
		c.merged = append(c.merged, mergedFile{base, next}) // it may have the changes already
	case !isFile && hasBase && c.disk[base.Path].Kind != plan.File: // the user has deleted it
	case isFile && hasBase && base.Digest == next.Digest && c.hasMode(change.Path, base, hasBase, next):
	case isFile && c.isUpToDate(change.Path, base, hasBase, next):
	default:
		return errNotWhole("it keeps %q, which changed upstream", change.Path)
	}
	return nil
}

// strategy returns the strategy of an install after the plan.
func (c *savedCheck) strategy(next recordedFile) manifest.Strategy {
	return entriesByPath(c.after)[next.install.Path].Strategy
}

// isOwned reports whether the user owns a file, before or after the plan.
func (c *savedCheck) isOwned(path string) bool {
	for _, m := range []*manifest.Manifest{c.before, c.after} {
		for _, entry := range m.Components {
			if entry.Own[path] != "" {
				return true
			}
		}
	}
	return false
}

// checkConflict checks that the lockfile records the conflicts that the plan leaves, and no others.
func (c *savedCheck) checkConflict(change plan.Change, next recordedFile) error {
	want := c.old[change.Path].Conflict
	switch {
	case change.Conflicts > 0 && change.Sides:
		want = next.Conflict
	case change.Conflicts > 0:
		want = change.New.Digest
	case change.Action != "" && change.Writes():
		want = ""
	}
	if next.Conflict != want {
		return errNotWhole("the lockfile after it is wrong about the conflicts in %q", change.Path)
	}
	return nil
}

// checkRemoved checks the change of a file that no install has afterwards.
func (c *savedCheck) checkRemoved(change plan.Change, planned bool, old recordedFile) error {
	now := c.disk[old.Path]
	isUnedited := c.matches(old.Path, old.state()) && (now.Mode == 0 || now.Mode == old.state().Mode)
	stays := change.Owner != "" || old.Found || c.isOwned(old.Path)
	switch {
	case !planned && now.Kind == plan.File && !old.Found && !c.isRecordedElsewhere(old):
		return errNotWhole("it has no change of %q, which it removes", old.Path)
	case !planned:
	case change.Action == plan.Delete && !isUnedited && !c.isFollowed(old.Path):
		return errNotWhole("it deletes %q, which you have edited", old.Path)
	case change.Action == plan.Keep && (isUnedited && !stays || now.Kind == plan.File && c.isFollowed(old.Path)),
		change.Action == plan.Unchanged && now.Kind == plan.File:
		return errNotWhole("it keeps %q, which it removes", old.Path)
	case change.Action != plan.Delete && change.Writes():
		return c.checkSide(change)
	}
	return nil
}

// isFollowed reports whether the plan moves the file at a path to another one.
func (c *savedCheck) isFollowed(path string) bool {
	for _, change := range c.changes {
		if change.From == path && change.Path != path && (change.Writes() || change.Action == plan.Unchanged) {
			return true
		}
	}
	return false
}

// isRecordedElsewhere reports whether the same install has the file at another path afterwards.
func (c *savedCheck) isRecordedElsewhere(old recordedFile) bool {
	for _, f := range c.new {
		if f.install.Path == old.install.Path && f.Rendered() == old.Rendered() {
			return true
		}
	}
	return false
}

// checkSides checks that the versions of a binary file in conflict are written next to it.
func (c *savedCheck) checkSides(change plan.Change, base recordedFile, hasBase bool, next recordedFile) error {
	for suffix, want := range map[string]plan.State{
		".base": base.state(), ".ours": c.disk[change.Path], ".theirs": next.state(),
	} {
		side, planned := c.changes[change.Path+suffix]
		hasVersion := suffix != ".base" || hasBase
		isRight := side.New.Digest == want.Digest && slices.Contains([]fs.FileMode{0, fileset.Regular, want.Mode},
			side.New.Mode)
		if planned != hasVersion || planned && !isRight {
			return errNotWhole("it does not write %q as it is", change.Path+suffix)
		}
	}
	return nil
}

// checkSide checks the change of a file that no install has: it can only be a version of a binary file in conflict,
// which is checked with that file.
func (c *savedCheck) checkSide(change plan.Change) error {
	for _, suffix := range plan.Sides {
		file, ok := strings.CutSuffix(change.Path, suffix)
		if _, installed := c.new[file]; ok && installed && c.changes[file].Sides {
			return nil
		}
	}
	return errNotWhole("it writes %q, which no install has", change.Path)
}
