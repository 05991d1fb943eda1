package records

import (
	"cmp"
	"fmt"
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// sources are the components that a version of a record has, in any version: path → reference without a version.
type sources map[string]ref.Ref

func (s sources) add(path string, source ref.Ref) {
	source.Version = ref.Version{}
	s[path] = source
}

// moves returns the installs that a side moved: path in the base → path of the side. A move is the only install of a
// component that the side removed, and the only one that it added.
func moves(base, side sources) map[string]string {
	removed, added := newIn(base, side), newIn(side, base)
	out := map[string]string{}
	for source, from := range removed {
		if to := added[source]; len(from) == 1 && len(to) == 1 {
			out[from[0]] = to[0]
		}
	}
	return out
}

// newIn returns the paths that a has and b does not, by their components.
func newIn(a, b sources) map[ref.Ref][]string {
	out := map[ref.Ref][]string{}
	for path, source := range a {
		if _, ok := b[path]; !ok {
			out[source] = append(out[source], path)
		}
	}
	return out
}

// A moved is an install that one side moved and the other side moved elsewhere, changed or removed: a conflict between
// the installs at all its paths.
type moved struct {
	from         string
	ours, theirs string // "" if the side did not move it
}

// movesInConflict returns the moves of both sides that are in conflict, by the path in the base. isChanged reports
// whether a side, ours or theirs, has the install at the path in the base in another form, or not at all.
func movesInConflict(base, ours, theirs sources, isChanged func(path string, byOurs bool) bool) []moved {
	byOurs, byTheirs := moves(base, ours), moves(base, theirs)
	all := maps.Clone(byOurs)
	maps.Copy(all, byTheirs)
	var out []moved
	for _, from := range slices.Sorted(maps.Keys(all)) {
		m := moved{from, byOurs[from], byTheirs[from]}
		switch {
		case m.ours == m.theirs:
		case m.theirs == "" && !isChanged(from, false), m.ours == "" && !isChanged(from, true):
		default:
			out = append(out, m)
		}
	}
	return out
}

// paths returns all paths of the install.
func (m moved) paths() []string {
	paths := slices.DeleteFunc([]string{m.from, m.ours, m.theirs}, func(p string) bool { return p == "" })
	slices.Sort(paths)
	return slices.Compact(paths)
}

func (m moved) about() string {
	switch {
	case m.ours == "":
		return fmt.Sprintf("the install at %q, which theirs moved to %q", m.from, m.theirs)
	case m.theirs == "":
		return fmt.Sprintf("the install at %q, which ours moved to %q", m.from, m.ours)
	}
	return fmt.Sprintf("the install at %q, which was moved to %q and to %q", m.from, m.ours, m.theirs)
}

// ownsMoved reports whether one side changed who owns a file that the other side moved. The owner is stated for the
// path of the file, which would be the old one.
func ownsMoved(base, ours, theirs manifest.Component) bool {
	changes := func(owner, mover manifest.Component) bool {
		for from, to := range mover.Moved {
			path := cmp.Or(base.Moved[from], from)
			if path != to && owner.Own[path] != base.Own[path] {
				return true
			}
		}
		return false
	}
	return changes(ours, theirs) || changes(theirs, ours)
}
