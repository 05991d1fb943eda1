package jinja

import "slices"

// tupleOptions restrict an expression list without parentheses.
type tupleOptions struct {
	simple    bool   // only names and literals, as in an assignment target
	namespace bool   // with simple: allow name.attribute too
	noCond    bool   // no conditional expression at the top level
	parens    bool   // in parentheses, so it may be empty
	end       string // a name that ends the list
}

// target parses an assignment target.
func (p *parser) target(r tupleOptions) expr {
	e := p.tuple(r)
	p.checkTarget(e)
	return e
}

func (p *parser) checkTarget(e expr) {
	switch e := e.(type) {
	case *nameExpr:
		p.checkName(e.pos, e.name)
	case *nsExpr:
	case *tupleExpr:
		for _, item := range e.items {
			p.checkTarget(item)
		}
	default:
		e.position().fail("this cannot be assigned to")
	}
}

// checkName fails if name cannot be assigned to.
func (p *parser) checkName(at pos, name string) {
	switch {
	case slices.Contains([]string{"true", "false", "none", "True", "False", "None"}, name):
		at.fail("%q cannot be assigned to", name)
	case name == "loop" && p.loopDepth > 0:
		at.fail(`"loop" cannot be assigned to inside a loop`)
	}
}

func (p *parser) nameTarget() string {
	t := p.expect(tokName)
	p.checkName(t.at, t.text)
	return t.text
}

// tuple parses one expression, or a tuple of several.
func (p *parser) tuple(r tupleOptions) expr {
	at := p.cur().at
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 {
			p.expect(",")
		}
		k := p.cur().kind
		if k == tokVariableEnd || k == tokBlockEnd || k == ")" || r.end != "" && p.isName(r.end) {
			break
		}
		switch {
		case r.simple:
			items = append(items, p.primary(r.namespace))
		case r.noCond:
			items = append(items, p.or())
		default:
			items = append(items, p.expression())
		}
		if p.cur().kind != "," {
			break
		}
		isTuple = true
	}
	if !isTuple && len(items) == 1 {
		return items[0]
	}
	if len(items) == 0 && !r.parens {
		p.cur().at.fail("expected an expression, found %s", p.cur())
	}
	return &tupleExpr{at, items}
}

// expression parses a conditional expression and everything with higher precedence.
func (p *parser) expression() expr {
	defer p.enter()()
	e := p.or()
	for p.isName("if") {
		p.nest()
		at := p.next().at
		c := &condExpr{pos: at, then: e, test: p.or()}
		if p.skipName("else") {
			c.elseBranch = p.expression()
		}
		e = c
	}
	return e
}

func (p *parser) or() expr {
	defer p.enter()()
	e := p.and()
	for p.isName("or") {
		p.nest()
		e = &logicExpr{p.next().at, true, e, p.and()}
	}
	return e
}

func (p *parser) and() expr {
	defer p.enter()()
	e := p.not()
	for p.isName("and") {
		p.nest()
		e = &logicExpr{p.next().at, false, e, p.not()}
	}
	return e
}

func (p *parser) not() expr {
	if !p.isName("not") {
		return p.compare()
	}
	defer p.enter()()
	return &notExpr{p.next().at, p.not()}
}

func (p *parser) compare() expr {
	e := &compareExpr{pos: p.cur().at, first: p.sum()}
	for {
		t := p.cur()
		op := compareOp{pos: t.at}
		switch {
		case slices.Contains([]kind{"==", "!=", "<", "<=", ">", ">="}, t.kind):
			op.op = t.text
		case p.isName("in"):
			op.op = "in"
		case p.isName("not") && p.peek().is(tokName, "in"):
			p.next()
			op.op = "not in"
		case len(e.ops) == 0:
			return e.first
		default:
			return e
		}
		p.next()
		op.right = p.sum()
		e.ops = append(e.ops, op)
	}
}

// binary parses left-associative operators.
func (p *parser) binary(operand func() expr, ops ...kind) expr {
	defer p.enter()()
	e := operand()
	for slices.Contains(ops, p.cur().kind) {
		p.nest()
		t := p.next()
		e = &binaryExpr{t.at, t.text, e, operand()}
	}
	return e
}

func (p *parser) sum() expr     { return p.binary(p.concat, "+", "-") }
func (p *parser) product() expr { return p.binary(p.power, "*", "/", "//", "%") }
func (p *parser) power() expr   { return p.binary(func() expr { return p.unary(true) }, "**") }

func (p *parser) concat() expr {
	e := &concatExpr{p.cur().at, []expr{p.product()}}
	for p.skip("~") {
		e.parts = append(e.parts, p.product())
	}
	if len(e.parts) == 1 {
		return e.parts[0]
	}
	return e
}

// unary parses a sign or a primary, and its postfix operators. A sign has higher precedence than a filter, and its
// operand takes no filter.
func (p *parser) unary(withFilter bool) expr {
	defer p.enter()()
	var e expr
	if t := p.cur(); t.kind == "-" || t.kind == "+" {
		p.next()
		e = &unaryExpr{t.at, t.text, p.unary(false)}
	} else {
		e = p.primary(false)
	}
	e = p.postfix(e)
	if withFilter {
		e = p.filtersAndTests(e)
	}
	return e
}

func (p *parser) primary(namespace bool) expr {
	t := p.next()
	switch t.kind {
	case tokName:
		switch t.text {
		case "true", "True":
			return &constExpr{t.at, true}
		case "false", "False":
			return &constExpr{t.at, false}
		case "none", "None":
			return &constExpr{t.at, nil}
		}
		if namespace && p.skip(".") {
			return &nsExpr{t.at, t.text, p.expect(tokName).text}
		}
		return &nameExpr{t.at, t.text}
	case tokString:
		text := t.text
		for p.cur().kind == tokString {
			text += p.next().text
		}
		return &constExpr{t.at, text}
	case tokInt, tokFloat:
		return &constExpr{t.at, literal(t)}
	case "(":
		e := p.tuple(tupleOptions{parens: true})
		p.expect(")")
		return e
	case "[":
		return &listExpr{t.at, p.list()}
	case "{":
		return p.dict(t.at)
	}
	t.at.fail("unexpected %s", t)
	return nil
}

func (p *parser) list() []expr {
	var items []expr
	for p.cur().kind != "]" {
		if len(items) > 0 {
			p.expect(",")
		}
		if p.cur().kind == "]" {
			break
		}
		items = append(items, p.expression())
	}
	p.expect("]")
	return items
}

func (p *parser) dict(at pos) expr {
	d := &dictExpr{pos: at}
	for p.cur().kind != "}" {
		if len(d.keys) > 0 {
			p.expect(",")
		}
		if p.cur().kind == "}" {
			break
		}
		d.keys = append(d.keys, p.expression())
		p.expect(":")
		d.values = append(d.values, p.expression())
	}
	p.expect("}")
	return d
}

func (p *parser) postfix(e expr) expr {
	for {
		t := p.cur()
		switch t.kind {
		case ".":
			p.nest()
			p.next()
			e = p.attribute(t.at, e)
		case "[":
			p.nest()
			p.next()
			e = p.subscript(t.at, e)
		case "(":
			p.nest()
			e = &callExpr{t.at, e, p.callArgs()}
		default:
			return e
		}
	}
}

func (p *parser) attribute(at pos, of expr) expr {
	t := p.next()
	switch t.kind {
	case tokName:
		return &attrExpr{at, of, t.text}
	case tokInt:
		return &itemExpr{at, of, &constExpr{t.at, literal(t)}}
	}
	t.at.fail("expected a name or number, found %s", t)
	return nil
}

func (p *parser) subscript(at pos, of expr) expr {
	var items []expr
	for p.cur().kind != "]" {
		if len(items) > 0 {
			p.expect(",")
		}
		items = append(items, p.subscribed())
	}
	p.expect("]")
	if len(items) == 1 {
		return &itemExpr{at, of, items[0]}
	}
	for _, item := range items {
		if s, ok := item.(*sliceExpr); ok {
			s.fail("a slice cannot be part of a tuple")
		}
	}
	return &itemExpr{at, of, &tupleExpr{at, items}}
}

func (p *parser) subscribed() expr {
	s := &sliceExpr{pos: p.cur().at}
	if p.cur().kind != ":" {
		s.start = p.expression()
		if p.cur().kind != ":" {
			return s.start
		}
	}
	p.expect(":")
	bound := func() expr {
		if k := p.cur().kind; k == ":" || k == "]" || k == "," {
			return nil
		}
		return p.expression()
	}
	s.stop = bound()
	if p.skip(":") {
		s.step = bound()
	}
	return s
}

func (p *parser) callArgs() callArgs {
	at := p.expect("(").at
	var a callArgs
	check := func(ok bool) {
		if !ok {
			at.fail("invalid order of arguments")
		}
	}
	for first := true; p.cur().kind != ")"; first = false {
		if !first {
			p.expect(",")
			if p.cur().kind == ")" {
				break
			}
		}
		switch {
		case p.skip("*"):
			check(a.dynArgs == nil && a.dynKwargs == nil)
			a.dynArgs = p.expression()
		case p.skip("**"):
			check(a.dynKwargs == nil)
			a.dynKwargs = p.expression()
		case p.cur().kind == tokName && p.peek().kind == "=":
			check(a.dynKwargs == nil)
			name := p.next()
			p.next()
			if slices.Contains(a.kwargNames, name.text) {
				name.at.fail("duplicate argument %q", name.text)
			}
			a.kwargNames = append(a.kwargNames, name.text)
			a.kwargs = append(a.kwargs, p.expression())
		default:
			check(a.dynArgs == nil && a.dynKwargs == nil && len(a.kwargNames) == 0)
			a.args = append(a.args, p.expression())
		}
	}
	p.expect(")")
	return a
}

// filters parses the filters applied to e.
func (p *parser) filtersAndTests(e expr) expr {
	for {
		t := p.cur()
		switch {
		case t.kind == "|":
			p.nest()
			p.next()
			e = p.filter(e)
		case p.isName("is"):
			p.nest()
			e = p.test(e)
		case t.kind == "(":
			p.nest()
			e = &callExpr{t.at, e, p.callArgs()}
		default:
			return e
		}
	}
}

// filters parses a chain of filters over e.
func (p *parser) filters(e expr) expr {
	for p.skip("|") {
		p.nest()
		e = p.filter(e)
	}
	return e
}

func (p *parser) dottedName() token {
	t := p.expect(tokName)
	for p.skip(".") {
		t.text += "." + p.expect(tokName).text
	}
	return t
}

func (p *parser) filter(of expr) expr {
	t := p.dottedName()
	checkFilter(t.at, t.text)
	f := &filterExpr{pos: t.at, operand: of, name: t.text}
	if p.cur().kind == "(" {
		f.args = p.callArgs()
	}
	return f
}

func (p *parser) test(of expr) expr {
	at := p.next().at
	negated := p.skipName("not")
	t := p.dottedName()
	checkTest(t.at, t.text)
	e := &testExpr{pos: t.at, operand: of, name: t.text}
	switch c := p.cur(); {
	case c.kind == "(":
		e.args = p.callArgs()
	case slices.Contains([]kind{tokName, tokString, tokInt, tokFloat, "[", "{"}, c.kind) &&
		!p.isName("else", "or", "and"):
		if p.isName("is") {
			c.at.fail(`tests cannot be chained with "is"`)
		}
		e.args.args = []expr{p.postfix(p.primary(false))}
	}
	if negated {
		return &notExpr{at, e}
	}
	return e
}
