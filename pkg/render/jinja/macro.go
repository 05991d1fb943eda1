package jinja

import "slices"

// A macro is a macro and the scope in which it was defined.
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
	sub := m.scope.newChild(d.scope)
	sub.state = &state{} // prints even if the template extends another
	for _, p := range d.params {
		sub.vars[p.name] = missing
	}
	rest := c.kwargs
	takeOut := func(name string) (kwarg, bool) {
		i := slices.IndexFunc(rest, func(n kwarg) bool { return n.name == name })
		if i < 0 {
			return kwarg{}, false
		}
		arg := rest[i]
		rest = append(rest[:i:i], rest[i+1:]...)
		return arg, true
	}
	for i, p := range d.params {
		if i < len(c.args) {
			sub.vars[p.name] = c.args[i]
			if i < len(c.keys) {
				m.in.tracer.setOrigin(sub, p.name, c.keys[i])
			}
		} else if arg, ok := takeOut(p.name); ok {
			sub.vars[p.name] = arg.value
			m.in.tracer.setOrigin(sub, p.name, arg.keys)
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
		if sub.vars[p.name] != missing {
			continue
		}
		if p.defaultValue != nil {
			v, keys := m.in.evalWithKeys(sub, p.defaultValue)
			sub.vars[p.name] = v
			m.in.tracer.setOrigin(sub, p.name, keys)
		} else {
			sub.vars[p.name] = undefinedValue(c.at, "the macro's parameter %q is not given", p.name)
		}
	}
	return m.in.capture(sub, d.body)
}

// bindRest assigns the remaining arguments to varargs and kwargs. It fails if the macro does not use them.
func (m *macro) bindRest(c *call, sub *scope, rest []kwarg) {
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
