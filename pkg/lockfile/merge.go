package lockfile

import (
	"bytes"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Merge returns base with the changes of both ours and theirs: installs that were added, changed or removed. If both
// changed an install in different ways, it returns an error of kind Conflicts that names the install.
func Merge(base, ours, theirs *Lock) (*Lock, error) {
	merged := &Lock{}
	for _, path := range placements(base, ours, theirs) {
		b, o, t := base.format(path), ours.format(path), theirs.format(path)
		from := ours
		switch {
		case bytes.Equal(o, t), bytes.Equal(t, b):
		case bytes.Equal(o, b):
			from = theirs
		default:
			return nil, failure.Errorf(failure.Conflicts,
				"merging locks: the install at %q was changed on both sides", path).
				WithHint("take one side of the whole file, merge ppm.toml by hand, and run ppm project sync")
		}
		if c, ok := from.Component(path); ok {
			merged.Put(c)
		}
	}
	if err := merged.Check(); err != nil {
		return nil, failure.Errorf(failure.Conflicts, "merging locks: %w", err)
	}
	return merged, nil
}

// placements returns the paths of the installs of all locks, sorted and without duplicates.
func placements(locks ...*Lock) []string {
	var paths []string
	for _, l := range locks {
		for _, c := range l.Components {
			paths = append(paths, c.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}

// format returns the text of the install at path, or nil if there is none.
func (l *Lock) format(path string) []byte {
	c, ok := l.Component(path)
	if !ok {
		return nil
	}
	return (&Lock{Components: []Component{c}}).Format()
}
