package manifest

import (
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// SetComponents returns text, a project's manifest, with the components cs. Each replaces the component at the same
// path, of which it changes only the fields that differ, or is appended. All other bytes stay the same.
// RemoveComponent undoes an append exactly.
func SetComponents(name string, text []byte, cs ...Component) ([]byte, error) {
	paths := make([]string, len(cs))
	for i, c := range cs {
		paths[i] = c.Path
	}
	return set(name, text, paths, cs)
}

// ReplaceComponent is SetComponents for a component that replaces the one at path, and may itself have another path.
func ReplaceComponent(name string, text []byte, path string, c Component) ([]byte, error) {
	return set(name, text, []string{path}, []Component{c})
}

// set replaces the component at each of the paths by that of cs, or appends it.
func set(name string, text []byte, paths []string, cs []Component) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	index := make(map[string]int, len(m.Components))
	for i, c := range m.Components {
		index[c.Path] = i
	}
	blocks := componentBlocks(doc)
	var edits []tomldoc.Edit
	var appended []Component
	for n, c := range cs {
		if c, _, err = c.normalize(); err != nil {
			return nil, failure.Errorf(failure.Usage, "adding component %q to %q: %w", c.Path, name, err)
		}
		for key, value := range c.Keys {
			if text, _ := value.(string); !utf8.ValidString(key) || !utf8.ValidString(text) {
				return nil, failure.Errorf(failure.Usage, "adding component %q to %q: key %q is not valid UTF-8",
					c.Path, name, key).
					WithHint("pass the value in UTF-8")
			}
		}
		path, err := CleanPath(paths[n])
		if err != nil {
			return nil, failure.Errorf(failure.Usage, "adding component %q to %q: %w", paths[n], name, err)
		}
		i, exists := index[path]
		switch {
		case !exists:
			appended = append(appended, c)
		case i >= len(blocks):
			return nil, errUnsafe(name)
		default:
			written, old := c.block(), m.Components[i].block()
			edits = append(edits, blocks[i].set(compare(&written, &old))...)
			m.Components[i] = c
		}
	}
	out := tomldoc.Apply(text, edits)
	for _, c := range appended {
		written := c.block()
		out = tomldoc.Append(out, lines("[[component]]", compare(&written, &component{})))
	}
	m.Components = append(m.Components, appended...)
	return verify(name, out, m)
}

// RemoveComponent returns text without the block of the component at path.
func RemoveComponent(name string, text []byte, path string) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	clean, err := CleanPath(path)
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "removing component %q from %q: %w", path, name, err)
	}
	i := m.index(clean)
	if i < 0 {
		return nil, errNoComponent(name, path)
	}
	blocks := componentBlocks(doc)
	if i >= len(blocks) {
		return nil, errUnsafe(name)
	}
	b := blocks[i]
	m.Components = slices.Delete(m.Components, i, i+1)
	return verify(name, tomldoc.Cut(text, b.statements[0].Start, b.end), m)
}

func errNoComponent(name, path string) error {
	return failure.Errorf(failure.Usage, "finding component %q in %q: there is none at this path", path, name).
		WithHint("list the components with: ppm list")
}

// SetProject returns text with p as its [project]. It removes the fields that are empty in p.
func SetProject(name string, text []byte, p Project) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	if len(p.Keywords) == 0 {
		p.Keywords = nil
	}
	old := m.Project
	m.Project = p
	if reflect.DeepEqual(old, p) {
		return slices.Clone(text), nil
	}
	fields := compare(&p, &old)
	if blocks := blocksOf(doc, tomldoc.Table, "project"); len(blocks) > 0 {
		return verify(name, tomldoc.Apply(text, blocks[0].set(fields)), m)
	}
	// A value that did not change is in a table of its own, [project.extra].
	fields = slices.DeleteFunc(fields, func(f field) bool { return !f.changed })
	return verify(name, tomldoc.Prepend(doc, text, lines("[project]", fields)), m)
}

func (m *Manifest) index(path string) int {
	return slices.IndexFunc(m.Components, func(c Component) bool { return c.Path == path })
}

// verify returns the edited text if it means exactly want. An edit can change the lines of the policy's rules.
func verify(name string, text []byte, want *Manifest) ([]byte, error) {
	if len(want.Components) == 0 {
		want.Components = nil
	}
	got, err := Parse(name, text, ProjectLayer)
	if err != nil || !got.Policy.Equal(want.Policy) {
		return nil, errUnsafe(name)
	}
	want.Policy = got.Policy
	if !reflect.DeepEqual(got, want) {
		return nil, errUnsafe(name)
	}
	return text, nil
}

func errUnsafe(name string) error {
	return failure.Errorf(failure.Usage,
		"editing %q: it is written in a form that cannot be edited safely", name).
		WithHint("write [project] as one table and each component as a [[component]] block of its own, " +
			"then run the command again")
}
