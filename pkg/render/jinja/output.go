package jinja

import "strings"

// An output collects the text of a result, or of a block that is captured.
type output struct {
	strings.Builder
	set     *Set
	capture bool // the text is a value, not part of the result
	tracer  *tracer
	spans   []Span // where the text comes from, if traced
}

// write writes a value that was made from the given keys.
func (o *output) write(at pos, text string, keys []string) {
	o.grow(at, text)
	if o.tracer != nil {
		o.tracer.recordOutput(o, at, text, false, keys)
	}
}

// copy writes literal text of the template.
func (o *output) copy(at pos, text string) {
	o.grow(at, text)
	if o.tracer != nil {
		o.tracer.recordOutput(o, at, text, true, nil)
	}
}

func (o *output) grow(at pos, text string) {
	if o.capture {
		o.set.reserve(at, len(text))
	} else if o.set.output += len(text); o.set.output > o.set.limits.Output {
		at.limitExceeded("the result is longer than %d bytes", o.set.limits.Output)
	}
	o.WriteString(text)
}

// value returns the captured text.
func (o *output) value() string {
	text := o.String()
	if o.tracer != nil {
		o.tracer.recordCapture(text, o.spans)
	}
	return text
}
