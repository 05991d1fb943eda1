package jinja

import "slices"

// Jinja2 decides before it renders which variable a name means. A name that a scope stores before it
// loads it belongs to that scope from the scope's beginning: until it is stored it is undefined, also
// for the loops and macros inside, and also when a key of the same name exists. This file finds those names.

// scopeInfo is what the evaluator must know when it enters a scope.
type scopeInfo struct {
	hidden []string // undefined until stored, whatever is outside
}

// A frame is a scope during the analysis.
type frame struct {
	parent               *frame
	refs, hidden, stores map[string]bool
}

func newFrame(parent *frame) *frame {
	return &frame{parent, map[string]bool{}, map[string]bool{}, map[string]bool{}}
}

func resolveTemplate(t *template) {
	t.scope = resolveBody(t.body, newFrame(nil))
	for _, b := range t.blocks {
		b.scope = resolveBody(b.body, newFrame(nil))
	}
}

// resolveBody analyses the statements of a scope whose parameters are declared, and all scopes inside.
func resolveBody(body []stmt, f *frame) scopeInfo {
	f.stmts(body)
	inner(body, f)
	info := scopeInfo{}
	for name := range f.hidden {
		info.hidden = append(info.hidden, name)
	}
	slices.Sort(info.hidden)
	return info
}

func (f *frame) known(name string) bool {
	for ; f != nil; f = f.parent {
		if f.refs[name] {
			return true
		}
	}
	return false
}

func (f *frame) param(name string) {
	f.stores[name], f.refs[name] = true, true
}

func (f *frame) load(name string) {
	if !f.known(name) {
		f.refs[name] = true
	}
}

func (f *frame) store(name string) {
	f.stores[name] = true
	if f.refs[name] {
		return
	}
	if !f.parent.known(name) {
		f.hidden[name] = true
	}
	f.refs[name] = true
}

// target declares the names of an assignment's target by how.
func (f *frame) target(e expr, how func(string)) {
	switch e := e.(type) {
	case *nameExpr:
		how(e.name)
	case *nsExpr:
		f.load(e.name)
	case *tupleExpr:
		for _, item := range e.items {
			f.target(item, how)
		}
	}
}

func (f *frame) expr(e expr) {
	if n, ok := e.(*nameExpr); ok {
		f.load(n.name)
	}
	for _, c := range children(e) {
		f.expr(c)
	}
}

func (f *frame) stmts(list []stmt) {
	for _, s := range list {
		f.stmt(s)
	}
}

// stmt records what a statement loads and stores in its own scope, not in the scopes that it opens.
func (f *frame) stmt(s stmt) {
	switch s := s.(type) {
	case *printStmt:
		f.expr(s.value)
	case *ifStmt:
		f.ifElse(s.branches, s.orElse)
	case *forStmt:
		f.expr(s.iter)
	case *setStmt:
		f.expr(s.value)
		f.target(s.target, f.store)
	case *setBlockStmt:
		f.target(s.target, f.store)
	case *withStmt:
		for _, v := range s.values {
			f.expr(v)
		}
	case *macroStmt:
		f.store(s.name)
	case *callStmt:
		f.expr(s.call)
	case *filterStmt:
		f.expr(s.filter)
	case *extendsStmt:
		f.expr(s.name)
	case *includeStmt:
		f.expr(s.name)
	case *importStmt:
		f.expr(s.name)
		if s.target != "" {
			f.store(s.target)
		}
		for _, n := range s.names {
			f.store(n.as)
		}
	}
}

func (f *frame) ifElse(branches []ifBranch, orElse []stmt) {
	f.expr(branches[0].test)
	body, elifs, other := f.copy(), f.copy(), f.copy()
	body.stmts(branches[0].body)
	for _, b := range branches[1:] {
		elifs.ifElse([]ifBranch{b}, nil)
	}
	other.stmts(orElse)
	before := f.copy()
	for _, branch := range []*frame{body, elifs, other} {
		for name := range branch.refs {
			f.refs[name] = true
		}
		for name := range branch.hidden {
			f.hidden[name] = true
		}
		for name := range branch.stores {
			f.stores[name] = true
		}
	}
	for name := range f.stores {
		if !before.stores[name] { // stored in some branch only: outside of it, the name means what it did
			delete(f.hidden, name)
		}
	}
}

func (f *frame) copy() *frame {
	c := newFrame(f.parent)
	for name := range f.refs {
		c.refs[name] = true
	}
	for name := range f.hidden {
		c.hidden[name] = true
	}
	for name := range f.stores {
		c.stores[name] = true
	}
	return c
}

// inner analyses the scopes that the statements open inside f.
func inner(list []stmt, f *frame) {
	for _, s := range list {
		switch s := s.(type) {
		case *ifStmt:
			for _, b := range s.branches {
				inner(b.body, f)
			}
			inner(s.orElse, f)
		case *forStmt:
			innerFor(s, f)
		case *setBlockStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		case *withStmt:
			sub := newFrame(f)
			for _, t := range s.targets {
				sub.target(t, sub.param)
			}
			s.scope = resolveBody(s.body, sub)
		case *macroStmt:
			innerMacro(s, f)
		case *callStmt:
			innerMacro(s.macro, f)
		case *filterStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		case *scopeStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		}
	}
}

func innerFor(s *forStmt, f *frame) {
	used := undeclared(s.body, "loop")
	s.loopVar = s.recursive || used["loop"] || hasScopedBlock(s.body) || hasScopedBlock(s.orElse)
	body := newFrame(f)
	if s.loopVar {
		body.param("loop")
	}
	body.target(s.target, body.param)
	s.bodyScope = resolveBody(s.body, body)
	test := newFrame(f)
	test.target(s.target, test.param)
	if s.filter != nil {
		test.expr(s.filter)
	}
	s.elseScope = resolveBody(s.orElse, newFrame(f))
}

func innerMacro(s *macroStmt, f *frame) {
	used := undeclared(s.body, "caller", "varargs", "kwargs")
	s.caller, s.varargs, s.kwargs = used["caller"], used["varargs"], used["kwargs"]
	sub := newFrame(f)
	for _, a := range s.params {
		sub.param(a.name)
		switch a.name {
		case "varargs":
			s.varargs = false
		case "kwargs":
			s.kwargs = false
		case "caller":
			if s.caller && a.preset == nil {
				s.fail(`the parameter "caller" needs a default`)
			}
		}
	}
	for name := range used {
		sub.param(name)
	}
	for _, a := range s.params {
		if a.preset != nil {
			sub.expr(a.preset)
		}
	}
	s.scope = resolveBody(s.body, sub)
}

// undeclared returns which of the names the statements, but not their blocks, load before they store them.
func undeclared(list []stmt, names ...string) map[string]bool {
	found, stored := map[string]bool{}, map[string]bool{}
	visitNames(list, func(name string, load bool) {
		if slices.Contains(names, name) && !stored[name] {
			if load {
				found[name] = true
			} else {
				stored[name] = true
			}
		}
	})
	return found
}

func hasScopedBlock(list []stmt) bool {
	return slices.ContainsFunc(list, func(s stmt) bool {
		if b, ok := s.(*blockStmt); ok && b.scoped {
			return true
		}
		return slices.ContainsFunc(bodies(s), hasScopedBlock)
	})
}
