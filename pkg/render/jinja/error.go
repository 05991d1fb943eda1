package jinja

import "fmt"

// An Error is an error in a template.
type Error struct {
	Name      string // of the template
	Line, Col int    // from 1; columns are characters, not bytes
	Message   string
	Undefined string // the undefined name, if that is the error
	Limit     bool   // whether a limit was exceeded
}

func (e *Error) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Col, e.Message)
}
