package apply

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// PlanUndo returns the plan that undoes the last command that is not undone yet, and the Meta to apply it with.
// Line is the command line to record. A file that already is as it was before the command, as after a git checkout,
// is left alone; if all of them are, applying the plan only records that the command is undone. A file that the user
// edited since is kept if the command created it, and is a collision otherwise; with force it is replaced, unless it
// is one of the project's records. The error is of kind Usage if there is nothing to undo. If the entry is damaged,
// PlanUndo fails and does not go back further.
func (p *Project) PlanUndo(ctx context.Context, line string, force bool) (plan.Plan, Meta, error) {
	history, err := p.History()
	if err != nil {
		return plan.Plan{}, Meta{}, err
	}
	i := slices.IndexFunc(history, func(c HistoryEntry) bool { return c.Undoes == 0 && !c.Undone })
	if i < 0 {
		return plan.Plan{}, Meta{}, failure.Errorf(failure.Usage, "undoing in %q: there is no command to undo",
			p.root.Name()).
			WithHint("see ppm project undo --list")
	}
	name := undoName(history[i].Number)
	a, err := p.openJournal(name)
	if err != nil {
		return plan.Plan{}, Meta{}, err
	}
	inverse, err := p.planInverse(ctx, a, force, undoName(history[0].Number+1))
	if err := cmp.Or(err, a.Close()); err != nil {
		return plan.Plan{}, Meta{}, errIO("reading", name, err)
	}
	return inverse, Meta{Command: line, undoes: history[i].Number, undone: a.journal}, nil
}

// planInverse returns the plan that undoes a command. Backup is the name of the history entry that applying the plan
// will create.
func (p *Project) planInverse(ctx context.Context, a *journalReader, force bool, backup string) (plan.Plan, error) {
	in := plan.Input{Base: make(map[string]plan.State), Force: force}
	var paths []string
	var records []fileChange
	for _, e := range a.Changes {
		if e.Record {
			records = append(records, e)
			continue
		}
		paths = append(paths, e.Path)
		if e.New.Kind == plan.File {
			in.Base[e.Path] = e.New
		}
		if e.Old.Kind == plan.File {
			data, err := a.oldContent(e)
			if err != nil {
				return plan.Plan{}, err
			}
			in.Theirs = append(in.Theirs, fileset.File{Path: e.Path, Mode: e.Old.Mode, Data: data})
		}
	}
	var err error
	if in.Theirs, err = fileset.New(in.Theirs); err != nil {
		return plan.Plan{}, err
	}
	if in.Disk, err = p.Scan(ctx, paths); err != nil {
		return plan.Plan{}, err
	}
	out, err := plan.Make(in)
	if err != nil {
		return plan.Plan{}, err
	}
	for i, c := range out.Changes {
		made, wrote := in.Base[c.Path]
		out.Changes[i].Reason = undoReason(c, made, wrote, backup)
	}
	for _, e := range records {
		if err := p.planRecordUndo(&out, a, e); err != nil {
			return plan.Plan{}, err
		}
	}
	return out, nil
}

const alreadyRestored = "already restored"

// undoReason returns the reason of change c when a command is undone. Wrote says whether the command wrote the file,
// and made what it wrote. The content that the undo replaces is kept in the file backup.
func undoReason(c plan.Change, made plan.State, wrote bool, backup string) string {
	edited := wrote && c.Old.Kind == plan.File && !c.Old.Same(made)
	switch c.Action {
	case plan.Create:
		return "restored"
	case plan.Update:
		if edited {
			return fmt.Sprintf("restored; your edits are kept as %q in %s",
				memberName(c.Path), backup)
		}
		return "restored"
	case plan.Delete:
		return "created by the undone command"
	case plan.Unchanged:
		if c.Old.Kind == plan.Absent {
			return "already deleted"
		}
		return alreadyRestored
	case plan.Keep:
		if c.Old.Kind == plan.Absent {
			return "not restored because you deleted it"
		}
		return "kept because you edited it"
	}
	if wrote {
		return "was changed since the command"
	}
	return c.Reason // something that the user put there
}

// planRecordUndo adds to out the change that restores one of the project's records.
func (p *Project) planRecordUndo(out *plan.Plan, a *journalReader, e fileChange) error {
	now, err := p.ReadFile(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		return err
	}
	state := plan.State{}
	if now != nil {
		state = plan.FileState(now, 0)
	}
	var old []byte
	if e.Old.Kind == plan.File {
		if old, err = a.oldContent(e); err != nil {
			return err
		}
	}
	change := plan.Change{Path: e.Path, Record: true, Old: state}
	switch {
	case state.Kind == e.Old.Kind && bytes.Equal(withoutCR(now), withoutCR(old)): // a checkout may convert line ends
		change.Action, change.Reason, change.New = plan.Unchanged, alreadyRestored, state
	case !state.Same(e.New):
		change.Action, change.Reason, change.New = plan.Conflict, "was changed since the command", e.Old
	default:
		out.Write(e.Path, now, old)
		return nil
	}
	out.Changes = append(out.Changes, change)
	return nil
}

// withoutCR returns a record with the line endings of Unix.
func withoutCR(text []byte) []byte { return bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n")) }

// oldContent returns the old content of e, never nil.
func (a *journalReader) oldContent(e fileChange) ([]byte, error) {
	buf := bytes.NewBuffer([]byte{})
	err := a.copyOldContent(buf, e)
	return buf.Bytes(), err
}
