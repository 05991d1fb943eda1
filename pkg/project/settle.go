package project

import (
	"context"
	"errors"
	"io/fs"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// hasConflict reports whether a text has conflict markers of any size: the merge makes
// them longer where the text itself has some.
func hasConflict(text []byte) bool {
	const shortest, longest = 7, 80
	for size := shortest; size <= longest; size++ {
		if merge.HasConflict(text, size) {
			return true
		}
	}
	return false
}

// ContinueResult is what Continue finished.
type ContinueResult struct {
	Settled []string `json:"settled"` // files
}

// Continue finishes an upgrade whose conflicts the user has settled. A file counts as
// settled when it is no longer what the upgrade wrote and has no conflict between
// markers; with force its text may be anything.
func (s *Session) Continue(ctx context.Context, force bool) (result *ContinueResult, err error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	open := s.lock.Conflicts()
	if len(open) == 0 {
		return nil, failure.Errorf(failure.Usage, "there is no upgrade to continue").WithHint("see ppm project status")
	}
	var unsettled []lockfile.File
	result = &ContinueResult{}
	for _, f := range open {
		text, err := s.store.ReadFile(f.Path)
		if err != nil && !errors.Is(err, fs.ErrNotExist) { // a file that the user deleted is settled
			return nil, err
		}
		if !force && err == nil && (fileset.Digest(text) == f.Conflict || hasConflict(text)) {
			unsettled = append(unsettled, f)
		}
		result.Settled = append(result.Settled, f.Path)
	}
	if len(unsettled) > 0 {
		return nil, failure.Errorf(failure.Refused, "conflicts are left in %s", quotedList(unsettled)).
			WithHint("settle what stands between the markers; where the text is meant to be so, pass --force")
	}
	lock := s.lock.Clone()
	for _, c := range lock.Components {
		for i := range c.Files {
			c.Files[i].Conflict = ""
		}
	}
	var p plan.Plan
	p.Write(LockName, s.lockText, lock.Format())
	_, err = s.carryOut(ctx, p, apply.Meta{Command: "continue"}, false)
	return result, err
}

// Abort takes back an upgrade that left conflicts: every byte is what it was before it.
// What the user has edited since is replaced, and stays in the history.
func (s *Session) Abort(ctx context.Context) (result *UndoResult, err error) {
	end, err := s.begin(ctx, true)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	if len(s.lock.Conflicts()) == 0 {
		return nil, failure.Errorf(failure.Usage, "there is no upgrade to abort").WithHint("ppm project undo takes back a finished one")
	}
	history, err := s.store.History()
	if err != nil {
		return nil, err
	}
	if len(history) == 0 || history[0].Undone || !strings.HasPrefix(history[0].Line, "upgrade") && !strings.HasPrefix(history[0].Line, "sync") {
		return nil, failure.Errorf(failure.Refused, "the upgrade is not the last command that changed this project").
			WithHint("take back what came after it with ppm project undo")
	}
	p, meta, err := s.store.Undo(ctx, "abort", true)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		return nil, err
	}
	changes, err := s.carryOut(ctx, p, meta, false)
	if err != nil {
		return nil, err
	}
	return &UndoResult{Undone: history[0].Line, Changes: changes}, nil
}
