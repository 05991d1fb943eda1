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
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// ContinueResult is what Continue finishes.
type ContinueResult struct {
	Resolved []string `json:"settled"` // the files whose conflicts are resolved
	DryRun   bool     `json:"dry_run"`
}

// Continue finishes an upgrade whose conflicts the user has resolved. A file is resolved when it is no longer what
// the upgrade wrote, and either the user has run git add or no conflict markers are left in it. A binary file is
// resolved when it was changed or the versions beside it are gone. With force every file is. The versions beside a
// file are removed.
func (p *Project) Continue(ctx context.Context, force bool) (*ContinueResult, *Transaction, error) {
	open := p.Lock.Conflicts()
	if len(open) == 0 {
		return nil, nil, failure.Errorf(failure.Usage, "there is no upgrade to continue").
			WithHint("see ppm project status")
	}
	disk, err := p.tree.Scan(ctx, state.SidePaths(open))
	if err != nil {
		return nil, nil, err
	}
	var unresolved []lockfile.File
	result := &ContinueResult{}
	inGit := p.index().Resolved()
	for _, f := range open {
		left, err := p.hasConflict(f, disk, inGit[f.Path])
		if err != nil {
			return nil, nil, err
		}
		if left && !force {
			unresolved = append(unresolved, f)
		}
		result.Resolved = append(result.Resolved, f.Path)
	}
	if len(unresolved) > 0 {
		return nil, nil, failure.Errorf(failure.Refused, "unresolved conflicts in %s", quotedPaths(unresolved)).
			WithHint("%s; to keep the files as they are, pass --force", howToResolve(unresolved))
	}
	t, err := p.finishUpgrade(ctx, disk)
	return result, t, err
}

// hasConflict reports whether a file still has a conflict that an upgrade left in it.
func (p *Project) hasConflict(f lockfile.File, disk plan.Disk, resolvedInGit bool) (bool, error) {
	text, err := p.tree.ReadFile(f.Path)
	if errors.Is(err, fs.ErrNotExist) { // the user resolved the conflict by deleting the file
		return false, nil
	}
	if err != nil {
		return false, err
	}
	if f.Sides {
		isThere := func(suffix string) bool { return disk[f.Path+suffix].Kind != plan.Absent }
		return slices.ContainsFunc(plan.Sides, isThere) && !resolvedInGit && fileset.Digest(text) == f.Conflict, nil
	}
	size := cmp.Or(f.Marker, merge.DefaultMarkerSize)
	return fileset.Digest(text) == f.Conflict || !resolvedInGit && merge.HasConflictMarkers(text, size), nil
}

// finishUpgrade returns the transaction after which no file is in conflict. The versions beside a file that are as the
// upgrade wrote them are removed. The installed one always is: the history keeps it. That the upgrade wrote them is
// what the history says, and not only the lockfile.
func (p *Project) finishUpgrade(ctx context.Context, disk plan.Disk) (*Transaction, error) {
	in := plan.Input{Base: map[string]plan.State{}, Disk: disk}
	written := p.lastWritten(ctx)
	lock := p.Lock.Clone()
	for i, c := range lock.Components {
		c.Files = slices.Clone(c.Files)
		for j, f := range c.Files {
			for k, side := range state.SidePaths([]lockfile.File{f}) {
				switch state := disk[side]; {
				case state.Kind != plan.File:
				case !written[side]:
					p.setup.Notify(fmt.Sprintf("%s is kept: the last command did not write it", side))
				default:
					state.Digest = cmp.Or([]string{"", f.Conflict, f.Digest}[k], state.Digest)
					in.Base[side] = state
				}
			}
			c.Files[j].Conflict, c.Files[j].Marker, c.Files[j].Sides = "", 0, false
		}
		lock.Components[i] = c
	}
	pl, err := plan.Make(in)
	if err != nil {
		return nil, err
	}
	for _, c := range pl.Changes {
		if c.Action == plan.Keep {
			p.setup.Notify(fmt.Sprintf("%s is kept because you edited it", c.Path))
		}
	}
	pl.Write(state.LockName, p.LockText, p.lockText(lock))
	return newTransaction(pl, apply.Meta{Command: "continue"}, lock), nil
}

// lastWritten returns the paths that the last command in the history wrote; none without a history.
func (p *Project) lastWritten(ctx context.Context) map[string]bool {
	out := map[string]bool{}
	undo, _, err := p.tree.PlanUndo(ctx, "undo", true)
	if err != nil {
		return out
	}
	for _, c := range undo.Changes {
		out[c.Path] = true
	}
	return out
}

// Abort undoes an upgrade that left conflicts: every byte is restored. What the user has edited since
// is replaced, and kept in the history.
func (p *Project) Abort(ctx context.Context) (*UndoResult, *Transaction, error) {
	if len(p.Lock.Conflicts()) == 0 {
		return nil, nil, failure.Errorf(failure.Usage, "there is no upgrade to abort").
			WithHint("ppm project undo undoes a finished one")
	}
	last, err := p.LastCommand()
	if err != nil {
		return nil, nil, err
	}
	switch verb, _, _ := strings.Cut(last.Command, " "); {
	case verb == "":
		return nil, nil, failure.Errorf(failure.Refused, "aborting the upgrade: the history of this project is gone").
			WithHint("resolve the conflicts and run ppm project continue, or restore the files from version control")
	case verb != "upgrade" && verb != "sync":
		return nil, nil, failure.Errorf(failure.Refused, "aborting the upgrade: %q came after it",
			"ppm project "+last.Command).
			WithHint("undo that first with ppm project undo")
	}
	return p.planUndo(ctx, last, "abort", true, hintRestore)
}
