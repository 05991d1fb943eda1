package jinja

import (
	"slices"
	"strings"
)

// An object is a value with attributes of its own.
type object interface {
	typeName() string
	attr(at pos, name string) (any, bool)
}

type (
	// function is a function that every template can name.
	function struct {
		name string
		call builtin
	}
	// method is a method of a value.
	method struct {
		of   any
		name string
		call builtin
	}
	namespace struct{ attrs *dict }
	cycler    struct {
		items []any
		next  int
	}
	joiner struct {
		sep  any
		used bool
	}
	// module is an imported template.
	module struct {
		text string
		vars map[string]any
	}
	// selfObject is the variable "self", whose attributes are the blocks.
	selfObject struct {
		in  *interp
		ctx *context
	}
	// blockRef is a block to call: self.name, or super.
	blockRef struct {
		in   *interp
		ctx  *context
		name string
		i    int
	}
)

func (f *function) typeName() string   { return "function" }
func (m *method) typeName() string     { return "method" }
func (n *namespace) typeName() string  { return "Namespace" }
func (c *cycler) typeName() string     { return "Cycler" }
func (j *joiner) typeName() string     { return "Joiner" }
func (m *module) typeName() string     { return "TemplateModule" }
func (s *selfObject) typeName() string { return "TemplateReference" }
func (b *blockRef) typeName() string   { return "BlockReference" }

func (f *function) attr(pos, string) (any, bool) { return nil, false }
func (m *method) attr(pos, string) (any, bool)   { return nil, false }

func (n *namespace) attr(at pos, name string) (any, bool) { return n.attrs.get(at, name) }

func (c *cycler) attr(at pos, name string) (any, bool) {
	switch name {
	case "current":
		return c.items[c.next], true
	case "items":
		return &tuple{items: c.items}, true
	case "pos":
		return int64(c.next), true
	case "next":
		return &method{c, name, func(call *call) any {
			call.params()
			v := c.items[c.next]
			c.next = (c.next + 1) % len(c.items)
			return v
		}}, true
	case "reset":
		return &method{c, name, func(call *call) any {
			call.params()
			c.next = 0
			return nil
		}}, true
	}
	return nil, false
}

func (j *joiner) attr(at pos, name string) (any, bool) {
	switch name {
	case "sep":
		return j.sep, true
	case "used":
		return j.used, true
	}
	return nil, false
}

func (m *module) attr(at pos, name string) (any, bool) {
	v, ok := m.vars[name]
	return v, ok
}

func (s *selfObject) attr(pos, string) (any, bool) { return nil, false }

func (s *selfObject) block(name string) (any, bool) {
	if len(s.ctx.blocks[name]) == 0 {
		return nil, false
	}
	return &blockRef{s.in, s.ctx, name, 0}, true
}

func (b *blockRef) attr(at pos, name string) (any, bool) {
	switch name {
	case "super":
		return b.in.superOf(at, b.ctx, b.name, b.i), true
	case "name":
		return b.name, true
	}
	return nil, false
}

// superOf returns the block that the i-th block of a name overrides.
func (in *interp) superOf(at pos, ctx *context, name string, i int) any {
	if i+1 >= len(ctx.blocks[name]) {
		return undefinedValue(at, "there is no parent block called %q", name)
	}
	return &blockRef{in, ctx, name, i + 1}
}

// A loopObject is the variable "loop".
type loopObject struct {
	in      *interp
	at      pos
	of      any // what the loop runs over; nil when its length is not known before its end
	pull    puller
	ahead   []any // pulled before their time
	current any
	before  any
	index   int // of current, from 0
	total   int // -1: not counted yet
	depth   int
	last    *tuple // the arguments of the last call of changed
	recurse func(v any) any
}

func (l *loopObject) typeName() string { return "LoopContext" }

func (l *loopObject) advance() bool {
	item, ok := any(nil), false
	if len(l.ahead) > 0 {
		item, ok = l.ahead[0], true
		l.ahead = l.ahead[1:]
	} else {
		item, ok = l.pull()
	}
	if ok {
		l.index++
		l.before, l.current = l.current, item
	}
	return ok
}

func (l *loopObject) peek() (any, bool) {
	if len(l.ahead) == 0 {
		item, ok := l.pull()
		if !ok {
			return nil, false
		}
		l.ahead = append(l.ahead, item)
	}
	return l.ahead[0], true
}

// length is the number of items. When what the loop runs over does not know it, the rest is pulled to count it.
func (l *loopObject) length() int {
	if l.total >= 0 {
		return l.total
	}
	if n, ok := length(l.of); ok {
		l.total = n
		return n
	}
	for item, ok := l.pull(); ok; item, ok = l.pull() {
		l.in.set.reserve(l.at, 16)
		l.ahead = append(l.ahead, item)
	}
	l.total = l.index + 1 + len(l.ahead)
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
	if len(c.named) > 0 || len(c.args) == 0 {
		c.at.fail("loop.cycle takes the values to cycle through")
	}
	return c.args[l.index%len(c.args)]
}

func (l *loopObject) changed(c *call) any {
	if len(c.named) > 0 {
		c.at.fail("loop.changed takes no arguments by name")
	}
	now := &tuple{items: c.args}
	if l.last != nil && c.in.equal(c.at, l.last, now) {
		return false
	}
	l.last = now
	return true
}

// pythonOnly are the attributes, but for those like __class__, that Python's types have and this package has not.
var pythonOnly = map[string][]string{
	"str":       {"encode", "format_map", "maketrans", "translate"},
	"dict":      {"fromkeys"},
	"int":       numberAttributes,
	"bool":      numberAttributes,
	"float":     {"as_integer_ratio", "conjugate", "fromhex", "hex", "imag", "is_integer", "real"},
	"range":     {"count", "index", "start", "step", "stop"},
	"generator": {"send", "throw", "close", "gi_code", "gi_frame", "gi_running", "gi_suspended", "gi_yieldfrom"},
}

var numberAttributes = []string{
	"as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag", "is_integer", "numerator", "real", "to_bytes",
}

// attrOf is Python's getattr, or false when v has no such attribute.
func (in *interp) attrOf(at pos, v any, name string) (any, bool) {
	if o, ok := v.(object); ok {
		if found, ok := o.attr(at, name); ok {
			return found, true
		}
	}
	if t, ok := v.(*tuple); ok && t.grouped {
		switch name {
		case "grouper":
			return t.items[0], true
		case "list":
			return t.items[1], true
		}
	}
	kind := typeName(v)
	if m, ok := methods()[kind][name]; ok {
		return &method{v, name, func(c *call) any { return m(v, c) }}, true
	}
	if hasInPython(v, kind, name) {
		at.unsupported("the attribute %q of a value of type %q", name, kind)
	}
	return nil, false
}

// hasInPython reports whether v may have an attribute in Python that this package does not give it.
func hasInPython(v any, kind, name string) bool {
	switch v := v.(type) {
	case *namespace:
		return name == "__class__"
	case *function: // some are classes, whose methods are attributes
		return true
	case markup:
		return true
	case view:
		return name == "mapping" || name == "isdisjoint"
	case object:
		return strings.HasPrefix(name, "_")
	case *tuple:
		if v.grouped && strings.HasPrefix(name, "_") {
			return true
		}
	}
	return strings.HasPrefix(name, "__") && strings.HasSuffix(name, "__") || slices.Contains(pythonOnly[kind], name)
}
