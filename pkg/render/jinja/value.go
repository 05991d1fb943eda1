package jinja

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"strings"
	"unicode/utf8"
)

// A value is one of: nil (Python's None), bool, int64, float64, string, and the pointers and structs below.
type (
	markup string // text that is safe in HTML: what the filters escape, safe and tojson give
	list   struct{ items []any }
	tuple  struct {
		items   []any
		grouped bool // from the filter groupby: the attributes grouper and list name its items
	}
	rangeValue struct{ start, stop, step int64 }
	// view is what a dict's keys, values and items methods give.
	view struct {
		of    *dict
		which string
	}
	// puller gives the next item, or false when there is none.
	puller func() (any, bool)
	// iterator gives its items once and no sooner than they are asked for, as Python's generators and iterators do.
	iterator struct{ pull puller }
	// undefined is the value of a name, attribute or item that does not exist.
	undefined struct {
		at      pos
		problem string
		name    string // the undefined name; "" for an attribute, item and so on
		lenient bool   // empty in every set: an if-expression without else
	}
	// absent stands for an argument that is not given and a variable that is not stored yet.
	absentValue struct{}
)

var absent = absentValue{}

// A dict keeps its keys in the order in which they came.
type dict struct {
	keys    []any
	values  map[any]any // by hashed key
	changes int         // of the set of keys
}

func newDict() *dict { return &dict{values: map[any]any{}} }

func (d *dict) get(at pos, key any) (any, bool) {
	v, ok := d.values[hash(at, key)]
	return v, ok
}

func (d *dict) set(at pos, key, value any) {
	h := hash(at, key)
	if _, ok := d.values[h]; !ok {
		d.keys = append(d.keys, key)
		d.changes++
	}
	d.values[h] = value
}

func (d *dict) remove(at pos, key any) {
	h := hash(at, key)
	delete(d.values, h)
	d.changes++
	for i, k := range d.keys {
		if hash(at, k) == h {
			d.keys = append(d.keys[:i:i], d.keys[i+1:]...)
			return
		}
	}
}

func (d *dict) at(at pos, i int) (key, value any) {
	return d.keys[i], d.values[hash(at, d.keys[i])]
}

// hash returns a comparable Go value that is equal for keys that are equal in Python.
func hash(at pos, key any) any {
	h, ok := hashOf(at, key)
	if !ok {
		at.fail("unhashable type: %q", typeName(key))
	}
	return h
}

// hashOf is hash that reports whether Python takes the value as a key.
func hashOf(at pos, key any) (any, bool) {
	at.t.set.scan(at, key)
	switch k := key.(type) {
	case nil, string, int64:
		return k, true
	case markup:
		return string(k), true
	case bool:
		return integer(k), true
	case float64:
		if isNaN(k) {
			at.unsupported("a nan as a key")
		}
		if i := int64(k); math.Abs(k) < 1<<63 && float64(i) == k {
			return i, true
		}
		return k, true
	case *tuple:
		var b strings.Builder
		if !hashTuple(at, &b, k, 1) {
			return nil, false
		}
		return tupleKey(b.String()), true
	case *list, *dict:
		return nil, false
	case *undefined:
		k.use()
	}
	at.unsupported("a key of type %q", typeName(key))
	return nil, false
}

// A tupleKey is the hash of a tuple.
type tupleKey string

// hashTuple writes the hashes of a tuple's items so that different ones never look alike.
func hashTuple(at pos, b *strings.Builder, t *tuple, depth int) bool {
	set := at.t.set
	set.step(at, 1+len(t.items))
	if depth > set.limits.Depth {
		at.exceed("a key is nested more than %d deep", set.limits.Depth)
	}
	b.WriteByte('(')
	for _, item := range t.items {
		if inner, ok := item.(*tuple); ok {
			if !hashTuple(at, b, inner, depth+1) {
				return false
			}
			continue
		}
		h, ok := hashOf(at, item)
		if !ok {
			return false
		}
		text := fmt.Sprintf("%T %v", h, h)
		set.reserve(at, len(text)+8)
		fmt.Fprintf(b, "%d:%s", len(text), text)
	}
	b.WriteByte(')')
	return true
}

func integer(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// fromGo returns a key's value, given by a caller in Go, as a value of the language.
func fromGo(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		return v, nil
	case int:
		return int64(v), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("its value is not UTF-8 text")
		}
		return v, nil
	case []string:
		l := &list{}
		for _, s := range v {
			item, err := fromGo(s)
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, item)
		}
		return l, nil
	}
	return nil, fmt.Errorf("a value of Go type %T", v)
}

// typeName returns the name of v's type, as in Python's messages.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case markup:
		return "Markup"
	case *list:
		return "list"
	case *tuple:
		return "tuple"
	case *dict:
		return "dict"
	case rangeValue:
		return "range"
	case view:
		return "dict_" + v.which
	case *iterator:
		return "generator"
	case *undefined:
		return "Undefined"
	case object:
		return v.typeName()
	}
	return fmt.Sprintf("%T", v)
}

// truth reports whether v counts as true.
func (in *interp) truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case markup:
		return v != ""
	case *list:
		return len(v.items) > 0
	case *tuple:
		return len(v.items) > 0
	case *dict:
		return len(v.keys) > 0
	case rangeValue:
		return v.len() > 0
	case view:
		return len(v.of.keys) > 0
	case *undefined:
		in.check(v)
		return false
	}
	return true
}

// check ends the rendering at an undefined value, unless it counts as empty.
func (in *interp) check(u *undefined) {
	if !in.set.lenient && !u.lenient {
		u.use()
	}
}

func isUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

// checkAll checks the undefined ones among the values.
func (in *interp) checkAll(values ...any) {
	for _, v := range values {
		if u, ok := v.(*undefined); ok {
			in.check(u)
		}
	}
}

// use ends the rendering because of an operation that no undefined value allows.
func (u *undefined) use() {
	err := u.at.error("%s", u.problem)
	err.Undefined = u.name
	panic(err)
}

func (r rangeValue) len() int64 {
	switch {
	case r.step > 0 && r.start < r.stop:
		return (r.stop-r.start-1)/r.step + 1
	case r.step < 0 && r.start > r.stop:
		return (r.start-r.stop-1)/-r.step + 1
	}
	return 0
}

// length returns what Python's len does, or false when v has no length.
func length(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), true
	case markup:
		return utf8.RuneCountInString(string(v)), true
	case *list:
		return len(v.items), true
	case *tuple:
		return len(v.items), true
	case *dict:
		return len(v.keys), true
	case view:
		return len(v.of.keys), true
	case rangeValue:
		return int(v.len()), true
	}
	return 0, false
}

func (v view) items(at pos) []any {
	var all []any
	for i := range v.of.keys {
		key, value := v.of.at(at, i)
		switch v.which {
		case "keys":
			all = append(all, key)
		case "values":
			all = append(all, value)
		default:
			all = append(all, &tuple{items: []any{key, value}})
		}
	}
	return all
}

// number returns v as an int64 or a float64, or nil when it is no number.
func number(v any) any {
	switch v := v.(type) {
	case bool:
		return integer(v)
	case int64, float64:
		return v
	}
	return nil
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case markup:
		return string(v), true
	}
	return "", false
}

// compareNumbers compares exactly, as Python does.
func compareNumbers(a, b any) int {
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b)
		case float64:
			return -compareFloatInt(b, a)
		}
	case float64:
		switch b := b.(type) {
		case int64:
			return compareFloatInt(a, b)
		case float64:
			return cmp.Compare(a, b)
		}
	}
	return 0
}

func compareFloatInt(f float64, i int64) int {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return cmp.Compare(f, 0)
	}
	return new(big.Float).SetFloat64(f).Cmp(new(big.Float).SetInt64(i))
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}
