package worktree

import (
	"context"
	"io/fs"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
)

// Gather reads the files that Walk visits, except those in the folder skip, which may be "". It leaves out what is
// not a regular file, and returns the names. The error is of kind Refused if there are more files than a pack may
// have.
func (t Tree) Gather(ctx context.Context, skip string) (files fileset.Set, leftOut []string, err error) {
	var list []fileset.File
	var size int64
	limits := fetch.DefaultLimits
	err = t.Walk(ctx, func(name string) bool { return name == skip }, func(name string, d fs.DirEntry) error {
		if !d.Type().IsRegular() {
			leftOut = append(leftOut, name)
			return nil
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		data, err := t.ReadFile(name)
		if err != nil {
			return err
		}
		if size += int64(len(data)); size > limits.TotalBytes || len(list) >= limits.Files {
			return failure.Errorf(failure.Refused, "reading the project's files: they are more than %d, or than "+
				"%d MiB",
				limits.Files, limits.TotalBytes>>20).WithHint("name what does not belong to the project in .gitignore")
		}
		mode := fileset.Regular
		if info.Mode()&0o100 != 0 {
			mode = fileset.Executable
		}
		list = append(list, fileset.File{Path: name, Mode: mode, Data: data})
		return nil
	})
	if err != nil {
		return nil, nil, err
	}
	files, err = fileset.New(list)
	return files, leftOut, err
}
