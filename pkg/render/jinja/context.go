package jinja

import "maps"

// A context holds the variables that the root, the blocks and the includes of a template share.
type context struct {
	parent   map[string]any // keys, functions, and variables of an including template
	vars     map[string]any // assigned at the top level of the template
	exported map[string]bool
	blocks   map[string][]*blockStmt // by name; those of the most derived template come first
	keys     map[string][]string     // by variable: the keys that its value was made from, if traced
}

func newContext(outer map[string]any, blocks map[string][]*blockStmt) *context {
	if blocks == nil {
		blocks = map[string][]*blockStmt{}
	}
	return &context{parent: outer, vars: map[string]any{}, exported: map[string]bool{}, blocks: blocks}
}

// all returns a copy of all variables of the context.
func (c *context) all() map[string]any {
	m := maps.Clone(c.parent)
	maps.Copy(m, c.vars)
	return m
}

// contextFor returns a context with all variables that are visible in sc.
func (in *interp) contextFor(sc *scope, blocks map[string][]*blockStmt) *context {
	ctx := newContext(sc.visible(), blocks)
	if in.tracer != nil {
		ctx.keys = map[string][]string{}
		for name := range ctx.parent {
			ctx.keys[name] = in.tracer.origin(sc, name)
		}
	}
	return ctx
}
