package langdeps

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
)

// markerToken matches the next token of an environment marker: a parenthesis, an operator, a string or a word. A
// string has only characters that pip reads in a requirements file as they are: no "#", "$", backslash or quote.
var markerToken = lazyregexp.New(`^\s*(?:([()]|[<>]=?|===?|!=|~=|[a-z_]+)|"([\w.+~*: -]*)"|'([\w.+~*: -]*)')`)

// markerVariables are the names in environment markers: PEP 508, section "Environment Markers".
var markerVariables = []string{
	"python_version", "python_full_version", "os_name", "sys_platform", "platform_release", "platform_system",
	"platform_version", "platform_machine", "platform_python_implementation", "implementation_name",
	"implementation_version", "extra",
}

// markerComparisons are the operators between two values.
var markerComparisons = []string{"<", "<=", ">", ">=", "==", "===", "!=", "~=", "in", "not in"}

// A markerParser parses an environment marker of PEP 508.
type markerParser struct {
	tokens []string // those that are left; a string has double quotes
	out    []string // those that have been parsed
	depth  int      // of parentheses
}

// maxMarkerDepth is the maximum depth of parentheses in a marker.
const maxMarkerDepth = 20

// parseMarker returns an environment marker with its tokens separated by single spaces.
func parseMarker(text string) (string, error) {
	var p markerParser
	for text = strings.TrimSpace(text); text != ""; text = strings.TrimSpace(text) {
		m := markerToken.FindStringSubmatch(text)
		if m == nil {
			return "", fmt.Errorf("its marker cannot be read at %.20q", text)
		}
		token := m[1]
		if token == "" {
			token = `"` + m[2] + m[3] + `"`
		}
		text = text[len(m[0]):]
		if last := len(p.tokens) - 1; token == "in" && last >= 0 && p.tokens[last] == "not" {
			p.tokens[last] = "not in"
			continue
		}
		p.tokens = append(p.tokens, token)
	}
	if err := p.or(); err != nil {
		return "", err
	}
	if len(p.tokens) > 0 {
		return "", fmt.Errorf("its marker cannot be read at %.20q", p.tokens[0])
	}
	return strings.NewReplacer("( ", "(", " )", ")").Replace(strings.Join(p.out, " ")), nil
}

// accept parses the next token if it is one of those given.
func (p *markerParser) accept(tokens ...string) bool {
	if len(p.tokens) == 0 || !slices.Contains(tokens, p.tokens[0]) {
		return false
	}
	p.out, p.tokens = append(p.out, p.tokens[0]), p.tokens[1:]
	return true
}

// or parses marker_or: conditions joined by "and", which binds tighter, and "or".
func (p *markerParser) or() error {
	for {
		if err := p.condition(); err != nil {
			return err
		}
		if !p.accept("and", "or") {
			return nil
		}
	}
}

// condition parses marker_expr: a comparison of two values, or a marker in parentheses.
func (p *markerParser) condition() error {
	if p.accept("(") {
		if p.depth++; p.depth > maxMarkerDepth {
			return fmt.Errorf("its marker has more than %d nested parentheses", maxMarkerDepth)
		}
		err := p.or()
		if err == nil && !p.accept(")") {
			err = errors.New("its marker lacks a parenthesis")
		}
		p.depth--
		return err
	}
	if !p.value() {
		return errors.New("its marker lacks a value")
	}
	if !p.accept(markerComparisons...) {
		return errors.New("its marker lacks a comparison")
	}
	if !p.value() {
		return errors.New("its marker lacks a value")
	}
	return nil
}

// value parses marker_var: a variable or a string.
func (p *markerParser) value() bool {
	if p.accept(markerVariables...) {
		return true
	}
	// In a requirements file, pip reads a word that begins with "-" as an option, also in a string.
	if len(p.tokens) == 0 || p.tokens[0][0] != '"' || strings.Contains(p.tokens[0], " -") ||
		strings.HasPrefix(p.tokens[0], `"-`) {
		return false
	}
	return p.accept(p.tokens[0])
}
