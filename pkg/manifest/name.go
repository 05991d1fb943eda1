package manifest

import (
	"bytes"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// nameComment marks a name that ppm took from the folder. Without the mark, the user wrote the name.
const nameComment = " # the name of the folder at the first install"

func nameLine(project string) string {
	for _, value := range tomldoc.Fields(&struct {
		Name string `toml:"name"`
	}{project}) {
		return "name = " + value + nameComment
	}
	return ""
}

// AddName returns text, a project's manifest without a name, with that of the folder as the name in [project].
// RemoveName undoes it exactly.
func AddName(name string, text []byte, project string) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	m.Project.Name = project
	line := nameLine(project)
	if blocks := blocksOf(doc, tomldoc.Table, "project"); len(blocks) > 0 {
		return verify(name, tomldoc.Apply(text, blocks[0].insert([]string{line})), m)
	}
	return verify(name, tomldoc.Prepend(doc, text, []string{"[project]", line}), m)
}

// RemoveName returns text without the name that AddName wrote, if it is still the same. If nothing else is in
// [project], it removes the table, too.
func RemoveName(name string, text []byte, project string) ([]byte, error) {
	m, doc, err := parse(name, text, ProjectLayer)
	if err != nil {
		return nil, err
	}
	blocks := blocksOf(doc, tomldoc.Table, "project")
	if len(blocks) == 0 || m.Project.Name != project {
		return text, nil
	}
	b := blocks[0]
	i := slices.IndexFunc(b.statements, func(s tomldoc.Statement) bool {
		return s.Kind == tomldoc.Field && string(bytes.TrimRight(text[s.Start:s.End], "\r\n")) == nameLine(project)
	})
	if i < 0 {
		return text, nil
	}
	m.Project.Name = ""
	if m.Project.isZero() && bytes.Count(text[b.statements[0].Start:b.end], []byte("\n")) <= 2 {
		return verify(name, tomldoc.Cut(text, b.statements[0].Start, b.end), m)
	}
	s := b.statements[i]
	out := tomldoc.Apply(text, []tomldoc.Edit{{Start: s.Start, End: s.End}})
	if s.End == len(text) && text[s.End-1] != '\n' { // then the line before it had no end, either
		out = bytes.TrimSuffix(bytes.TrimSuffix(out, []byte("\n")), []byte("\r"))
	}
	return verify(name, out, m)
}
