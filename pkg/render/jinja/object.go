package jinja

import (
	"slices"
	"strings"
)

// An object is a value with attributes.
type object interface {
	typeName() string
	attr(at pos, name string) (any, bool)
}

type (
	// function is a global function.
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
	// selfObject is the variable "self". Its attributes are the blocks.
	selfObject struct {
		in  *interp
		ctx *context
	}
	// blockRef is a callable block: self.name or super.
	blockRef struct {
		in   *interp
		ctx  *context
		name string
		i    int
	}
)

func (f *function) typeName() string { return "function" }

func (m *method) typeName() string { return "method" }

func (n *namespace) typeName() string { return "Namespace" }

func (c *cycler) typeName() string { return "Cycler" }

func (j *joiner) typeName() string { return "Joiner" }

func (m *module) typeName() string { return "TemplateModule" }

func (s *selfObject) typeName() string { return "TemplateReference" }

func (b *blockRef) typeName() string { return "BlockReference" }

func (f *function) attr(pos, string) (any, bool) { return nil, false }

func (m *method) attr(pos, string) (any, bool) { return nil, false }

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
		return b.in.superBlock(at, b.ctx, b.name, b.i), true
	case "name":
		return b.name, true
	}
	return nil, false
}

// superBlock returns the block that is overridden by the i-th block with the given name.
func (in *interp) superBlock(at pos, ctx *context, name string, i int) any {
	if i+1 >= len(ctx.blocks[name]) {
		return undefinedValue(at, "there is no parent block called %q", name)
	}
	return &blockRef{in, ctx, name, i + 1}
}

// pythonOnly lists attributes of Python's types that this package does not support, except for special ones like
// __class__.
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
	"as_integer_ratio", "bit_count", "bit_length", "conjugate", "denominator", "from_bytes", "imag", "is_integer",
	"numerator", "real", "to_bytes",
}

// attrOf is Python's getattr. It returns false if v has no such attribute.
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

// hasInPython reports whether v may have an attribute in Python that this package does not support.
func hasInPython(v any, kind, name string) bool {
	switch v := v.(type) {
	case *namespace:
		return name == "__class__"
	case *function: // some are classes, which have methods
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
