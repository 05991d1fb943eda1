package manifest

import (
	"maps"
	"reflect"
	"slices"
	"unicode/utf8"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// SetComponents returns text, a project's manifest, with the components cs in it. Each is appended, or takes
// the place of the one at the same path, of which only the fields that differ are written anew.
// All other bytes stay what they are, and RemoveComponent gives the bytes from before an append.
func SetComponents(name string, text []byte, cs ...Component) ([]byte, error) {
	paths := make([]string, len(cs))
	for i, c := range cs {
		paths[i] = c.Path
	}
	return set(name, text, paths, cs)
}

// ReplaceComponent is SetComponents for a component that takes the place of the one at path, and may
// have another path itself.
func ReplaceComponent(name string, text []byte, path string, c Component) ([]byte, error) {
	return set(name, text, []string{path}, []Component{c})
}

// set puts each component in the place of the one at its path, or appends it.
func set(name string, text []byte, paths []string, cs []Component) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	at := make(map[string]int, len(m.Components))
	for i, c := range m.Components {
		at[c.Path] = i
	}
	blocks := componentBlocks(doc)
	var edits []tomldoc.Edit
	var appended []Component
	for n, c := range cs {
		if c, _, err = c.normal(); err != nil {
			return nil, failure.Errorf(failure.Usage, "adding component %q to %q: %w", c.Path, name, err)
		}
		for key, value := range c.Keys {
			if !utf8.ValidString(key) || !utf8.ValidString(value) {
				return nil, failure.Errorf(failure.Usage, "adding component %q to %q: key %q is not valid UTF-8", c.Path, name, key).
					WithHint("pass the value in UTF-8")
			}
		}
		path, err := CleanPath(paths[n])
		if err != nil {
			return nil, failure.Errorf(failure.Usage, "adding component %q to %q: %w", paths[n], name, err)
		}
		i, there := at[path]
		switch {
		case !there:
			appended = append(appended, c)
		case i >= len(blocks):
			return nil, unsafe(name)
		default:
			edits = append(edits, blocks[i].rewrite(c, m.Components[i])...)
			m.Components[i] = c
		}
	}
	out := tomldoc.Apply(text, edits)
	for _, c := range appended {
		out = tomldoc.Append(out, c.lines())
	}
	m.Components = append(m.Components, appended...)
	return proven(name, out, m)
}

// RemoveComponent returns text without the component at path: without its block, and all that stands inside it.
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
		return nil, noneAt(name, path)
	}
	blocks := componentBlocks(doc)
	if i >= len(blocks) {
		return nil, unsafe(name)
	}
	b := blocks[i]
	m.Components = slices.Delete(m.Components, i, i+1)
	return proven(name, tomldoc.Cut(text, b.statements[0].Start, b.end), m)
}

func noneAt(name, path string) error {
	return failure.Errorf(failure.Usage, "finding component %q in %q: there is none at this path", path, name).
		WithHint("list the components with: ppm list")
}

// SetProject returns text with p as its [project]. Fields that are empty in p are taken out.
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
	var fields []field
	for _, f := range []struct{ key, old, value string }{
		{"name", old.Name, p.Name},
		{"version", old.Version, p.Version},
		{"description", old.Description, p.Description},
		{"author", old.Author, p.Author},
		{"author_email", old.AuthorEmail, p.AuthorEmail},
		{"language", old.Language, p.Language},
		{"env", old.Env, p.Env},
	} {
		fields = append(fields, field{f.key, quoteStated(f.value), f.old == f.value})
	}
	keywords := field{"keywords", "", slices.Equal(old.Keywords, p.Keywords)}
	if p.Keywords != nil {
		keywords.value = tomldoc.Strings(p.Keywords)
	}
	fields = append(fields, keywords)

	if blocks := blocksOf(doc, tomldoc.Table, "project"); len(blocks) > 0 {
		return proven(name, tomldoc.Apply(text, blocks[0].set(fields)), m)
	}
	lines := []string{"[project]"}
	for _, f := range fields {
		if f.value != "" {
			lines = append(lines, f.key+" = "+f.value)
		}
	}
	return proven(name, tomldoc.Prepend(doc, text, lines), m)
}

// quoteStated returns s as TOML, or nothing for a field that is not stated.
func quoteStated(s string) string {
	if s == "" {
		return ""
	}
	return tomldoc.Quote(s)
}

func (m *Manifest) index(path string) int {
	return slices.IndexFunc(m.Components, func(c Component) bool { return c.Path == path })
}

// proven returns text, which was edited, if it says exactly what is wanted.
func proven(name string, text []byte, want *Manifest) ([]byte, error) {
	if len(want.Components) == 0 {
		want.Components = nil
	}
	got, err := Parse(name, text, ProjectLayer)
	if err != nil || !reflect.DeepEqual(got, want) {
		return nil, unsafe(name)
	}
	return text, nil
}

func unsafe(name string) error {
	return failure.Errorf(failure.Usage, "editing %q: it is written in a form that cannot be edited without risk to the rest of it", name).
		WithHint("write [project] as one table and each component as a [[component]] block of its own, then run the command again")
}

// lines returns the block of c.
func (c Component) lines() []string {
	out := []string{"[[component]]", "source = " + tomldoc.Quote(c.Source.String()), "path = " + tomldoc.Quote(c.Path)}
	for _, f := range c.fields(Component{}) {
		if f.value != "" {
			out = append(out, f.key+" = "+f.value)
		}
	}
	return out
}

// fields returns the fields of c besides its source and path, compared with those of old.
func (c Component) fields(old Component) []field {
	fields := []field{
		{"keys", "", maps.Equal(c.Keys, old.Keys)},
		{"strategy", quoteStated(string(c.Strategy)), c.Strategy == old.Strategy},
		{"own", "", maps.Equal(c.Own, old.Own)},
		{"moved", "", maps.Equal(c.Moved, old.Moved)},
	}
	if len(c.Keys) > 0 {
		fields[0].value = tomldoc.InlineTable(c.Keys, tomldoc.Quote)
	}
	if len(c.Own) > 0 {
		fields[2].value = tomldoc.InlineTable(c.Own, func(o Own) string { return tomldoc.Quote(string(o)) })
	}
	if len(c.Moved) > 0 {
		fields[3].value = tomldoc.InlineTable(c.Moved, tomldoc.Quote)
	}
	return fields
}

// A block is a header and the statements that belong to it.
type block struct {
	doc        *tomldoc.Document
	statements []tomldoc.Statement // the header first; no comments
	end        int                 // offset after its last line
}

// componentBlocks returns the [[component]] blocks, which are not all components when some are written in another form.
func componentBlocks(doc *tomldoc.Document) []block {
	return blocksOf(doc, tomldoc.Array, "component")
}

// blocksOf returns the blocks that a header of one key opens. Tables below it, such as [component.keys], belong to it.
func blocksOf(doc *tomldoc.Document, kind tomldoc.Kind, key string) []block {
	var out []block
	inside := false
	for _, s := range doc.Statements {
		switch {
		case s.Kind == tomldoc.Comment:
			continue
		case s.Kind == kind && slices.Equal(s.Key, []string{key}):
			out = append(out, block{doc: doc})
			inside = true
		case s.Kind != tomldoc.Field && (s.Key[0] != key || len(s.Key) == 1):
			inside = false
		}
		if inside {
			b := &out[len(out)-1]
			b.statements = append(b.statements, s)
			b.end = s.End
		}
	}
	return out
}

// A field is a "key = value" to be written; no value means that the field is to be taken out.
type field struct {
	key, value string
	same       bool // the value is what stands there already
}

// rewrite returns the edits that turn the block of old into that of c.
func (b block) rewrite(c, old Component) []tomldoc.Edit {
	return b.set(append([]field{
		{"source", tomldoc.Quote(c.Source.String()), c.Source == old.Source},
		{"path", tomldoc.Quote(c.Path), c.Path == old.Path}, // when the same, perhaps in another spelling, which is the user's
	}, c.fields(old)...))
}

// set returns the edits that give the block these fields. A field that is spread over
// several statements ("keys.a = …", "[component.keys]") becomes one line.
func (b block) set(fields []field) []tomldoc.Edit {
	var edits []tomldoc.Edit
	var added []string
	for _, f := range fields {
		if f.same {
			continue
		}
		own := b.statementsOf(f.key)
		if len(own) == 1 && len(own[0].Key) == 1 && own[0].Kind == tomldoc.Field && f.value != "" {
			edits = append(edits, tomldoc.Edit{Start: own[0].Value, End: own[0].Last, Text: f.value})
			continue
		}
		for _, s := range own {
			edits = append(edits, tomldoc.Edit{Start: s.Start, End: s.End})
		}
		if f.value != "" {
			added = append(added, f.key+" = "+f.value)
		}
	}
	return append(edits, b.insert(added)...)
}

// insert returns the edits that put lines below the header and the fields that follow it.
func (b block) insert(lines []string) []tomldoc.Edit {
	last := b.statements[0]
	for _, s := range b.statements[1:] {
		if s.Kind != tomldoc.Field {
			break
		}
		last = s
	}
	eol := tomldoc.LineEnding(b.doc.Text)
	open := last.End == len(b.doc.Text) && b.doc.Text[last.End-1] != '\n'
	var edits []tomldoc.Edit
	for _, line := range lines {
		text := line + eol
		if open {
			text = eol + line
		}
		edits = append(edits, tomldoc.Edit{Start: last.End, End: last.End, Text: text})
	}
	return edits
}

// statementsOf returns the statements of the block that state a field, or a part of it.
func (b block) statementsOf(key string) []tomldoc.Statement {
	var out []tomldoc.Statement
	inTable := false
	for i, s := range b.statements[1:] {
		if s.Kind != tomldoc.Field {
			inTable = len(s.Key) > 1 && s.Key[1] == key
			if inTable {
				out = append(out, s)
			}
			continue
		}
		direct := !slices.ContainsFunc(b.statements[1:i+1], func(s tomldoc.Statement) bool { return s.Kind != tomldoc.Field })
		if inTable || direct && s.Key[0] == key {
			out = append(out, s)
		}
	}
	return out
}
