package jinja

import "slices"

// Jinja2 resolves names before it renders. A name that a scope assigns before it reads it is local to the
// whole scope: until the assignment it is undefined, also in nested loops and macros, and even if there is
// a key with the same name. This file finds these names.

// A scopeInfo is the result of the analysis of a scope.
type scopeInfo struct {
	undefinedNames []string // undefined until assigned, even if defined outside
}

// A frame is a scope during the analysis, like Jinja2's Symbols.
type frame struct {
	parent                       *frame
	refs, undefinedNames, stores map[string]bool
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

// resolveBody analyzes the statements of a scope whose parameters are declared, and all nested scopes.
func resolveBody(body []stmt, f *frame) scopeInfo {
	f.stmts(body)
	resolveInner(body, f)
	info := scopeInfo{}
	for name := range f.undefinedNames {
		info.undefinedNames = append(info.undefinedNames, name)
	}
	slices.Sort(info.undefinedNames)
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

func (f *frame) declare(name string) {
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
		f.undefinedNames[name] = true
	}
	f.refs[name] = true
}

// target calls declare for each name in an assignment target.
func (f *frame) target(e expr, declare func(string)) {
	switch e := e.(type) {
	case *nameExpr:
		declare(e.name)
	case *nsExpr:
		f.load(e.name)
	case *tupleExpr:
		for _, item := range e.items {
			f.target(item, declare)
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

// stmt records what a statement loads and stores in its own scope, but not in nested scopes.
func (f *frame) stmt(s stmt) {
	switch s := s.(type) {
	case *printStmt:
		f.expr(s.value)
	case *ifStmt:
		f.ifElse(s.branches, s.elseBranch)
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

func (f *frame) ifElse(branches []ifBranch, elseBranch []stmt) {
	f.expr(branches[0].test)
	body, elifs, other := f.copy(), f.copy(), f.copy()
	body.stmts(branches[0].body)
	for _, b := range branches[1:] {
		elifs.ifElse([]ifBranch{b}, nil)
	}
	other.stmts(elseBranch)
	before := f.copy()
	for _, branch := range []*frame{body, elifs, other} {
		for name := range branch.refs {
			f.refs[name] = true
		}
		for name := range branch.undefinedNames {
			f.undefinedNames[name] = true
		}
		for name := range branch.stores {
			f.stores[name] = true
		}
	}
	for name := range f.stores {
		if !before.stores[name] { // assigned in a branch: the outer meaning remains visible
			delete(f.undefinedNames, name)
		}
	}
}

func (f *frame) copy() *frame {
	c := newFrame(f.parent)
	for name := range f.refs {
		c.refs[name] = true
	}
	for name := range f.undefinedNames {
		c.undefinedNames[name] = true
	}
	for name := range f.stores {
		c.stores[name] = true
	}
	return c
}

// resolveInner analyzes the scopes nested in f.
func resolveInner(list []stmt, f *frame) {
	for _, s := range list {
		switch s := s.(type) {
		case *ifStmt:
			for _, b := range s.branches {
				resolveInner(b.body, f)
			}
			resolveInner(s.elseBranch, f)
		case *forStmt:
			resolveFor(s, f)
		case *setBlockStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		case *withStmt:
			sub := newFrame(f)
			for _, t := range s.targets {
				sub.target(t, sub.declare)
			}
			s.scope = resolveBody(s.body, sub)
		case *macroStmt:
			resolveMacro(s, f)
		case *callStmt:
			resolveMacro(s.macro, f)
		case *filterStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		case *scopeStmt:
			s.scope = resolveBody(s.body, newFrame(f))
		}
	}
}

func resolveFor(s *forStmt, f *frame) {
	used := undeclared(s.body, "loop")
	s.loopVar = s.recursive || used["loop"] || hasScopedBlock(s.body) || hasScopedBlock(s.elseBranch)
	body := newFrame(f)
	if s.loopVar {
		body.declare("loop")
	}
	body.target(s.target, body.declare)
	s.bodyScope = resolveBody(s.body, body)
	test := newFrame(f)
	test.target(s.target, test.declare)
	if s.filter != nil {
		test.expr(s.filter)
	}
	s.elseScope = resolveBody(s.elseBranch, newFrame(f))
}

func resolveMacro(s *macroStmt, f *frame) {
	used := undeclared(s.body, "caller", "varargs", "kwargs")
	s.caller, s.varargs, s.kwargs = used["caller"], used["varargs"], used["kwargs"]
	sub := newFrame(f)
	for _, a := range s.params {
		sub.declare(a.name)
		switch a.name {
		case "varargs":
			s.varargs = false
		case "kwargs":
			s.kwargs = false
		case "caller":
			if s.caller && a.defaultValue == nil {
				s.fail(`the parameter "caller" needs a default`)
			}
		}
	}
	for name := range used {
		sub.declare(name)
	}
	for _, a := range s.params {
		if a.defaultValue != nil {
			sub.expr(a.defaultValue)
		}
	}
	s.scope = resolveBody(s.body, sub)
}

// undeclared returns the names that the statements, without their blocks, load before they store them.
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
