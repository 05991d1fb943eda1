package jinja

// iterate returns the items of v one by one. It fails when v has none to give.
func (in *interp) iterate(at pos, v any) puller {
	pull, ok := in.iterateOver(at, v)
	if !ok {
		at.fail("a value of type %q cannot be iterated over", typeName(v))
	}
	return pull
}

// iterateOver is iterate that reports whether v can be iterated over. A list that grows meanwhile
// gives its new items too, as in Python.
func (in *interp) iterateOver(at pos, v any) (puller, bool) {
	i := -1
	switch v := v.(type) {
	case *list:
		return in.counted(at, func() (any, bool) {
			if i++; i < len(v.items) {
				return v.items[i], true
			}
			v = &list{} // once at its end, it stays there
			return nil, false
		}), true
	case *tuple:
		return in.counted(at, pullFrom(v.items)), true
	case string:
		rest := []rune(v)
		in.set.reserve(at, 4*len(rest))
		return in.counted(at, func() (any, bool) {
			if i++; i < len(rest) {
				return string(rest[i]), true
			}
			return nil, false
		}), true
	case *dict:
		return in.iterateDict(at, v, pullFrom(v.keys)), true
	case view:
		return in.iterateDict(at, v.of, pullFrom(v.items(at))), true
	case rangeValue:
		n := v.len()
		return in.counted(at, func() (any, bool) {
			if i++; int64(i) < n {
				return v.start + int64(i)*v.step, true
			}
			return nil, false
		}), true
	case *iterator:
		return v.pull, true
	case *loopObject:
		at.unsupported("iterating over loop")
	case markup:
		at.unsupported("iterating over escaped text")
	case *undefined:
		in.check(v)
		return pullFrom(nil), true
	}
	return nil, false
}

func pullFrom(items []any) puller {
	i := -1
	return func() (any, bool) {
		if i++; i < len(items) {
			return items[i], true
		}
		return nil, false
	}
}

// counted counts a step for each item.
func (in *interp) counted(at pos, pull puller) puller {
	return func() (any, bool) {
		in.set.step(at, 1)
		return pull()
	}
}

func (in *interp) iterateDict(at pos, d *dict, pull puller) puller {
	changes := d.changes
	return in.counted(at, func() (any, bool) {
		if d.changes != changes {
			at.fail("the dict changed while it was iterated over")
		}
		return pull()
	})
}

// items returns all items of v. An iterator is used up by it.
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
	pull := in.iterate(at, v)
	for item, ok := pull(); ok; item, ok = pull() {
		in.set.reserve(at, 16)
		all = append(all, item)
	}
	return all
}
