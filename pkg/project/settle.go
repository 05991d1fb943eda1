package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// ContinueResult is what Continue finished.
type ContinueResult struct {
	Settled []string `json:"settled"` // files
	DryRun  bool     `json:"dry_run"`
}

// SettleOptions say how Continue and Abort go about it.
type SettleOptions struct {
	Force  bool // of Continue: whatever the files' content is
	DryRun bool
}

// Continue finishes an upgrade whose conflicts the user has settled. A file counts as
// settled when it is no longer what the upgrade wrote, and git add has told git so or it has
// no conflict between markers; one that is no text when it is another or the versions beside it are gone. With
// force its content may be anything. The versions beside a file go.
func (s *Session) Continue(ctx context.Context, o SettleOptions) (result *ContinueResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	open := s.lock.Conflicts()
	if len(open) == 0 {
		return nil, failure.Errorf(failure.Usage, "there is no upgrade to continue").WithHint("see ppm project status")
	}
	disk, err := s.store.Scan(ctx, besides(open))
	if err != nil {
		return nil, err
	}
	var unsettled []lockfile.File
	result = &ContinueResult{DryRun: o.DryRun}
	told := s.toldGit(ctx)
	for _, f := range open {
		left, err := s.unsettled(f, disk, told[f.Path])
		if err != nil {
			return nil, err
		}
		if left && !o.Force {
			unsettled = append(unsettled, f)
		}
		result.Settled = append(result.Settled, f.Path)
	}
	if len(unsettled) > 0 {
		return nil, failure.Errorf(failure.Refused, "conflicts are left in %s", quotedList(unsettled)).
			WithHint("%s; where it is meant to be so, pass --force", howToSettle(unsettled))
	}
	p, err := s.close(disk)
	if err != nil {
		return nil, err
	}
	_, err = s.carryOut(ctx, p, apply.Meta{Command: "continue"}, o.DryRun)
	return result, err
}

// besides returns the paths at which the versions of files that are no text stand.
func besides(open []lockfile.File) []string {
	var out []string
	for _, f := range open {
		if f.Sides {
			for _, side := range plan.Sides {
				out = append(out, f.Path+side)
			}
		}
	}
	return out
}

// unsettled reports whether a file still has a conflict that an upgrade left in it. The user may have told git that it has not.
func (s *Session) unsettled(f lockfile.File, disk plan.Disk, told bool) (bool, error) {
	text, err := s.store.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) { // a file that the user deleted is settled
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if f.Sides {
		stands := slices.ContainsFunc(plan.Sides, func(side string) bool { return disk[f.Path+side].Kind != plan.Absent })
		return stands && !told && fileset.Digest(text) == f.Conflict, nil
	}
	return fileset.Digest(text) == f.Conflict || !told && merge.HasConflictMarkers(text, cmp.Or(f.Marker, merge.DefaultMarkerSize)), nil
}

// close returns the plan that ends an upgrade: nothing is in conflict any more. Of the versions beside
// a file those go that are as the upgrade wrote them, and the installed one, which the history keeps.
func (s *Session) close(disk plan.Disk) (plan.Plan, error) {
	in := plan.Input{Base: map[string]plan.State{}, Disk: disk}
	lock := s.lock.Clone()
	for i, c := range lock.Components {
		c.Files = slices.Clone(c.Files)
		for j, f := range c.Files {
			for k, side := range besides([]lockfile.File{f}) {
				if at := disk[side]; at.Kind == plan.File {
					at.Digest = cmp.Or([]string{"", f.Conflict, f.Digest}[k], at.Digest)
					in.Base[side] = at
				}
			}
			c.Files[j].Conflict, c.Files[j].Marker, c.Files[j].Sides = "", 0, false
		}
		lock.Components[i] = c
	}
	p, err := plan.Make(in)
	for _, c := range p.Changes {
		if c.Action == plan.Keep {
			s.setup.Notify(fmt.Sprintf("%s was edited and stays", c.Path))
		}
	}
	p.Write(LockName, s.lockText, lock.Format())
	return p, err
}

// howToSettle says what is to be done about conflicts.
func howToSettle(open []lockfile.File) string {
	const text, binary = "settle what stands between the markers", "put the version that you want in the place of a file that is no text, or delete those beside it"
	switch sides := func(f lockfile.File) bool { return f.Sides }; {
	case !slices.ContainsFunc(open, sides):
		return text
	case slices.ContainsFunc(open, func(f lockfile.File) bool { return !f.Sides }):
		return text + "; " + binary
	}
	return binary
}

// Abort takes back an upgrade that left conflicts: every byte is what it was before it.
// What the user has edited since is replaced, and stays in the history.
func (s *Session) Abort(ctx context.Context, o SettleOptions) (result *UndoResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	if len(s.lock.Conflicts()) == 0 {
		return nil, failure.Errorf(failure.Usage, "there is no upgrade to abort").WithHint("ppm project undo takes back a finished one")
	}
	last, err := s.undoable()
	if err != nil {
		return nil, err
	}
	switch verb, _, _ := strings.Cut(last.Command, " "); {
	case verb == "":
		return nil, failure.Errorf(failure.Refused, "aborting the upgrade: the history of this project is gone").
			WithHint("settle the conflicts and run ppm project continue, or take the files from your version control")
	case verb != "upgrade" && verb != "sync":
		return nil, failure.Errorf(failure.Refused, "aborting the upgrade: %q came after it", "ppm project "+last.Command).
			WithHint("take that back first with ppm project undo")
	}
	p, meta, err := s.store.PlanUndo(ctx, "abort", true)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, failure.Errorf(failure.Refused, "%w", err).WithHint("%s", putBack)
	}
	changes, err := s.carryOut(ctx, p, meta, o.DryRun)
	if err != nil {
		return nil, err
	}
	return &UndoResult{Undone: last.Command, Changes: changes, DryRun: o.DryRun}, nil
}
