package project

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	gitindex "github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// indexStateName is the file of the project's state with the index entries that conflicts replaced.
const indexStateName = "index.json"

// indexConflicts returns the versions of the files that a plan leaves in conflict.
func indexConflicts(p plan.Plan) []gitindex.Conflict {
	var out []gitindex.Conflict
	for _, c := range p.Changes {
		if c.Conflicts == 0 || c.Versions == nil {
			continue
		}
		v := c.Versions
		conflict := gitindex.Conflict{
			Path:   c.Path,
			Ours:   &gitindex.Side{Data: v.Ours.Data, Mode: v.Ours.Mode},
			Theirs: &gitindex.Side{Data: v.Theirs.Data, Mode: v.Theirs.Mode},
		}
		if v.Base != nil {
			conflict.Base = &gitindex.Side{Data: v.Base.Data, Mode: v.Base.Mode}
		}
		out = append(out, conflict)
	}
	return out
}

// updateIndex makes git's index follow a transaction that was applied: it marks the files that are in conflict now,
// and restores the entries of those that no longer are. A failure is a note.
func (p *Project) updateIndex(ctx context.Context, t *Transaction) {
	if err := p.markConflicts(ctx, t); err != nil && !errors.Is(err, gitindex.ErrNone) {
		p.setup.Notify("git's index was left as it is: " + err.Error())
	}
}

func (p *Project) markConflicts(ctx context.Context, t *Transaction) (err error) {
	replaced := p.readReplaced()
	if len(replaced)+len(t.conflict) == 0 {
		return nil
	}
	before, after := p.Lock.Conflicts(), t.lock.Conflicts()
	isOver := func(r gitindex.Replaced) bool { return !hasPath(after, r.Path) }
	fresh := slices.DeleteFunc(slices.Clone(t.conflict), func(c gitindex.Conflict) bool {
		return !hasPath(after, c.Path)
	})
	if len(fresh) == 0 && !slices.ContainsFunc(replaced, isOver) {
		return nil
	}
	e, err := p.openIndex(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, e.Close()) }()
	for _, r := range replaced {
		if isOver(r) {
			e.Restore(r, t.meta.Undoes() != 0 && hasPath(before, r.Path))
		}
	}
	marked, err := e.Mark(fresh)
	if err != nil {
		return err
	}
	isMarked := func(r gitindex.Replaced) bool {
		return slices.ContainsFunc(marked, func(m gitindex.Replaced) bool { return m.Path == r.Path })
	}
	replaced = append(slices.DeleteFunc(replaced, isMarked), marked...)
	// An entry is kept in the state until it is restored.
	if err := p.writeReplaced(replaced); err != nil {
		return err
	}
	if err := e.Commit(); err != nil {
		return err
	}
	return p.writeReplaced(slices.DeleteFunc(replaced, isOver))
}

// openIndex opens the index of the git work tree that the project lies in, unless git itself is at work.
func (p *Project) openIndex(ctx context.Context) (*gitindex.Edit, error) {
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"} {
		if p.setup.Env(name) != "" {
			return nil, fmt.Errorf("%s is set, as in a hook", name)
		}
	}
	return gitindex.Open(ctx, p.setup.Dir)
}

// resolvedInGit returns the files whose conflict the user has marked as resolved with git add.
func (p *Project) resolvedInGit(ctx context.Context) map[string]bool {
	replaced := p.readReplaced()
	if len(replaced) == 0 {
		return nil
	}
	e, err := p.openIndex(ctx)
	if err != nil {
		return nil // the files' own text decides
	}
	defer e.Close()
	out := map[string]bool{}
	for _, r := range replaced {
		out[r.Path] = e.IsResolved(r)
	}
	return out
}

// readReplaced returns the index entries that conflicts replaced. When the state is lost, the user resolves the
// conflicts with git add.
func (p *Project) readReplaced() []gitindex.Replaced {
	var replaced []gitindex.Replaced
	if json.Unmarshal(p.tree.ReadState(indexStateName), &replaced) != nil {
		return nil
	}
	return replaced
}

func (p *Project) writeReplaced(replaced []gitindex.Replaced) error {
	if len(replaced) == 0 {
		return p.tree.WriteState(indexStateName, nil)
	}
	data, err := json.Marshal(replaced)
	if err != nil {
		return err
	}
	return p.tree.WriteState(indexStateName, data)
}

func hasPath(files []lockfile.File, path string) bool {
	return slices.ContainsFunc(files, func(f lockfile.File) bool { return f.Path == path })
}
