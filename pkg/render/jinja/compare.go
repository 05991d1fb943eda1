package jinja

import (
	"cmp"
	"math"
	"slices"
	"sort"
	"strings"
)

// equal is Python's ==.
func (in *interp) equal(at pos, a, b any) bool {
	defer in.enter(at)()
	if isUndefined(a) || isUndefined(b) {
		in.checkUndefinedAll(a, b)
		return isUndefined(a) && isUndefined(b)
	}
	if x, y := number(a), number(b); x != nil && y != nil {
		return !isNaN(x) && !isNaN(y) && compareNumbers(x, y) == 0
	}
	if x, ok := text(a); ok {
		in.set.scan(at, a)
		y, ok := text(b)
		return ok && x == y
	}
	switch a := a.(type) {
	case *list:
		if b, ok := b.(*list); ok {
			return in.equalItems(at, a.items, b.items)
		}
	case *tuple:
		if b, ok := b.(*tuple); ok {
			return in.equalItems(at, a.items, b.items)
		}
	case *dict:
		if b, ok := b.(*dict); ok {
			return in.equalDicts(at, a, b)
		}
	case rangeValue:
		if b, ok := b.(rangeValue); ok {
			return a.len() == b.len() && (a.len() == 0 || a.start == b.start && (a.len() == 1 || a.step == b.step))
		}
	case view:
		at.unsupported("comparing a dict's %s", a.which)
	}
	return a == b // identity
}

func (in *interp) equalItems(at pos, a, b []any) bool {
	in.set.step(at, min(len(a), len(b)))
	return slices.EqualFunc(a, b, func(x, y any) bool { return isSame(x, y) || in.equal(at, x, y) })
}

// isSame reports whether x and y are both NaN. In Python a NaN equals itself inside a list.
func isSame(x, y any) bool { return isNaN(x) && isNaN(y) }

func (in *interp) equalDicts(at pos, a, b *dict) bool {
	in.set.step(at, len(a.keys))
	if len(a.keys) != len(b.keys) {
		return false
	}
	for i := range a.keys {
		k, v := a.at(at, i)
		other, ok := b.get(at, k)
		if !ok || !in.equal(at, v, other) {
			return false
		}
	}
	return true
}

// order compares a and b for the operator op, which is used in errors. It fails if Python cannot order them.
func (in *interp) order(at pos, op string, a, b any) int {
	defer in.enter(at)()
	if x, y := number(a), number(b); x != nil && y != nil {
		if isNaN(x) || isNaN(y) {
			at.unsupported("ordering a nan")
		}
		return compareNumbers(x, y)
	}
	if x, ok := text(a); ok {
		in.set.scan(at, a)
		if y, ok := text(b); ok {
			return strings.Compare(x, y)
		}
	}
	switch a := a.(type) {
	case *list:
		if b, ok := b.(*list); ok {
			return in.orderItems(at, op, a.items, b.items)
		}
	case *tuple:
		if b, ok := b.(*tuple); ok {
			return in.orderItems(at, op, a.items, b.items)
		}
	case *undefined:
		a.fail()
	case view:
		at.unsupported("comparing a dict's %s", a.which)
	}
	if u, ok := b.(*undefined); ok {
		u.fail()
	}
	at.fail("%q does not support %q and %q", op, typeName(a), typeName(b))
	return 0
}

func (in *interp) orderItems(at pos, op string, a, b []any) int {
	in.set.step(at, min(len(a), len(b)))
	for i := range min(len(a), len(b)) {
		if !in.equal(at, a[i], b[i]) {
			return in.order(at, op, a[i], b[i])
		}
	}
	return cmp.Compare(len(a), len(b))
}

// compare evaluates one comparison.
func (in *interp) compare(at pos, op string, a, b any) bool {
	switch op {
	case "==":
		return in.equal(at, a, b)
	case "!=":
		return !in.equal(at, a, b)
	case "in":
		return in.contains(at, b, a)
	case "not in":
		return !in.contains(at, b, a)
	}
	if x, y := number(a), number(b); x != nil && y != nil && (isNaN(x) || isNaN(y)) {
		return false
	}
	c := in.order(at, op, a, b)
	switch op {
	case "<":
		return c < 0
	case "<=":
		return c <= 0
	case ">":
		return c > 0
	}
	return c >= 0
}

// contains is Python's "item in container".
func (in *interp) contains(at pos, container, item any) bool {
	switch c := container.(type) {
	case string, markup:
		s, _ := text(c)
		sub, ok := text(item)
		if u, isUndefined := item.(*undefined); isUndefined {
			u.fail()
		}
		if !ok {
			at.fail(`"in" with a string requires a string, not %q`, typeName(item))
		}
		in.set.scan(at, c)
		return strings.Contains(s, sub)
	case *dict:
		_, ok := c.get(at, item)
		return ok
	case rangeValue:
		in.checkUndefinedAll(item)
		n, ok := number(item).(int64)
		if f, isFloat := item.(float64); isFloat && f == math.Trunc(f) && math.Abs(f) < 1<<62 {
			n, ok = int64(f), true
		}
		return ok && c.len() > 0 && (n-c.start)%c.step == 0 && (n-c.start)/c.step >= 0 && (n-c.start)/c.step < c.len()
	case view:
		if c.which == "keys" {
			_, ok := c.of.get(at, item)
			return ok
		}
	}
	next, ok := in.tryIterate(at, container)
	if !ok {
		at.fail("a value of type %q is not a container", typeName(container))
	}
	for x, ok := next(); ok; x, ok = next() {
		if isSame(x, item) || in.equal(at, x, item) {
			return true
		}
	}
	return false
}

// sorted returns a stable sort of items by their keys.
func (in *interp) sorted(at pos, items []any, key func(any) any, reverse bool) []any {
	type pair struct{ key, item any }
	pairs := make([]pair, len(items))
	for i, item := range items {
		pairs[i] = pair{key(item), item}
	}
	sort.SliceStable(pairs, func(i, j int) bool {
		in.set.step(at, 1)
		if reverse {
			return in.order(at, "<", pairs[j].key, pairs[i].key) < 0
		}
		return in.order(at, "<", pairs[i].key, pairs[j].key) < 0
	})
	if len(pairs) == 1 {
		return []any{pairs[0].item} // nothing to compare, so the key can have any type
	}
	result := make([]any, len(pairs))
	for i, p := range pairs {
		result[i] = p.item
	}
	return result
}
