// Package license reads license expressions as SPDX defines them, such as "MIT OR Apache-2.0".
//
// The grammar is that of SPDX 2.3, annex D. Whether a license is in SPDX's list is not checked: the list grows.
package license

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// The limits of an expression.
const (
	maxBytes = 1024
	maxDepth = 32 // of parentheses
)

// An Expression is a license expression. The zero value states no license.
type Expression struct {
	text string
	root node
}

// A node is a license, or an operation on two nodes.
type node struct {
	operator    string // "AND" or "OR"; empty for a license
	left, right *node
	license     string // such as "MIT", "GPL-2.0+", "LicenseRef-x" or "GPL-2.0-only WITH Classpath-exception-2.0"
}

// Parse parses an expression. Errors are of kind Usage, quote the expression and say what is wrong.
func Parse(text string) (Expression, error) {
	p := parser{text: text, tokens: tokens(text)}
	root, err := p.parse()
	if err != nil {
		return Expression{}, err
	}
	return Expression{strings.Join(p.tokens, " "), root}, nil
}

// String returns the expression with one space between its parts, and none inside parentheses; "" for the zero value.
func (e Expression) String() string {
	return strings.NewReplacer("( ", "(", " )", ")").Replace(e.text)
}

// Licenses returns the licenses of the expression in its order, each once, with "+" and exception if they have one.
func (e Expression) Licenses() []string {
	var out []string
	e.root.walk(func(license string) {
		if !slices.Contains(out, license) {
			out = append(out, license)
		}
	})
	return out
}

func (n node) walk(visit func(license string)) {
	if n.operator == "" {
		if n.license != "" {
			visit(n.license)
		}
		return
	}
	n.left.walk(visit)
	n.right.walk(visit)
}

// IsSatisfied reports whether the expression can be satisfied with allowed licenses only: both sides of each AND and
// one side of each OR. allowed gets a license as Licenses returns it. The zero value is not satisfied.
func (e Expression) IsSatisfied(allowed func(license string) bool) bool {
	return e.root.isSatisfied(allowed)
}

func (n node) isSatisfied(allowed func(string) bool) bool {
	switch n.operator {
	case "AND":
		return n.left.isSatisfied(allowed) && n.right.isSatisfied(allowed)
	case "OR":
		return n.left.isSatisfied(allowed) || n.right.isSatisfied(allowed)
	}
	return n.license != "" && allowed(n.license)
}

// tokens splits a text at spaces and parentheses.
func tokens(text string) []string {
	return strings.Fields(strings.NewReplacer("(", " ( ", ")", " ) ").Replace(text))
}

// A parser parses the tokens of an expression from left to right. WITH binds before AND, AND before OR.
type parser struct {
	text   string
	tokens []string
	at     int
	depth  int
}

func (p *parser) fail(format string, args ...any) *failure.Error {
	return failure.Errorf(failure.Usage, "%q is not a license expression: "+format, append([]any{p.text}, args...)...).
		WithHint("write it as SPDX does, such as \"MIT\" or \"MIT OR Apache-2.0\"; see https://spdx.org/licenses")
}

func (p *parser) parse() (node, error) {
	switch {
	case len(p.text) > maxBytes:
		p.text = p.text[:64] + "…"
		return node{}, p.fail("it has more than %d bytes", maxBytes)
	case len(p.tokens) == 0:
		return node{}, p.fail("it is empty")
	}
	n, err := p.operation("OR")
	if err == nil && p.at < len(p.tokens) {
		return n, p.errUnexpected()
	}
	return n, err
}

// errUnexpected returns the error about the next token, which cannot follow what comes before it.
func (p *parser) errUnexpected() error {
	token := p.next()
	switch upper := strings.ToUpper(token); {
	case token == "":
		return p.fail("it ends after %q", p.tokens[len(p.tokens)-1])
	case token == ")":
		return p.fail("a \")\" has no \"(\"")
	case token != upper && (upper == "AND" || upper == "OR" || upper == "WITH"):
		return p.fail("write %s in upper case", upper)
	case p.at == 0:
		return p.fail("it begins with %q", token)
	}
	return p.fail("%q cannot follow %q", token, p.tokens[p.at-1])
}

// next returns the next token, or "" at the end.
func (p *parser) next() string {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return ""
}

// operation parses operands that are joined by an operator, OR or AND.
func (p *parser) operation(operator string) (node, error) {
	operand := func() (node, error) {
		if operator == "OR" {
			return p.operation("AND")
		}
		return p.operand()
	}
	left, err := operand()
	for err == nil && p.next() == operator {
		p.at++
		var right node
		right, err = operand()
		left = node{operator: operator, left: new(left), right: new(right)}
	}
	return left, err
}

// operand parses a license or an expression in parentheses.
func (p *parser) operand() (node, error) {
	if p.next() == "(" {
		if p.depth++; p.depth > maxDepth {
			return node{}, p.fail("it has more than %d parentheses in one another", maxDepth)
		}
		p.at++
		n, err := p.operation("OR")
		switch {
		case err != nil:
			return n, err
		case p.next() == "":
			return n, p.fail("a \"(\" has no \")\"")
		case p.next() != ")":
			return n, p.errUnexpected()
		}
		p.at++
		p.depth--
		return n, nil
	}
	return p.license()
}

func (p *parser) license() (node, error) {
	token := p.next()
	if !startsOperand(token) {
		return node{}, p.errUnexpected()
	}
	if err := p.checkLicense(token); err != nil {
		return node{}, err
	}
	p.at++
	if p.next() != "WITH" {
		return node{license: token}, nil
	}
	p.at++
	exception := p.next()
	if !startsOperand(exception) || exception == "(" {
		return node{}, p.errUnexpected()
	}
	if !isIDString(exception) {
		return node{}, p.fail("%q is not an exception", exception)
	}
	p.at++
	return node{license: token + " WITH " + exception}, nil
}

// startsOperand reports whether a token can be a license: it is not an operator in any case, nor the end.
func startsOperand(token string) bool {
	switch strings.ToUpper(token) {
	case "", ")", "AND", "OR", "WITH":
		return false
	}
	return true
}

// checkLicense checks the form of the name of a license.
func (p *parser) checkLicense(token string) error {
	switch strings.ToUpper(token) {
	case "NONE", "NOASSERTION":
		return p.fail("%s names no license; leave the field out", token)
	}
	document, rest, hasDocument := strings.Cut(token, ":")
	if hasDocument {
		id, isRef := strings.CutPrefix(document, "DocumentRef-")
		own, isLicense := strings.CutPrefix(rest, RefPrefix)
		if !isRef || !isLicense || !isIDString(id) || !isIDString(own) {
			return p.fail("%q is not a license", token)
		}
		return nil
	}
	id := strings.TrimPrefix(strings.TrimSuffix(token, "+"), RefPrefix)
	if !isIDString(id) || strings.HasPrefix(token, RefPrefix) && strings.HasSuffix(token, "+") {
		return p.fail("%q is not a license", token)
	}
	return nil
}

// RefPrefix is how the name of a license begins that SPDX's list does not have.
const RefPrefix = "LicenseRef-"

// isIDString reports whether s consists of letters, digits, "-" and ".".
func isIDString(s string) bool {
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', c == '-', c == '.':
		default:
			return false
		}
	}
	return s != ""
}
