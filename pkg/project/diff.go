package project

import (
	"context"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/difftool"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
)

// DiffOptions say which sides to compare.
type DiffOptions struct {
	Names    []string          // each a file, a placement, a component's name or a whole reference; none means all installs
	Upstream string            // a version: compare what was installed with it, instead of with what is on the disk
	Combined bool              // with Upstream: compare what is on the disk with it
	Tool     *difftool.Request // shows the files that differ; its folder is the cache's. Nil to show them to nobody
}

// DiffResult is how files differ.
type DiffResult struct {
	Files []FileDiff `json:"files"` // those that differ, by path
}

// A FileDiff is how one file differs.
type FileDiff struct {
	Path string `json:"path"`
	Diff string `json:"diff"` // unified, with three lines of context
}

// diffContext is how many unchanged lines a diff shows around a change.
const diffContext = 3

// Diff compares what was installed with what the user made of it, or with another version.
func (s *Session) Diff(ctx context.Context, o DiffOptions) (*DiffResult, error) {
	sides, err := s.diff(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Tool != nil && len(sides.result.Files) > 0 {
		o.Tool.Dir = filepath.Join(s.setup.CacheDir, "diff")
		err = difftool.Show(ctx, *o.Tool, sides.before, sides.after)
	}
	return &sides.result, err
}

// sides are the files that differ, as they are on either side.
type sides struct {
	result        DiffResult
	before, after fileset.Set
}

func (s *Session) diff(ctx context.Context, o DiffOptions) (out *sides, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	if o.Combined && o.Upstream == "" {
		return nil, failure.Errorf(failure.Usage, "a combined diff needs a version to compare with").WithHint("name it with --upstream")
	}
	installs, only, err := s.concerned(o.Names)
	if err != nil {
		return nil, err
	}
	out = &sides{result: DiffResult{Files: []FileDiff{}}}
	for _, c := range installs {
		from, to, err := s.compared(ctx, c, o)
		if err != nil {
			return nil, err
		}
		for _, name := range slices.Compact(slices.Sorted(slices.Values(slices.Concat(paths(from), paths(to))))) {
			if len(only) > 0 && !slices.ContainsFunc(only, func(o string) bool { return name == o || strings.HasPrefix(name, o+"/") }) {
				continue
			}
			if text := fileDiff(name, from, to); text != "" {
				out.result.Files = append(out.result.Files, FileDiff{name, text})
				out.before = addFile(out.before, name, from)
				out.after = addFile(out.after, name, to)
			}
		}
	}
	return out, nil
}

// addFile adds the file of that name, which need not be there, to those to be shown.
func addFile(shown fileset.Set, name string, files fileset.Set) fileset.Set {
	if f, ok := files.Lookup(name); ok {
		return append(shown, f)
	}
	return shown
}

// concerned returns the installs that names mean; a name may be that of a file in one.
func (s *Session) concerned(names []string) (installs []lockfile.Component, only []string, err error) {
	var rest []string
	for _, name := range names {
		if c, f, ok := s.lock.Owner(strings.TrimPrefix(name, "./")); ok {
			only = append(only, f.Path)
			rest = append(rest, c.Path)
			continue
		}
		c, err := s.find(name)
		if err != nil {
			return nil, nil, err
		}
		only = append(only, c.Path)
		rest = append(rest, c.Path)
	}
	installs, err = s.chosen(rest)
	return installs, only, err
}

// compared returns the two sides of an install's diff.
func (s *Session) compared(ctx context.Context, c lockfile.Component, o DiffOptions) (from, to fileset.Set, err error) {
	if o.Upstream != "" {
		b, err := s.successor(ctx, c, UpgradeOptions{To: o.Upstream})
		if err != nil {
			return nil, nil, err
		}
		to = b.installs[0].files
	}
	if o.Upstream == "" || !o.Combined {
		if from, err = s.base(ctx, c); err != nil {
			return nil, nil, err
		}
	}
	if o.Upstream != "" && !o.Combined {
		return from, to, nil
	}
	disk, err := s.onDisk(ctx, c)
	if o.Combined {
		return disk, to, err
	}
	return from, disk, err
}

// onDisk reads the files of an install as they are now.
func (s *Session) onDisk(ctx context.Context, c lockfile.Component) (fileset.Set, error) {
	status, err := s.compare(ctx, []lockfile.Component{c})
	if err != nil {
		return nil, err
	}
	var files []fileset.File
	for _, f := range status.Installs[0].Files {
		if f.State == "missing" || f.State == "replaced" {
			continue
		}
		data, err := s.store.ReadFile(f.Path)
		if err != nil {
			return nil, err
		}
		files = append(files, fileset.File{Path: f.Path, Mode: fileset.Regular, Data: data})
	}
	return fileset.New(files)
}

// fileDiff returns the unified diff of one file, or "" when both sides are equal.
func fileDiff(name string, from, to fileset.Set) string {
	before, after := "a/"+name, "b/"+name
	old, inOld := from.Lookup(name)
	new, inNew := to.Lookup(name)
	if !inOld {
		before = "/dev/null"
	}
	if !inNew {
		after = "/dev/null"
	}
	return string(merge.Unified(before, after, old.Data, new.Data, diffContext))
}
