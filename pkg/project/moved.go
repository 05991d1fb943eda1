package project

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/state"
)

// confirmMoves makes the manifest decide where the files of installs were moved to. A file that only the lockfile
// calls moved counts as being where the component has it, so that the lockfile cannot claim a file of the user's. A
// file that the lockfile does not call moved counts as moved if it is at the place in the manifest, and no longer at
// the other.
func (p *Project) confirmMoves(ctx context.Context) error {
	lock := p.Lock.Clone()
	for _, c := range p.Lock.Components {
		moved := p.Entries[c.Path].Moved
		if areFilesAsMoved(c, moved) {
			continue
		}
		files := slices.Clone(c.Files)
		for i, f := range files {
			rendered := f.Rendered()
			to := cmp.Or(moved[rendered], rendered)
			if to == f.Path {
				continue
			}
			if f.From == "" {
				isMoved, err := p.isMovedAway(ctx, f.Path, to)
				if err != nil {
					return err
				}
				if !isMoved {
					continue // sync moves it
				}
			} else {
				p.setup.Notify(fmt.Sprintf("%s says that %s was moved to %s, and %s does not: %s is not changed",
					state.LockName, rendered, f.Path, state.ManifestName, f.Path))
			}
			files[i].Path, files[i].From = to, rendered
			if to == rendered {
				files[i].From = ""
			}
		}
		if slices.Equal(files, c.Files) {
			continue
		}
		next := lock.Clone()
		c.Files = files
		next.Put(c)
		if next.Check() == nil { // else a verb refuses to move a file in the manifest onto another one
			lock, p.confirmed = next, true
		}
	}
	p.Lock = lock
	return nil
}

// areFilesAsMoved reports whether the files of an install are where it has them, or where they were moved to.
func areFilesAsMoved(c lockfile.Component, moved map[string]string) bool {
	for _, f := range c.Files {
		if to := cmp.Or(moved[f.Rendered()], f.Rendered()); to != f.Path {
			return false
		}
	}
	return true
}

// isMovedAway reports whether there is a file at one path and nothing at the other.
func (p *Project) isMovedAway(ctx context.Context, from, to string) (bool, error) {
	disk, err := p.tree.Scan(ctx, []string{from, to})
	return disk[from].Kind == plan.Absent && disk[to].Kind == plan.File, err
}
