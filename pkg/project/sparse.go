package project

import (
	"context"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// checkRecords returns an error about a record of the project that git has not checked out: without it, ppm would
// create a new project.
func checkRecords(s state.State, sparse func(name string) bool) error {
	for _, record := range []struct {
		name string
		text []byte
	}{{state.ManifestName, s.ManifestText}, {state.LockName, s.LockText}} {
		if record.text == nil && sparse(record.name) {
			return errSparse("opening the project", record.name, shell.Quote)
		}
	}
	return nil
}

// errSparse returns the error about doing something that needs a file that git has not checked out. Quote writes a
// path for commands.
func errSparse(doing, name string, quote func(string) string) error {
	how := "git update-index --no-skip-worktree " + quote(name) + " and git checkout " + quote(name)
	if dir := path.Dir(name); dir != "." {
		how = "git sparse-checkout add " + quote(dir) + ", or " + how
	}
	return failure.Errorf(failure.Refused, "%s: git has %q and has not checked it out, as in a sparse checkout",
		doing, name).
		WithHint("check it out with %s; then run the command again", how)
}

// checkCheckedOut returns an error when a request changes or removes an install of which git has not checked out all
// files: the lockfile would not agree with what git has.
func (p *Project) checkCheckedOut(r request, disk plan.Disk) error {
	for _, old := range r.removed {
		if name := p.notCheckedOut(old, disk); name != "" {
			return errSparse("removing "+shell.Quote(old.Path), name, p.Quote)
		}
	}
	for _, next := range r.components {
		old, installed := p.Lock.Component(next.Before())
		if !installed || hasSameFiles(old, next.Locked) {
			continue
		}
		if name := p.notCheckedOut(old, disk); name != "" {
			return errSparse("changing "+shell.Quote(old.Path), name, p.Quote)
		}
	}
	return nil
}

// checkFullCheckout returns an error if git has files in the project that it has not checked out.
func (p *Project) checkFullCheckout(ctx context.Context, doing string) error {
	for _, name := range index.ReadTracked(p.setup.Dir).Sparse() {
		kind, err := p.tree.Kind(ctx, strings.TrimSuffix(name, "/"))
		if err != nil {
			return err
		}
		if kind == plan.Absent || kind == plan.Sparse {
			return errSparse(doing, name, p.Quote)
		}
	}
	return nil
}

// notCheckedOut returns the first file of an install that git has not checked out, or "". Those that ppm never changes
// do not count.
func (p *Project) notCheckedOut(c lockfile.Component, disk plan.Disk) string {
	own := p.Wanted(c).Own
	i := slices.IndexFunc(c.Files, func(f lockfile.File) bool {
		return disk[f.Path].Kind == plan.Sparse && own[f.Path] != manifest.Mine
	})
	if i < 0 {
		return ""
	}
	return c.Files[i].Path
}

// hasSameFiles reports whether two versions of an install have the same files.
func hasSameFiles(a, b lockfile.Component) bool {
	return slices.EqualFunc(a.Files, b.Files, func(a, b lockfile.File) bool {
		return a.Path == b.Path && a.Digest == b.Digest && a.Mode == b.Mode
	})
}
