package jinja

import (
	"slices"
	"strings"
)

// A call is one call of a function, method, filter or test. The value that a filter or test is applied to is its first argument.
type call struct {
	in    *interp
	at    pos
	args  []any
	named []namedArg
	from  [][]string // the keys that each of args was made of, when they are traced; may be shorter
}

type namedArg struct {
	name  string
	value any
	from  []string
}

// A builtin is a function that the language has.
type builtin func(c *call) any

// arguments evaluates the arguments of a call.
func (in *interp) arguments(sc *scope, at pos, a callArgs) *call {
	in.set.reserve(at, 16*len(a.args))
	c := &call{in: in, at: at, args: make([]any, len(a.args))}
	for i, e := range a.args {
		v, from := in.evalFrom(sc, e)
		if c.args[i] = v; in.tracer != nil {
			c.from = append(c.from, from)
		}
	}
	for i, name := range a.names {
		v, from := in.evalFrom(sc, a.named[i])
		c.named = append(c.named, namedArg{name, v, from})
	}
	if a.rest != nil {
		c.args = append(c.args, in.items(a.rest.place(), in.eval(sc, a.rest))...)
	}
	if a.mapped == nil {
		return c
	}
	d, ok := in.eval(sc, a.mapped).(*dict)
	if !ok {
		a.mapped.place().fail(`the argument after "**" is no dict`)
	}
	for i := range d.keys {
		k, v := d.at(at, i)
		name, ok := k.(string)
		if _, twice := c.take(name); !ok || twice {
			a.mapped.place().fail(`the dict after "**" has a key that is no name of an argument, or one given already`)
		}
		c.named = append(c.named, namedArg{name: name, value: v})
	}
	return c
}

// take returns the argument of a name, without removing it.
func (c *call) take(name string) (any, bool) {
	i := slices.IndexFunc(c.named, func(n namedArg) bool { return n.name == name })
	if i < 0 {
		return nil, false
	}
	return c.named[i].value, true
}

// params returns the arguments by the names of the parameters, in their order. A parameter whose name
// ends in "?" is optional; without its argument its value is absent.
func (c *call) params(names ...string) []any {
	values := make([]any, len(names))
	if len(c.args) > len(names) {
		c.at.fail("%d arguments are given, but at most %d are taken", len(c.args), len(names))
	}
	used := 0
	for i, name := range names {
		name, optional := strings.CutSuffix(name, "?")
		v, named := c.take(name)
		switch {
		case i < len(c.args) && named:
			c.at.fail("argument %q is given twice", name)
		case i < len(c.args):
			values[i] = c.args[i]
		case named:
			values[i] = v
			used++
		case optional:
			values[i] = absent
		default:
			c.at.fail("argument %q is missing", name)
		}
	}
	if used < len(c.named) {
		for _, n := range c.named {
			if !slices.Contains(names, n.name) && !slices.Contains(names, n.name+"?") {
				c.at.fail("there is no argument %q", n.name)
			}
		}
	}
	return values
}

// positional is params for what Python takes by position only.
func (c *call) positional(names ...string) []any {
	if len(c.named) > 0 {
		c.at.fail("no arguments by name are taken")
	}
	return c.params(names...)
}

// str returns v as text. Escaped text has rules of its own, so few functions take it.
func (c *call) str(v any) string {
	if isMarkup(v) {
		c.at.unsupported("this use of escaped text")
	}
	return c.in.str(c.at, v)
}

// mustStr returns a string argument.
func (c *call) mustStr(v any) string {
	if u, ok := v.(*undefined); ok {
		u.use()
	}
	if isMarkup(v) {
		c.at.unsupported("this use of escaped text")
	}
	s, ok := v.(string)
	if !ok {
		c.at.fail("expected a string, found a value of type %q", typeName(v))
	}
	return s
}

func (c *call) strOr(v any, preset string) string {
	if v == absent {
		return preset
	}
	return c.mustStr(v)
}

// int returns a whole number.
func (c *call) int(v any) int {
	if u, ok := v.(*undefined); ok {
		u.use()
	}
	n, ok := number(v).(int64)
	if !ok {
		c.at.fail("expected a whole number, found a value of type %q", typeName(v))
	}
	return int(n)
}

func (c *call) intOr(v any, preset int) int {
	if v == absent {
		return preset
	}
	return c.int(v)
}

func (c *call) truthOr(v any, preset bool) bool {
	if v == absent {
		return preset
	}
	return c.in.truth(v)
}

// orNone returns None for an absent argument.
func orNone(v any) any {
	if v == absent {
		return nil
	}
	return v
}

// call calls a value.
func (in *interp) call(fn any, c *call) any {
	defer in.deeper(c.at)()
	in.set.step(c.at, 1+len(c.args))
	switch fn := fn.(type) {
	case *function:
		return fn.call(c)
	case *method:
		in.set.scan(c.at, fn.of)
		return fn.call(c)
	case *macro:
		return fn.call(c)
	case *blockRef:
		c.params()
		out := in.capturing()
		in.renderBlock(fn.ctx, fn.name, fn.i, out)
		return out.value()
	case *loopObject:
		if fn.recurse == nil {
			c.at.fail(`the loop is not marked "recursive"`)
		}
		return fn.recurse(c.params("iterable")[0])
	case *joiner:
		c.params()
		if !fn.used {
			fn.used = true
			return ""
		}
		return fn.sep
	case *undefined:
		fn.use()
	}
	c.at.fail("a value of type %q cannot be called", typeName(fn))
	return nil
}

func isCallable(v any) bool {
	switch v.(type) {
	case *function, *method, *macro, *blockRef, *loopObject, *joiner, *undefined:
		return true
	}
	return false
}

// A macro is a macro with the scope that it was defined in.
type macro struct {
	in    *interp
	def   *macroStmt
	scope *scope
}

func (m *macro) typeName() string { return "Macro" }

func (m *macro) attr(at pos, name string) (any, bool) {
	switch name {
	case "name":
		if m.def.name == "" {
			return nil, true
		}
		return m.def.name, true
	case "arguments":
		t := &tuple{}
		for _, p := range m.def.params {
			t.items = append(t.items, p.name)
		}
		return t, true
	case "catch_kwargs":
		return m.def.kwargs, true
	case "catch_varargs":
		return m.def.varargs, true
	case "caller":
		return m.def.caller, true
	case "explicit_caller":
		return slices.ContainsFunc(m.def.params, func(p param) bool { return p.name == "caller" }), true
	}
	return nil, false
}

func (m *macro) call(c *call) any {
	d := m.def
	sub := m.scope.enter(d.scope)
	sub.state = &state{} // a macro prints, whatever its template extends
	for _, p := range d.params {
		sub.vars[p.name] = absent
	}
	rest := c.named
	takeOut := func(name string) (namedArg, bool) {
		i := slices.IndexFunc(rest, func(n namedArg) bool { return n.name == name })
		if i < 0 {
			return namedArg{}, false
		}
		arg := rest[i]
		rest = append(rest[:i:i], rest[i+1:]...)
		return arg, true
	}
	for i, p := range d.params {
		if i < len(c.args) {
			sub.vars[p.name] = c.args[i]
			if i < len(c.from) {
				m.in.tracer.made(sub, p.name, c.from[i])
			}
		} else if arg, ok := takeOut(p.name); ok {
			sub.vars[p.name] = arg.value
			m.in.tracer.made(sub, p.name, arg.from)
		}
	}
	explicit := slices.ContainsFunc(d.params, func(p param) bool { return p.name == "caller" })
	if d.caller && !explicit {
		arg, ok := takeOut("caller")
		if !ok || arg.value == nil {
			arg.value = undefinedValue(c.at, "the macro needs a caller: use it with {%% call %%}")
		}
		sub.vars["caller"] = arg.value
	}
	m.bindRest(c, sub, rest)
	for _, p := range d.params {
		if sub.vars[p.name] != absent {
			continue
		}
		if p.preset != nil {
			v, from := m.in.evalFrom(sub, p.preset)
			sub.vars[p.name] = v
			m.in.tracer.made(sub, p.name, from)
		} else {
			sub.vars[p.name] = undefinedValue(c.at, "the macro's parameter %q is not given", p.name)
		}
	}
	return m.in.capture(sub, d.body)
}

// bindRest stores the arguments that no parameter takes in varargs and kwargs, or fails.
func (m *macro) bindRest(c *call, sub *scope, rest []namedArg) {
	if m.def.kwargs {
		d := newDict()
		for _, n := range rest {
			d.set(c.at, n.name, n.value)
		}
		sub.vars["kwargs"] = d
	} else if len(rest) > 0 {
		c.at.fail("the macro %q takes no argument %q", m.def.name, rest[0].name)
	}
	n := len(m.def.params)
	if m.def.varargs {
		sub.vars["varargs"] = &tuple{items: c.args[min(n, len(c.args)):]}
	} else if len(c.args) > n {
		c.at.fail("the macro %q takes %d arguments, but %d are given", m.def.name, n, len(c.args))
	}
}
