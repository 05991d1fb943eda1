package jinja

import ()

// A scope holds the variables of a template, loop iteration, macro call and so on. The scopes of a template form a
// tree. Names that no scope defines are looked up in the context.
type scope struct {
	parent   *scope
	ctx      *context
	vars     map[string]any
	toplevel bool // at the top level of the template, where assignments also go to the context
	state    *state
	keys     map[string][]string // by variable: the keys that its value was made from, if traced
}

// A state belongs to one execution of a template or block.
type state struct {
	parent *template // set by extends; the template's own text is not printed after it
}

// newChild returns a new scope inside sc.
func (sc *scope) newChild(info scopeInfo) *scope {
	return newScope(sc, sc.ctx, sc.state, info)
}

func newScope(parent *scope, ctx *context, st *state, info scopeInfo) *scope {
	sc := &scope{parent: parent, ctx: ctx, state: st, vars: map[string]any{}}
	for _, name := range info.undefinedNames {
		sc.vars[name] = missing
	}
	return sc
}

func (sc *scope) store(name string, v any) {
	sc.vars[name] = v
	if sc.toplevel {
		sc.ctx.vars[name] = v
		if name[0] != '_' {
			sc.ctx.exported[name] = true
		}
	}
}

func (sc *scope) load(at pos, name string) any {
	for s := sc; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			if v == missing {
				return undefinedName(at, name)
			}
			return v
		}
	}
	if v, ok := sc.ctx.vars[name]; ok {
		return v
	}
	if v, ok := sc.ctx.parent[name]; ok {
		return v
	}
	return undefinedName(at, name)
}

// visible returns a copy of all variables that are visible in sc.
func (sc *scope) visible() map[string]any {
	m := sc.ctx.all()
	var chain []*scope
	for s := sc; s != nil; s = s.parent {
		chain = append(chain, s)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		for name, v := range chain[i].vars {
			if v != missing && name != "self" && name != "super" {
				m[name] = v
			}
		}
	}
	return m
}

// prints reports whether text and values are printed. In a template that extends another, only blocks, macros and
// captures print.
func (sc *scope) prints() bool { return sc.state.parent == nil }
