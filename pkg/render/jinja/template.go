package jinja

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// A template is a parsed template.
type template struct {
	set    *Set
	name   string
	source string // with normalized newlines
	body   []stmt
	scope  scopeInfo
	blocks map[string]*blockStmt
}

// A pos is a position in the source of a template.
type pos struct {
	t      *template
	offset int
}

func (p pos) lineCol() (line, col int) {
	before := p.t.source[:min(p.offset, len(p.t.source))]
	start := strings.LastIndexByte(before, '\n') + 1
	return strings.Count(before, "\n") + 1, utf8.RuneCountInString(before[start:]) + 1
}

// fail ends the rendering with an error at p. As in text/template, it panics with an *Error, which Render recovers.
func (p pos) fail(format string, args ...any) {
	panic(p.error(format, args...))
}

func (p pos) error(format string, args ...any) *Error {
	line, col := p.lineCol()
	return &Error{Name: p.t.name, Line: line, Col: col, Message: fmt.Sprintf(format, args...)}
}

// unsupported ends the rendering at a feature of Jinja2 that ppm does not support.
func (p pos) unsupported(format string, args ...any) {
	p.fail("%s is not supported by ppm", fmt.Sprintf(format, args...))
}

// limitExceeded ends the rendering with an error about a limit.
func (p pos) limitExceeded(format string, args ...any) {
	err := p.error(format, args...)
	err.Limit = true
	panic(err)
}
