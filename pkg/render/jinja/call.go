package jinja

import (
	"slices"
	"strings"
)

// A call is a call of a function, method, filter or test. The first argument of a filter or test is its operand.
type call struct {
	in     *interp
	at     pos
	args   []any
	kwargs []kwarg
	keys   [][]string // by argument: the keys that its value was made from, if traced; may be shorter than args
}

type kwarg struct {
	name  string
	value any
	keys  []string
}

// A builtin is a built-in function.
type builtin func(c *call) any

// arguments evaluates the arguments of a call.
func (in *interp) arguments(sc *scope, at pos, a callArgs) *call {
	in.set.reserve(at, 16*len(a.args))
	c := &call{in: in, at: at, args: make([]any, len(a.args))}
	for i, e := range a.args {
		v, keys := in.evalWithKeys(sc, e)
		if c.args[i] = v; in.tracer != nil {
			c.keys = append(c.keys, keys)
		}
	}
	for i, name := range a.kwargNames {
		v, keys := in.evalWithKeys(sc, a.kwargs[i])
		c.kwargs = append(c.kwargs, kwarg{name, v, keys})
	}
	if a.dynArgs != nil {
		c.args = append(c.args, in.items(a.dynArgs.position(), in.eval(sc, a.dynArgs))...)
	}
	if a.dynKwargs == nil {
		return c
	}
	d, ok := in.eval(sc, a.dynKwargs).(*dict)
	if !ok {
		a.dynKwargs.position().fail(`the argument after "**" is not a dict`)
	}
	for i := range d.keys {
		k, v := d.at(at, i)
		name, ok := k.(string)
		if _, twice := c.kwarg(name); !ok || twice {
			a.dynKwargs.position().fail(`the dict after "**" has a key that is not a string, or a duplicate argument`)
		}
		c.kwargs = append(c.kwargs, kwarg{name: name, value: v})
	}
	return c
}

// kwarg returns the keyword argument with the given name.
func (c *call) kwarg(name string) (any, bool) {
	i := slices.IndexFunc(c.kwargs, func(n kwarg) bool { return n.name == name })
	if i < 0 {
		return nil, false
	}
	return c.kwargs[i].value, true
}

// params returns the arguments in the order of the given parameters. A parameter whose name ends in "?" is optional;
// its value is missing if there is no argument.
func (c *call) params(names ...string) []any {
	values := make([]any, len(names))
	if len(c.args) > len(names) {
		c.at.fail("%d arguments given, expected at most %d", len(c.args), len(names))
	}
	used := 0
	for i, name := range names {
		name, optional := strings.CutSuffix(name, "?")
		v, named := c.kwarg(name)
		switch {
		case i < len(c.args) && named:
			c.at.fail("duplicate argument %q", name)
		case i < len(c.args):
			values[i] = c.args[i]
		case named:
			values[i] = v
			used++
		case optional:
			values[i] = missing
		default:
			c.at.fail("argument %q is missing", name)
		}
	}
	if used < len(c.kwargs) {
		for _, n := range c.kwargs {
			if !slices.Contains(names, n.name) && !slices.Contains(names, n.name+"?") {
				c.at.fail("unknown argument %q", n.name)
			}
		}
	}
	return values
}

// positional is params for functions without keyword arguments.
func (c *call) positional(names ...string) []any {
	if len(c.kwargs) > 0 {
		c.at.fail("keyword arguments are not allowed")
	}
	return c.params(names...)
}

// str returns v as text. It fails for escaped text, which only few functions support.
func (c *call) str(v any) string {
	if isMarkup(v) {
		c.at.unsupported("this use of escaped text")
	}
	return c.in.str(c.at, v)
}

// mustStr returns a string argument.
func (c *call) mustStr(v any) string {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	if isMarkup(v) {
		c.at.unsupported("this use of escaped text")
	}
	s, ok := v.(string)
	if !ok {
		c.at.fail("expected a string, found %q", typeName(v))
	}
	return s
}

func (c *call) strOr(v any, defaultValue string) string {
	if v == missing {
		return defaultValue
	}
	return c.mustStr(v)
}

// int returns an integer argument.
func (c *call) int(v any) int {
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	n, ok := number(v).(int64)
	if !ok {
		c.at.fail("expected an integer, found %q", typeName(v))
	}
	return int(n)
}

func (c *call) intOr(v any, defaultValue int) int {
	if v == missing {
		return defaultValue
	}
	return c.int(v)
}

func (c *call) boolOr(v any, defaultValue bool) bool {
	if v == missing {
		return defaultValue
	}
	return c.in.truth(v)
}

// orNone returns None for a missing argument.
func orNone(v any) any {
	if v == missing {
		return nil
	}
	return v
}

// call calls a value.
func (in *interp) call(fn any, c *call) any {
	defer in.enter(c.at)()
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
		fn.fail()
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
