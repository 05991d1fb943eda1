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

// A group is one install of a merged lock, or several of which the sides have different versions that exclude each
// other.
type group struct {
	paths    []string
	versions // the texts of the installs; equal in ours and theirs if there is no conflict
}

func (g group) piece() piece {
	if g.ours == g.theirs {
		return piece{text: g.ours}
	}
	quoted := make([]string, len(g.paths))
	for i, p := range g.paths {
		quoted[i] = fmt.Sprintf("%q", p)
	}
	about := "the install at " + quoted[0]
	if len(quoted) > 1 {
		about = "the installs at " + strings.Join(quoted, " and ") + ", which have files in common"
	}
	return piece{conflict: &conflict{about: about, versions: g.versions}}
}

// merge returns the groups of the merged lock in the order of their paths, without those that were removed.
func (l locks) merge() []group {
	var groups []group
	for _, path := range placements(&l.base, l.ours, l.theirs) {
		g := group{[]string{path}, l.versions(path)}
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
	return l.join(groups)
}

func (l locks) versions(path string) versions {
	return versions{format(&l.base, path), format(l.ours, path), format(l.theirs, path)}
}

// join joins the groups whose installs cannot exist together: one side has one of them, the other side the other, and
// both have a file at the same path.
func (l locks) join(groups []group) []group {
	if variant(groups, l.ours, l.theirs).Check() == nil && variant(groups, l.theirs, l.ours).Check() == nil {
		return groups
	}
	at := func(path string) int {
		return slices.IndexFunc(groups, func(g group) bool { return slices.Contains(g.paths, path) })
	}
	for _, o := range l.ours.Components {
		if format(&l.base, o.Path) == format(l.ours, o.Path) {
			continue
		}
		for _, t := range l.theirs.Components {
			i, j := at(o.Path), at(t.Path)
			if i == j || format(&l.base, t.Path) == format(l.theirs, t.Path) || fit(o, t) {
				continue
			}
			groups[min(i, j)].paths = append(groups[min(i, j)].paths, groups[max(i, j)].paths...)
			groups = slices.Delete(groups, max(i, j), max(i, j)+1)
		}
	}
	for i, g := range groups {
		if len(g.paths) > 1 {
			slices.Sort(g.paths)
			groups[i].versions = l.joined(g.paths)
		}
	}
	return groups
}

// variant returns the merged lock with the conflicts resolved to chosen.
func variant(groups []group, chosen, other *lockfile.Lock) *lockfile.Lock {
	out := &lockfile.Lock{}
	for _, g := range groups {
		from := chosen
		if g.ours == g.theirs && format(chosen, g.paths[0]) != g.ours {
			from = other
		}
		if c, ok := from.Component(g.paths[0]); ok {
			out.Put(c)
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
