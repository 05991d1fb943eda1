package jinja

import (
	"strconv"
	"strings"
)

func filterFirst(c *call) any {
	v, ok := c.in.iterate(c.at, c.params("seq")[0])()
	if !ok {
		return undefinedValue(c.at, "there is no first item: the sequence is empty")
	}
	return v
}

func filterLast(c *call) any {
	v, ok := c.reversed(c.params("seq")[0])
	if !ok {
		c.at.fail("the value is not reversible")
	}
	if item, ok := v.next(); ok {
		return item
	}
	return undefinedValue(c.at, "there is no last item: the sequence is empty")
}

// reversed is Python's reversed. It returns false if v is not reversible.
func (c *call) reversed(v any) (*iterator, bool) {
	var items []any
	switch v := v.(type) {
	case *list: // lazily, as in Python
		i := len(v.items)
		return &iterator{c.in.countSteps(c.at, func() (any, bool) {
			if i--; i < 0 || i >= len(v.items) {
				i = 0
				return nil, false
			}
			return v.items[i], true
		})}, true
	case *tuple, string, rangeValue, *dict, view:
		items = c.in.items(c.at, v)
	case *undefined:
		c.in.checkUndefined(v)
		return &iterator{iterateSlice(nil)}, true
	default:
		return nil, false
	}
	c.in.set.reserve(c.at, 16*len(items))
	i := len(items)
	return &iterator{c.in.countSteps(c.at, func() (any, bool) {
		if i--; i < 0 {
			return nil, false
		}
		return items[i], true
	})}, true
}

func filterReverse(c *call) any {
	v := c.params("value")[0]
	if isMarkup(v) {
		c.at.unsupported("this use of escaped text")
	}
	if s, ok := v.(string); ok {
		runes := []rune(s)
		var b strings.Builder
		for i := len(runes) - 1; i >= 0; i-- {
			b.WriteRune(runes[i])
		}
		return b.String()
	}
	if it, ok := c.reversed(v); ok {
		return it
	}
	items := c.in.items(c.at, v)
	l := &list{}
	for i := len(items) - 1; i >= 0; i-- {
		l.items = append(l.items, items[i])
	}
	return l
}

func filterList(c *call) any {
	p := c.params("value")
	items := c.in.items(c.at, p[0])
	c.in.set.reserve(c.at, 16*len(items))
	return &list{items: append([]any(nil), items...)}
}

func filterItems(c *call) any {
	v := c.params("value")[0]
	if isUndefined(v) {
		return &iterator{iterateSlice(nil)}
	}
	d, ok := v.(*dict)
	if !ok {
		c.at.fail("items requires a dict, not %q", typeName(v))
	}
	return &iterator{c.in.iterate(c.at, view{d, "items"})}
}

func filterJoin(c *call) any {
	p := c.params("value", "d?", "attribute?")
	get := c.getter(orNone(p[2]), nil)
	sep := ""
	if p[1] != missing {
		sep = c.in.str(c.at, p[1])
	}
	var parts []string
	for _, item := range c.in.items(c.at, p[0]) {
		parts = append(parts, c.in.str(c.at, get(item)))
	}
	return c.joinAll(parts, sep)
}

// getter returns a function for the argument "attribute" of filters. It gets the part of an item that attribute
// describes: "a.b.0", a number, or None for the item itself. Undefined values become defaultValue unless that is nil.
func (c *call) getter(attribute, defaultValue any) func(v any) any {
	var parts []any
	switch a := attribute.(type) {
	case nil:
	case string:
		for part := range strings.SplitSeq(a, ".") {
			if n, err := strconv.ParseInt(part, 10, 64); err == nil && part[0] != '-' && part[0] != '+' {
				parts = append(parts, n)
			} else {
				parts = append(parts, part)
			}
		}
	default:
		parts = []any{a}
	}
	return func(v any) any {
		for _, part := range parts {
			v = c.in.item(c.at, v, part)
			if defaultValue != nil && isUndefined(v) {
				v = defaultValue
			}
		}
		return v
	}
}

// foldedBy returns get followed by conversion to lower case, unless caseSensitive is set.
func (c *call) foldedBy(get func(any) any, caseSensitive bool) func(any) any {
	if caseSensitive {
		return get
	}
	return func(v any) any {
		v = get(v)
		if s, ok := text(v); ok {
			c.in.set.reserve(c.at, len(s))
			return lower(c, s)
		}
		return v
	}
}

func filterSort(c *call) any {
	p := c.params("value", "reverse?", "case_sensitive?", "attribute?")
	sensitive := c.boolOr(p[2], false)
	attributes := []any{orNone(p[3])}
	if s, ok := p[3].(string); ok {
		attributes = nil
		for part := range strings.SplitSeq(s, ",") {
			attributes = append(attributes, part)
		}
	}
	var parts []func(any) any
	for _, a := range attributes {
		parts = append(parts, c.foldedBy(c.getter(a, nil), sensitive))
	}
	key := func(v any) any {
		l := &list{}
		for _, part := range parts {
			l.items = append(l.items, part(v))
		}
		return l
	}
	return c.sorted(c.in.items(c.at, p[0]), key, c.boolOr(p[1], false))
}

func (c *call) sorted(items []any, key func(any) any, reverse bool) *list {
	c.in.set.reserve(c.at, 64*len(items))
	return &list{items: c.in.sorted(c.at, items, key, reverse)}
}

func filterDictSort(c *call) any {
	p := c.params("value", "case_sensitive?", "by?", "reverse?")
	d, ok := p[0].(*dict)
	if u, isUndefined := p[0].(*undefined); isUndefined {
		u.fail()
	}
	if !ok {
		c.at.fail("dictsort requires a dict, not %q", typeName(p[0]))
	}
	by := c.strOr(p[2], "key")
	if by != "key" && by != "value" {
		c.at.fail(`dictsort sorts by "key" or "value"`)
	}
	index := map[string]any{"key": int64(0), "value": int64(1)}[by]
	key := c.foldedBy(c.getter(index, nil), c.boolOr(p[1], false))
	return c.sorted(view{d, "items"}.items(c.at), key, c.boolOr(p[3], false))
}

func filterUnique(c *call) any {
	p := c.params("value", "case_sensitive?", "attribute?")
	key := c.foldedBy(c.getter(orNone(p[2]), nil), c.boolOr(p[1], false))
	next := c.lazy(p[0])
	seen := newDict()
	return &iterator{func() (any, bool) {
		for v, ok := next(); ok; v, ok = next() {
			k := key(v)
			if _, known := seen.get(c.at, k); !known {
				c.in.set.reserve(c.at, 64)
				seen.set(c.at, k, nil)
				return v, true
			}
		}
		return nil, false
	}}
}

// lazy starts to iterate over v when the first item is read, as a generator does.
func (c *call) lazy(v any) nextFunc {
	var next nextFunc
	return func() (any, bool) {
		if next == nil {
			next = c.in.iterate(c.at, v)
		}
		return next()
	}
}

func filterMin(c *call) any { return c.extreme("<") }
func filterMax(c *call) any { return c.extreme(">") }

func (c *call) extreme(op string) any {
	p := c.params("value", "case_sensitive?", "attribute?")
	items := c.in.items(c.at, p[0])
	if len(items) == 0 {
		return undefinedValue(c.at, "there is no such item: the sequence is empty")
	}
	key := c.foldedBy(c.getter(orNone(p[2]), nil), c.boolOr(p[1], false))
	best, bestKey := items[0], key(items[0])
	for _, v := range items[1:] {
		if k := key(v); c.in.compare(c.at, op, k, bestKey) {
			best, bestKey = v, k
		}
	}
	return best
}

func filterSum(c *call) any {
	p := c.params("iterable", "attribute?", "start?")
	get := c.getter(orNone(p[1]), nil)
	total := p[2]
	if total == missing {
		total = int64(0)
	}
	if _, isText := text(total); isText {
		c.at.fail("strings cannot be summed, use join")
	}
	for _, v := range c.in.items(c.at, p[0]) {
		total = c.in.binary(c.at, "+", total, get(v))
	}
	return total
}

func filterGroupBy(c *call) any {
	p := c.params("value", "attribute", "default?", "case_sensitive?")
	sensitive := c.boolOr(p[3], false)
	get := c.getter(p[1], orNone(p[2]))
	key := c.foldedBy(get, sensitive)
	items := c.sorted(c.in.items(c.at, p[0]), key, false).items
	groups := &list{}
	for start := 0; start < len(items); {
		k := key(items[start])
		end := start + 1
		for end < len(items) && c.in.equal(c.at, k, key(items[end])) {
			end++
		}
		if !sensitive {
			k = get(items[start])
		}
		group := &list{items: append([]any(nil), items[start:end]...)}
		groups.items = append(groups.items, &tuple{items: []any{k, group}, grouped: true})
		start = end
	}
	return groups
}

func filterBatch(c *call) any {
	p := c.params("value", "linecount", "fill_with?")
	n := c.int(p[1])
	next := c.lazy(p[0])
	row := &list{}
	return &iterator{func() (any, bool) {
		for {
			item, ok := next()
			full := row
			switch {
			case !ok && len(full.items) == 0:
				return nil, false
			case !ok:
				row = &list{}
				return c.padRow(full, n, orNone(p[2])), true
			case len(full.items) == n:
				row = &list{items: []any{item}}
				return full, true
			}
			c.in.set.reserve(c.at, 16)
			row.items = append(row.items, item)
		}
	}}
}

// padRow appends fill, unless it is None, until the row has n items.
func (c *call) padRow(row *list, n int, fill any) *list {
	for fill != nil && len(row.items) < n {
		c.in.set.reserve(c.at, 16)
		c.in.set.step(c.at, 1)
		row.items = append(row.items, fill)
	}
	return row
}

func filterSlice(c *call) any {
	p := c.params("value", "slices", "fill_with?")
	items := c.in.items(c.at, p[0])
	n := c.int(p[1])
	if n == 0 {
		c.at.fail("the number of slices cannot be zero")
	}
	all := []any{}
	for i, start := 0, 0; i < n; i++ {
		c.in.set.step(c.at, 1)
		c.in.set.reserve(c.at, 32)
		size := len(items) / n
		if i < len(items)%n {
			size++
		}
		part := &list{items: append([]any(nil), items[start:start+size]...)}
		if fill := orNone(p[2]); fill != nil && i >= len(items)%n {
			part.items = append(part.items, fill)
		}
		all = append(all, part)
		start += size
	}
	return &iterator{iterateSlice(all)}
}

func filterMap(c *call) any {
	v, args, named := c.args[0], c.args[1:], c.kwargs
	if s, isText := text(v); isText && s == "" {
		return &iterator{iterateSlice(nil)}
	}
	var apply func(v any) any
	if _, has := c.kwarg("attribute"); has && len(args) == 0 {
		p := (&call{in: c.in, at: c.at, kwargs: named}).params("attribute", "default?")
		apply = c.getter(p[0], orNone(p[1]))
	} else {
		if len(args) == 0 {
			c.at.fail("map requires the name of a filter")
		}
		name := c.mustStr(args[0])
		apply = func(v any) any {
			return c.in.filter(name, v, &call{in: c.in, at: c.at, args: args[1:], kwargs: named})
		}
	}
	next := c.lazyIfTrue(v)
	return &iterator{func() (any, bool) {
		v, ok := next()
		if !ok {
			return nil, false
		}
		return apply(v), true
	}}
}

// lazyIfTrue is lazy for filters that do not iterate over a false value.
func (c *call) lazyIfTrue(v any) nextFunc {
	next := c.lazy(v)
	started := false
	return func() (any, bool) {
		if !started && !c.in.truth(v) {
			return nil, false
		}
		started = true
		return next()
	}
}

// selector returns a filter that keeps the items for which a test has the wanted result.
func selector(want, byAttribute bool) builtin {
	return func(c *call) any {
		args := c.args[1:]
		get := func(v any) any { return v }
		if byAttribute {
			if len(args) == 0 {
				c.at.fail("the name of an attribute is missing")
			}
			get, args = c.getter(args[0], nil), args[1:]
		}
		check := c.in.truth
		if len(args) > 0 {
			name := c.mustStr(args[0])
			check = func(v any) bool {
				return c.in.truth(c.in.test(name, v, &call{in: c.in, at: c.at, args: args[1:], kwargs: c.kwargs}))
			}
		}
		next := c.lazyIfTrue(c.args[0])
		return &iterator{func() (any, bool) {
			for v, ok := next(); ok; v, ok = next() {
				if check(get(v)) == want {
					return v, true
				}
			}
			return nil, false
		}}
	}
}
