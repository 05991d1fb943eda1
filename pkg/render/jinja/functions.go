package jinja

import (
	"math"
	"sync"
)

// functions returns the global functions.
var functions = sync.OnceValue(func() map[string]any {
	all := map[string]any{}
	for name, call := range map[string]builtin{
		"range":     makeRange,
		"dict":      func(c *call) any { return makeDict(c) },
		"namespace": func(c *call) any { return &namespace{makeDict(c)} },
		"cycler":    makeCycler,
		"joiner": func(c *call) any {
			p := c.params("sep?")
			if p[0] == missing {
				return &joiner{sep: ", "}
			}
			return &joiner{sep: p[0]}
		},
		"lipsum": func(c *call) any {
			c.at.unsupported("the function lipsum, whose result is random,")
			return nil
		},
	} {
		all[name] = &function{name, call}
	}
	return all
})

func makeRange(c *call) any {
	p := c.positional("start", "stop?", "step?")
	r := rangeValue{0, int64(c.int(p[0])), 1}
	if p[1] != missing {
		r.start, r.stop = r.stop, int64(c.int(p[1]))
	}
	if p[2] != missing {
		r.step = int64(c.int(p[2]))
	}
	if r.step == 0 {
		c.at.fail("a range step cannot be zero")
	}
	for _, n := range []int64{r.start, r.stop, r.step} {
		if n > math.MaxInt32 || n < math.MinInt32 {
			c.at.limitExceeded("a range beyond 32 bits")
		}
	}
	return r
}

func makeDict(c *call) *dict {
	d := newDict()
	if len(c.args) > 1 {
		c.at.fail("at most one positional argument is allowed")
	}
	if len(c.args) == 1 {
		c.updateDict(d, c.args[0])
	}
	for _, n := range c.kwargs {
		d.set(c.at, n.name, n.value)
	}
	return d
}

// updateDict stores the items of v, a dict or a sequence of pairs, in d.
func (c *call) updateDict(d *dict, v any) {
	if other, ok := v.(*dict); ok {
		for i := range other.keys {
			k, v := other.at(c.at, i)
			d.set(c.at, k, v)
		}
		return
	}
	for _, item := range c.in.items(c.at, v) {
		pair := c.in.items(c.at, item)
		if len(pair) != 2 {
			c.at.fail("a dict is made from pairs, not from %d values", len(pair))
		}
		d.set(c.at, pair[0], pair[1])
	}
}

func makeCycler(c *call) any {
	if len(c.args) == 0 || len(c.kwargs) > 0 {
		c.at.fail("cycler expects values to cycle through")
	}
	return &cycler{items: c.args}
}
