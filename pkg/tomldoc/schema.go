package tomldoc

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A place is a position in the schema: the Go type that belongs to the path.
type place struct {
	path string
	typ  reflect.Type
}

var timeType = reflect.TypeFor[time.Time]()

// unchecked reports whether anything may stand at p.
func (p place) unchecked() bool { return p.typ.Kind() == reflect.Interface }

// isTable reports whether p takes a table.
func (p place) isTable() bool {
	return p.typ.Kind() == reflect.Map || p.typ.Kind() == reflect.Struct && p.typ != timeType
}

// want says what p takes, with its article.
func (p place) want() string {
	switch {
	case p.typ == timeType:
		return "a date and time with its offset, as in 2024-01-01T00:00:00Z"
	case p.isTable():
		return "a table"
	case p.typ.Kind() == reflect.Slice && (place{typ: p.typ.Elem()}).isTable():
		return "an array of tables"
	case p.typ.Kind() == reflect.Slice:
		return "an array of strings"
	case p.typ.Kind() == reflect.Bool:
		return "true or false"
	case p.typ.Kind() == reflect.Int:
		return "an integer"
	}
	return "a string"
}

// A checker walks over the statements of a document and holds each against a Go type.
type checker struct {
	doc    *Document
	counts map[string]int // path of an array of tables → how many it has so far
	fields map[reflect.Type]map[string]reflect.Type
}

func (c *checker) check(t reflect.Type) error {
	root := place{typ: t}
	table := root
	for _, s := range c.doc.Statements {
		var err error
		switch s.Kind {
		case Table:
			table, err = c.header(root, s, aTable)
		case Array:
			table, err = c.header(root, s, arrayOfTables)
		case Field:
			err = c.field(table, s.field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// header returns the place that the fields below a header belong to.
func (c *checker) header(root place, s Statement, found form) (place, error) {
	p := root
	for i, key := range s.field.key {
		var err error
		if p, err = c.step(p, key); err != nil || p.unchecked() {
			return p, err
		}
		last := i == len(s.Key)-1
		if list := p.typ.Kind() == reflect.Slice && (place{typ: p.typ.Elem()}).isTable(); !list {
			if last && (found == arrayOfTables || !p.isTable()) {
				return p, c.mismatch(p, found, s.Line)
			}
			continue
		}
		if last && found == arrayOfTables {
			c.counts[p.path]++
		} else if last || c.counts[p.path] == 0 {
			return p, c.mismatch(p, aTable, s.Line)
		}
		p = p.element(c.counts[p.path] - 1)
	}
	c.doc.lines[p.path] = s.Line
	return p, nil
}

// field holds a "key = value" of the table p against its type.
func (c *checker) field(p place, f field) error {
	for _, key := range f.key {
		var err error
		if p, err = c.step(p, key); err != nil {
			return err
		}
		c.doc.lines[p.path] = key.line
		if p.unchecked() {
			return nil
		}
	}
	return c.value(p, f.value)
}

// value holds a value against the type of its place.
func (c *checker) value(p place, v value) error {
	ok := false
	switch {
	case p.unchecked():
		return nil
	case p.typ == timeType:
		ok = v.form == aDateTime
	case p.isTable():
		for _, f := range v.fields {
			if err := c.field(p, f); err != nil {
				return err
			}
		}
		ok = v.form == aTable
	case p.typ.Kind() == reflect.Slice:
		for i, item := range v.items {
			e := p.element(i)
			c.doc.lines[e.path] = c.doc.lines[p.path]
			if err := c.value(e, item); err != nil {
				return err
			}
		}
		c.counts[p.path] = len(v.items)
		ok = v.form == anArray
	case p.typ.Kind() == reflect.String:
		ok = v.form == aString
	case p.typ.Kind() == reflect.Bool:
		ok = v.form == aBoolean
	case p.typ.Kind() == reflect.Int:
		ok = v.form == anInteger
	}
	if !ok {
		return c.mismatch(p, v.form, c.doc.lines[p.path])
	}
	return nil
}

func (p place) element(i int) place {
	return place{path: p.path + "[" + strconv.Itoa(i) + "]", typ: p.typ.Elem()}
}

// step returns the place of key in the table p.
func (c *checker) step(p place, key part) (place, error) {
	next := place{path: strings.TrimPrefix(p.path+"."+key.name, ".")}
	switch {
	case p.unchecked():
		return p, nil
	case p.typ.Kind() == reflect.Map:
		next.typ = p.typ.Elem()
		return next, nil
	case !p.isTable():
		return p, c.mismatch(p, aTable, key.line)
	}
	fields := c.fieldsOf(p.typ)
	if t, ok := fields[key.name]; ok {
		next.typ = t
		return next, nil
	}
	known := slices.Sorted(maps.Keys(fields))
	err := c.doc.at(key.line, "unknown field %q", next.path)
	if similar := suggest.Words(key.name, known); len(similar) > 0 {
		return p, err.WithHint("%s", suggest.DidYouMean(similar))
	}
	return p, err.WithHint("the fields known here are %s", strings.Join(known, ", "))
}

// fieldsOf returns the fields of a struct, by their names in the text.
func (c *checker) fieldsOf(t reflect.Type) map[string]reflect.Type {
	if known, ok := c.fields[t]; ok {
		return known
	}
	known := make(map[string]reflect.Type)
	for f := range t.Fields() {
		known[f.Tag.Get("toml")] = f.Type
		if f.Type.Kind() == reflect.Pointer {
			known[f.Tag.Get("toml")] = f.Type.Elem()
		}
	}
	c.fields[t] = known
	return known
}

func (c *checker) mismatch(p place, found form, line int) error {
	return c.doc.at(line, "field %q must be %s, not %s", p.path, p.want(), found).
		WithHint("correct line %d of %q", line, c.doc.Name)
}
