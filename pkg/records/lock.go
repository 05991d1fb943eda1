package records

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// A locks is the three versions of a lock.
type locks struct {
	base         lockfile.Lock
	ours, theirs *lockfile.Lock
	unknown      func(path string) bool // whether the base's version of an install is not known
}

// mergeLocks merges locks install by install.
func mergeLocks(name string, v versions) ([]piece, error) {
	var l locks
	var err error
	if l.ours, err = parseLock(name, v.ours); err != nil {
		return nil, err
	}
	if l.theirs, err = parseLock(name, v.theirs); err != nil {
		return nil, err
	}
	l.readBase(name, v.base)
	pieces := []piece{{text: string((&lockfile.Lock{}).Format())}}
	for _, g := range l.merge() {
		pieces = append(pieces, piece{text: "\n"}, g.piece())
	}
	return pieces, checkLocks(name, l, pieces)
}

// parseLock is lockfile.Parse for a version that need not exist.
func parseLock(name, text string) (*lockfile.Lock, error) {
	if text == "" {
		return &lockfile.Lock{}, nil
	}
	return lockfile.Parse(name, []byte(text))
}

// readBase reads the base. When git merges the bases of a merge that has several, the result may have conflicts: what
// is in conflict is not known.
func (l *locks) readBase(name, text string) {
	first, last := resolveConflicts(text)
	a, err1 := parseLock(name, first)
	b, err2 := parseLock(name, last)
	if err1 != nil || err2 != nil {
		l.unknown = func(string) bool { return true }
		return
	}
	l.base, l.unknown = *a, func(path string) bool { return format(a, path) != format(b, path) }
}

// format returns the text of the install at path, or "" if there is none.
func format(l *lockfile.Lock, path string) string {
	c, ok := l.Component(path)
	if !ok {
		return ""
	}
	return string(c.Format())
}

// A group is one install of a merged lock, or several between which the user has to decide.
type group struct {
	paths    []string
	about    string
	versions // the texts of the installs; equal in ours and theirs if there is no conflict
}

func (g group) piece() piece {
	if g.ours == g.theirs {
		return piece{text: g.ours}
	}
	return piece{conflict: &conflict{about: g.about, versions: g.versions}}
}

// merge returns the groups of the merged lock in the order of their paths, without those that were removed.
func (l locks) merge() []group {
	var groups []group
	for _, path := range placements(&l.base, l.ours, l.theirs) {
		g := group{[]string{path}, fmt.Sprintf("the install at %q", path), l.versions(path)}
		switch o, t := g.ours, g.theirs; {
		case o == t:
		case l.unknown(path):
		case o == g.base:
			g.ours = t
		case t == g.base:
			g.theirs = o
		}
		if g.ours+g.theirs != "" {
			groups = append(groups, g)
		}
	}
	groups = l.joinMoves(groups)
	if variant(groups, l.ours, l.theirs).Check() != nil || variant(groups, l.theirs, l.ours).Check() != nil {
		groups = l.joinCollisions(groups)
	}
	return groups
}

func (l locks) versions(path string) versions {
	return versions{format(&l.base, path), format(l.ours, path), format(l.theirs, path)}
}

// joinMoves joins the groups of an install that one side moved, and that the other side moved elsewhere, changed or
// removed.
func (l locks) joinMoves(groups []group) []group {
	isChanged := func(path string, byOurs bool) bool {
		side := l.theirs
		if byOurs {
			side = l.ours
		}
		return format(side, path) != format(&l.base, path)
	}
	for _, m := range movesInConflict(sourcesOf(&l.base), sourcesOf(l.ours), sourcesOf(l.theirs), isChanged) {
		groups = l.join(groups, m.paths(), m.about())
	}
	return groups
}

func sourcesOf(l *lockfile.Lock) sources {
	out := sources{}
	for _, c := range l.Components {
		out.add(c.Path, c.Typed())
	}
	return out
}

// joinCollisions joins the groups whose installs cannot exist together: one side has one of them, the other side the
// other, and both have a file at the same path.
func (l locks) joinCollisions(groups []group) []group {
	for _, o := range l.ours.Components {
		if format(&l.base, o.Path) == format(l.ours, o.Path) {
			continue
		}
		for _, t := range l.theirs.Components {
			if format(&l.base, t.Path) != format(l.theirs, t.Path) && !fit(o, t) {
				about := fmt.Sprintf("the installs at %q and %q, which have files in common",
					min(o.Path, t.Path), max(o.Path, t.Path))
				groups = l.join(groups, []string{o.Path, t.Path}, about)
			}
		}
	}
	return groups
}

// join replaces the groups of the paths by one group, unless it is one already.
func (l locks) join(groups []group, paths []string, about string) []group {
	isIn := func(g group) bool {
		return slices.ContainsFunc(g.paths, func(p string) bool { return slices.Contains(paths, p) })
	}
	first := slices.IndexFunc(groups, isIn)
	if first < 0 {
		return groups
	}
	old := groups[first]
	joined := group{about: about}
	if len(old.paths) > 1 {
		joined.about = old.about
	}
	for _, g := range groups {
		if isIn(g) {
			paths = append(paths, g.paths...)
		}
	}
	slices.Sort(paths)
	joined.paths = slices.Compact(paths)
	joined.versions = l.joined(joined.paths)
	groups[first] = joined
	rest := slices.DeleteFunc(groups[first+1:], isIn)
	return groups[:first+1+len(rest)]
}

// variant returns the merged lock with the conflicts resolved to chosen.
func variant(groups []group, chosen, other *lockfile.Lock) *lockfile.Lock {
	out := &lockfile.Lock{}
	for _, g := range groups {
		for _, path := range g.paths {
			c, ok := chosen.Component(path)
			if g.ours == g.theirs && string(c.Format()) != g.ours {
				c, ok = other.Component(path)
			}
			if ok {
				out.Put(c)
			}
		}
	}
	return out
}

// fit reports whether two installs can exist together.
func fit(a, b lockfile.Component) bool {
	return a.Path == b.Path || (&lockfile.Lock{Components: []lockfile.Component{a, b}}).Check() == nil
}

// joined returns the versions of several installs, each with a blank line between them.
func (l locks) joined(paths []string) versions {
	var base, ours, theirs []string
	for _, path := range paths {
		v := l.versions(path)
		for _, p := range []struct {
			to   *[]string
			text string
		}{{&base, v.base}, {&ours, v.ours}, {&theirs, v.theirs}} {
			if p.text != "" {
				*p.to = append(*p.to, p.text)
			}
		}
	}
	return versions{strings.Join(base, "\n"), strings.Join(ours, "\n"), strings.Join(theirs, "\n")}
}

// placements returns the paths of the installs of all locks, sorted and without duplicates.
func placements(locks ...*lockfile.Lock) []string {
	var paths []string
	for _, l := range locks {
		for _, c := range l.Components {
			paths = append(paths, c.Path)
		}
	}
	slices.Sort(paths)
	return slices.Compact(paths)
}
