package apply

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/authcode"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// Limits of the history. The newest command is kept whatever its size.
const (
	maxEntries      = 20
	maxHistoryBytes = 64 << 20
	maxNumber       = 999_999_999 // of a command. A file with a higher number is not an entry
)

// A HistoryEntry is a command that changed the project.
type HistoryEntry struct {
	Number  int
	Command string    // as the user typed it
	RunID   string    // as in Meta
	Time    time.Time // when it finished
	Undoes  int       // the number of the command that it undid, or 0
	Undone  bool      // whether a later command undid it
	Changes int       // number of files it wrote or removed
	Err     error     // why the entry cannot be read; then only Number and Time are known
}

func undoName(number int) string { return fmt.Sprintf("%s/undo-%06d.zip", stateDir, number) }

// entryNumbers returns the numbers of the commands in the history, in ascending order.
func (p *Project) entryNumbers() ([]int, error) {
	names, err := p.stateFiles()
	var out []int
	for _, name := range names {
		if n, ok := entryNumber(name); ok {
			out = append(out, n)
		}
	}
	slices.Sort(out)
	return out, err
}

// entryNumber returns the number in the name of an entry.
func entryNumber(name string) (int, bool) {
	digits, ok := strings.CutPrefix(strings.TrimSuffix(name, ".zip"), stateDir+"/undo-")
	n, err := strconv.Atoi(digits)
	return n, ok && err == nil && 0 < n && n <= maxNumber && name == undoName(n)
}

// nextNumber returns the number of the next command. The error is of kind Refused if a file has the highest number,
// which ppm reaches in no project by itself.
func (p *Project) nextNumber() (int, error) {
	numbers, err := p.entryNumbers()
	if err != nil || len(numbers) == 0 {
		return 1, err
	}
	last := numbers[len(numbers)-1]
	if last == maxNumber {
		return 0, failure.Errorf(failure.Refused, "writing to the history: %q has the highest number", undoName(last)).
			WithHint("this ppm did not write that file: remove it")
	}
	return last + 1, nil
}

// prune removes the oldest commands that exceed the limits. A failure is left to the next command. Entries that this
// user did not write do not count, and stay.
func (p *Project) prune() {
	numbers, err := p.entryNumbers()
	if err != nil {
		return
	}
	count, size := 0, int64(0)
	for _, n := range slices.Backward(numbers) {
		a, err := p.openJournal(undoName(n))
		if isForeign(err) {
			continue
		}
		if err == nil {
			size += a.size
			_ = a.Close()
		}
		if count++; count > 1 && (count > maxEntries || size > maxHistoryBytes) {
			_ = p.disk.Remove(undoName(n))
		}
	}
}

// History returns the commands that changed the project, newest first. Damaged entries have Err set.
func (p *Project) History() ([]HistoryEntry, error) {
	numbers, err := p.entryNumbers()
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
		if a, err := p.openJournal(undoName(n)); err != nil {
			c.Err = err
		} else {
			c.Command, c.RunID, c.Undoes, c.Changes = a.Command, a.RunID, a.Undoes, len(a.Changes)
			if err := a.Close(); err != nil {
				return nil, errIO("reading", undoName(n), err)
			}
		}
		undone[c.Undoes] = true
		out = append(out, c)
	}
	return out, nil
}

// LastChange returns when the last command of the history in the folder dir finished, or false if this user has not
// changed anything there. It changes nothing.
func LastChange(dir string, keys *authcode.Keys) (time.Time, bool) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return time.Time{}, false
	}
	defer root.Close()
	p := &Project{openDir: openDir{root: root}, keys: keys}
	history, err := p.History()
	i := slices.IndexFunc(history, func(e HistoryEntry) bool { return e.Err == nil })
	if err != nil || i < 0 {
		return time.Time{}, false
	}
	return history[i].Time, true
}

// preexistingDirs returns the folders above the files that existed before ppm created the first of them. It knows them
// only from a complete, readable history.
func (p *Project) preexistingDirs(files map[string]bool) map[string]bool {
	numbers, err := p.entryNumbers()
	if err != nil || len(numbers) == 0 || numbers[0] != 1 {
		return nil
	}
	out := make(map[string]bool)
	var made []dirRecord
	for _, n := range numbers {
		a, err := p.openJournal(undoName(n))
		if err != nil {
			return nil
		}
		_ = a.Close()
		made = append(made, a.CreatedDirs...)
		for _, e := range a.Changes {
			if files[e.Path] && e.Old.Kind == plan.Absent {
				for _, dir := range ancestors(e.Path) {
					out[dir] = true
				}
			}
		}
	}
	for _, dir := range made {
		delete(out, dir.Path)
	}
	return out
}
