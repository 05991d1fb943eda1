package manifest

import (
	"maps"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A block is a header of a document with the fields and tables that belong to it.
type block struct {
	doc        *tomldoc.Document
	statements []tomldoc.Statement // starting with the header, without comments
	end        int                 // offset after its last line
}

// componentBlocks returns the [[component]] blocks. Components that are written as inline tables have none.
func componentBlocks(doc *tomldoc.Document) []block {
	return blocksOf(doc, tomldoc.Array, "component")
}

// blocksOf returns the blocks with the given header. They include their subtables, such as [component.keys].
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

// A field is a field to write. An empty value means to remove it.
type field struct {
	key, value string
	changed    bool
}

// compare returns the fields of the struct that written points to, compared with those of old.
func compare(written, old any) []field {
	before := maps.Collect(tomldoc.Fields(old))
	var fields []field
	for key, value := range tomldoc.Fields(written) {
		fields = append(fields, field{key, value, value != before[key]})
	}
	return fields
}

// lines returns the lines of a new block.
func lines(header string, fields []field) []string {
	out := []string{header}
	for _, f := range fields {
		if f.value != "" {
			out = append(out, f.key+" = "+f.value)
		}
	}
	return out
}

// set returns the edits that set the fields of the block that changed. A field that is spread over several statements,
// such as "keys.a = …" or "[component.keys]", becomes one line. A field that did not change keeps its spelling.
func (b block) set(fields []field) []tomldoc.Edit {
	var edits []tomldoc.Edit
	var added []string
	for _, f := range fields {
		if !f.changed {
			continue
		}
		found := b.statementsOf(f.key)
		if len(found) == 1 && len(found[0].Key) == 1 && found[0].Kind == tomldoc.Field && f.value != "" {
			edits = append(edits, tomldoc.Edit{Start: found[0].ValueStart, End: found[0].ValueEnd, Text: f.value})
			continue
		}
		for _, s := range found {
			edits = append(edits, tomldoc.Edit{Start: s.Start, End: s.End})
		}
		if f.value != "" {
			added = append(added, f.key+" = "+f.value)
		}
	}
	return append(edits, b.insert(added)...)
}

// insert returns the edits that insert lines after the header and the fields that follow it.
func (b block) insert(lines []string) []tomldoc.Edit {
	last := b.statements[0]
	for _, s := range b.statements[1:] {
		if s.Kind != tomldoc.Field {
			break
		}
		last = s
	}
	eol := tomldoc.LineEnding(b.doc.Text)
	unterminated := last.End == len(b.doc.Text) && b.doc.Text[last.End-1] != '\n'
	var edits []tomldoc.Edit
	for _, line := range lines {
		text := line + eol
		if unterminated {
			text = eol + line
		}
		edits = append(edits, tomldoc.Edit{Start: last.End, End: last.End, Text: text})
	}
	return edits
}

// statementsOf returns the statements of the block that set a field or a part of it.
func (b block) statementsOf(key string) []tomldoc.Statement {
	var out []tomldoc.Statement
	inHeader, inTable := true, false // below the header of the block, below a table of the field
	for _, s := range b.statements[1:] {
		if s.Kind != tomldoc.Field {
			inHeader, inTable = false, len(s.Key) > 1 && s.Key[1] == key
			if inTable {
				out = append(out, s)
			}
		} else if inTable || inHeader && s.Key[0] == key {
			out = append(out, s)
		}
	}
	return out
}
