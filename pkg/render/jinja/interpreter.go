package jinja

import "fmt"

// An interp evaluates one template and those that it includes and imports.
type interp struct {
	set     *Set
	tracer  *tracer // nil unless the rendering is traced
	depth   int
	modules map[*template]*module // imported without context
}

// enter counts one level of recursion, until the result is called.
func (in *interp) enter(at pos) func() {
	if in.depth++; in.depth > in.set.limits.Depth {
		at.limitExceeded("the template is nested more than %d levels deep", in.set.limits.Depth)
	}
	return in.leave
}

func (in *interp) leave() { in.depth-- }

func undefinedName(at pos, name string) *undefined {
	u := undefinedValue(at, "undefined name %q", name)
	u.name = name
	return u
}

// undefinedValue returns an undefined value with the error for its use.
func undefinedValue(at pos, format string, args ...any) *undefined {
	return &undefined{at: at, problem: fmt.Sprintf(format, args...)}
}

// run renders a template and those it extends.
func (in *interp) run(t *template, ctx *context, out *output) {
	at := pos{t, 0}
	defer in.enter(at)()
	in.set.step(at, 1)
	for name, b := range t.blocks {
		ctx.blocks[name] = append(ctx.blocks[name], b)
	}
	sc := newScope(nil, ctx, &state{}, t.scope)
	sc.toplevel = true
	sc.vars["self"] = &selfObject{in, ctx}
	in.exec(sc, t.body, out)
	if sc.state.parent != nil {
		in.run(sc.state.parent, ctx, out)
	}
}
