package tomldoc

import (
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A node is a path of a document with the Go type that its value is decoded into.
type node struct {
	path string
	typ  reflect.Type
}

var timeType = reflect.TypeFor[time.Time]()

// isAny reports whether n accepts any value.
func (n node) isAny() bool { return n.typ.Kind() == reflect.Interface }

// isTable reports whether n accepts a table.
func (n node) isTable() bool {
	return n.typ.Kind() == reflect.Map || n.typ.Kind() == reflect.Struct && n.typ != timeType
}

// isTableArray reports whether n accepts an array of tables.
func (n node) isTableArray() bool {
	return n.typ.Kind() == reflect.Slice && node{typ: n.typ.Elem()}.isTable()
}

// expected returns a description of the values that n accepts, with an article.
func (n node) expected() string {
	switch {
	case n.typ == timeType:
		return "a date and time with its offset, as in 2024-01-01T00:00:00Z"
	case n.isTable():
		return "a table"
	case n.isTableArray():
		return "an array of tables"
	case n.typ.Kind() == reflect.Slice:
		return "an array of strings"
	case n.typ.Kind() == reflect.Bool:
		return "true or false"
	case n.typ.Kind() == reflect.Int:
		return "an integer"
	}
	return "a string"
}

// item returns the node of item i of an array.
func (n node) item(i int) node {
	return node{path: n.path + "[" + strconv.Itoa(i) + "]", typ: n.typ.Elem()}
}

// A checker compares the statements of a document with a Go type, and records the lines of their paths.
type checker struct {
	doc    *Document
	counts map[string]int // path of an array → number of its items so far
	fields map[reflect.Type]map[string]reflect.Type
}

func (c *checker) check(t reflect.Type) error {
	root := node{typ: t}
	table := root
	for _, s := range c.doc.Statements {
		var err error
		switch s.Kind {
		case Table:
			table, err = c.checkHeader(root, s, aTable)
		case Array:
			table, err = c.checkHeader(root, s, arrayOfTables)
		case Field:
			err = c.checkField(table, s.field)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// checkHeader checks a header, and returns the node of the table that it opens.
func (c *checker) checkHeader(root node, s Statement, found valueType) (node, error) {
	n := root
	for i, key := range s.field.key {
		var err error
		if n, err = c.child(n, key); err != nil || n.isAny() {
			return n, err
		}
		last := i == len(s.Key)-1
		if !n.isTableArray() {
			if last && (found == arrayOfTables || !n.isTable()) {
				return n, c.errMismatch(n, found, s.Line)
			}
			continue
		}
		if last && found == arrayOfTables {
			c.counts[n.path]++
		} else if last || c.counts[n.path] == 0 {
			return n, c.errMismatch(n, aTable, s.Line)
		}
		n = n.item(c.counts[n.path] - 1)
	}
	c.doc.lines[n.path] = s.Line
	return n, nil
}

// checkField checks a "key = value" of the table at n.
func (c *checker) checkField(n node, f field) error {
	for _, key := range f.key {
		var err error
		if n, err = c.child(n, key); err != nil {
			return err
		}
		c.doc.lines[n.path] = key.line
		if n.isAny() {
			return nil
		}
	}
	return c.checkValue(n, f.value)
}

// checkValue checks the value of n.
func (c *checker) checkValue(n node, v value) error {
	ok := false
	switch {
	case n.isAny():
		return nil
	case n.typ == timeType:
		ok = v.typ == aDateTime
	case n.isTable():
		for _, f := range v.fields {
			if err := c.checkField(n, f); err != nil {
				return err
			}
		}
		ok = v.typ == aTable
	case n.typ.Kind() == reflect.Slice:
		for i, item := range v.items {
			in := n.item(i)
			c.doc.lines[in.path] = item.line
			if err := c.checkValue(in, item); err != nil {
				return err
			}
		}
		c.counts[n.path] = len(v.items)
		ok = v.typ == anArray
	case n.typ.Kind() == reflect.String:
		ok = v.typ == aString
	case n.typ.Kind() == reflect.Bool:
		ok = v.typ == aBoolean
	case n.typ.Kind() == reflect.Int:
		ok = v.typ == anInteger
	}
	if !ok {
		return c.errMismatch(n, v.typ, c.doc.lines[n.path])
	}
	return nil
}

// child returns the node of key in the table at n.
func (c *checker) child(n node, key keyPart) (node, error) {
	child := node{path: strings.TrimPrefix(n.path+"."+key.name, ".")}
	switch {
	case n.isAny():
		return n, nil
	case n.typ.Kind() == reflect.Map:
		child.typ = n.typ.Elem()
		return child, nil
	case !n.isTable():
		return n, c.errMismatch(n, aTable, key.line)
	}
	fields := c.fieldsOf(n.typ)
	if t, ok := fields[key.name]; ok && key.name != others {
		child.typ = t
		return child, nil
	}
	if t, ok := fields[others]; ok && !isBareKey(key.name) {
		child.typ = t.Elem()
		return child, nil
	}
	known := slices.DeleteFunc(slices.Sorted(maps.Keys(fields)), func(name string) bool { return name == others })
	return n, c.doc.errAt(key.line, "unknown field %q", secreturl.Clean(child.path)).
		WithHint("%s", suggest.Hint("field", key.name, known))
}

// fieldsOf returns the types of the fields of a struct by key.
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

func (c *checker) errMismatch(n node, found valueType, line int) error {
	return c.doc.errAt(line, "field %q must be %s, not %s", secreturl.Clean(n.path), n.expected(), found).
		WithHint("correct line %d of %q", line, c.doc.Name)
}
