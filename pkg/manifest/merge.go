package manifest

import (
	"bytes"
	"reflect"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// MergeTexts returns the project's manifest base with the changes of both ours and theirs: components that were added,
// changed or removed, and other changes if only one side has them. If both sides made different changes to the same
// component or to the rest, it returns an error of kind Conflicts.
func MergeTexts(name string, base, ours, theirs []byte) ([]byte, error) {
	b, err := split(name, base)
	if err != nil {
		return nil, err
	}
	o, err := split(name, ours)
	if err != nil {
		return nil, err
	}
	t, err := split(name, theirs)
	if err != nil {
		return nil, err
	}
	switch {
	case bytes.Equal(t.rest, b.rest), bytes.Equal(t.rest, o.rest):
		return o.take(name, b, t)
	case bytes.Equal(o.rest, b.rest):
		return t.take(name, b, o)
	}
	return nil, failure.Errorf(failure.Conflicts, "merging %q: both sides changed more than components", name).
		WithHint("merge it by hand, then run ppm project sync")
}

// A side is one of the three texts of a merge.
type side struct {
	text       []byte
	rest       []byte               // the text without components
	components map[string]Component // by path
	order      []string             // paths of the components in the order of the text
}

func split(name string, text []byte) (side, error) {
	m, err := Parse(name, text, ProjectLayer)
	if err != nil {
		return side{}, err
	}
	s := side{text: text, rest: text, components: map[string]Component{}}
	for _, c := range m.Components {
		s.components[c.Path] = c
		s.order = append(s.order, c.Path)
		if s.rest, err = RemoveComponent(name, s.rest, c.Path); err != nil {
			return side{}, err
		}
	}
	s.rest = bytes.TrimSpace(s.rest)
	return s, nil
}

// take returns the text of ours with the changes that theirs makes to the components of base.
func (ours side) take(name string, base, theirs side) ([]byte, error) {
	text := ours.text
	var err error
	for _, path := range slices.Concat(base.order, theirs.order) {
		b, inBase := base.components[path]
		o, inOurs := ours.components[path]
		t, inTheirs := theirs.components[path]
		switch {
		case inTheirs == inBase && equal(t, b), inTheirs == inOurs && equal(t, o): // nothing to do
		case inOurs != inBase || !equal(o, b):
			return nil, failure.Errorf(failure.Conflicts,
				"merging %q: the component at %q was changed on both sides", name, path).
				WithHint("merge it by hand, then run ppm project sync")
		case inTheirs:
			text, err = SetComponents(name, text, t)
		default:
			text, err = RemoveComponent(name, text, path)
		}
		if err != nil {
			return nil, err
		}
		if ours.components[path] = t; !inTheirs {
			delete(ours.components, path)
		}
	}
	return text, nil
}

func equal(a, b Component) bool {
	return reflect.DeepEqual(a, b) // both are in normal form
}
