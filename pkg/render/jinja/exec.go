package jinja

// exec executes statements.
func (in *interp) exec(sc *scope, body []stmt, out *output) {
	for _, s := range body {
		in.stmt(sc, s, out)
	}
}

// capture returns what the statements print.
func (in *interp) capture(sc *scope, body []stmt) string {
	out := in.capturing()
	in.exec(sc, body, out)
	return out.value()
}

// capturing returns an output for text that becomes a value.
func (in *interp) capturing() *output { return &output{set: in.set, capture: true, tracer: in.tracer} }

func (in *interp) stmt(sc *scope, s stmt, out *output) {
	switch s := s.(type) {
	case *textStmt:
		in.set.step(s.pos, 1)
		if sc.prints() {
			out.copy(s.pos, s.text)
		}
	case *printStmt:
		if sc.prints() {
			v, from := in.evalFrom(sc, s.value)
			out.write(s.value.place(), in.str(s.value.place(), v), from)
		}
	case *ifStmt:
		in.ifElse(sc, s, out)
	case *forStmt:
		in.forLoop(sc, s, out)
	case *setStmt:
		v, from := in.evalFrom(sc, s.value)
		in.assign(sc, s.target, v, from)
	case *setBlockStmt:
		sub := sc.enter(s.scope)
		sub.state = &state{} // it captures, whatever the template extends
		before := in.tracer.begin()
		v := in.captured(sub, s.body, s.filter)
		in.assign(sc, s.target, v, in.tracer.end(before))
	case *withStmt:
		sub := sc.enter(s.scope)
		for i, target := range s.targets {
			v, from := in.evalFrom(sc, s.values[i])
			in.assign(sub, target, v, from)
		}
		in.exec(sub, s.body, out)
	case *macroStmt:
		sc.store(s.name, &macro{in: in, def: s, scope: sc})
	case *callStmt:
		in.callBlock(sc, s, out)
	case *filterStmt:
		before := in.tracer.begin()
		v := in.captured(sc.enter(s.scope), s.body, s.filter)
		text, ok := text(v)
		if !ok {
			s.filter.place().fail("the filter gives a value of type %q instead of text", typeName(v))
		}
		out.write(s.filter.place(), text, in.tracer.end(before))
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
	before := in.tracer.ask(nil)
	in.exec(sc, in.branch(sc, s), out)
	in.tracer.answered(before)
}

// branch returns the statements of the branch whose test is true.
func (in *interp) branch(sc *scope, s *ifStmt) []stmt {
	for _, b := range s.branches {
		in.set.step(b.test.place(), 1)
		v, from := in.evalFrom(sc, b.test)
		in.tracer.ask(from)
		if in.truth(v) {
			return b.body
		}
	}
	return s.orElse
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

// assign stores a value, made of the keys in from, in a target.
func (in *interp) assign(sc *scope, target expr, v any, from []string) {
	switch t := target.(type) {
	case *nameExpr:
		sc.store(t.name, v)
		in.tracer.made(sc, t.name, from)
	case *nsExpr:
		ns, ok := sc.load(t.pos, t.name).(*namespace)
		if !ok {
			t.fail("%q is no namespace, so its attributes cannot be set", t.name)
		}
		in.set.reserve(t.pos, 16)
		ns.attrs.set(t.pos, t.attr, v)
		in.tracer.grew(sc, t.name, from)
	case *tupleExpr:
		items := in.items(t.pos, v)
		if len(items) != len(t.items) {
			t.fail("%d values cannot be unpacked into %d names", len(items), len(t.items))
		}
		for i, sub := range t.items {
			in.assign(sc, sub, items[i], from)
		}
	}
}

func (in *interp) forLoop(sc *scope, f *forStmt, out *output) {
	v, from := in.evalFrom(sc, f.iter)
	before := in.tracer.ask(from)
	if f.recursive {
		out.write(f.pos, in.recurse(sc, f, v, from, 0), from)
	} else {
		in.loop(sc, f, v, from, 0, out)
	}
	in.tracer.answered(before)
}

// recurse renders a recursive loop over v and returns what it prints.
func (in *interp) recurse(sc *scope, f *forStmt, v any, from []string, depth int) string {
	defer in.deeper(f.pos)()
	sub := in.capturing()
	in.loop(sc, f, v, from, depth, sub)
	return sub.value()
}

// loop runs the body of f for each item of v, which was made of the keys in from, or the part after else when there is none.
func (in *interp) loop(sc *scope, f *forStmt, v any, from []string, depth int, out *output) {
	loop := &loopObject{in: in, at: f.pos, depth: depth, index: -1, total: -1}
	loop.pull = in.iterate(f.iter.place(), v)
	if f.filter != nil {
		loop.pull = in.filtered(sc, f, loop.pull, from)
	} else {
		loop.of = v
	}
	if f.recursive {
		loop.recurse = func(v any) any { return in.recurse(sc, f, v, from, depth+1) }
	}
	for loop.advance() {
		in.set.step(f.pos, 1)
		sub := sc.enter(f.bodyScope)
		if f.loopVar {
			sub.vars["loop"] = loop
		}
		in.assign(sub, f.target, loop.current, from)
		in.exec(sub, f.body, out)
	}
	if loop.index < 0 {
		in.exec(sc.enter(f.elseScope), f.orElse, out)
	}
}

// filtered gives only the items for which the loop's filter is true.
func (in *interp) filtered(sc *scope, f *forStmt, pull puller, from []string) puller {
	return func() (any, bool) {
		for {
			item, ok := pull()
			if !ok {
				return nil, false
			}
			sub := sc.enter(f.testScope)
			in.assign(sub, f.target, item, from)
			v, asked := in.evalFrom(sub, f.filter)
			in.tracer.ask(asked)
			if in.truth(v) {
				return item, true
			}
		}
	}
}

func (in *interp) callBlock(sc *scope, s *callStmt, out *output) {
	before := in.tracer.begin()
	fn := in.eval(sc, s.call.fn)
	c := in.arguments(sc, s.call.pos, s.call.args)
	c.named = append(c.named, namedArg{name: "caller", value: &macro{in: in, def: s.macro, scope: sc}})
	text := in.str(s.call.pos, in.call(fn, c))
	out.write(s.call.pos, text, in.tracer.end(before))
}

func (in *interp) block(sc *scope, b *blockStmt, out *output) {
	ctx := sc.ctx
	if b.scoped {
		ctx = in.within(sc, sc.ctx.blocks)
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
		out.write(s.pos, in.module(t).text, nil)
		return
	}
	in.run(t, in.within(sc, nil), out)
}

func (in *interp) importModule(sc *scope, s *importStmt) {
	t := in.find(sc, s.pos, s.name, false)
	var m *module
	if s.withContext {
		m = in.load(t, in.within(sc, nil))
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
		in.modules[t] = in.load(t, newContext(functions(), nil))
	}
	return in.modules[t]
}

// load renders a template for what it stores.
func (in *interp) load(t *template, ctx *context) *module {
	out := in.capturing()
	in.run(t, ctx, out)
	m := &module{text: out.value(), vars: map[string]any{}}
	for name := range ctx.exported {
		m.vars[name] = ctx.vars[name]
	}
	return m
}
