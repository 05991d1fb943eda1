package project

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	gitindex "github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// stagesName is where the project's state remembers what conflicts replaced in git's index.
const stagesName = "index.json"

// stages returns the sides of the files that a plan leaves in conflict.
func stages(in plan.Input, p plan.Plan) []gitindex.Conflict {
	var out []gitindex.Conflict
	for _, c := range p.Changes {
		texts, ok := in.Texts[c.Path]
		if c.Conflicts == 0 || !ok {
			continue
		}
		theirs, _ := in.Theirs.Lookup(c.Path)
		from := cmp.Or(c.From, c.Path)
		conflict := gitindex.Conflict{
			Path:   c.Path,
			Ours:   &gitindex.Side{Data: texts.Ours, Mode: in.Disk[c.Ours()].Mode},
			Theirs: &gitindex.Side{Data: theirs.Data, Mode: theirs.Mode},
		}
		if base := in.Base[from]; base.Digest == fileset.Digest(texts.Base) { // else it is lost
			conflict.Base = &gitindex.Side{Data: texts.Base, Mode: base.Mode}
		}
		out = append(out, conflict)
	}
	return out
}

// tellGit makes git's index follow a plan that was carried out: it marks what is in conflict now, and puts back what
// stood there before for what no longer is. When that cannot be, it is said, and nothing else is lost by it.
func (s *Session) tellGit(ctx context.Context, p plan.Plan, m apply.Meta) {
	if s.noIndex {
		return
	}
	if err := s.markStages(ctx, p, m); err != nil && !errors.Is(err, gitindex.ErrNone) {
		s.setup.Notify("git's index was left as it is: " + err.Error())
	}
}

func (s *Session) markStages(ctx context.Context, p plan.Plan, m apply.Meta) (err error) {
	remembered := s.rememberedStages()
	if len(remembered)+len(s.conflicts) == 0 {
		return nil
	}
	was, is := s.lock.Conflicts(), conflictsAfter(p, s.lock)
	over := func(r gitindex.Replaced) bool { return !has(is, r.Path) }
	fresh := slices.DeleteFunc(s.conflicts, func(c gitindex.Conflict) bool { return !has(is, c.Path) })
	if len(fresh) == 0 && !slices.ContainsFunc(remembered, over) {
		return nil
	}
	e, err := s.openIndex(ctx)
	if err != nil {
		return err
	}
	defer closing(e.Close, &err)
	for _, r := range remembered {
		if over(r) {
			e.Restore(r, m.Undoes() != 0 && has(was, r.Path))
		}
	}
	replaced, err := e.Mark(fresh)
	if err != nil {
		return err
	}
	marked := func(r gitindex.Replaced) bool {
		return slices.ContainsFunc(replaced, func(n gitindex.Replaced) bool { return n.Path == r.Path })
	}
	remembered = append(slices.DeleteFunc(remembered, marked), replaced...)
	// What is put back is remembered until it is.
	if err := s.rememberStages(remembered); err != nil {
		return err
	}
	if err := e.Commit(); err != nil {
		return err
	}
	return s.rememberStages(slices.DeleteFunc(remembered, over))
}

// openIndex opens the index of the git work tree that the project lies in, but not in the middle of git's own work.
func (s *Session) openIndex(ctx context.Context) (*gitindex.Edit, error) {
	for _, name := range []string{"GIT_DIR", "GIT_INDEX_FILE", "GIT_WORK_TREE", "GIT_OBJECT_DIRECTORY"} {
		if s.setup.Env(name) != "" {
			return nil, fmt.Errorf("%s is set, as in a hook", name)
		}
	}
	return gitindex.Open(ctx, s.setup.Dir)
}

// toldGit returns the files of which the user has told git, with git add, that their conflict is settled.
func (s *Session) toldGit(ctx context.Context) map[string]bool {
	remembered := s.rememberedStages()
	if len(remembered) == 0 {
		return nil
	}
	e, err := s.openIndex(ctx)
	if err != nil {
		return nil // the files themselves tell
	}
	defer e.Close()
	told := map[string]bool{}
	for _, r := range remembered {
		told[r.Path] = e.Settled(r)
	}
	return told
}

func (s *Session) rememberedStages() []gitindex.Replaced {
	var remembered []gitindex.Replaced
	if json.Unmarshal(s.store.ReadState(stagesName), &remembered) != nil {
		return nil // what a lost memory leaves marked, the user settles with git add
	}
	return remembered
}

func (s *Session) rememberStages(replaced []gitindex.Replaced) error {
	if len(replaced) == 0 {
		return s.store.WriteState(stagesName, nil)
	}
	data, err := json.Marshal(replaced)
	return cmp.Or(err, s.store.WriteState(stagesName, data))
}

// conflictsAfter returns the files that are in conflict when a plan for a project with this lockfile is carried out.
func conflictsAfter(p plan.Plan, lock *lockfile.Lock) []lockfile.File {
	i := slices.IndexFunc(p.Changes, func(c plan.Change) bool { return c.Record && c.Path == LockName && c.Writes() })
	if i < 0 {
		return lock.Conflicts()
	}
	next, err := lockfile.Parse(LockName, p.Changes[i].Data)
	if err != nil { // there is none any more
		return nil
	}
	return next.Conflicts()
}

func has(files []lockfile.File, path string) bool {
	return slices.ContainsFunc(files, func(f lockfile.File) bool { return f.Path == path })
}
