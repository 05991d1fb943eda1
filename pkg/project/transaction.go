package project

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/conflict"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	gitindex "github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// A Change is what happens to one file, and why.
type Change struct {
	Path   string `json:"path"`
	Action string `json:"action"` // create, update, merge, delete, keep or unchanged
	Reason string `json:"reason"`
	Record bool   `json:"record,omitempty"` // ppm.toml or ppm.lock

	// Where the file was until it was moved, by upstream or by ppm project move.
	From      string `json:"from,omitempty"`
	Conflicts int    `json:"conflicts,omitempty"` // how many conflicts of a merged file are left for the user
	Sides     bool   `json:"sides,omitempty"`     // the file is binary, and the versions are beside it
}

// writes reports whether the change alters a file.
func (c Change) writes() bool {
	return c.Action != string(plan.Unchanged) && c.Action != string(plan.Keep)
}

// A Transaction is what a verb changes in a project, all of it or nothing: files, then the manifest, then the
// lockfile. It is a value: Project.Apply carries it out, Project.Preview reports it and Project.Save makes a file of
// it.
type Transaction struct {
	Command string   // the command that made it, without "ppm project"
	Changes []Change // every file of the plan, by path; the records last

	plan     plan.Plan
	meta     apply.Meta
	lock     *lockfile.Lock      // as it is afterwards
	versions []gitindex.Conflict // of the files that it leaves in conflict
	moved    []movedHint
	made     []lockfile.Component // the installs that were rendered for it
	saved    bool                 // it was read from a file, which does not have the versions of files in conflict
	dir      string               // the folder in which it is applied; empty for the project's own
}

// A movedHint names a deleted file that changed upstream and that the user seems to have moved.
type movedHint struct{ path, to string }

// Empty reports whether the transaction changes nothing, neither a file nor the history.
func (t *Transaction) Empty() bool { return t.plan.Empty() && t.meta.Undoes() == 0 }

func newTransaction(p plan.Plan, m apply.Meta, lock *lockfile.Lock) *Transaction {
	t := &Transaction{Command: m.Command, Changes: make([]Change, len(p.Changes)), plan: p, meta: m, lock: lock}
	for i, c := range p.Changes {
		t.Changes[i] = Change{
			Path: c.Path, From: c.From, Action: string(c.Action), Reason: c.Reason, Record: c.Record,
			Conflicts: c.Conflicts, Sides: c.Sides,
		}
	}
	t.versions = conflict.FromPlan(p)
	return t
}

// ApplyOptions say how a transaction is applied.
type ApplyOptions struct {
	NoIndex bool // do not mark conflicts in git's index
}

// Apply carries a transaction out. With an error of kind Conflicts it is done, and leaves conflicts for the
// user to resolve; with any other error nothing is changed.
func (p *Project) Apply(ctx context.Context, t *Transaction, o ApplyOptions) error {
	t.meta.RunID = p.setup.RunID
	if t.dir != "" {
		return p.applyIn(ctx, t)
	}
	if !t.Empty() {
		if t.saved && !o.NoIndex {
			t.versions = p.renderConflicts(ctx, t)
		}
		pl, err := p.reveal(ctx, t)
		if err == nil {
			err = p.tree.Apply(ctx, pl, t.meta)
		}
		if err != nil {
			return err
		}
		p.changed = p.changed || !t.plan.Empty()
		p.remember(ctx, t)
		if !o.NoIndex {
			p.index().Apply(ctx, conflict.Update{
				Before: p.Lock.Conflicts(), After: t.lock.Conflicts(), Versions: t.versions,
				Undo: t.meta.Undoes() != 0,
			})
		}
	}
	p.reportMoved(t, true)
	p.reportIgnored(t)
	p.reportModes(t)
	return t.checkConflicts()
}

// remember records in the cache that the installs which a transaction made or changed are proven. Those of a saved
// plan are not: it is input.
func (p *Project) remember(ctx context.Context, t *Transaction) {
	if t.saved || t.meta.Undoes() != 0 {
		return
	}
	p.packs.Remember(ctx, t.made)
}

// Preview reports what Apply would report. It fails like Apply if a secret is not at hand.
func (p *Project) Preview(ctx context.Context, t *Transaction) error {
	p.reportFiles(t)
	_, err := p.reveal(ctx, t)
	return err
}

// reportFiles reports what is worth knowing before a transaction is applied.
func (p *Project) reportFiles(t *Transaction) {
	p.reportMoved(t, false)
	p.reportIgnored(t)
	p.reportModes(t)
}

// applyIn carries out a transaction in a folder other than the project's, and creates that folder.
func (p *Project) applyIn(ctx context.Context, t *Transaction) error {
	removeCreated, err := worktree.MakeDir(t.dir)
	if err != nil {
		return failure.Errorf(failure.LocalIO, "creating the folder of the pack: %w", err).
			WithHint("name another folder with -t")
	}
	store, err := apply.Open(ctx, t.dir, apply.Options{LockTimeout: p.setup.LockWait, Keys: p.setup.keys()})
	if err != nil {
		removeCreated()
		return err
	}
	err = store.Apply(ctx, t.plan, t.meta)
	if closed := store.Close(); closed != nil && err == nil {
		p.setup.Notify(fmt.Sprintf("closing %q failed: %v", t.dir, closed)) // its files are written
	}
	if err != nil {
		removeCreated() // as far as it is empty
		return err
	}
	p.changed = p.changed || !t.Empty()
	return nil
}

func (p *Project) reportMoved(t *Transaction, applied bool) {
	for _, m := range t.moved {
		next := fmt.Sprintf("ppm project move %s %s", p.Quote(m.path), p.Quote(m.to))
		if applied {
			next = "ppm project undo, " + next + " and this command again"
		} else {
			next += " first"
		}
		p.setup.Notify(fmt.Sprintf("%s changed upstream, and you seem to have moved it to %s; to apply its "+
			"changes there, run %s",
			m.path, m.to, next))
	}
}

// checkConflicts returns the error of kind Conflicts that names the files with conflicts, or nil.
func (t *Transaction) checkConflicts() error {
	var open []lockfile.File
	for _, c := range t.Changes {
		if c.Conflicts > 0 {
			open = append(open, lockfile.File{Path: c.Path, Sides: c.Sides})
		}
	}
	if len(open) == 0 {
		return nil
	}
	return failure.Errorf(failure.Conflicts, "unresolved conflicts in %s", quotedPaths(open)).
		WithHint("%s, then run ppm project continue; or undo the upgrade with ppm project abort", howToResolve(open))
}

// howToResolve says what to do about conflicts.
func howToResolve(open []lockfile.File) string {
	const text = "resolve the conflict markers"
	const binary = "replace a binary file with the version that you want, or delete the versions beside it"
	var hints []string
	if slices.ContainsFunc(open, func(f lockfile.File) bool { return !f.Sides }) {
		hints = append(hints, text)
	}
	if slices.ContainsFunc(open, func(f lockfile.File) bool { return f.Sides }) {
		hints = append(hints, binary)
	}
	return strings.Join(hints, "; ")
}

// checkUnresolved returns an error when files of a lock have conflicts that are not resolved yet.
func checkUnresolved(lock *lockfile.Lock) error {
	open := lock.Conflicts()
	if len(open) == 0 {
		return nil
	}
	return failure.Errorf(failure.Refused, "unresolved conflicts in %s", quotedPaths(open)).
		WithHint("resolve them and run ppm project continue, or undo the upgrade with ppm project abort")
}

// quotedPaths lists the paths of files in a sentence.
func quotedPaths(files []lockfile.File) string {
	names := make([]string, len(files))
	for i, f := range files {
		names[i] = f.Path
	}
	return strings.Join(names, ", ")
}
