package jinja

import (
	"fmt"
	"maps"
)

// An interp evaluates one template, with all that it includes and imports.
type interp struct {
	set     *Set
	tracer  *tracer // nil when nobody asks where the result comes from
	depth   int
	modules map[*template]*module // imported without context
}

// deeper counts one level of recursion; call the result to leave it.
func (in *interp) deeper(at pos) func() {
	if in.depth++; in.depth > in.set.limits.Depth {
		at.exceed("the template nests or recurses more than %d deep", in.set.limits.Depth)
	}
	return in.shallower
}

func (in *interp) shallower() { in.depth-- }

// A context holds the variables that the root, the blocks and the includes of one template share.
type context struct {
	outer    map[string]any // keys, functions, and what an including template passes
	vars     map[string]any // stored at the top of the template
	exported map[string]bool
	blocks   map[string][]*blockStmt // by name: the most derived template's first
	from     map[string][]string     // by variable: the keys that its value was made of, when that is traced
}

func newContext(outer map[string]any, blocks map[string][]*blockStmt) *context {
	if blocks == nil {
		blocks = map[string][]*blockStmt{}
	}
	return &context{outer: outer, vars: map[string]any{}, exported: map[string]bool{}, blocks: blocks}
}

// all returns every variable of the context, as a copy.
func (c *context) all() map[string]any {
	m := maps.Clone(c.outer)
	maps.Copy(m, c.vars)
	return m
}

// A scope holds the variables of a root, loop pass, macro call and so on. The scopes of one
// template form a tree; behind its root stands the context.
type scope struct {
	parent *scope
	ctx    *context
	vars   map[string]any
	top    bool // at the top of the template: what is stored goes to the context as well
	state  *state
	from   map[string][]string // by variable: the keys that its value was made of, when that is traced
}

// A state belongs to one run of a template or block.
type state struct {
	parent *template // set by extends: from then on the template's own text does not print
}

// enter opens a scope inside sc.
func (sc *scope) enter(info scopeInfo) *scope {
	return newScope(sc, sc.ctx, sc.state, info)
}

func newScope(parent *scope, ctx *context, st *state, info scopeInfo) *scope {
	sc := &scope{parent: parent, ctx: ctx, state: st, vars: map[string]any{}}
	for _, name := range info.hidden {
		sc.vars[name] = absent
	}
	return sc
}

func (sc *scope) store(name string, v any) {
	sc.vars[name] = v
	if sc.top {
		sc.ctx.vars[name] = v
		if name[0] != '_' {
			sc.ctx.exported[name] = true
		}
	}
}

func (sc *scope) load(at pos, name string) any {
	for s := sc; s != nil; s = s.parent {
		if v, ok := s.vars[name]; ok {
			if v == absent {
				return undefinedName(at, name)
			}
			return v
		}
	}
	if v, ok := sc.ctx.vars[name]; ok {
		return v
	}
	if v, ok := sc.ctx.outer[name]; ok {
		return v
	}
	return undefinedName(at, name)
}

func undefinedName(at pos, name string) *undefined {
	u := undefinedValue(at, "undefined name %q", name)
	u.name = name
	return u
}

// undefinedValue returns the value of what does not exist, with what is to be said when it is used.
func undefinedValue(at pos, format string, args ...any) *undefined {
	return &undefined{at: at, problem: fmt.Sprintf(format, args...)}
}

// visible returns every variable that can be named in sc, as a copy.
func (sc *scope) visible() map[string]any {
	m := sc.ctx.all()
	var chain []*scope
	for s := sc; s != nil; s = s.parent {
		chain = append(chain, s)
	}
	for i := len(chain) - 1; i >= 0; i-- {
		for name, v := range chain[i].vars {
			if v != absent && name != "self" && name != "super" {
				m[name] = v
			}
		}
	}
	return m
}

// run renders a template and those that it extends.
func (in *interp) run(t *template, ctx *context, out *output) {
	at := pos{t, 0}
	defer in.deeper(at)()
	in.set.step(at, 1)
	for name, b := range t.blocks {
		ctx.blocks[name] = append(ctx.blocks[name], b)
	}
	sc := newScope(nil, ctx, &state{}, t.scope)
	sc.top = true
	sc.vars["self"] = &selfObject{in, ctx}
	in.exec(sc, t.body, out)
	if sc.state.parent != nil {
		in.run(sc.state.parent, ctx, out)
	}
}
