package jinja

import ()

// A loopObject is the variable "loop".
type loopObject struct {
	in        *interp
	at        pos
	of        any // the iterable; nil if its length is unknown
	next      nextFunc
	lookahead []any // items read in advance
	current   any
	before    any
	index     int // of current, from 0
	total     int // -1: unknown
	depth     int
	last      *tuple // the arguments of the last call of changed
	recurse   func(v any) any
}

func (l *loopObject) typeName() string { return "LoopContext" }

func (l *loopObject) advance() bool {
	item, ok := any(nil), false
	if len(l.lookahead) > 0 {
		item, ok = l.lookahead[0], true
		l.lookahead = l.lookahead[1:]
	} else {
		item, ok = l.next()
	}
	if ok {
		l.index++
		l.before, l.current = l.current, item
	}
	return ok
}

func (l *loopObject) peek() (any, bool) {
	if len(l.lookahead) == 0 {
		item, ok := l.next()
		if !ok {
			return nil, false
		}
		l.lookahead = append(l.lookahead, item)
	}
	return l.lookahead[0], true
}

// length returns the number of items. If it is unknown, it reads all items in advance.
func (l *loopObject) length() int {
	if l.total >= 0 {
		return l.total
	}
	if n, ok := length(l.of); ok {
		l.total = n
		return n
	}
	for item, ok := l.next(); ok; item, ok = l.next() {
		l.in.set.reserve(l.at, 16)
		l.lookahead = append(l.lookahead, item)
	}
	l.total = l.index + 1 + len(l.lookahead)
	return l.total
}

func (l *loopObject) attr(at pos, name string) (any, bool) {
	switch name {
	case "index":
		return int64(l.index + 1), true
	case "index0":
		return int64(l.index), true
	case "first":
		return l.index == 0, true
	case "last":
		_, more := l.peek()
		return !more, true
	case "length":
		return int64(l.length()), true
	case "revindex":
		return int64(l.length() - l.index), true
	case "revindex0":
		return int64(l.length() - l.index - 1), true
	case "depth":
		return int64(l.depth + 1), true
	case "depth0":
		return int64(l.depth), true
	case "previtem":
		if l.index == 0 {
			return undefinedValue(at, "there is no previous item"), true
		}
		return l.before, true
	case "nextitem":
		if item, ok := l.peek(); ok {
			return item, true
		}
		return undefinedValue(at, "there is no next item"), true
	case "cycle":
		return &method{l, name, l.cycle}, true
	case "changed":
		return &method{l, name, l.changed}, true
	}
	return nil, false
}

func (l *loopObject) cycle(c *call) any {
	if len(c.kwargs) > 0 || len(c.args) == 0 {
		c.at.fail("loop.cycle expects values to cycle through")
	}
	return c.args[l.index%len(c.args)]
}

func (l *loopObject) changed(c *call) any {
	if len(c.kwargs) > 0 {
		c.at.fail("loop.changed takes no keyword arguments")
	}
	now := &tuple{items: c.args}
	if l.last != nil && c.in.equal(c.at, l.last, now) {
		return false
	}
	l.last = now
	return true
}
