package lockfile

import (
	"bytes"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// Merge returns the lock that has what both ours and theirs changed of base: installs
// that one side added, changed or took out. An install that both changed in different
// ways is an error of kind Conflicts that names it; nobody but a person can settle that.
func Merge(base, ours, theirs *Lock) (*Lock, error) {
	merged := &Lock{}
	for _, path := range placements(base, ours, theirs) {
		b, o, t := base.block(path), ours.block(path), theirs.block(path)
		from := ours
		switch {
		case bytes.Equal(o, t), bytes.Equal(t, b):
		case bytes.Equal(o, b):
			from = theirs
		default:
			return nil, failure.Errorf(failure.Conflicts, "merging locks: the install at %q was changed on both sides", path).
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

// placements returns the paths of all installs, sorted, each once.
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

// block returns the text of the install at path, or nil when there is none.
func (l *Lock) block(path string) []byte {
	c, ok := l.Component(path)
	if !ok {
		return nil
	}
	return (&Lock{Components: []Component{c}}).Format()
}
