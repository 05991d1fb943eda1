// Package conflict marks the conflicts of upgrades in the index of the git work tree that a project lies in.
//
// Marking replaces the index entry of a file. The replaced entries are kept in the project's state until they are
// restored, when the conflict is resolved or the upgrade undone.
package conflict

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// stateName is the file of the project's state with the index entries that conflicts replaced.
const stateName = apply.IndexState

// An Index is the git index that a project's files are in. There need not be one.
type Index struct {
	Tree   worktree.Tree
	Env    func(string) string
	Notify func(string) // reports what is not a failure
}

// An Update is what a transaction changes in the index.
type Update struct {
	Before, After []lockfile.File  // the files in conflict
	Versions      []index.Conflict // of files in After that are newly in conflict
	Undo          bool             // the transaction undoes another one
}

// FromPlan returns the versions of the files that a plan leaves in conflict.
func FromPlan(p plan.Plan) []index.Conflict {
	var out []index.Conflict
	for _, c := range p.Changes {
		if c.Conflicts == 0 || c.Versions == nil {
			continue
		}
		v := c.Versions
		conflict := index.Conflict{
			Path:   c.Path,
			Ours:   &index.Side{Data: v.Ours.Data, Mode: v.Ours.Mode},
			Theirs: &index.Side{Data: v.Theirs.Data, Mode: v.Theirs.Mode},
		}
		if v.Base != nil {
			conflict.Base = &index.Side{Data: v.Base.Data, Mode: v.Base.Mode}
		}
		out = append(out, conflict)
	}
	return out
}

// Apply makes git's index follow a transaction that was applied: it marks the files that are in conflict now,
// and restores the entries of those that no longer are. A failure is a note.
func (x Index) Apply(ctx context.Context, u Update) {
	if err := x.apply(ctx, u); err != nil && !errors.Is(err, index.ErrNone) {
		x.Notify("git's index was left as it is: " + err.Error())
	}
}

func (x Index) apply(ctx context.Context, u Update) (err error) {
	replaced := x.readReplaced()
	if len(replaced)+len(u.Versions) == 0 {
		return nil
	}
	isOver := func(r index.Replaced) bool { return !hasPath(u.After, r.Path) }
	fresh := slices.DeleteFunc(slices.Clone(u.Versions), func(c index.Conflict) bool {
		return !hasPath(u.After, c.Path)
	})
	if len(fresh) == 0 && !slices.ContainsFunc(replaced, isOver) {
		return nil
	}
	e, closeEdit, err := x.open(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeEdit()) }()
	for _, r := range replaced {
		if isOver(r) {
			e.Restore(r, u.Undo && hasPath(u.Before, r.Path))
		}
	}
	marked, err := e.Mark(fresh)
	if err != nil {
		return err
	}
	isMarked := func(r index.Replaced) bool {
		return slices.ContainsFunc(marked, func(m index.Replaced) bool { return m.Path == r.Path })
	}
	replaced = append(slices.DeleteFunc(replaced, isMarked), marked...)
	// An entry is kept in the state until it is restored.
	if err := x.writeReplaced(replaced); err != nil {
		return err
	}
	if err := e.Commit(); err != nil {
		return err
	}
	return x.writeReplaced(slices.DeleteFunc(replaced, isOver))
}

// lockName is the file of the project's state that is another name of git's lock while it is held.
const lockName = apply.StateDir + "/index.lock"

// open opens the index of the git work tree that the project lies in, unless git itself is at work. close closes it.
func (x Index) open(ctx context.Context) (e *index.Edit, close func() error, err error) {
	if err := checkEnv(x.Env); err != nil {
		return nil, nil, err
	}
	if err := x.removeStaleLock(); err != nil {
		return nil, nil, err
	}
	if err := x.Tree.WriteState(filepath.Base(lockName), []byte{}); err != nil {
		return nil, nil, err
	}
	release := func() error { return x.Tree.WriteState(filepath.Base(lockName), nil) }
	if e, err = index.Open(ctx, x.Tree.Dir, x.lockPath()); err != nil {
		return nil, nil, errors.Join(err, release())
	}
	return e, func() error { return errors.Join(e.Close(), release()) }, nil
}

func (x Index) lockPath() string { return filepath.Join(x.Tree.Dir, filepath.FromSlash(lockName)) }

// Recover removes the lock on git's index that a killed ppm has left. A failure is a note.
func (x Index) Recover() {
	if err := x.removeStaleLock(); err != nil {
		x.Notify("git's index may still be locked: " + err.Error())
	}
}

func (x Index) removeStaleLock() error {
	if _, err := os.Lstat(x.lockPath()); errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	return x.Tree.WhileIdle(func() error {
		err := index.RemoveStaleLock(x.Tree.Dir, x.lockPath())
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
		return x.Tree.WriteState(filepath.Base(lockName), nil)
	})
}

// checkEnv returns an error if the environment names another index or repository than that of the work tree.
func checkEnv(env func(string) string) error {
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"} {
		if env(name) != "" {
			return fmt.Errorf("%s is set, as in a hook", name)
		}
	}
	return nil
}

// ReadUnmerged is index.ReadUnmerged, unless git itself is at work.
func ReadUnmerged(
	dir string, env func(string) string, limit int64, isWanted func(path string) bool,
) (index.Unmerged, error) {
	if err := checkEnv(env); err != nil {
		return index.Unmerged{}, err
	}
	return index.ReadUnmerged(dir, limit, isWanted)
}

// Resolved returns the files whose conflict the user has marked as resolved with git add.
func (x Index) Resolved() map[string]bool {
	replaced := x.readReplaced()
	if len(replaced) == 0 || checkEnv(x.Env) != nil {
		return nil
	}
	out, err := index.ReadResolved(x.Tree.Dir, replaced)
	if err != nil {
		return nil // the files' own text decides
	}
	return out
}

// readReplaced returns the index entries that conflicts replaced. When the state is lost, the user resolves the
// conflicts with git add. That somebody else wrote it is a note.
func (x Index) readReplaced() []index.Replaced {
	data, err := x.Tree.ReadState(stateName)
	if err != nil {
		x.Notify(err.Error() + "; " + failure.Hint(err))
		return nil
	}
	var replaced []index.Replaced
	if json.Unmarshal(data, &replaced) != nil {
		return nil
	}
	return replaced
}

func (x Index) writeReplaced(replaced []index.Replaced) error {
	if len(replaced) == 0 {
		return x.Tree.WriteState(stateName, nil)
	}
	data, err := json.Marshal(replaced)
	if err != nil {
		return err
	}
	return x.Tree.WriteState(stateName, data)
}

func hasPath(files []lockfile.File, path string) bool {
	return slices.ContainsFunc(files, func(f lockfile.File) bool { return f.Path == path })
}
