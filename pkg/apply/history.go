package apply

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// The history keeps the last commands. The newest is kept whatever its size.
const (
	keepCommands = 20
	keepBytes    = 64 << 20
)

// A HistoryEntry is an entry of the history: a command that changed the project.
type HistoryEntry struct {
	Number  int
	Command string    // as the user typed it
	RunID   string    // as in Meta
	Time    time.Time // when it ended
	Undoes  int       // the number of the command that it took back, or 0
	Undone  bool      // a later command took it back
	Changes int       // how many files it wrote or removed
	Err     error     // why the entry cannot be read, which leaves its number and time alone; else nil
}

func undoName(number int) string { return fmt.Sprintf("%s/undo-%06d.zip", stateDir, number) }

// numbers returns the numbers of the commands in the history, in their order.
func (p *Project) numbers() ([]int, error) {
	names, err := p.stateFiles()
	var out []int
	for _, name := range names {
		digits, ok := strings.CutPrefix(strings.TrimSuffix(name, ".zip"), stateDir+"/undo-")
		if n, err := strconv.Atoi(digits); ok && err == nil && name == undoName(n) {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, err
}

// prune removes the oldest commands over the bounds. What fails now is left to the next command.
func (p *Project) prune(numbers []int) {
	var size int64
	for i, n := range slices.Backward(numbers) {
		if info, err := p.root.Lstat(undoName(n)); err == nil {
			size += info.Size()
		}
		if newest := len(numbers) - 1; i < newest && (i <= newest-keepCommands || size > keepBytes) {
			_ = p.disk.Remove(undoName(n))
		}
	}
}

// History returns the commands that changed the project, the newest first. An entry that cannot be read is Damaged.
func (p *Project) History() ([]HistoryEntry, error) {
	numbers, err := p.numbers()
	if err != nil {
		return nil, err
	}
	undone := make(map[int]bool)
	var out []HistoryEntry
	for _, n := range slices.Backward(numbers) {
		c := HistoryEntry{Number: n, Undone: undone[n]}
		if info, err := p.root.Lstat(undoName(n)); err == nil {
			c.Time = info.ModTime()
		}
		if a, err := p.load(undoName(n)); err != nil {
			c.Err = err
		} else {
			c.Command, c.RunID, c.Undoes, c.Changes = a.Command, a.Run, a.Undoes, len(a.Changes)
			if err := a.Close(); err != nil {
				return nil, ioError("reading", undoName(n), err)
			}
		}
		undone[c.Undoes] = true
		out = append(out, c)
	}
	return out, nil
}

// usersFolders returns the folders above the files that were there before ppm made the first of these.
// Only a history that can be read and reaches back to the first command knows any.
func (p *Project) usersFolders(files map[string]bool) map[string]bool {
	numbers, err := p.numbers()
	if err != nil || len(numbers) == 0 || numbers[0] != 1 {
		return nil
	}
	out := make(map[string]bool)
	var made []folder
	for _, n := range numbers {
		a, err := p.load(undoName(n))
		if err != nil {
			return nil
		}
		_ = a.Close()
		made = append(made, a.Made...)
		for _, e := range a.Changes {
			if files[e.Path] && e.Old.Kind == plan.Absent {
				for _, folder := range ancestors(e.Path) {
					out[folder] = true
				}
			}
		}
	}
	for _, folder := range made {
		delete(out, folder.Path)
	}
	return out
}

// PlanUndo returns the plan that takes the last command back that has not been taken back yet, and
// what to apply it with. Line is the command that asks for it. Files that the user has
// edited since stay when the command made them, else they are collisions; with force they are
// replaced, except for the project's records. It fails with kind Usage when there is no such command, and
// with the failure to read it when its entry is damaged: the commands before it lie below what it changed.
func (p *Project) PlanUndo(ctx context.Context, line string, force bool) (plan.Plan, Meta, error) {
	history, err := p.History()
	if err != nil {
		return plan.Plan{}, Meta{}, err
	}
	i := slices.IndexFunc(history, func(c HistoryEntry) bool { return c.Undoes == 0 && !c.Undone })
	if i < 0 {
		return plan.Plan{}, Meta{}, failure.Errorf(failure.Usage, "undoing in %q: no command is left to take back", p.root.Name()).
			WithHint("see ppm project undo --list")
	}
	name := undoName(history[i].Number)
	a, err := p.load(name)
	if err != nil {
		return plan.Plan{}, Meta{}, err
	}
	inverse, err := p.inverse(ctx, a, force, undoName(history[0].Number+1))
	if err := cmp.Or(err, a.Close()); err != nil {
		return plan.Plan{}, Meta{}, ioError("reading", name, err)
	}
	return inverse, Meta{Command: line, undoes: history[i].Number, undone: a.journal}, nil
}

// inverse returns the plan that takes a command back. kept is the entry of the history that the plan will have.
func (p *Project) inverse(ctx context.Context, a *archive, force bool, kept string) (plan.Plan, error) {
	in := plan.Input{Base: make(map[string]plan.State), Force: force}
	var paths []string
	var records []entry
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
			data, err := a.oldBytes(e)
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
		out.Changes[i].Reason = takenBack(c, made, wrote, kept)
	}
	for _, e := range records {
		if err := p.restoreRecord(&out, a, e); err != nil {
			return plan.Plan{}, err
		}
	}
	return out, nil
}

// takenBack says why c happens to a file that a command has changed when the command is taken back.
// It wrote made there, or has removed what was there. What the user loses by that is in the file kept.
func takenBack(c plan.Change, made plan.State, wrote bool, kept string) string {
	edited := wrote && c.Old.Kind == plan.File && !c.Old.Same(made)
	switch c.Action {
	case plan.Create:
		return "as it was before"
	case plan.Update:
		if edited {
			return fmt.Sprintf("as it was before; what was changed after the command is kept as %q in %s", oldName(c.Path), kept)
		}
		return "as it was before"
	case plan.Delete:
		return "made by the command that is taken back"
	case plan.Unchanged:
		if c.Old.Kind == plan.Absent {
			return "gone already"
		}
		return "as it was before already"
	case plan.Keep:
		if c.Old.Kind == plan.Absent {
			return "gone since the command, and stays so"
		}
		return "was changed after the command, and stays"
	}
	if wrote {
		return "was changed after the command"
	}
	return c.Reason // what the user has put in the way
}

// restoreRecord adds to out the change that brings back the old state of one of the project's records.
func (p *Project) restoreRecord(out *plan.Plan, a *archive, e entry) error {
	now, err := p.ReadFile(e.Path)
	if errors.Is(err, fs.ErrNotExist) {
		now, err = nil, nil
	}
	if err != nil {
		return err
	}
	state := plan.State{}
	if now != nil {
		state = plan.Of(now, 0)
	}
	if !state.Same(e.New) {
		out.Changes = append(out.Changes, plan.Change{
			Path: e.Path, Record: true, Action: plan.Conflict, Reason: "was changed after the command", Old: state, New: e.Old})
		return nil
	}
	var old []byte
	if e.Old.Kind == plan.File {
		if old, err = a.oldBytes(e); err != nil {
			return err
		}
	}
	out.Write(e.Path, now, old)
	return nil
}

// oldBytes returns the old content of e, never nil.
func (a *archive) oldBytes(e entry) ([]byte, error) {
	buf := bytes.NewBuffer([]byte{})
	err := a.old(buf, e)
	return buf.Bytes(), err
}
