package pack

import (
	"fmt"
	"slices"
)

// Renamed returns the component that was once called name, by the renamed_from of its declaration.
func (p *Pack) Renamed(name string) (Component, bool) {
	if _, declared := p.Components[name]; declared {
		return Component{}, false
	}
	for _, n := range p.Names() {
		if c := p.Components[n]; slices.Contains(c.RenamedFrom, name) {
			return c, true
		}
	}
	return Component{}, false
}

// checkRenamed checks that each earlier name of a component or a key means exactly one: no component or key is
// declared with it, and no two were renamed from it. With an error it returns the invalid field.
func (p *Pack) checkRenamed() (field string, err error) {
	components := renames{what: "component", now: map[string]string{}}
	for _, name := range p.Names() {
		components.now[name] = name
	}
	for _, name := range p.Names() {
		if err := components.add(name, p.Components[name].RenamedFrom); err != nil {
			return "components." + name + ".renamed_from", err
		}
	}
	keys := renames{what: "key", now: map[string]string{}}
	for _, k := range p.Keys {
		keys.now[k.Name] = k.Name
	}
	for _, k := range p.Keys {
		if err := keys.add(k.Name, k.RenamedFrom); err != nil {
			return "keys." + k.Name + ".renamed_from", err
		}
	}
	return "", nil
}

// renames are the names that a pack declares or declared before, each with the name that it has now.
type renames struct {
	what string
	now  map[string]string
}

func (r renames) add(name string, before []string) error {
	for _, old := range before {
		switch other, known := r.now[old]; {
		case other == name && old != name: // listed twice
		case old == "":
			return fmt.Errorf("%s %q: an earlier name is empty", r.what, name)
		case known && other == old:
			return fmt.Errorf("%s %q was renamed from %q, which is declared as well", r.what, name, old)
		case known:
			return fmt.Errorf("%s %q and %s %q were both renamed from %q", r.what, other, r.what, name, old)
		}
		r.now[old] = name
	}
	return nil
}
