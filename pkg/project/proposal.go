package project

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// A Proposal gets the plan of a verb, for review instead of being carried out. The one
// verb of the session whose Setup has it fills it.
type Proposal struct {
	Command string // whose plan it is; a verb that has something to do says it in its own words
	Changes []Change

	saved plan.Saved
	old   map[string][]byte // the contents that the plan replaces or removes
}

// A PlannedResult is what a plan in a file holds.
type PlannedResult struct {
	File    string   `json:"file"`
	Command string   `json:"command"` // whose plan it is
	Changes []Change `json:"changes"`
}

// Format returns the proposal as a file, which Session.ApplyPlan carries out. When the verb
// has nothing to do, that is a plan with no changes.
func (p *Proposal) Format() ([]byte, error) {
	p.saved.Command = p.Command
	return p.saved.Format(func(path string) ([]byte, error) { return p.old[path], nil })
}

// Empty reports whether the verb has nothing to do.
func (p *Proposal) Empty() bool { return p.saved.Plan.Empty() }

// IsPlan reports whether data is a file that Format wrote.
func IsPlan(data []byte) bool {
	_, err := plan.ParseSaved(data)
	return err == nil
}

// begin notes the records that the verb has read.
func (p *Proposal) begin(s *Session) {
	p.saved.Manifest, p.saved.Lock = recordState(s.text), recordState(s.lockText)
}

func recordState(text []byte) plan.State {
	if text == nil {
		return plan.State{}
	}
	return plan.Of(text, 0)
}

// take keeps a plan, and of the project's files what is needed to show it.
func (p *Proposal) take(s *Session, pl plan.Plan, m apply.Meta, changes []Change) error {
	p.old = map[string][]byte{}
	p.Command, p.Changes, p.saved.Undoes, p.saved.Plan = m.Command, changes, m.Undoes(), pl
	for _, c := range pl.Changes {
		if c.Writes() && c.Old.Kind == plan.File {
			var err error
			if p.old[c.Path], err = s.store.ReadFile(c.Path); err != nil {
				return err
			}
		}
	}
	return nil
}

// ApplyPlanOptions say how a plan is carried out.
type ApplyPlanOptions struct {
	DryRun  bool
	NoIndex bool // mark no conflicts in git's index
}

// AppliedResult is what ApplyPlan did, or with a dry run would do.
type AppliedResult struct {
	Command string   `json:"command"` // whose plan it was
	Changes []Change `json:"changes"`
	DryRun  bool     `json:"dry_run"`
}

// ApplyPlan carries out a plan that Proposal.Format wrote, with the same result as the verb
// itself, and connects to no server. It fails with kind Refused when a file that the plan was
// made for, written by it or not, is no longer what it was, and when the plan is not what
// ppm writes: its diffs must be those of its contents, and its files those of installs.
func (s *Session) ApplyPlan(ctx context.Context, data []byte, o ApplyPlanOptions) (result *AppliedResult, err error) {
	saved, err := plan.ParseSaved(data)
	if err != nil {
		return nil, err
	}
	s.setup.Offline, s.noIndex = true, o.NoIndex
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	if err := s.current(ctx, saved); err != nil {
		return nil, err
	}
	if again, err := saved.Format(s.store.ReadFile); err != nil {
		return nil, err
	} else if !bytes.Equal(again, data) {
		return nil, failure.Errorf(failure.Refused, "reading the plan: it was edited: line %d is not as ppm writes it", differingLine(again, data)).
			WithHint("make the plan again with ppm project plan")
	}
	next, err := s.lawful(saved.Plan)
	if err != nil {
		return nil, err
	}
	if !o.DryRun && !o.NoIndex {
		s.recallSides(ctx, saved.Plan, next)
	}
	meta := apply.Meta{Command: saved.Command}
	if saved.Undoes > 0 {
		if _, meta, err = s.store.PlanUndo(ctx, saved.Command, true); err != nil {
			return nil, err
		}
		if meta.Undoes() != saved.Undoes {
			return nil, outdatedPlan("the history")
		}
	}
	result = &AppliedResult{Command: saved.Command, DryRun: o.DryRun}
	if result.Changes, err = s.carryOut(ctx, saved.Plan, meta, o.DryRun); err != nil {
		return nil, err
	}
	return result, left(result.Changes, o.DryRun)
}

func outdatedPlan(path string) error {
	return failure.Errorf(failure.Refused, "applying the plan: %q is no longer what the plan was made for", path).
		WithHint("make the plan again with ppm project plan, and review what is new in it")
}

// current proves that everything that a plan has looked at is still what it was.
func (s *Session) current(ctx context.Context, saved plan.Saved) error {
	if recordState(s.text) != saved.Manifest {
		return outdatedPlan(ManifestName)
	}
	if recordState(s.lockText) != saved.Lock {
		return outdatedPlan(LockName)
	}
	var names []string
	for _, c := range saved.Plan.Changes {
		if !c.Record {
			names = append(names, c.Path)
		}
	}
	disk, err := s.store.Scan(ctx, names)
	if err != nil {
		return err
	}
	for _, c := range saved.Plan.Changes {
		if !c.Record && !disk[c.Path].Same(c.Old) {
			return outdatedPlan(c.Path)
		}
	}
	return nil
}

// lawful returns the lockfile that a plan leads to. It refuses a plan that writes what no
// install has, before it or after it, and records that ppm cannot read.
func (s *Session) lawful(p plan.Plan) (next *lockfile.Lock, err error) {
	next = s.lock
	for _, c := range p.Changes {
		switch {
		case !c.Record || !c.Writes():
		case c.Path == ManifestName:
			_, err = manifest.Parse(ManifestName, c.Data, manifest.ProjectLayer)
		case c.New.Kind == plan.Absent:
			next = &lockfile.Lock{}
		default:
			if next, err = lockfile.Parse(LockName, c.Data); err == nil {
				err = next.Check()
			}
		}
		if err != nil {
			return nil, fmt.Errorf("reading the plan: %w", err)
		}
	}
	for _, c := range p.Changes {
		if !c.Record && c.Writes() && !owned(s.lock, c.Path) && !owned(next, c.Path) {
			return nil, failure.Errorf(failure.Refused, "reading the plan: %q is part of no install", c.Path).
				WithHint("do not trust where this plan comes from; make one yourself with ppm project plan")
		}
	}
	return next, nil
}

// recallSides finds for git's index what stands on the sides of a plan's conflicts: both
// versions are rendered again. What the cache does not have is not marked there.
func (s *Session) recallSides(ctx context.Context, p plan.Plan, next *lockfile.Lock) {
	in := plan.Input{Texts: map[string]plan.Texts{}, Base: map[string]plan.State{}, Disk: plan.Disk{}}
	for _, c := range p.Changes {
		old := cmp.Or(c.From, c.Path)
		was, _, known := s.lock.Owner(old)
		will, _, stays := next.Owner(c.Path)
		if c.Conflicts == 0 || !stays {
			continue
		}
		var base fileset.Set
		var err2 error
		if known { // else both sides added it
			base, err2 = s.base(ctx, was)
		}
		ours, err1 := s.store.ReadFile(c.Ours())
		theirs, err3 := s.base(ctx, will)
		if err := errors.Join(err1, err2, err3); err != nil {
			s.setup.Notify(fmt.Sprintf("git's index does not show the conflict in %q: %v", c.Path, err))
			continue
		}
		before, _ := base.Lookup(old)
		after, _ := theirs.Lookup(c.Path)
		addBase(in.Base, was)
		in.Disk[c.Path] = c.Old
		in.Texts[c.Path] = plan.Texts{Base: before.Data, Ours: ours}
		in.Theirs = append(in.Theirs, after)
	}
	slices.SortFunc(in.Theirs, func(a, b fileset.File) int { return strings.Compare(a.Path, b.Path) })
	s.conflicts = stages(in, p)
}

// owned reports whether a path is that of a file of an install, or of one of its versions beside it.
func owned(lock *lockfile.Lock, path string) bool {
	for _, end := range append([]string{""}, plan.Sides...) {
		if file, beside := strings.CutSuffix(path, end); beside {
			if _, _, ok := lock.Owner(file); ok {
				return true
			}
		}
	}
	return false
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
