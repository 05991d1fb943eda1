package jinja

import (
	"math"
	"strings"
	"unicode/utf8"
)

// eval evaluates an expression.
func (in *interp) eval(sc *scope, e expr) any {
	at := e.position()
	in.set.step(at, 1)
	in.enter(at)
	v := in.evalNode(sc, at, e)
	in.depth-- // not deferred, because an error ends the rendering
	return v
}

func (in *interp) evalNode(sc *scope, at pos, e expr) any {
	switch e := e.(type) {
	case *constExpr:
		return e.value
	case *nameExpr:
		if in.tracer != nil {
			in.tracer.recordRead(sc, e.name)
		}
		return sc.load(at, e.name)
	case *captured:
		return sc.load(at, capturedName)
	case *listExpr:
		return &list{items: in.evalAll(sc, at, e.items)}
	case *tupleExpr:
		return &tuple{items: in.evalAll(sc, at, e.items)}
	case *dictExpr:
		return in.evalDict(sc, e)
	case *condExpr:
		return in.cond(sc, e)
	case *logicExpr:
		left := in.eval(sc, e.left)
		if in.truth(left) == e.or {
			return left
		}
		return in.eval(sc, e.right)
	case *notExpr:
		return !in.truth(in.eval(sc, e.operand))
	case *unaryExpr:
		return in.unary(at, e.op, in.eval(sc, e.operand))
	case *binaryExpr:
		left := in.eval(sc, e.left)
		return in.binary(at, e.op, left, in.eval(sc, e.right))
	case *concatExpr:
		return in.concat(sc, e)
	case *compareExpr:
		return in.compareAll(sc, e)
	case *attrExpr:
		return in.attr(at, in.eval(sc, e.operand), e.name)
	case *itemExpr:
		return in.itemOrSlice(sc, e)
	case *callExpr:
		fn := in.eval(sc, e.fn)
		return in.call(fn, in.arguments(sc, at, e.args))
	case *filterExpr:
		v := in.eval(sc, e.operand)
		c := in.arguments(sc, at, e.args)
		return in.filter(e.name, v, c)
	case *testExpr:
		v := in.eval(sc, e.operand)
		c := in.arguments(sc, at, e.args)
		return in.test(e.name, v, c)
	}
	at.fail("unexpected expression") // unreachable: the parser allows slices only as an index
	return nil
}

func (in *interp) evalDict(sc *scope, e *dictExpr) *dict {
	in.set.reserve(e.pos, 64*len(e.keys))
	d := newDict()
	for i, k := range e.keys {
		key := in.eval(sc, k)
		d.set(k.position(), key, in.eval(sc, e.values[i]))
	}
	return d
}

func (in *interp) evalAll(sc *scope, at pos, exprs []expr) []any {
	in.set.reserve(at, 16*len(exprs))
	items := make([]any, len(exprs))
	for i, e := range exprs {
		items[i] = in.eval(sc, e)
	}
	return items
}

func (in *interp) cond(sc *scope, e *condExpr) any {
	switch {
	case in.truth(in.eval(sc, e.test)):
		return in.eval(sc, e.then)
	case e.elseBranch != nil:
		return in.eval(sc, e.elseBranch)
	}
	u := undefinedValue(e.pos, "the condition is false and there is no else")
	u.allowUndefined = true
	return u
}

func (in *interp) unary(at pos, op string, v any) any {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	switch n := number(v).(type) {
	case int64:
		if op == "-" {
			return arithInt(at, "-", 0, n)
		}
		return n
	case float64:
		if op == "-" {
			return -n
		}
		return n
	}
	at.fail("the operator %q does not support %q", op, typeName(v))
	return nil
}

func (in *interp) concat(sc *scope, e *concatExpr) any {
	var b strings.Builder
	for _, part := range e.parts {
		s := in.str(part.position(), in.eval(sc, part))
		in.set.reserve(e.pos, len(s))
		b.WriteString(s)
	}
	return b.String()
}

func (in *interp) compareAll(sc *scope, e *compareExpr) any {
	left := in.eval(sc, e.first)
	for _, op := range e.ops {
		right := in.eval(sc, op.right)
		if !in.compare(op.pos, op.op, left, right) {
			return false
		}
		left = right
	}
	return true
}

func (in *interp) itemOrSlice(sc *scope, e *itemExpr) any {
	v := in.eval(sc, e.operand)
	s, ok := e.index.(*sliceExpr)
	if !ok {
		return in.item(e.pos, v, in.eval(sc, e.index))
	}
	bound := func(e expr) any {
		if e == nil {
			return nil
		}
		return in.eval(sc, e)
	}
	start := bound(s.start)
	stop := bound(s.stop)
	return in.slice(s.pos, v, start, stop, bound(s.step))
}

// slice is Python's v[start:stop:step].
func (in *interp) slice(at pos, v, start, stop, step any) any {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	n, ok := length(v)
	switch v.(type) {
	case string, *list, *tuple, rangeValue:
	case markup:
		at.unsupported("slicing escaped text")
	default:
		ok = false
	}
	if !ok {
		at.fail("a value of type %q cannot be sliced", typeName(v))
	}
	first, last, by := sliceBounds(at, n, start, stop, step)
	var picked []int
	in.set.reserve(at, 16*n)
	in.set.step(at, n)
	for i := first; by > 0 && i < last || by < 0 && i > last; i += by {
		picked = append(picked, i)
	}
	switch v := v.(type) {
	case *list:
		return &list{items: pick(v.items, picked)}
	case *tuple:
		return &tuple{items: pick(v.items, picked)}
	case rangeValue:
		return rangeValue{v.start + int64(first)*v.step, v.start + int64(last)*v.step, v.step * int64(by)}
	}
	runes := []rune(v.(string))
	var b strings.Builder
	for _, i := range picked {
		b.WriteRune(runes[i])
	}
	return b.String()
}

func pick(items []any, picked []int) []any {
	all := make([]any, len(picked))
	for i, p := range picked {
		all[i] = items[p]
	}
	return all
}

// sliceBounds returns the start, stop and step of a slice of n items.
func sliceBounds(at pos, n int, start, stop, step any) (first, last, by int) {
	integer := func(v any, defaultValue int) int {
		if v == nil {
			return defaultValue
		}
		i, ok := number(v).(int64)
		if u, isUndefined := v.(*undefined); isUndefined {
			u.fail()
		}
		if !ok {
			at.fail("a slice index must be an integer, not %q", typeName(v))
		}
		return int(max(min(i, math.MaxInt32), math.MinInt32))
	}
	clamp := func(i, low, high int) int {
		if i < 0 {
			i += n
		}
		return max(low, min(i, high))
	}
	by = integer(step, 1)
	switch {
	case by == 0:
		at.fail("a slice step cannot be zero")
	case by > 0:
		return clamp(integer(start, 0), 0, n), clamp(integer(stop, n), 0, n), by
	}
	first = clamp(integer(start, n-1), -1, n-1)
	if stop == nil {
		return first, -1, by
	}
	return first, clamp(integer(stop, 0), -1, n-1), by
}

// item is Jinja2's v[key]: the item, or else the attribute, or else an undefined value.
func (in *interp) item(at pos, v, key any) any {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	if found, ok := in.itemOf(at, v, key); ok {
		return found
	}
	if name, ok := key.(string); ok {
		if found, ok := in.attrOf(at, v, name); ok {
			return found
		}
	}
	return in.undefinedItem(at, v, key)
}

// attr is Jinja2's v.name: the attribute, or else the item, or else an undefined value.
func (in *interp) attr(at pos, v any, name string) any {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	if found, ok := in.attrOf(at, v, name); ok {
		return found
	}
	if found, ok := in.itemOf(at, v, name); ok {
		return found
	}
	return in.undefinedItem(at, v, name)
}

func (in *interp) undefinedItem(at pos, v, key any) any {
	in.checkUndefinedAll(key)
	if s, ok := key.(string); ok {
		return undefinedValue(at, "a value of type %q has no attribute or item %q", typeName(v), s)
	}
	return undefinedValue(at, "a value of type %q has no such item", typeName(v))
}

// itemOf is Python's v[key]. It returns false if Python raises an error that Jinja2 catches.
func (in *interp) itemOf(at pos, v, key any) (any, bool) {
	if d, ok := v.(*dict); ok {
		h, ok := hashOf(at, key)
		if !ok {
			return nil, false
		}
		found, ok := d.values[h]
		return found, ok
	}
	if s, ok := v.(*selfObject); ok {
		if name, ok := key.(string); ok {
			return s.block(name)
		}
		return nil, false
	}
	in.set.scan(at, v)
	i, ok := number(key).(int64)
	n, hasLength := length(v)
	if !ok || !hasLength {
		return nil, false
	}
	if i < 0 {
		i += int64(n)
	}
	if i < 0 || i >= int64(n) {
		return nil, false
	}
	switch v := v.(type) {
	case *list:
		return v.items[i], true
	case *tuple:
		return v.items[i], true
	case rangeValue:
		return v.start + i*v.step, true
	case string:
		for ; i > 0; i-- {
			_, size := utf8.DecodeRuneInString(v)
			v = v[size:]
		}
		_, size := utf8.DecodeRuneInString(v)
		return v[:size], true
	case markup:
		at.unsupported("indexing escaped text")
	}
	return nil, false
}
