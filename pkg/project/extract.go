package project

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/extract"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// ExtractOptions say what pack to make of a project.
type ExtractOptions struct {
	Type         string // one of pack.Types
	Replacements []extract.Replacement
	Dir          string // of the pack, from the current folder; empty takes a new folder beside the project
}

// ExtractResult is the pack that Extract makes.
type ExtractResult struct {
	extract.Description
	Changes []Change `json:"changes"` // every file of the pack, from its folder
	DryRun  bool     `json:"dry_run"`
}

// Extract makes a pack whose components are the files and folders at the top of the project. The project stays as
// it is. Nothing is written over a file in the pack's folder.
func (p *Project) Extract(ctx context.Context, o ExtractOptions) (*ExtractResult, *Transaction, error) {
	if !slices.Contains(pack.Types, o.Type) {
		return nil, nil, failure.Errorf(failure.Usage, "%q is not a type of pack", o.Type).
			WithHint("%s", suggest.Hint("type", o.Type, pack.Types))
	}
	dir, inside, err := p.packDir(o.Dir)
	if err != nil {
		return nil, nil, err
	}
	if err := p.checkFullCheckout(ctx, "creating a pack"); err != nil {
		return nil, nil, err
	}
	files, leftOut, err := p.tree.Gather(ctx, inside)
	if err != nil {
		return nil, nil, err
	}
	for _, name := range leftOut {
		p.setup.Notify("skipped, because a pack can only contain regular files: " + name)
	}
	src := extract.Source{Name: filepath.Base(p.setup.Dir), Type: o.Type, Files: files}
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return nil, nil, err
	}
	src.Metadata = info.Values
	var failures Failures
	src.Needs, err = p.needs(ctx, false, &failures)
	if err == nil && len(failures.list) > 0 {
		err = failures.list[0].err
	}
	if err != nil {
		return nil, nil, err
	}
	made, err := extract.Pack(src, o.Replacements)
	if err != nil {
		return nil, nil, err
	}
	if err := langdeps.CheckConflicts(langdeps.Union{Conflicts: made.Conflicts}); err != nil {
		p.setup.Notify(err.Error())
	}
	for _, line := range made.Ignored {
		p.setup.Notify(fmt.Sprintf("the pack does not require %q of requirements.txt: it is not a package", line))
	}
	pl, err := planPack(ctx, p.setup, dir, made)
	if err == nil {
		err = pl.Err()
	}
	if err != nil {
		return nil, nil, failure.Errorf(failure.KindOf(err), "creating a pack in %q: %w", dir, err).
			WithHint("name another folder with -t, or move away what is in the way")
	}
	t := newTransaction(pl, apply.Meta{Command: "as_temp " + o.Type}, p.Lock)
	t.dir = dir
	return &ExtractResult{Description: made.Describe(dir), Changes: t.Changes}, t, nil
}

// packDir returns the absolute path of the pack's folder, and its path from the project's folder when it lies in
// there.
func (p *Project) packDir(dir string) (abs, inside string, err error) {
	if abs = dir; dir == "" {
		abs = filepath.Join("..", filepath.Base(p.setup.Dir)+"-pack")
	}
	switch {
	case filepath.IsAbs(abs):
	case dir == "":
		abs = filepath.Join(p.setup.Dir, abs)
	default:
		abs = filepath.Join(p.Location.Current, abs)
	}
	abs = filepath.Clean(abs)
	inside, err = filepath.Rel(p.setup.Dir, abs)
	switch {
	case err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)):
		inside = ""
	case inside == ".":
		return "", "", failure.Errorf(failure.Refused, "creating a pack in %q: that is the project itself", abs).
			WithHint("name another folder with -t")
	}
	if dir != "" {
		return abs, filepath.ToSlash(inside), nil
	}
	switch entries, err := os.ReadDir(abs); {
	case err == nil && len(entries) > 0:
		return "", "", failure.Errorf(failure.Refused, "creating a pack in %q: the folder is not empty", abs).
			WithHint("name the folder with -t: no file in it is overwritten")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", "", failure.Errorf(failure.LocalIO, "creating a pack: %w", err).
			WithHint("name another folder with -t")
	}
	return abs, filepath.ToSlash(inside), nil
}

// planPack compares a pack with what is in its folder, which need not exist.
func planPack(
	ctx context.Context, setup Setup, dir string, made *extract.Result,
) (pl plan.Plan, err error) {
	in := plan.Input{Theirs: made.Files}
	var old []byte
	if _, err := os.Stat(dir); !errors.Is(err, fs.ErrNotExist) {
		store, err := apply.Open(ctx, dir, apply.Options{ReadOnly: true, Keys: setup.keys()})
		if err != nil {
			return plan.Plan{}, err
		}
		tree := worktree.Tree{Dir: dir, Project: store}
		if in.Disk, err = tree.Scan(ctx, paths(made.Files)); err == nil {
			old, err = tree.ReadOptional(state.ManifestName)
		}
		if err := errors.Join(err, store.Close()); err != nil {
			return plan.Plan{}, err
		}
	}
	if pl, err = plan.Make(in); err != nil {
		return pl, err
	}
	if old != nil && !bytes.Equal(old, made.Manifest) {
		pl.Changes = append(pl.Changes, plan.Change{
			Path: state.ManifestName, Action: plan.Conflict, Reason: "is a file with other content",
		})
		return pl, nil
	}
	pl.Write(state.ManifestName, old, made.Manifest)
	return pl, nil
}
