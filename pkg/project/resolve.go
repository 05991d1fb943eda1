package project

import (
	"bytes"
	"context"
	"errors"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/conflict"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/records"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// ResolveResult is what ResolveRecords did.
type ResolveResult struct {
	Files []ResolvedRecord `json:"files"` // by path
}

// A ResolvedRecord is a record that git left unmerged.
type ResolvedRecord struct {
	Path      string   `json:"path"`      // relative to the folder of the command
	Action    string   `json:"action"`    // "merge", "unchanged", or "keep" when the user has resolved the conflict
	Conflicts []string `json:"conflicts"` // what the conflicts that are left are about

	problem error // of kind Conflicts when conflicts are left
}

// ConflictStyle returns the style of conflicts that git uses in the folder of a command.
func ConflictStyle(setup Setup) merge.Style { return conflict.Style(setup.Dir, setup.Home, setup.Env) }

// ResolveRecords merges the records that git left unmerged, from the three versions in git's index: those in the
// folder setup.Dir and below it, or else in the nearest folder above it. It changes only the files.
// With an error of kind Conflicts it is done, and leaves conflicts for the user to resolve.
func ResolveRecords(ctx context.Context, setup Setup) (*ResolveResult, error) {
	unmerged, err := readUnmerged(setup)
	if err != nil {
		return nil, err
	}
	result := &ResolveResult{Files: []ResolvedRecord{}}
	var transactions []func() error
	for len(unmerged.Files) > 0 {
		dir := path.Dir(unmerged.Files[0].Path)
		inDir := func(c index.Conflict) bool { return path.Dir(c.Path) == dir }
		next := unmerged.Files
		if n := slices.IndexFunc(next, func(c index.Conflict) bool { return !inDir(c) }); n > 0 {
			next = next[:n]
		}
		unmerged.Files = unmerged.Files[len(next):]
		r := resolver{setup: setup, dir: filepath.Join(unmerged.Top, filepath.FromSlash(dir))}
		if err := r.open(ctx); err != nil {
			return nil, err
		}
		defer r.tree.Close()
		for _, c := range next {
			if err := r.merge(c); err != nil {
				return nil, err
			}
		}
		result.Files = append(result.Files, r.files...)
		transactions = append(transactions, func() error {
			return r.tree.Apply(ctx, r.plan, apply.Meta{Command: "lock resolve", RunID: setup.RunID})
		})
	}
	for _, apply := range transactions {
		if err := apply(); err != nil {
			return nil, err
		}
	}
	return result, result.checkConflicts()
}

// checkConflicts returns the error of kind Conflicts about the conflicts that are left, or nil.
func (r *ResolveResult) checkConflicts() error {
	var left error
	for _, f := range r.Files {
		switch {
		case left == nil:
			left = f.problem
		case f.problem != nil:
			left = failure.Errorf(failure.Conflicts, "%w; %w", left, f.problem)
		}
	}
	return left
}

// readUnmerged reads the versions of the records that a command is about.
func readUnmerged(setup Setup) (index.Unmerged, error) {
	u, err := conflict.ReadUnmerged(setup.Dir, setup.Env, tomldoc.MaxSize, records.IsRecord)
	switch {
	case errors.Is(err, index.ErrNone):
		return u, failure.Errorf(failure.Usage, "resolving conflicts in %q: it is in no git work tree", setup.Dir).
			WithHint("change to the folder of the project, or name it with --cwd")
	case err != nil:
		return u, failure.Errorf(failure.Refused, "reading git's index: %w", err).
			WithHint("resolve the conflicts in ppm.toml and ppm.lock by hand, then run ppm project sync")
	}
	dir, err := filepath.EvalSymlinks(setup.Dir)
	if err != nil {
		return u, err
	}
	at, err := filepath.Rel(u.Top, dir)
	if err != nil {
		return u, err
	}
	all := slices.Clone(u.Files)
	for at := filepath.ToSlash(at); ; at = path.Dir(at) {
		u.Files = slices.DeleteFunc(slices.Clone(all), func(c index.Conflict) bool {
			return at != "." && !strings.HasPrefix(c.Path, at+"/")
		})
		if len(u.Files) > 0 {
			break
		}
		if at == "." {
			return u, failure.Errorf(failure.Usage, "git has no unmerged ppm.toml or ppm.lock here").
				WithHint("if git add was run too early, git checkout -m ppm.toml ppm.lock restores the conflict")
		}
	}
	slices.SortFunc(u.Files, func(a, b index.Conflict) int {
		return strings.Compare(path.Dir(a.Path)+"\x00"+path.Base(a.Path), path.Dir(b.Path)+"\x00"+path.Base(b.Path))
	})
	return u, nil
}

// A resolver merges the records of one folder.
type resolver struct {
	setup Setup
	dir   string
	tree  worktree.Tree
	plan  plan.Plan
	files []ResolvedRecord
}

func (r *resolver) open(ctx context.Context) error {
	store, err := apply.Open(ctx, r.dir, apply.Options{LockTimeout: r.setup.LockWait, Keys: r.setup.keys()})
	if err != nil {
		return err
	}
	r.tree = worktree.Tree{Dir: r.dir, Project: store}
	return nil
}

// merge adds a record to the plan.
func (r *resolver) merge(c index.Conflict) error {
	name := path.Base(c.Path)
	now, err := r.tree.ReadOptional(name)
	if err != nil {
		return err
	}
	v := versionsOf(c)
	shown := name
	if rel, err := filepath.Rel(r.setup.Dir, filepath.Join(r.dir, name)); err == nil {
		shown = filepath.ToSlash(rel)
	}
	size, labels, isMarked := records.Markers(now)
	if line := v.foreign(now); isMarked && line != "" {
		return failure.Errorf(failure.Refused, "%q has conflict markers and an edit of yours: %q", shown, line).
			WithHint("resolve it by hand, or discard your edit with git checkout -m %s first", shell.Quote(shown))
	}
	o := records.Options{Style: ConflictStyle(r.setup), Labels: labels, MarkerSize: size}
	if labels.Base != "" {
		o.Style = merge.Diff3
	}
	merged := records.Merge(c.Path, v[0], v[1], v[2], o)
	text := records.WithLineEndings(merged.Text, now)
	file := ResolvedRecord{Path: shown, Action: "merge", Conflicts: append([]string{}, merged.Conflicts...)}
	file.problem = merged.Check(shown)
	switch {
	case bytes.Equal(text, now):
		file.Action = "unchanged"
	case !isMarked && !v.has(now): // the user has resolved it
		file = ResolvedRecord{Path: shown, Action: "keep", Conflicts: []string{}}
		text = now
	}
	r.plan.Write(name, now, text)
	r.files = append(r.files, file)
	return nil
}

// versions are the base, ours and theirs of a record. One that does not exist is nil.
type versions [3][]byte

func versionsOf(c index.Conflict) (v versions) {
	for i, side := range []*index.Side{c.Base, c.Ours, c.Theirs} {
		if side != nil {
			v[i] = side.Data
		}
	}
	return v
}

// has reports whether text, a file on disk, is one of the versions, or does not exist.
func (v versions) has(text []byte) bool {
	return text == nil || slices.ContainsFunc(v[:], func(version []byte) bool {
		return version != nil && bytes.Equal(records.WithLineEndings(version, text), text)
	})
}

// foreign returns a line of text, conflict markers aside, that none of the versions has, or "".
func (v versions) foreign(text []byte) string {
	known := map[string]bool{"": true}
	for _, version := range v {
		for line := range bytes.Lines(version) {
			known[strings.TrimRight(string(line), "\r\n")] = true
		}
	}
	for line := range bytes.Lines(text) {
		trimmed := strings.TrimRight(string(line), "\r\n")
		if _, size := merge.ParseMarker(line); size == 0 && !known[trimmed] {
			return trimmed
		}
	}
	return ""
}
