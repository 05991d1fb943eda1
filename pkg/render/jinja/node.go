package jinja

// A stmt is a statement: *textStmt, *printStmt, *ifStmt and so on.
type stmt interface{ stmt() }

// An expr is an expression.
type expr interface{ place() pos }

func (p pos) place() pos { return p }

type (
	textStmt struct {
		pos
		text string
	}
	printStmt struct{ value expr }
	ifStmt    struct {
		branches []ifBranch
		orElse   []stmt
	}
	ifBranch struct {
		test expr
		body []stmt
	}
	forStmt struct {
		pos
		target    expr
		iter      expr
		filter    expr // may be nil
		recursive bool
		body      []stmt
		orElse    []stmt
		loopVar   bool // the body can see the variable "loop"
		bodyScope scopeInfo
		elseScope scopeInfo
		testScope scopeInfo
	}
	setStmt struct {
		target expr
		value  expr
	}
	setBlockStmt struct {
		target expr
		filter expr // may be nil; its innermost operand is captured{}
		body   []stmt
		scope  scopeInfo
	}
	withStmt struct {
		targets, values []expr
		body            []stmt
		scope           scopeInfo
	}
	macroStmt struct {
		pos
		name    string
		params  []param
		body    []stmt
		scope   scopeInfo
		caller  bool // the body uses the variable "caller"
		varargs bool // … "varargs"
		kwargs  bool // … "kwargs"
	}
	param struct {
		name   string
		preset expr // nil: none
	}
	callStmt struct {
		macro *macroStmt // the body, with the parameters of {% call(a, b) %}
		call  *callExpr
	}
	filterStmt struct {
		filter expr
		body   []stmt
		scope  scopeInfo
	}
	blockStmt struct {
		pos
		name             string
		scoped, required bool
		body             []stmt
		scope            scopeInfo
	}
	extendsStmt struct {
		pos
		name expr
	}
	includeStmt struct {
		pos
		name          expr
		ignoreMissing bool
		withContext   bool
	}
	importStmt struct {
		pos
		name        expr
		target      string       // {% import x as target %}
		names       []importName // {% from x import names %}
		withContext bool
	}
	importName struct{ name, as string }
	scopeStmt  struct { // {% autoescape false %}: a scope of its own
		body  []stmt
		scope scopeInfo
	}
)

func (*textStmt) stmt()     {}
func (*printStmt) stmt()    {}
func (*ifStmt) stmt()       {}
func (*forStmt) stmt()      {}
func (*setStmt) stmt()      {}
func (*setBlockStmt) stmt() {}
func (*withStmt) stmt()     {}
func (*macroStmt) stmt()    {}
func (*callStmt) stmt()     {}
func (*filterStmt) stmt()   {}
func (*blockStmt) stmt()    {}
func (*extendsStmt) stmt()  {}
func (*includeStmt) stmt()  {}
func (*importStmt) stmt()   {}
func (*scopeStmt) stmt()    {}

type (
	constExpr struct {
		pos
		value any
	}
	nameExpr struct {
		pos
		name string
	}
	nsExpr struct { // the target {% set ns.attr = … %}
		pos
		name, attr string
	}
	listExpr struct {
		pos
		items []expr
	}
	tupleExpr struct {
		pos
		items []expr
	}
	dictExpr struct {
		pos
		keys, values []expr
	}
	condExpr struct {
		pos
		test, then, orElse expr // orElse may be nil
	}
	logicExpr struct { // and, or
		pos
		or          bool
		left, right expr
	}
	notExpr struct {
		pos
		operand expr
	}
	unaryExpr struct {
		pos
		op      string
		operand expr
	}
	binaryExpr struct {
		pos
		op          string
		left, right expr
	}
	concatExpr struct {
		pos
		parts []expr
	}
	compareExpr struct {
		pos
		first expr
		ops   []compareOp
	}
	compareOp struct {
		pos
		op    string // "==", …, "in", "not in"
		right expr
	}
	attrExpr struct {
		pos
		of   expr
		name string
	}
	itemExpr struct {
		pos
		of, index expr
	}
	sliceExpr struct { // only as the index of an itemExpr
		pos
		start, stop, step expr // nil: none
	}
	callExpr struct {
		pos
		fn   expr
		args callArgs
	}
	callArgs struct {
		args         []expr
		names        []string
		named        []expr
		rest, mapped expr // *args, **kwargs; nil: none
	}
	filterExpr struct {
		pos
		of   expr
		name string
		args callArgs
	}
	testExpr struct {
		pos
		of   expr
		name string
		args callArgs
	}
	captured struct{ pos } // the text that a filter block or a set block captured
)
