package records

import (
	"slices"
	"strings"
)

// A base is the units of the base. It may have units whose content is not known.
type base struct {
	units   []unit
	unknown func(id string) bool
}

// mergeManifests merges manifests unit by unit.
func mergeManifests(name string, v versions) ([]piece, error) {
	ours, err := split(name, v.ours)
	if err != nil {
		return nil, err
	}
	theirs, err := split(name, v.theirs)
	if err != nil {
		return nil, err
	}
	if err := checkForms(ours, theirs); err != nil {
		return nil, err
	}
	pieces := splitBase(name, v.base).merge(ours, theirs, "")
	return pieces, checkManifests(name, v, pieces)
}

// splitBase returns the units of a base. When git merges the bases of a merge that has several, the result may have
// conflicts: what is in conflict is not known.
func splitBase(name, text string) base {
	known := func(string) bool { return false }
	if units, err := split(name, text); err == nil {
		return base{units, known}
	}
	first, last := resolveConflicts(text)
	a, err1 := split(name, first)
	b, err2 := split(name, last)
	if err1 != nil || err2 != nil {
		return base{nil, func(string) bool { return true }}
	}
	return base{a, func(id string) bool {
		x, y := find(a, id), find(b, id)
		return (x == nil) != (y == nil) || x != nil && x.content() != y.content()
	}}
}

func find(units []unit, id string) *unit {
	if i := slices.IndexFunc(units, func(u unit) bool { return u.id == id }); i >= 0 {
		return &units[i]
	}
	return nil
}

// merge returns the merged units of both sides. in is the table that they are in, for messages.
func (b base) merge(ours, theirs []unit, in string) []piece {
	var out []piece
	conflicts, shown := b.movesInConflict(ours, theirs), map[*conflict]bool{}
	for _, id := range order(b.units, ours, theirs) {
		u, o, t := find(b.units, id), find(ours, id), find(theirs, id)
		pieces := mergeUnit(u, o, t, b.unknown(id), in)
		if c := conflicts[id]; c != nil {
			if pieces = nil; !shown[c] {
				pieces = []piece{{conflict: c}}
			}
			shown[c] = true
		}
		if len(pieces) == 0 {
			continue
		}
		if blank := mergeBlank(u, o, t); blank != "" && (len(out) > 0 || in != "") {
			out = append(out, piece{text: blank})
		}
		out = append(out, pieces...)
	}
	return out
}

// movesInConflict returns the conflicts of installs that one side moved, by the ids of all their units.
func (b base) movesInConflict(ours, theirs []unit) map[string]*conflict {
	isChanged := func(path string, byOurs bool) bool {
		side := theirs
		if byOurs {
			side = ours
		}
		id := componentID(path)
		return !b.unknown(id) && !same(find(b.units, id), find(side, id))
	}
	out := map[string]*conflict{}
	for _, m := range movesInConflict(sourcesIn(b.units), sourcesIn(ours), sourcesIn(theirs), isChanged) {
		c := &conflict{about: m.about()}
		for _, version := range []struct {
			to    *string
			units []unit
		}{{&c.base, b.units}, {&c.ours, ours}, {&c.theirs, theirs}} {
			var texts []string
			for _, path := range m.paths() {
				if u := find(version.units, componentID(path)); u != nil {
					texts = append(texts, u.text())
				}
			}
			*version.to = strings.Join(texts, "\n")
		}
		for _, path := range m.paths() {
			out[componentID(path)] = c
		}
	}
	return out
}

func sourcesIn(units []unit) sources {
	out := sources{}
	for _, u := range units {
		if u.kind == component {
			out.add(u.component.Path, u.component.Source)
		}
	}
	return out
}

// mergeBlank returns the blank lines above a merged unit.
func mergeBlank(b, o, t *unit) string {
	switch {
	case o == nil:
		return t.blank
	case t == nil || b == nil || t.blank == b.blank:
		return o.blank
	case o.blank == b.blank:
		return t.blank
	}
	return o.blank
}

// mergeUnit merges the versions of a unit, nil for one that does not exist. The base's may be unknown.
func mergeUnit(b, o, t *unit, unknown bool, in string) []piece {
	switch {
	case same(o, t), !unknown && same(t, b):
		return o.settled()
	case !unknown && same(o, b):
		return t.settled()
	case o == nil, t == nil, o.kind == array:
		return conflicting(b, o, t, in)
	case unknown || b == nil:
		b = &unit{}
	}
	if o.kind == field {
		return mergeField(*b, *o, *t, in)
	}
	out := mergeOwn(b.lead, o.lead, t.lead, o.about)
	out = append(out, mergeOwn(b.key, o.key, t.key, o.about)...)
	known := func(string) bool { return false }
	out = append(out, base{b.units, known}.merge(o.units, t.units, o.about)...)
	if o.kind == component && (len(conflictsOf(out)) > 0 || ownsMoved(b.component, o.component, t.component)) {
		return conflicting(b, o, t, in)
	}
	return out
}

func same(a, b *unit) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.content() == b.content()
}

// settled returns the unit as it is.
func (u *unit) settled() []piece {
	if u == nil {
		return nil
	}
	return []piece{{text: u.text()}}
}

// conflicting returns the versions of a unit as a conflict.
func conflicting(b, o, t *unit, in string) []piece {
	c := &conflict{}
	for _, version := range []struct {
		to *string
		of *unit
	}{{&c.base, b}, {&c.ours, o}, {&c.theirs, t}} {
		if version.of != nil {
			*version.to = version.of.text()
		}
	}
	named := o
	if o == nil {
		named = t
	}
	c.about = named.within(in)
	return []piece{{conflict: c}}
}

// within returns what a unit of a table is called in messages.
func (u unit) within(in string) string {
	if in == "" {
		return u.about
	}
	return u.about + " in " + in
}

// mergeOwn merges a header or the comment above it.
func mergeOwn(b, o, t, about string) []piece {
	if text, ok := pick(b, o, t); ok {
		return []piece{{text: text}}
	}
	return []piece{{conflict: &conflict{about, versions{b, o, t}}}}
}

// pick returns the version of a text that one side changed, or that both have.
func pick(b, o, t string) (string, bool) {
	switch {
	case o == t, t == b:
		return o, true
	case o == b:
		return t, true
	}
	return "", false
}

// mergeField merges the versions of a field: the comment above it, the value and the comment after it.
func mergeField(b, o, t unit, in string) []piece {
	out := mergeOwn(b.lead, o.lead, t.lead, o.within(in))
	key, ok := pick(b.key, o.key, t.key)
	if !ok {
		key = o.key // the sides differ in spaces or quotes
	}
	value, isMerged := mergeValue(b.value, o.value, t.value)
	tail, hasTail := pick(b.tail, o.tail, t.tail)
	if !isMerged || !hasTail {
		return append(out, piece{conflict: &conflict{o.within(in), versions{
			b.key + b.value + b.tail, o.key + o.value + o.tail, t.key + t.value + t.tail,
		}}})
	}
	if value == "" { // nothing is left of it
		return nil
	}
	return append(out, piece{text: key + value + tail})
}
