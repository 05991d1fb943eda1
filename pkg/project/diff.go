package project

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"path/filepath"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/difftool"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/merge"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// DiffOptions say which sides to compare.
type DiffOptions struct {
	// Each a file, a placement, a component's name or a whole reference; none means all installs.
	Names    []string
	Upstream string            // a version: compare what was installed with it, instead of with what is on the disk
	Combined bool              // with Upstream: compare what is on the disk with it
	Tool     *difftool.Request // shows the files that differ; its folder is the cache's. Nil to show them to nobody
}

// DiffResult is how files differ.
type DiffResult struct {
	Files  []FileDiff `json:"files"`  // those that differ, by path
	Failed []Failed   `json:"failed"` // the installs that cannot be compared; see FailedError
}

// A FileDiff is how one file differs.
type FileDiff struct {
	Path   string `json:"path"`
	Diff   string `json:"diff,omitempty"`        // unified, with three lines of context
	Base64 []byte `json:"diff_base64,omitempty"` // the same, where it is not UTF-8
}

// Text returns the diff, whatever its bytes.
func (d FileDiff) Text() string { return d.Diff + string(d.Base64) }

func newFileDiff(path string, diff []byte) FileDiff {
	if utf8.Valid(diff) {
		return FileDiff{Path: path, Diff: string(diff)}
	}
	return FileDiff{Path: path, Base64: diff}
}

// diffContext is how many unchanged lines a diff shows around a change.
const diffContext = 3

// Diff compares what was installed with what the user made of it, or with another version.
func (p *Project) Diff(ctx context.Context, o DiffOptions) (*DiffResult, error) {
	sides, err := p.diffSides(ctx, o)
	if err != nil {
		return nil, err
	}
	if o.Tool != nil && len(sides.before)+len(sides.after) > 0 {
		o.Tool.Dir = filepath.Join(p.setup.CacheDir, "diff")
		err = difftool.Show(ctx, *o.Tool, sides.before, sides.after)
	}
	return &sides.result, err
}

// sides are the files that differ, as they are on either side.
type sides struct {
	result        DiffResult
	before, after fileset.Set
}

func (p *Project) diffSides(ctx context.Context, o DiffOptions) (out *sides, err error) {
	if o.Combined && o.Upstream == "" {
		return nil, failure.Errorf(failure.Usage, "a combined diff needs a version to compare with").
			WithHint("name it with --upstream")
	}
	installs, only, err := p.FindFiles(o.Names)
	if err != nil {
		return nil, err
	}
	out = &sides{result: DiffResult{Files: []FileDiff{}}}
	var failures Failures
	for _, c := range installs {
		var from, to fileset.Set
		var large map[string]string
		ok, err := failures.of(c, p.Wanted(c).Source.String(), func() (err error) {
			from, to, large, err = p.compared(ctx, c, o)
			return err
		})
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		names := slices.Concat(paths(from), paths(to), slices.Collect(maps.Keys(large)))
		for _, name := range slices.Compact(slices.Sorted(slices.Values(names))) {
			if len(only) > 0 && !slices.ContainsFunc(only, func(o string) bool { return state.IsAtOrBelow(name, o) }) {
				continue
			}
			if digest := large[name]; digest != "" {
				if out.addLarge(name, digest, from, to) && o.Tool != nil {
					p.setup.Notify(fmt.Sprintf("%s is too large to be shown", name))
				}
			} else if diff := fileDiff(name, from, to); diff != nil {
				out.result.Files = append(out.result.Files, newFileDiff(name, diff))
				out.before = addFile(out.before, name, from)
				out.after = addFile(out.after, name, to)
			}
		}
	}
	out.result.Failed = failures.all()
	return out, failures.only(len(installs))
}

// addLarge adds a file on disk that is too large to be read. It returns false when the other side has the same digest.
func (out *sides) addLarge(name, digest string, from, to fileset.Set) bool {
	for _, other := range []fileset.Set{from, to} {
		if f, ok := other.Lookup(name); ok && f.Digest() == digest {
			return false
		}
	}
	out.result.Files = append(out.result.Files, FileDiff{Path: name, Diff: fmt.Sprintf("Files a/%s and b/%s "+
		"differ, and are too large to compare\n",
		name, name)})
	return true
}

// addFile adds the file of that name, which need not be there, to those to be shown.
func addFile(shown fileset.Set, name string, files fileset.Set) fileset.Set {
	if f, ok := files.Lookup(name); ok {
		return append(shown, f)
	}
	return shown
}

// compared returns the two sides of an install's diff, and what onDisk has left out of the one on the disk.
func (p *Project) compared(
	ctx context.Context, c lockfile.Component, o DiffOptions,
) (from, to fileset.Set, large map[string]string, err error) {
	if o.Upstream != "" {
		version, err := ref.ParseVersion(o.Upstream)
		if err != nil {
			return nil, nil, nil, err
		}
		installs, err := p.successor(ctx, c, version, UpgradeOptions{})
		if err != nil {
			return nil, nil, nil, err
		}
		to = installs[0].Files
	}
	if o.Upstream == "" || !o.Combined {
		base, err := p.base(ctx, c)
		if err != nil {
			return nil, nil, nil, err
		}
		from = base.Files
	}
	if o.Upstream != "" && !o.Combined {
		return from, to, nil, nil
	}
	disk, large, sparse, err := p.onDisk(ctx, c)
	if o.Combined {
		return disk, withLineEndsOf(without(to, sparse), disk), large, err
	}
	return withLineEndsOf(without(from, sparse), disk), disk, large, err
}

// withLineEndsOf returns files with the line endings that the files at the same paths on the disk have, which depend
// on how git checks them out: an upgrade does not change them.
func withLineEndsOf(files, disk fileset.Set) fileset.Set {
	out := slices.Clone(files)
	for i, f := range out {
		if other, ok := disk.Lookup(f.Path); ok {
			out[i].Data = merge.WithLineEndsOf(f.Data, other.Data)
		}
	}
	return out
}

// without returns the files that are not at the paths.
func without(files fileset.Set, paths map[string]bool) fileset.Set {
	return slices.DeleteFunc(slices.Clone(files), func(f fileset.File) bool { return paths[f.Path] })
}

// onDisk reads the files of an install as they are now. Of those that are too large it returns the digests. It also
// returns the paths of those that git has not checked out.
func (p *Project) onDisk(
	ctx context.Context, c lockfile.Component,
) (files fileset.Set, large map[string]string, sparse map[string]bool, err error) {
	var names []string
	for _, f := range c.Files {
		names = append(names, f.Path)
	}
	disk, err := p.tree.Scan(ctx, names)
	if err != nil {
		return nil, nil, nil, err
	}
	large, sparse = map[string]string{}, map[string]bool{}
	for _, file := range c.Files {
		name := file.Path
		sparse[name] = disk[name].Kind == plan.Sparse
		if disk[name].Kind != plan.File {
			continue
		}
		data, err := p.tree.ReadFile(name)
		switch {
		case errors.Is(err, apply.ErrTooLarge):
			large[name] = disk[name].Digest
		case err != nil:
			return nil, nil, nil, err
		default:
			mode := disk[name].Mode
			if mode == 0 { // any, because modes have no meaning here
				if mode, err = fileset.ParseMode(file.Mode); err != nil {
					return nil, nil, nil, err
				}
			}
			files = append(files, fileset.File{Path: name, Mode: mode, Data: data})
		}
	}
	files, err = fileset.New(files)
	return files, large, sparse, err
}

// fileDiff returns the unified diff of one file, or nil when both sides are equal.
func fileDiff(name string, from, to fileset.Set) []byte {
	before, after := "a/"+name, "b/"+name
	var oldMode, newMode string
	old, inOld := from.Lookup(name)
	new, inNew := to.Lookup(name)
	if inOld {
		oldMode = fileset.FormatMode(old.Mode)
	} else {
		before = "/dev/null"
	}
	if inNew {
		newMode = fileset.FormatMode(new.Mode)
	} else {
		after = "/dev/null"
	}
	hunks := merge.UnifiedDiff(before, after, old.Data, new.Data, diffContext)
	if hunks == nil && oldMode == newMode {
		return nil
	}
	return append(merge.GitHeader(name, oldMode, newMode), hunks...)
}
