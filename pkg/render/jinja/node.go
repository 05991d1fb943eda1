package jinja

// A stmt is a statement node: *textStmt, *printStmt, *ifStmt and so on.
type stmt interface{ stmt() }

// An expr is an expression node.
type expr interface{ position() pos }

func (p pos) position() pos { return p }

type (
	textStmt struct {
		pos
		text string
	}
	printStmt struct{ value expr }
	ifStmt    struct {
		branches   []ifBranch
		elseBranch []stmt
	}
	ifBranch struct {
		test expr
		body []stmt
	}
	forStmt struct {
		pos
		target     expr
		iter       expr
		filter     expr // may be nil
		recursive  bool
		body       []stmt
		elseBranch []stmt
		loopVar    bool // whether the body uses the variable "loop"
		bodyScope  scopeInfo
		elseScope  scopeInfo
		testScope  scopeInfo
	}
	setStmt struct {
		target expr
		value  expr
	}
	setBlockStmt struct {
		target expr
		filter expr // may be nil; its innermost operand is *captured
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
		caller  bool // whether the body uses the variable "caller"
		varargs bool // whether it uses "varargs"
		kwargs  bool // whether it uses "kwargs"
	}
	param struct {
		name         string
		defaultValue expr // may be nil
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
	scopeStmt  struct { // {% autoescape false %}
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
		test, then, elseBranch expr // elseBranch may be nil
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
		operand expr
		name    string
	}
	itemExpr struct {
		pos
		operand, index expr
	}
	sliceExpr struct { // only as the index of an itemExpr
		pos
		start, stop, step expr // may be nil
	}
	callExpr struct {
		pos
		fn   expr
		args callArgs
	}
	callArgs struct {
		args               []expr
		kwargNames         []string
		kwargs             []expr
		dynArgs, dynKwargs expr // *args and **kwargs; may be nil
	}
	filterExpr struct {
		pos
		operand expr
		name    string
		args    callArgs
	}
	testExpr struct {
		pos
		operand expr
		name    string
		args    callArgs
	}
	captured struct{ pos } // the captured text of a filter or set block
)
