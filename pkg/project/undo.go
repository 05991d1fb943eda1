package project

import (
	"context"
	"slices"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// UndoResult is what Undo or Abort undoes.
type UndoResult struct {
	Undone  string   `json:"undone"` // the command that is undone
	Changes []Change `json:"changes"`
	// Every file already is as it was before the command, as after a git checkout: the history records it.
	Reverted bool `json:"reverted,omitempty"`
	DryRun   bool `json:"dry_run"`
}

// Undo undoes the last command that changed the project and has not been undone yet, so that repeating it goes
// further back. Files that are restored already, as by git checkout, are left alone. What was edited since is never
// lost: a new file stays, and one that the command replaced is a collision unless force is set.
func (p *Project) Undo(ctx context.Context, force bool) (*UndoResult, *Transaction, error) {
	last, err := p.LastCommand()
	if err != nil {
		return nil, nil, err
	}
	hint := "undo your edits, or replace them with --force; ppm keeps what it replaces"
	if force {
		hint = hintRestore
	}
	return p.planUndo(ctx, last, "undo", force, hint)
}

// hintRestore is for what not even force replaces: records that were edited, and what is not a file.
const hintRestore = "restore the files as the command left them, then run this again"

// planUndo returns the transaction that undoes the last command. The hint is for what is in the way.
func (p *Project) planUndo(
	ctx context.Context, last PastCommand, verb string, force bool, hint string,
) (*UndoResult, *Transaction, error) {
	pl, meta, err := p.tree.PlanUndo(ctx, verb, force)
	if err != nil {
		return nil, nil, err
	}
	if i := slices.IndexFunc(pl.Collisions(), isSparse); i >= 0 {
		doing := "undoing " + shell.Quote("ppm project "+last.Command)
		return nil, nil, errSparse(doing, pl.Collisions()[i].Path, p.Quote)
	}
	if err := pl.Err(); err != nil {
		return nil, nil, failure.Errorf(failure.Refused, "%w", err).WithHint("%s", hint)
	}
	t := newTransaction(pl, meta, p.lockAfter(pl))
	reverted := !slices.ContainsFunc(t.Changes, func(c Change) bool { return c.Action != string(plan.Unchanged) })
	return &UndoResult{Undone: last.Command, Changes: t.Changes, Reverted: reverted}, t, nil
}

// lockAfter returns the lockfile that a plan leads to, which is empty when the plan restores one that ppm cannot read.
func (p *Project) lockAfter(pl plan.Plan) *lockfile.Lock {
	writesLock := func(c plan.Change) bool { return c.Record && c.Path == state.LockName && c.Writes() }
	i := slices.IndexFunc(pl.Changes, writesLock)
	if i < 0 {
		return p.Lock
	}
	lock, err := lockfile.Parse(state.LockName, pl.Changes[i].Data)
	if err != nil {
		return &lockfile.Lock{}
	}
	return lock
}

// A PastCommand is a command that changed the project.
type PastCommand struct {
	Command string    `json:"command"`
	Time    time.Time `json:"time"`
	Files   int       `json:"files"` // how many it wrote or removed
	Undone  bool      `json:"undone"`
	Run     string    `json:"run,omitempty"`     // the same in all projects of a workspace that one command changed
	Damaged string    `json:"damaged,omitempty"` // why the entry cannot be read; nothing is known of its command
}

// LastCommand returns the command that Undo undoes, or the zero value when there is none.
func (p *Project) LastCommand() (PastCommand, error) {
	history, err := p.tree.History()
	for _, e := range history {
		if !e.Undone && e.Undoes == 0 {
			return newPastCommand(e), nil
		}
	}
	return PastCommand{}, err
}

// History returns the commands that changed the project and can be undone, the newest first.
func (p *Project) History() ([]PastCommand, error) {
	history, err := p.tree.History()
	var out []PastCommand
	for _, e := range history {
		out = append(out, newPastCommand(e))
	}
	return out, err
}

func newPastCommand(e apply.HistoryEntry) PastCommand {
	past := PastCommand{Command: e.Command, Time: e.Time, Files: e.Changes, Undone: e.Undone, Run: e.RunID}
	if e.Err != nil {
		past.Damaged = e.Err.Error()
	}
	return past
}

// LastChange returns when the last command of the history in the folder dir finished. It is false if there is none of
// this user. KeyDirs is as in Setup.
func LastChange(dir string, keyDirs []string) (time.Time, bool) {
	return apply.LastChange(dir, authcode.New(keyDirs...))
}
