package records

import (
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A kind is the kind of a unit.
type kind int

const (
	comment   kind = iota // lines of comment that belong to no other unit
	field                 // key = value
	table                 // [header], with its fields as units
	component             // [[component]], with its fields and tables as units
	array                 // all blocks of any other [[header]], as one text
)

// A unit is a part of a manifest with an identity: units of several versions that have one id are versions of one
// part.
type unit struct {
	kind  kind
	id    string
	about string // for messages, such as "[project]"

	component manifest.Component // what a component says

	blank string // the blank lines above
	lead  string // the lines of comment directly above
	key   string // a header, or a field up to its value
	value string
	tail  string // of a field: what follows the value, with the line ending
	units []unit
}

// own returns the text of the unit without its units and without blank lines above.
func (u unit) own() string { return u.lead + u.key + u.value + u.tail }

// text returns the whole text of the unit, without blank lines above it.
func (u unit) text() string {
	text := u.own()
	for _, sub := range u.units {
		text += sub.blank + sub.text()
	}
	return text
}

// content returns the whole text of the unit without blank lines between its units.
func (u unit) content() string {
	text := u.own()
	for _, sub := range u.units {
		text += sub.content()
	}
	return text
}

// A splitter splits the text of a manifest into units.
type splitter struct {
	text       string
	components []manifest.Component // those that are not read yet, in the order of the text
	top        []unit
	pending    []unit // comments of which the next statement decides where they belong
}

// split returns the units of a project's manifest.
func split(name, text string) ([]unit, error) {
	m, err := manifest.Parse(name, []byte(text), manifest.ProjectLayer)
	if err != nil {
		return nil, err
	}
	var values map[string]any
	doc, err := tomldoc.Decode(name, []byte(text), &values)
	if err != nil {
		return nil, err
	}
	s := splitter{text: text, components: m.Components}
	end := 0
	for _, st := range doc.Statements {
		s.add(st, text[end:st.Start])
		end = st.End
	}
	s.leave()
	if len(s.top) > 0 && s.top[0].kind != field {
		s.top[0].blank = "\n" // for when it does not stay the first
	}
	return s.top, identify(s.top)
}

// add adds a statement that has these blank lines above it.
func (s *splitter) add(st tomldoc.Statement, blank string) {
	text := s.text[st.Start:st.End]
	last := len(s.pending) - 1
	if st.Kind == tomldoc.Comment {
		if last >= 0 && blank == "" {
			s.pending[last].lead += text
		} else {
			s.pending = append(s.pending, unit{kind: comment, blank: blank, lead: text})
		}
		return
	}
	u := unit{blank: blank}
	if last >= 0 && blank == "" {
		u.blank, u.lead = s.pending[last].blank, s.pending[last].lead
		s.pending = s.pending[:last]
	}
	if st.Kind == tomldoc.Field {
		u.kind, u.id, u.about = field, "="+strings.Join(st.Key, "\x00"), strings.Join(st.Key, ".")
		u.key, u.value = s.text[st.Start:st.ValueStart], s.text[st.ValueStart:st.ValueEnd]
		u.tail = s.text[st.ValueEnd:st.End]
		for _, c := range s.pending {
			s.put(c)
		}
		s.pending = nil
		s.put(u)
		return
	}
	u.key = text
	s.header(u, st)
}

// header adds a header, and what is above it.
func (s *splitter) header(u unit, st tomldoc.Statement) {
	name := strings.Join(st.Key, ".")
	u.kind, u.id, u.about = table, "["+strings.Join(st.Key, "\x00")+"]", "["+name+"]"
	last := len(s.top) - 1
	switch {
	case st.Kind == tomldoc.Array && name == "component":
		c := s.components[0]
		s.components = s.components[1:]
		u.kind, u.id, u.component = component, componentID(c.Path), c
		u.about = fmt.Sprintf("the install at %q", c.Path)
	case st.Kind == tomldoc.Array:
		u.kind, u.id, u.about = array, "["+u.id+"]", "["+u.about+"]"
		if last >= 0 && s.top[last].id == u.id {
			s.put(u)
			return
		}
	case last >= 0 && s.top[last].kind == component && st.Key[0] == "component":
		s.leave()
		s.top[last].units = append(s.top[last].units, u)
		return
	case last >= 0 && s.top[last].kind == array &&
		strings.HasPrefix("["+u.id, strings.TrimSuffix(s.top[last].id, "]]")+"\x00"):
		s.put(u)
		return
	}
	s.leave()
	s.top = append(s.top, u)
}

func componentID(path string) string { return "component " + path }

// put adds a unit to the table that is open, or above all tables.
func (s *splitter) put(u unit) {
	open := &s.top
	for len(*open) > 0 {
		last := &(*open)[len(*open)-1]
		if last.kind == array {
			last.value += u.blank + u.own()
			return
		}
		if last.kind != table && last.kind != component {
			break
		}
		open = &last.units
	}
	*open = append(*open, u)
}

// leave adds the comments at the end of a table. The first belongs to the table unless a blank line is between them.
func (s *splitter) leave() {
	for _, c := range s.pending {
		if c.blank == "" {
			s.put(c)
		} else {
			s.top = append(s.top, c)
		}
	}
	s.pending = nil
}

// checkForms returns an error if one table is written in two forms, by ours as a header and by theirs as a field above
// all headers or the other way round. TOML forbids that, although the library that reads it does not.
func checkForms(ours, theirs []unit) error {
	for _, u := range slices.Concat(ours, theirs) {
		header := "[" + strings.Split(u.id, "\x00")[0][1:] + "]"
		if u.kind == field && (find(ours, header) != nil || find(theirs, header) != nil) {
			return fmt.Errorf("%s and %s are one table in two forms", u.about, header)
		}
	}
	return nil
}

// identify gives comments an id, and checks that all ids differ.
func identify(units []unit) error {
	seen := map[string]int{}
	for i := range units {
		u := &units[i]
		if u.kind == comment {
			u.id = "#" + u.lead
		}
		n := seen[u.id]
		seen[u.id]++
		switch {
		case n > 0 && u.kind == comment:
			u.id += fmt.Sprintf("\x00%d", n)
		case n > 0:
			return fmt.Errorf("%s is in several places", u.about)
		}
		if err := identify(u.units); err != nil {
			return err
		}
	}
	return nil
}
