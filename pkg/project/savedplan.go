package project

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	gitindex "github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// A PlannedResult is what a plan in a file has.
type PlannedResult struct {
	File    string   `json:"file"`
	Command string   `json:"command"` // that was planned
	Changes []Change `json:"changes"`
}

// Save returns a transaction as a file, which Project.Load reads back, for review before it is applied. A transaction
// that changes nothing is a plan without changes. It fails when a file that is replaced cannot be read.
func (p *Project) Save(t *Transaction) ([]byte, error) {
	if err := p.checkSecretFiles(t); err != nil {
		return nil, err
	}
	p.reportFiles(t)
	old := map[string][]byte{}
	for _, c := range t.plan.Changes {
		if c.Writes() && c.Old.Kind == plan.File {
			var err error
			if old[c.Path], err = p.tree.ReadFile(c.Path); err != nil {
				return nil, err
			}
		}
	}
	saved := plan.Saved{
		Command: t.Command, Undoes: t.meta.Undoes(), Plan: t.plan,
		Manifest: recordState(p.ManifestText), Lock: recordState(p.LockText),
	}
	return saved.Format(func(path string) ([]byte, error) { return old[path], nil })
}

// IsPlan reports whether data is a file that Save wrote.
func IsPlan(data []byte) bool {
	_, err := plan.ParseSaved(data)
	return err == nil
}

func recordState(text []byte) plan.State {
	if text == nil {
		return plan.State{}
	}
	return plan.FileState(text, 0)
}

// An AppliedResult is what applying a saved plan did, or with a dry run would do.
type AppliedResult struct {
	Command string   `json:"command"` // that was planned
	Changes []Change `json:"changes"`
	DryRun  bool     `json:"dry_run"`
}

// Load returns the transaction that Save wrote to a file. It fails with kind Refused when a file that the plan was
// made for is no longer what it was, and with kind Integrity when the plan is not the one that ppm wrote: its diffs
// must be those of its contents, and its changes all those, and only those, that lead to the records after it.
func (p *Project) Load(ctx context.Context, data []byte) (*Transaction, error) {
	saved, err := plan.ParseSaved(data)
	if err != nil {
		return nil, err
	}
	if err := p.checkUpToDate(ctx, saved); err != nil {
		return nil, err
	}
	again, err := saved.Format(p.tree.ReadFile)
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, data) {
		return nil, errNotWhole("line %d is not as ppm writes it", differingLine(again, data))
	}
	after, err := p.readRecords(saved.Plan)
	if err != nil {
		return nil, err
	}
	if err := p.checkPlannedFiles(saved.Plan, after.lock); err != nil {
		return nil, err
	}
	if err := p.checkPlannedSigners(ctx, after.lock); err != nil {
		return nil, err
	}
	meta := apply.Meta{Command: saved.Command}
	if saved.Undoes > 0 {
		if meta, err = p.loadUndo(ctx, saved, data); err != nil {
			return nil, err
		}
	} else if err := p.checkPlanned(ctx, saved, after); err != nil {
		return nil, err
	}
	t := newTransaction(saved.Plan, meta, after.lock)
	t.saved = true
	return t, nil
}

// loadUndo checks a saved plan that undoes a command.
func (p *Project) loadUndo(ctx context.Context, saved plan.Saved, data []byte) (apply.Meta, error) {
	_, meta, err := p.tree.PlanUndo(ctx, saved.Command, true)
	if err != nil {
		return meta, err
	}
	if meta.Undoes() != saved.Undoes {
		return meta, errOutdatedPlan("the history")
	}
	return meta, p.checkUndo(ctx, saved, data)
}

// checkPlanned checks a saved plan of any other command.
func (p *Project) checkPlanned(ctx context.Context, saved plan.Saved, after recordPair) error {
	if err := p.checkWhole(ctx, saved.Plan, saved.Command, after); err != nil {
		return err
	}
	return p.proveSaved(ctx, after.lock)
}

func errOutdatedPlan(path string) error {
	return failure.Errorf(failure.Refused, "applying the plan: %q has changed since the plan was made", path).
		WithHint("make the plan again with ppm project plan, and review what is new in it")
}

// checkUpToDate returns an error unless everything that a plan was made for is still what it was.
func (p *Project) checkUpToDate(ctx context.Context, saved plan.Saved) error {
	if recordState(p.ManifestText) != saved.Manifest {
		return errOutdatedPlan(state.ManifestName)
	}
	if recordState(p.LockText) != saved.Lock {
		return errOutdatedPlan(state.LockName)
	}
	var names []string
	for _, c := range saved.Plan.Changes {
		if !c.Record {
			names = append(names, c.Path)
		}
	}
	disk, err := p.tree.Scan(ctx, names)
	if err != nil {
		return err
	}
	for _, c := range saved.Plan.Changes {
		if !c.Record && !disk[c.Path].Same(c.Old) {
			return errOutdatedPlan(c.Path)
		}
	}
	return nil
}

// A recordPair is the manifest and the lockfile that a plan leads to.
type recordPair struct {
	manifest *manifest.Manifest
	lock     *lockfile.Lock
}

// readRecords returns the records that a plan leads to. Records that ppm cannot read are errors.
func (p *Project) readRecords(pl plan.Plan) (recordPair, error) {
	after := recordPair{p.Manifest, p.Lock}
	for _, c := range pl.Changes {
		var err error
		switch {
		case !c.Record || !c.Writes():
		case c.Path == state.ManifestName:
			after.manifest, err = manifest.Parse(state.ManifestName, c.Data, manifest.ProjectLayer)
		case c.New.Kind == plan.Absent:
			after.lock = &lockfile.Lock{}
		default:
			if after.lock, err = lockfile.Parse(state.LockName, c.Data); err == nil {
				err = cmp.Or(after.lock.Check(), p.CheckOrigins(after.lock), p.checkPolicy(after.lock))
			}
		}
		if err != nil {
			return after, fmt.Errorf("reading the plan: %w", err)
		}
	}
	return after, nil
}

// checkPlannedFiles returns an error when a plan writes a file that no install has, neither now nor in lock.
func (p *Project) checkPlannedFiles(pl plan.Plan, lock *lockfile.Lock) error {
	for _, c := range pl.Changes {
		if !c.Record && c.Writes() && !hasFile(p.Lock, c.Path) && !hasFile(lock, c.Path) {
			return errNotWhole("%q is not part of any install", c.Path)
		}
	}
	return nil
}

// hasFile reports whether an install has a file at a path, or a binary file of which a version can be there.
func hasFile(lock *lockfile.Lock, path string) bool {
	for _, suffix := range append([]string{""}, plan.Sides...) {
		if file, ok := strings.CutSuffix(path, suffix); ok {
			if _, _, ok := lock.Owner(file); ok {
				return true
			}
		}
	}
	return false
}

// renderConflicts renders the versions of the files that a saved plan leaves in conflict, for git's index. What the
// cache does not have is a note.
func (p *Project) renderConflicts(ctx context.Context, t *Transaction) []gitindex.Conflict {
	var out []gitindex.Conflict
	for _, c := range t.plan.Changes {
		will, _, stays := t.lock.Owner(c.Path)
		if c.Conflicts == 0 || !stays {
			continue
		}
		conflict, err := p.renderConflict(ctx, c, will)
		if err != nil {
			p.setup.Notify(fmt.Sprintf("git's index does not show the conflict in %q: %v", c.Path, err))
			continue
		}
		out = append(out, conflict)
	}
	slices.SortFunc(out, func(a, b gitindex.Conflict) int { return strings.Compare(a.Path, b.Path) })
	return out
}

func (p *Project) renderConflict(
	ctx context.Context, c plan.Change, will lockfile.Component,
) (gitindex.Conflict, error) {
	ours, err := p.tree.ReadFile(c.Ours())
	if err != nil {
		return gitindex.Conflict{}, err
	}
	next, err := p.base(ctx, will)
	if err != nil {
		return gitindex.Conflict{}, err
	}
	theirs, _ := next.Files.Lookup(c.Path)
	out := gitindex.Conflict{
		Path:   c.Path,
		Ours:   &gitindex.Side{Data: ours, Mode: c.Old.Mode},
		Theirs: &gitindex.Side{Data: merge.WithLineEndsOf(theirs.Data, ours), Mode: theirs.Mode},
	}
	old := cmp.Or(c.From, c.Path)
	was, f, installed := p.Lock.Owner(old)
	if !installed { // both sides added it
		return out, nil
	}
	base, err := p.base(ctx, was)
	if err != nil {
		return out, err
	}
	file, _ := base.Files.Lookup(old)
	if mode, err := fileset.ParseMode(f.Mode); err == nil && file.Digest() == f.Digest {
		out.Base = &gitindex.Side{Data: merge.WithLineEndsOf(file.Data, ours), Mode: mode}
	}
	return out, nil
}

// differingLine returns the number of the first line in which two texts differ.
func differingLine(a, b []byte) int {
	other := slices.Collect(strings.Lines(string(b)))
	n := 0
	for line := range strings.Lines(string(a)) {
		if n >= len(other) || other[n] != line {
			break
		}
		n++
	}
	return n + 1
}
