package jinja

// exec executes statements.
func (in *interp) exec(sc *scope, body []stmt, out *output) {
	for _, s := range body {
		in.stmt(sc, s, out)
	}
}

// capture returns the output of the statements.
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
			v, keys := in.evalWithKeys(sc, s.value)
			out.write(s.value.position(), in.str(s.value.position(), v), keys)
		}
	case *ifStmt:
		in.ifElse(sc, s, out)
	case *forStmt:
		in.forLoop(sc, s, out)
	case *setStmt:
		v, keys := in.evalWithKeys(sc, s.value)
		in.assign(sc, s.target, v, keys)
	case *setBlockStmt:
		sub := sc.newChild(s.scope)
		sub.state = &state{} // captures even if the template extends another
		before := in.tracer.beginReads()
		v := in.captured(sub, s.body, s.filter)
		in.assign(sc, s.target, v, in.tracer.endReads(before))
	case *withStmt:
		sub := sc.newChild(s.scope)
		for i, target := range s.targets {
			v, keys := in.evalWithKeys(sc, s.values[i])
			in.assign(sub, target, v, keys)
		}
		in.exec(sub, s.body, out)
	case *macroStmt:
		sc.store(s.name, &macro{in: in, def: s, scope: sc})
	case *callStmt:
		in.callBlock(sc, s, out)
	case *filterStmt:
		before := in.tracer.beginReads()
		v := in.captured(sc.newChild(s.scope), s.body, s.filter)
		text, ok := text(v)
		if !ok {
			s.filter.position().fail("the filter returns a value of type %q instead of text", typeName(v))
		}
		out.write(s.filter.position(), text, in.tracer.endReads(before))
	case *scopeStmt:
		in.exec(sc.newChild(s.scope), s.body, out)
	case *blockStmt:
		if sc.prints() || !sc.toplevel {
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

func (in *interp) ifElse(sc *scope, s *ifStmt, out *output) {
	before := in.tracer.enterCondition(nil)
	in.exec(sc, in.branch(sc, s), out)
	in.tracer.leaveCondition(before)
}

// branch returns the body of the branch whose test is true.
func (in *interp) branch(sc *scope, s *ifStmt) []stmt {
	for _, b := range s.branches {
		in.set.step(b.test.position(), 1)
		v, keys := in.evalWithKeys(sc, b.test)
		in.tracer.enterCondition(keys)
		if in.truth(v) {
			return b.body
		}
	}
	return s.elseBranch
}

// captured returns the output of the body after applying the filters.
func (in *interp) captured(sc *scope, body []stmt, filter expr) any {
	text := in.capture(sc, body)
	if filter == nil {
		return text
	}
	sc.vars[capturedName] = text
	return in.eval(sc, filter)
}

// capturedName is the variable that holds captured text for its filters. Templates cannot name it.
const capturedName = "{captured}"

// assign assigns a value, made from the given keys, to a target.
func (in *interp) assign(sc *scope, target expr, v any, keys []string) {
	switch t := target.(type) {
	case *nameExpr:
		sc.store(t.name, v)
		in.tracer.setOrigin(sc, t.name, keys)
	case *nsExpr:
		ns, ok := sc.load(t.pos, t.name).(*namespace)
		if !ok {
			t.fail("%q is not a namespace, so its attributes cannot be set", t.name)
		}
		in.set.reserve(t.pos, 16)
		ns.attrs.set(t.pos, t.attr, v)
		in.tracer.addOrigin(sc, t.name, keys)
	case *tupleExpr:
		items := in.items(t.pos, v)
		if len(items) != len(t.items) {
			t.fail("%d values cannot be unpacked into %d names", len(items), len(t.items))
		}
		for i, sub := range t.items {
			in.assign(sc, sub, items[i], keys)
		}
	}
}

func (in *interp) forLoop(sc *scope, f *forStmt, out *output) {
	v, keys := in.evalWithKeys(sc, f.iter)
	before := in.tracer.enterCondition(keys)
	if f.recursive {
		out.write(f.pos, in.recurse(sc, f, v, keys, 0), keys)
	} else {
		in.runLoop(sc, f, v, keys, 0, out)
	}
	in.tracer.leaveCondition(before)
}

// recurse runs a recursive loop over v and returns its output.
func (in *interp) recurse(sc *scope, f *forStmt, v any, keys []string, depth int) string {
	defer in.enter(f.pos)()
	sub := in.capturing()
	in.runLoop(sc, f, v, keys, depth, sub)
	return sub.value()
}

// runLoop runs the body of f for each item of v, which was made from the given keys, or the else branch if v is empty.
func (in *interp) runLoop(sc *scope, f *forStmt, v any, keys []string, depth int, out *output) {
	loop := &loopObject{in: in, at: f.pos, depth: depth, index: -1, total: -1}
	loop.next = in.iterate(f.iter.position(), v)
	if f.filter != nil {
		loop.next = in.filtered(sc, f, loop.next, keys)
	} else {
		loop.of = v
	}
	if f.recursive {
		loop.recurse = func(v any) any { return in.recurse(sc, f, v, keys, depth+1) }
	}
	for loop.advance() {
		in.set.step(f.pos, 1)
		sub := sc.newChild(f.bodyScope)
		if f.loopVar {
			sub.vars["loop"] = loop
		}
		in.assign(sub, f.target, loop.current, keys)
		in.exec(sub, f.body, out)
	}
	if loop.index < 0 {
		in.exec(sc.newChild(f.elseScope), f.elseBranch, out)
	}
}

// filtered returns only the items for which the loop's filter is true.
func (in *interp) filtered(sc *scope, f *forStmt, next nextFunc, keys []string) nextFunc {
	return func() (any, bool) {
		for {
			item, ok := next()
			if !ok {
				return nil, false
			}
			sub := sc.newChild(f.testScope)
			in.assign(sub, f.target, item, keys)
			v, conditionKeys := in.evalWithKeys(sub, f.filter)
			in.tracer.enterCondition(conditionKeys)
			if in.truth(v) {
				return item, true
			}
		}
	}
}

func (in *interp) callBlock(sc *scope, s *callStmt, out *output) {
	before := in.tracer.beginReads()
	fn := in.eval(sc, s.call.fn)
	c := in.arguments(sc, s.call.pos, s.call.args)
	c.kwargs = append(c.kwargs, kwarg{name: "caller", value: &macro{in: in, def: s.macro, scope: sc}})
	text := in.str(s.call.pos, in.call(fn, c))
	out.write(s.call.pos, text, in.tracer.endReads(before))
}

func (in *interp) block(sc *scope, b *blockStmt, out *output) {
	ctx := sc.ctx
	if b.scoped {
		ctx = in.contextFor(sc, sc.ctx.blocks)
	}
	if b.required && len(ctx.blocks[b.name]) <= 1 {
		b.fail("the required block %q is not defined", b.name)
	}
	in.renderBlock(ctx, b.name, 0, out)
}

// renderBlock renders the i-th block with the given name, counted from the most derived template.
func (in *interp) renderBlock(ctx *context, name string, i int, out *output) {
	b := ctx.blocks[name][i]
	defer in.enter(b.pos)()
	sc := newScope(nil, ctx, &state{}, b.scope)
	sc.vars["self"] = &selfObject{in, ctx}
	sc.vars["super"] = in.superBlock(b.pos, ctx, name, i)
	in.exec(sc, b.body, out)
}

func (in *interp) extends(sc *scope, s *extendsStmt) {
	if sc.state.parent != nil {
		s.fail("the template extends two templates")
	}
	if !sc.toplevel {
		s.unsupported("extends inside a loop, block or macro")
	}
	sc.state.parent = in.loadTemplate(sc, s.pos, s.name, false)
}

// loadTemplate returns the template that an expression names, or the first existing one of a list.
func (in *interp) loadTemplate(sc *scope, at pos, e expr, optional bool) *template {
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
			u.fail()
		}
		if !ok {
			at.fail("a template name must be a string, not %q", typeName(n))
		}
		if t, ok := in.set.lookup(name); ok {
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
	t := in.loadTemplate(sc, s.pos, s.name, s.ignoreMissing)
	if t == nil {
		return
	}
	if !s.withContext {
		out.write(s.pos, in.module(t).text, nil)
		return
	}
	in.run(t, in.contextFor(sc, nil), out)
}

func (in *interp) importModule(sc *scope, s *importStmt) {
	t := in.loadTemplate(sc, s.pos, s.name, false)
	var m *module
	if s.withContext {
		m = in.newModule(t, in.contextFor(sc, nil))
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

// module returns a template imported without context, rendered once.
func (in *interp) module(t *template) *module {
	if in.modules[t] == nil {
		in.modules[t] = in.newModule(t, newContext(functions(), nil))
	}
	return in.modules[t]
}

// newModule renders a template for the variables that it exports.
func (in *interp) newModule(t *template, ctx *context) *module {
	out := in.capturing()
	in.run(t, ctx, out)
	m := &module{text: out.value(), vars: map[string]any{}}
	for name := range ctx.exported {
		m.vars[name] = ctx.vars[name]
	}
	return m
}
