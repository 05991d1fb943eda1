package project

import (
	"context"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// UndoOptions say how to take a command back.
type UndoOptions struct {
	Force  bool // replace files that were edited since
	DryRun bool
}

// UndoResult is what Undo did, or with DryRun would do.
type UndoResult struct {
	Undone  string   `json:"undone"` // the command that was taken back
	Changes []Change `json:"changes"`
	DryRun  bool     `json:"dry_run"`
}

// Undo takes back the last command that changed the project and was not taken back
// yet, so that repeating it goes further back. What was edited since is never lost: a
// new file stays, and one that the command replaced is a collision without Force.
func (s *Session) Undo(ctx context.Context, o UndoOptions) (result *UndoResult, err error) {
	end, err := s.begin(ctx, !o.DryRun)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	undone, err := s.undoable()
	if err != nil {
		return nil, err
	}
	p, meta, err := s.store.PlanUndo(ctx, "undo", o.Force)
	if err != nil {
		return nil, err
	}
	if err := p.Err(); err != nil {
		hint := "undo your edits, or replace them with --force; ppm keeps what it replaces"
		if o.Force {
			hint = putBack
		}
		return nil, failure.Errorf(failure.Refused, "%w", err).WithHint("%s", hint)
	}
	changes, err := s.carryOut(ctx, p, meta, o.DryRun)
	if err != nil {
		return nil, err
	}
	return &UndoResult{Undone: undone.Command, Changes: changes, DryRun: o.DryRun}, nil
}

// putBack says what to do about what is not even replaced by force: records that were edited, and what is no file.
const putBack = "put back what stood there after the command, then run this again"

// A PastCommand is a command that changed the project.
type PastCommand struct {
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	Files   int       `json:"files"` // how many it wrote or removed
	Undone  bool      `json:"undone"`
	Run     string    `json:"run,omitempty"`     // the same in all projects of a workspace that one command changed
	Damaged string    `json:"damaged,omitempty"` // why the entry cannot be read; of its command nothing is known
}

// undoable returns the command that Undo takes back, or the zero value.
func (s *Session) undoable() (PastCommand, error) {
	history, err := s.store.History()
	for _, c := range history {
		if !c.Undone && c.Undoes == 0 {
			return pastCommand(c), nil
		}
	}
	return PastCommand{}, err
}

func pastCommand(c apply.HistoryEntry) PastCommand {
	past := PastCommand{Command: c.Command, Time: c.Time, Files: c.Changes, Undone: c.Undone, Run: c.RunID}
	if c.Err != nil {
		past.Damaged = c.Err.Error()
	}
	return past
}

// History returns the commands that changed the project and can be taken back, the newest first.
func (s *Session) History(ctx context.Context) (past []PastCommand, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	history, err := s.store.History()
	if err != nil {
		return nil, err
	}
	for _, c := range history {
		past = append(past, pastCommand(c))
	}
	return past, nil
}
