package jinja

import "maps"

// exec executes statements.
func (in *interp) exec(sc *scope, body []stmt, out *output) {
	for _, s := range body {
		in.stmt(sc, s, out)
	}
}

// capture returns what the statements print.
func (in *interp) capture(sc *scope, body []stmt) string {
	out := &output{set: in.set, capture: true}
	in.exec(sc, body, out)
	return out.String()
}

func (in *interp) stmt(sc *scope, s stmt, out *output) {
	switch s := s.(type) {
	case *textStmt:
		in.set.step(s.pos, 1)
		if sc.prints() {
			out.write(s.pos, s.text)
		}
	case *printStmt:
		if sc.prints() {
			v := in.eval(sc, s.value)
			out.write(s.value.place(), in.str(s.value.place(), v))
		}
	case *ifStmt:
		in.ifElse(sc, s, out)
	case *forStmt:
		in.forLoop(sc, s, out)
	case *setStmt:
		in.assign(sc, s.target, in.eval(sc, s.value))
	case *setBlockStmt:
		sub := sc.enter(s.scope)
		sub.state = &state{} // it captures, whatever the template extends
		in.assign(sc, s.target, in.captured(sub, s.body, s.filter))
	case *withStmt:
		sub := sc.enter(s.scope)
		for i, target := range s.targets {
			in.assign(sub, target, in.eval(sc, s.values[i]))
		}
		in.exec(sub, s.body, out)
	case *macroStmt:
		sc.store(s.name, &macro{in: in, def: s, scope: sc})
	case *callStmt:
		in.callBlock(sc, s, out)
	case *filterStmt:
		v := in.captured(sc.enter(s.scope), s.body, s.filter)
		text, ok := text(v)
		if !ok {
			s.filter.place().fail("the filter gives a value of type %q instead of text", typeName(v))
		}
		out.write(s.filter.place(), text)
	case *scopeStmt:
		in.exec(sc.enter(s.scope), s.body, out)
	case *blockStmt:
		if sc.prints() || !sc.top {
			in.block(sc, s, out)
		}
	case *extendsStmt:
		in.extends(sc, s)
	case *includeStmt:
		in.include(sc, s, out)
	case *importStmt:
		in.importModule(sc, s)
	}
}

// prints reports whether text and values print. In a template that extends another they do not, but
// for those in its blocks, macros and captures.
func (sc *scope) prints() bool { return sc.state.parent == nil }

func (in *interp) ifElse(sc *scope, s *ifStmt, out *output) {
	for _, b := range s.branches {
		in.set.step(b.test.place(), 1)
		if in.truth(in.eval(sc, b.test)) {
			in.exec(sc, b.body, out)
			return
		}
	}
	in.exec(sc, s.orElse, out)
}

// captured returns what the body prints, through a chain of filters.
func (in *interp) captured(sc *scope, body []stmt, filter expr) any {
	text := in.capture(sc, body)
	if filter == nil {
		return text
	}
	sc.vars[capturedName] = text
	return in.eval(sc, filter)
}

// capturedName is the variable that a captured text stands in for its filters. No template can name it.
const capturedName = "{captured}"

// assign stores a value in a target.
func (in *interp) assign(sc *scope, target expr, v any) {
	switch t := target.(type) {
	case *nameExpr:
		sc.store(t.name, v)
	case *nsExpr:
		ns, ok := sc.load(t.pos, t.name).(*namespace)
		if !ok {
			t.fail("%q is no namespace, so its attributes cannot be set", t.name)
		}
		in.set.reserve(t.pos, 16)
		ns.attrs.set(t.pos, t.attr, v)
	case *tupleExpr:
		items := in.items(t.pos, v)
		if len(items) != len(t.items) {
			t.fail("%d values cannot be unpacked into %d names", len(items), len(t.items))
		}
		for i, sub := range t.items {
			in.assign(sc, sub, items[i])
		}
	}
}

func (in *interp) forLoop(sc *scope, f *forStmt, out *output) {
	v := in.eval(sc, f.iter)
	if !f.recursive {
		in.loop(sc, f, v, 0, out)
		return
	}
	out.write(f.pos, in.recurse(sc, f, v, 0))
}

// recurse renders a recursive loop over v and returns what it prints.
func (in *interp) recurse(sc *scope, f *forStmt, v any, depth int) string {
	defer in.deeper(f.pos)()
	sub := &output{set: in.set, capture: true}
	in.loop(sc, f, v, depth, sub)
	return sub.String()
}

// loop runs the body of f for each item of v, or the part after else when there is none.
func (in *interp) loop(sc *scope, f *forStmt, v any, depth int, out *output) {
	loop := &loopObject{in: in, at: f.pos, depth: depth, index: -1, total: -1}
	loop.pull = in.iterate(f.iter.place(), v)
	if f.filter != nil {
		loop.pull = in.filtered(sc, f, loop.pull)
	} else {
		loop.of = v
	}
	if f.recursive {
		loop.recurse = func(v any) any { return in.recurse(sc, f, v, depth+1) }
	}
	for loop.advance() {
		in.set.step(f.pos, 1)
		sub := sc.enter(f.bodyScope)
		if f.loopVar {
			sub.vars["loop"] = loop
		}
		in.assign(sub, f.target, loop.current)
		in.exec(sub, f.body, out)
	}
	if loop.index < 0 {
		in.exec(sc.enter(f.elseScope), f.orElse, out)
	}
}

// filtered gives only the items for which the loop's filter is true.
func (in *interp) filtered(sc *scope, f *forStmt, pull puller) puller {
	return func() (any, bool) {
		for {
			item, ok := pull()
			if !ok {
				return nil, false
			}
			sub := sc.enter(f.testScope)
			in.assign(sub, f.target, item)
			if in.truth(in.eval(sub, f.filter)) {
				return item, true
			}
		}
	}
}

func (in *interp) callBlock(sc *scope, s *callStmt, out *output) {
	fn := in.eval(sc, s.call.fn)
	c := in.arguments(sc, s.call.pos, s.call.args)
	c.named = append(c.named, namedArg{"caller", &macro{in: in, def: s.macro, scope: sc}})
	out.write(s.call.pos, in.str(s.call.pos, in.call(fn, c)))
}

func (in *interp) block(sc *scope, b *blockStmt, out *output) {
	ctx := sc.ctx
	if b.scoped {
		ctx = newContext(sc.visible(), sc.ctx.blocks)
	}
	if b.required && len(ctx.blocks[b.name]) <= 1 {
		b.fail("the required block %q is not defined", b.name)
	}
	in.renderBlock(ctx, b.name, 0, out)
}

// renderBlock renders the i-th of the blocks of a name, counted from the most derived template.
func (in *interp) renderBlock(ctx *context, name string, i int, out *output) {
	b := ctx.blocks[name][i]
	defer in.deeper(b.pos)()
	sc := newScope(nil, ctx, &state{}, b.scope)
	sc.vars["self"] = &selfObject{in, ctx}
	sc.vars["super"] = in.superOf(b.pos, ctx, name, i)
	in.exec(sc, b.body, out)
}

func (in *interp) extends(sc *scope, s *extendsStmt) {
	if sc.state.parent != nil {
		s.fail("the template extends two others")
	}
	if !sc.top {
		s.unsupported("extends inside a loop, block or macro")
	}
	sc.state.parent = in.find(sc, s.pos, s.name, false)
}

// find returns the template that an expression names, or the first that exists when it gives a list.
func (in *interp) find(sc *scope, at pos, e expr, optional bool) *template {
	v := in.eval(sc, e)
	names := []any{v}
	switch v := v.(type) {
	case *list:
		names = v.items
	case *tuple:
		names = v.items
	}
	for _, n := range names {
		name, ok := n.(string)
		if u, isUndefined := n.(*undefined); isUndefined {
			u.use()
		}
		if !ok {
			at.fail("a template's name is a string, not %q", typeName(n))
		}
		if t, ok := in.set.get(name); ok {
			return t
		}
	}
	if !optional {
		if name, ok := v.(string); ok {
			at.fail("no template %q in the component", name)
		}
		at.fail("none of the templates %s is in the component", in.str(at, v))
	}
	return nil
}

func (in *interp) include(sc *scope, s *includeStmt, out *output) {
	t := in.find(sc, s.pos, s.name, s.ignoreMissing)
	if t == nil {
		return
	}
	if !s.withContext {
		out.write(s.pos, in.module(t).text)
		return
	}
	in.run(t, newContext(sc.visible(), nil), out)
}

func (in *interp) importModule(sc *scope, s *importStmt) {
	t := in.find(sc, s.pos, s.name, false)
	var m *module
	if s.withContext {
		m = in.load(t, sc.visible())
	} else {
		m = in.module(t)
	}
	if s.target != "" {
		sc.store(s.target, m)
		delete(sc.ctx.exported, s.target)
	}
	for _, n := range s.names {
		v, ok := m.vars[n.name]
		if !ok {
			v = undefinedValue(s.pos, "the template %q does not export %q", t.name, n.name)
		}
		sc.store(n.as, v)
		delete(sc.ctx.exported, n.as)
	}
}

// module returns a template without the context of the one that asks, rendered once.
func (in *interp) module(t *template) *module {
	if in.modules[t] == nil {
		in.modules[t] = in.load(t, functions())
	}
	return in.modules[t]
}

// load renders a template for what it stores.
func (in *interp) load(t *template, outer map[string]any) *module {
	ctx := newContext(maps.Clone(outer), nil)
	out := &output{set: in.set, capture: true}
	in.run(t, ctx, out)
	m := &module{text: out.String(), vars: map[string]any{}}
	for name := range ctx.exported {
		m.vars[name] = ctx.vars[name]
	}
	return m
}
