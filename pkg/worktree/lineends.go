package worktree

import (
	"errors"
	"io/fs"

	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
)

// Convert describes the files of disk that do not have the digest of want and all of whose lines end in the same way,
// so that they can be compared without their line endings. It reads these files, except those over 64 MiB.
func (t Tree) Convert(disk plan.Disk, want map[string]plan.State) (map[string]plan.Converted, error) {
	out := map[string]plan.Converted{}
	for name, state := range disk {
		if state.Digest == "" || state.Digest == want[name].Digest {
			continue
		}
		data, err := t.ReadFile(name)
		switch {
		case errors.Is(err, apply.ErrTooLarge), errors.Is(err, fs.ErrNotExist): // or it was removed meanwhile
			continue
		case err != nil:
			return nil, err
		}
		if c, ok := plan.Convert(data); ok {
			out[name] = c
		}
	}
	return out, nil
}
