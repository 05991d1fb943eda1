package jinja

// iterate returns an iterator over v. It fails if v is not iterable.
func (in *interp) iterate(at pos, v any) nextFunc {
	next, ok := in.tryIterate(at, v)
	if !ok {
		at.fail("a value of type %q is not iterable", typeName(v))
	}
	return next
}

// tryIterate is like iterate, but reports whether v is iterable. As in Python, it also yields items that are added to
// a list during the iteration.
func (in *interp) tryIterate(at pos, v any) (nextFunc, bool) {
	i := -1
	switch v := v.(type) {
	case *list:
		return in.countSteps(at, func() (any, bool) {
			if i++; i < len(v.items) {
				return v.items[i], true
			}
			v = &list{} // once exhausted, it stays exhausted
			return nil, false
		}), true
	case *tuple:
		return in.countSteps(at, iterateSlice(v.items)), true
	case string:
		rest := []rune(v)
		in.set.reserve(at, 4*len(rest))
		return in.countSteps(at, func() (any, bool) {
			if i++; i < len(rest) {
				return string(rest[i]), true
			}
			return nil, false
		}), true
	case *dict:
		return in.iterateDict(at, v, iterateSlice(v.keys)), true
	case view:
		return in.iterateDict(at, v.of, iterateSlice(v.items(at))), true
	case rangeValue:
		n := v.len()
		return in.countSteps(at, func() (any, bool) {
			if i++; int64(i) < n {
				return v.start + int64(i)*v.step, true
			}
			return nil, false
		}), true
	case *iterator:
		return v.next, true
	case *loopObject:
		at.unsupported("iterating over loop")
	case markup:
		at.unsupported("iterating over escaped text")
	case *undefined:
		in.checkUndefined(v)
		return iterateSlice(nil), true
	}
	return nil, false
}

func iterateSlice(items []any) nextFunc {
	i := -1
	return func() (any, bool) {
		if i++; i < len(items) {
			return items[i], true
		}
		return nil, false
	}
}

// countSteps counts a step for each item.
func (in *interp) countSteps(at pos, next nextFunc) nextFunc {
	return func() (any, bool) {
		in.set.step(at, 1)
		return next()
	}
}

func (in *interp) iterateDict(at pos, d *dict, next nextFunc) nextFunc {
	changes := d.changes
	return in.countSteps(at, func() (any, bool) {
		if d.changes != changes {
			at.fail("the dict changed during iteration")
		}
		return next()
	})
}

// items returns all items of v. It exhausts an iterator.
func (in *interp) items(at pos, v any) []any {
	switch v := v.(type) {
	case *list:
		in.set.step(at, len(v.items))
		return v.items[:len(v.items):len(v.items)]
	case *tuple:
		in.set.step(at, len(v.items))
		return v.items[:len(v.items):len(v.items)]
	}
	var all []any
	next := in.iterate(at, v)
	for item, ok := next(); ok; item, ok = next() {
		in.set.reserve(at, 16)
		all = append(all, item)
	}
	return all
}
