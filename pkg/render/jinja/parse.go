package jinja

import (
	"slices"
	"strings"
)

type parser struct {
	set          *Set
	t            *template
	tokens       []token
	i            int
	depth        int
	ends         [][]string // the end tags of the open statements, innermost last
	loopDepth    int        // number of open loops
	captureDepth int        // number of open macros and capturing blocks
}

// parse parses a template.
func parse(s *Set, name, source string) *template {
	t := &template{set: s, name: name, source: normalize(source), blocks: map[string]*blockStmt{}}
	s.step(pos{t, 0}, 1+len(source)/64)
	p := &parser{set: s, t: t, tokens: lex(t)}
	t.body = p.statements()
	resolveTemplate(t)
	return t
}

func (p *parser) cur() token  { return p.tokens[p.i] }
func (p *parser) peek() token { return p.tokens[min(p.i+1, len(p.tokens)-1)] }

func (p *parser) next() token {
	t := p.cur()
	if t.kind != tokEOF {
		p.i++
	}
	return t
}

func (p *parser) isName(names ...string) bool {
	return p.cur().kind == tokName && slices.Contains(names, p.cur().text)
}

func (p *parser) skip(k kind) bool {
	if p.cur().kind == k {
		p.next()
		return true
	}
	return false
}

func (p *parser) skipName(name string) bool {
	if p.isName(name) {
		p.next()
		return true
	}
	return false
}

func (p *parser) expect(k kind) token {
	if p.cur().kind != k {
		p.cur().at.fail("expected %s, found %s", k, p.cur())
	}
	return p.next()
}

func (p *parser) expectName(name string) token {
	if !p.isName(name) {
		p.cur().at.fail("expected %s, found %s", name, p.cur())
	}
	return p.next()
}

// enter counts one level of nesting, until the result is called. It bounds the recursion of everything that walks
// nodes.
func (p *parser) enter() func() {
	was := p.depth
	p.nest()
	return func() { p.depth = was }
}

func (p *parser) nest() {
	if p.depth++; p.depth > p.set.limits.Depth {
		p.cur().at.limitExceeded("the source is nested more than %d levels deep", p.set.limits.Depth)
	}
}

// statements parses up to the end of the template, or up to a tag with one of the given names, which it does not
// consume.
func (p *parser) statements(ends ...string) []stmt {
	defer p.enter()()
	p.ends = append(p.ends, ends)
	defer func() { p.ends = p.ends[:len(p.ends)-1] }()
	var body []stmt
	for {
		switch t := p.cur(); t.kind {
		case tokEOF:
			if len(ends) > 0 {
				t.at.fail("unexpected end of template, expected %s", strings.Join(ends, " or "))
			}
			return body
		case tokData:
			p.next()
			body = append(body, &textStmt{t.at, t.text})
		case tokVariableBegin:
			p.next()
			body = append(body, &printStmt{p.tuple(tupleOptions{})})
			p.expect(tokVariableEnd)
		default:
			p.expect(tokBlockBegin)
			if p.isName(ends...) {
				return body
			}
			body = append(body, p.statement()...)
			p.expect(tokBlockEnd)
		}
	}
}

// body parses the end of a tag and the statements up to one of the end tags, and returns the name of that tag.
func (p *parser) body(ends ...string) ([]stmt, string) {
	p.skip(":")
	p.expect(tokBlockEnd)
	body := p.statements(ends...)
	return body, p.next().text
}

// capturedBody is body for statements whose output is captured.
func (p *parser) capturedBody(ends ...string) ([]stmt, string) {
	p.captureDepth++
	defer func() { p.captureDepth-- }()
	return p.body(ends...)
}

func (p *parser) statement() []stmt {
	t := p.expect(tokName)
	switch t.text {
	case "for":
		return []stmt{p.forLoop(t.at)}
	case "if":
		return []stmt{p.ifElse()}
	case "set":
		return []stmt{p.assign()}
	case "with":
		return []stmt{p.with()}
	case "macro":
		return []stmt{p.macro(t.at)}
	case "call":
		return []stmt{p.callBlock(t.at)}
	case "filter":
		return []stmt{p.filterBlock()}
	case "block":
		return []stmt{p.block(t.at)}
	case "extends":
		return []stmt{&extendsStmt{t.at, p.expression()}}
	case "include":
		return []stmt{p.include(t.at)}
	case "import":
		return []stmt{p.importAll(t.at)}
	case "from":
		return []stmt{p.importNames(t.at)}
	case "print":
		return p.print()
	case "autoescape":
		return []stmt{p.autoescape()}
	}
	if want := p.ends[len(p.ends)-1]; len(want) > 0 {
		t.at.fail("unknown tag %q, expected %s", t.text, strings.Join(want, " or "))
	}
	t.at.fail("unknown tag %q", t.text)
	return nil
}

func (p *parser) forLoop(at pos) stmt {
	f := &forStmt{pos: at}
	f.target = p.target(tupleOptions{simple: true, end: "in"})
	p.expectName("in")
	f.iter = p.tuple(tupleOptions{noCond: true, end: "recursive"})
	if p.skipName("if") {
		f.filter = p.expression()
	}
	f.recursive = p.skipName("recursive")
	body := p.body
	if f.recursive {
		body = p.capturedBody
	}
	p.loopDepth++
	end := ""
	f.body, end = body("endfor", "else")
	if end == "else" {
		f.elseBranch, _ = body("endfor")
	}
	p.loopDepth--
	return f
}

func (p *parser) ifElse() stmt {
	s := &ifStmt{}
	for {
		test := p.tuple(tupleOptions{noCond: true})
		body, end := p.body("elif", "else", "endif")
		s.branches = append(s.branches, ifBranch{test, body})
		if end == "else" {
			s.elseBranch, _ = p.body("endif")
		}
		if end != "elif" {
			return s
		}
	}
}

func (p *parser) assign() stmt {
	target := p.target(tupleOptions{simple: true, namespace: true})
	if p.skip("=") {
		return &setStmt{target, p.tuple(tupleOptions{})}
	}
	s := &setBlockStmt{target: target}
	if p.cur().kind == "|" {
		s.filter = p.filters(&captured{p.cur().at})
	}
	s.body, _ = p.capturedBody("endset")
	return s
}

func (p *parser) with() stmt {
	s := &withStmt{}
	for p.cur().kind != tokBlockEnd {
		if len(s.targets) > 0 {
			p.expect(",")
		}
		s.targets = append(s.targets, p.target(tupleOptions{simple: true}))
		p.expect("=")
		s.values = append(s.values, p.expression())
	}
	s.body, _ = p.body("endwith")
	return s
}

func (p *parser) macro(at pos) stmt {
	m := &macroStmt{pos: at, name: p.nameTarget()}
	p.signature(m)
	m.body, _ = p.capturedBody("endmacro")
	return m
}

func (p *parser) signature(m *macroStmt) {
	p.expect("(")
	for p.cur().kind != ")" {
		if len(m.params) > 0 {
			p.expect(",")
		}
		at := p.cur().at
		a := param{name: p.nameTarget()}
		if slices.ContainsFunc(m.params, func(b param) bool { return b.name == a.name }) {
			at.fail("duplicate parameter %q", a.name)
		}
		if p.skip("=") {
			a.defaultValue = p.expression()
		} else if n := len(m.params); n > 0 && m.params[n-1].defaultValue != nil {
			at.fail("parameter %q without a default after one with a default", a.name)
		}
		m.params = append(m.params, a)
	}
	p.expect(")")
}

func (p *parser) callBlock(at pos) stmt {
	s := &callStmt{macro: &macroStmt{pos: at}}
	if p.cur().kind == "(" {
		p.signature(s.macro)
	}
	e := p.expression()
	call, ok := e.(*callExpr)
	if !ok {
		e.position().fail("expected a call")
	}
	s.call = call
	s.macro.body, _ = p.capturedBody("endcall")
	return s
}

func (p *parser) filterBlock() stmt {
	s := &filterStmt{}
	s.filter = p.filters(p.filter(&captured{p.cur().at}))
	s.body, _ = p.capturedBody("endfilter")
	return s
}

func (p *parser) block(at pos) stmt {
	b := &blockStmt{pos: at, name: p.expect(tokName).text}
	if p.t.blocks[b.name] != nil {
		at.fail("block %q is defined twice", b.name)
	}
	p.t.blocks[b.name] = b
	b.scoped = p.skipName("scoped")
	b.required = p.skipName("required")
	inside := p.captureDepth
	p.captureDepth = 0
	b.body, _ = p.body("endblock")
	p.captureDepth = inside
	p.skipName(b.name)
	for _, s := range b.body {
		text, ok := s.(*textStmt)
		if b.required && (!ok || strings.TrimFunc(text.text, isSpace) != "") {
			at.fail("the required block %q has content", b.name)
		}
	}
	return b
}

func (p *parser) include(at pos) stmt {
	s := &includeStmt{pos: at, name: p.expression()}
	if p.isName("ignore") && p.peek().is(tokName, "missing") {
		p.next()
		p.next()
		s.ignoreMissing = true
	}
	s.withContext = p.withContext(true)
	if !s.withContext && p.captureDepth > 0 { // Jinja2 prints it in a different place
		at.unsupported("include without context inside a macro, a recursive loop, a set, filter or call block")
	}
	return s
}

// withContext parses "with context" or "without context".
func (p *parser) withContext(defaultValue bool) bool {
	if !p.isName("with", "without") || !p.peek().is(tokName, "context") {
		return defaultValue
	}
	with := p.next().text == "with"
	p.next()
	return with
}

func (p *parser) importAll(at pos) stmt {
	s := &importStmt{pos: at, name: p.expression()}
	p.expectName("as")
	s.target = p.nameTarget()
	s.withContext = p.withContext(false)
	return s
}

func (p *parser) importNames(at pos) stmt {
	s := &importStmt{pos: at, name: p.expression()}
	p.expectName("import")
	for {
		if len(s.names) > 0 {
			p.expect(",")
		}
		if p.isName("with", "without") && p.peek().is(tokName, "context") {
			break
		}
		at := p.cur().at
		n := importName{name: p.nameTarget()}
		if strings.HasPrefix(n.name, "_") {
			at.fail("the name %q starts with an underscore and cannot be imported", n.name)
		}
		n.as = n.name
		if p.skipName("as") {
			n.as = p.nameTarget()
		}
		s.names = append(s.names, n)
		if p.cur().kind != "," {
			break
		}
	}
	s.withContext = p.withContext(false)
	return s
}

func (p *parser) print() []stmt {
	var all []stmt
	for p.cur().kind != tokBlockEnd {
		if len(all) > 0 {
			p.expect(",")
		}
		all = append(all, &printStmt{p.expression()})
	}
	return all
}

// autoescape parses an autoescape block. Only "autoescape false", which is the default, is supported.
func (p *parser) autoescape() stmt {
	mode, ok := p.expression().(*constExpr)
	if !ok || mode.value != false {
		p.cur().at.unsupported("autoescape other than false")
	}
	s := &scopeStmt{}
	s.body, _ = p.body("endautoescape")
	return s
}
