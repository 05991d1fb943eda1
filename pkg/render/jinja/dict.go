package jinja

import (
	"fmt"
	"math"
	"strings"
)

// A dict keeps its keys in insertion order.
type dict struct {
	keys    []any
	values  map[any]any // by hash of the key
	changes int         // number of changes of the set of keys
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

// hashOf is like hash, but reports whether the value is hashable in Python.
func hashOf(at pos, key any) (any, bool) {
	at.t.set.scan(at, key)
	switch k := key.(type) {
	case nil, string, int64:
		return k, true
	case markup:
		return string(k), true
	case bool:
		return boolToInt(k), true
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
		k.fail()
	}
	at.unsupported("a key of type %q", typeName(key))
	return nil, false
}

// A tupleKey is the hash of a tuple.
type tupleKey string

// hashTuple writes an unambiguous encoding of a tuple's items.
func hashTuple(at pos, b *strings.Builder, t *tuple, depth int) bool {
	set := at.t.set
	set.step(at, 1+len(t.items))
	if depth > set.limits.Depth {
		at.limitExceeded("a key is nested more than %d levels deep", set.limits.Depth)
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
