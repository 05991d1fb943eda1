package jinja

// children returns the direct subexpressions of e.
func children(e expr) []expr {
	switch e := e.(type) {
	case *listExpr:
		return e.items
	case *tupleExpr:
		return e.items
	case *dictExpr:
		return append(append([]expr(nil), e.keys...), e.values...)
	case *condExpr:
		return nonNil(e.test, e.then, e.elseBranch)
	case *logicExpr:
		return []expr{e.left, e.right}
	case *notExpr:
		return []expr{e.operand}
	case *unaryExpr:
		return []expr{e.operand}
	case *binaryExpr:
		return []expr{e.left, e.right}
	case *concatExpr:
		return e.parts
	case *compareExpr:
		all := []expr{e.first}
		for _, op := range e.ops {
			all = append(all, op.right)
		}
		return all
	case *attrExpr:
		return []expr{e.operand}
	case *itemExpr:
		return []expr{e.operand, e.index}
	case *sliceExpr:
		return nonNil(e.start, e.stop, e.step)
	case *callExpr:
		return append([]expr{e.fn}, e.args.exprs()...)
	case *filterExpr:
		return append([]expr{e.operand}, e.args.exprs()...)
	case *testExpr:
		return append([]expr{e.operand}, e.args.exprs()...)
	}
	return nil
}

func (a callArgs) exprs() []expr {
	all := append(append([]expr(nil), a.args...), a.kwargs...)
	return append(all, nonNil(a.dynArgs, a.dynKwargs)...)
}

func nonNil(list ...expr) []expr {
	var all []expr
	for _, e := range list {
		if e != nil {
			all = append(all, e)
		}
	}
	return all
}

// bodies returns the statement lists directly inside s.
func bodies(s stmt) [][]stmt {
	switch s := s.(type) {
	case *ifStmt:
		var all [][]stmt
		for _, b := range s.branches {
			all = append(all, b.body)
		}
		return append(all, s.elseBranch)
	case *forStmt:
		return [][]stmt{s.body, s.elseBranch}
	case *setBlockStmt:
		return [][]stmt{s.body}
	case *withStmt:
		return [][]stmt{s.body}
	case *macroStmt:
		return [][]stmt{s.body}
	case *callStmt:
		return [][]stmt{s.macro.body}
	case *filterStmt:
		return [][]stmt{s.body}
	case *blockStmt:
		return [][]stmt{s.body}
	case *scopeStmt:
		return [][]stmt{s.body}
	}
	return nil
}

// visitNames calls visit for every name that the statements load or store, in Jinja2's order of the parts of a
// statement. It does not visit blocks.
func visitNames(list []stmt, visit func(name string, load bool)) {
	loads := func(exprs ...expr) {
		for _, e := range nonNil(exprs...) {
			visitLoads(e, visit)
		}
	}
	for _, s := range list {
		switch s := s.(type) {
		case *printStmt:
			loads(s.value)
		case *ifStmt:
			for _, b := range s.branches {
				loads(b.test)
				visitNames(b.body, visit)
			}
			visitNames(s.elseBranch, visit)
		case *forStmt:
			visitStores(s.target, visit)
			loads(s.iter)
			visitNames(s.body, visit)
			visitNames(s.elseBranch, visit)
			loads(s.filter)
		case *setStmt:
			visitStores(s.target, visit)
			loads(s.value)
		case *setBlockStmt:
			visitStores(s.target, visit)
			loads(s.filter)
			visitNames(s.body, visit)
		case *withStmt:
			for _, t := range s.targets {
				visitStores(t, visit)
			}
			loads(s.values...)
			visitNames(s.body, visit)
		case *macroStmt:
			visitMacro(s, visit)
		case *callStmt:
			loads(s.call)
			visitMacro(s.macro, visit)
		case *filterStmt:
			visitNames(s.body, visit)
			loads(s.filter)
		case *extendsStmt:
			loads(s.name)
		case *includeStmt:
			loads(s.name)
		case *importStmt:
			loads(s.name)
		case *scopeStmt:
			visitNames(s.body, visit)
		}
	}
}

func visitMacro(m *macroStmt, visit func(name string, load bool)) {
	for _, p := range m.params {
		visit(p.name, false)
	}
	for _, p := range m.params {
		if p.defaultValue != nil {
			visitLoads(p.defaultValue, visit)
		}
	}
	visitNames(m.body, visit)
}

func visitLoads(e expr, visit func(name string, load bool)) {
	if n, ok := e.(*nameExpr); ok {
		visit(n.name, true)
	}
	for _, c := range children(e) {
		visitLoads(c, visit)
	}
}

func visitStores(e expr, visit func(name string, load bool)) {
	switch e := e.(type) {
	case *nameExpr:
		visit(e.name, false)
	case *tupleExpr:
		for _, item := range e.items {
			visitStores(item, visit)
		}
	}
}
