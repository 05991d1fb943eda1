package document

import (
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/pelletier/go-toml/v2/unstable"

	"github.com/Project-Manager-With-Git/ppm/pkg/nearest"
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

// kindNames says what a value is, with its article.
var kindNames = map[unstable.Kind]string{
	unstable.Table: "a table", unstable.ArrayTable: "an array of tables", unstable.Array: "an array", unstable.InlineTable: "a table",
	unstable.String: "a string", unstable.Bool: "a boolean", unstable.Float: "a float", unstable.Integer: "an integer",
	unstable.LocalDate: "a date", unstable.LocalTime: "a time", unstable.LocalDateTime: "a date and time without offset", unstable.DateTime: "a date and time",
}

// header returns the place that the fields below a header belong to.
func (r *reader) header(root place, node *unstable.Node, s Statement) (place, error) {
	p := root
	for i, key := range s.Key {
		var err error
		if p, err = r.step(p, key, s.Line); err != nil {
			return p, err
		}
		if p.unchecked() {
			return p, nil
		}
		last := i == len(s.Key)-1
		if list := p.typ.Kind() == reflect.Slice && (place{typ: p.typ.Elem()}).isTable(); !list {
			if last && (s.Kind == Array || !p.isTable()) {
				return p, r.mismatch(p, kindNames[node.Kind], s.Line)
			}
			continue
		}
		if last && s.Kind == Array {
			r.counts[p.path]++
		} else if last || r.counts[p.path] == 0 {
			return p, r.mismatch(p, "a table", s.Line)
		}
		p = p.element(r.counts[p.path] - 1)
	}
	r.doc.lines[p.path] = s.Line
	return p, nil
}

// field holds a "key = value" of the table p against its type.
func (r *reader) field(p place, node *unstable.Node) error {
	if p.unchecked() {
		return nil
	}
	for it := node.Key(); it.Next(); {
		line := r.lineAt(int(it.Node().Raw.Offset))
		var err error
		if p, err = r.step(p, string(it.Node().Data), line); err != nil {
			return err
		}
		if p.unchecked() {
			return nil
		}
		r.doc.lines[p.path] = line
	}
	return r.value(p, node.Value())
}

// value holds a value against the type of its place.
func (r *reader) value(p place, node *unstable.Node) error {
	line := r.doc.lines[p.path]
	ok := false
	switch {
	case p.unchecked():
		return nil
	case p.typ == timeType:
		ok = node.Kind == unstable.DateTime
	case p.isTable():
		if ok = node.Kind == unstable.InlineTable; ok {
			for it := node.Children(); it.Next(); {
				if it.Node().Kind == unstable.Comment {
					continue
				}
				if err := r.field(p, it.Node()); err != nil {
					return err
				}
			}
		}
	case p.typ.Kind() == reflect.Slice:
		if ok = node.Kind == unstable.Array; ok {
			i := 0
			for it := node.Children(); it.Next(); {
				if it.Node().Kind == unstable.Comment {
					continue
				}
				e := p.element(i)
				r.doc.lines[e.path] = line
				if err := r.value(e, it.Node()); err != nil {
					return err
				}
				i++
			}
			r.counts[p.path] = i
		}
	case p.typ.Kind() == reflect.String:
		ok = node.Kind == unstable.String
	case p.typ.Kind() == reflect.Bool:
		ok = node.Kind == unstable.Bool
	case p.typ.Kind() == reflect.Int:
		ok = node.Kind == unstable.Integer
	}
	if !ok {
		return r.mismatch(p, kindNames[node.Kind], line)
	}
	return nil
}

func (p place) element(i int) place {
	return place{path: p.path + "[" + strconv.Itoa(i) + "]", typ: p.typ.Elem()}
}

// step returns the place of key in the table p.
func (r *reader) step(p place, key string, line int) (place, error) {
	next := place{path: strings.TrimPrefix(p.path+"."+key, ".")}
	switch {
	case p.unchecked():
		return p, nil
	case p.typ.Kind() == reflect.Map:
		next.typ = p.typ.Elem()
		return next, nil
	case !p.isTable():
		return p, r.mismatch(p, "a table", line)
	}
	var known []string
	for f := range p.typ.Fields() {
		name := f.Tag.Get("toml")
		if name == key {
			next.typ = f.Type
			if f.Type.Kind() == reflect.Pointer {
				next.typ = f.Type.Elem()
			}
			return next, nil
		}
		known = append(known, name)
	}
	err := r.doc.at(line, "unknown field %q", next.path)
	if near := nearest.To(key, known); len(near) > 0 {
		return p, err.WithHint("did you mean %q?", near[0])
	}
	slices.Sort(known)
	return p, err.WithHint("the fields known here are %s", strings.Join(known, ", "))
}

func (r *reader) mismatch(p place, found string, line int) error {
	return r.doc.at(line, "field %q must be %s, not %s", p.path, p.want(), found).
		WithHint("correct line %d of %q", line, r.doc.Name)
}
