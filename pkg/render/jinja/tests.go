package jinja

// tests returns the tests by name. Their first argument is the operand.
func tests() map[string]builtin { return testTable.get(newTests) }

var testTable table

func newTests() map[string]builtin {
	all := map[string]builtin{
		"odd":  func(c *call) any { return c.in.equal(c.at, c.modulo(c.params("value")[0], int64(2)), int64(1)) },
		"even": func(c *call) any { return c.in.equal(c.at, c.modulo(c.params("value")[0], int64(2)), int64(0)) },
		"divisibleby": func(c *call) any {
			p := c.params("value", "num")
			return c.in.equal(c.at, c.modulo(p[0], p[1]), int64(0))
		},
		"defined":   func(c *call) any { return !isUndefined(c.params("value")[0]) },
		"undefined": func(c *call) any { return isUndefined(c.params("value")[0]) },
		"none":      func(c *call) any { return c.params("value")[0] == nil },
		"boolean":   func(c *call) any { _, ok := c.params("value")[0].(bool); return ok },
		"true":      func(c *call) any { return c.params("value")[0] == true },
		"false":     func(c *call) any { return c.params("value")[0] == false },
		"integer":   func(c *call) any { _, ok := c.params("value")[0].(int64); return ok },
		"float":     func(c *call) any { _, ok := c.params("value")[0].(float64); return ok },
		"number":    func(c *call) any { return number(c.params("value")[0]) != nil },
		"string":    func(c *call) any { _, ok := text(c.params("value")[0]); return ok },
		"mapping":   func(c *call) any { _, ok := c.params("value")[0].(*dict); return ok },
		"escaped":   func(c *call) any { return isMarkup(c.params("value")[0]) },
		"callable":  func(c *call) any { return isCallable(c.positional("obj")[0]) },
		"lower":     func(c *call) any { return strTests["islower"](c.in.str(c.at, c.params("value")[0])) },
		"upper":     func(c *call) any { return strTests["isupper"](c.in.str(c.at, c.params("value")[0])) },
		"sequence":  testSequence,
		"iterable":  testIterable,
		"sameas":    testSameAs,
		"in":        func(c *call) any { p := c.params("value", "seq"); return c.in.contains(c.at, p[1], p[0]) },
		"filter":    func(c *call) any { return c.isNameIn(filters()) },
	}
	all["test"] = func(c *call) any { return c.isNameIn(all) }
	for op, names := range map[string][]string{
		"==": {"eq", "equalto"}, "!=": {"ne"}, ">": {"gt", "greaterthan"}, ">=": {"ge"}, "<": {"lt", "lessthan"},
		"<=": {"le"},
	} {
		for _, name := range append(names, op) {
			all[name] = func(c *call) any {
				p := c.positional("a", "b")
				return c.in.compare(c.at, op, p[0], p[1])
			}
		}
	}
	return all
}

// checkTest fails if there is no such test.
func checkTest(at pos, name string) {
	if tests()[name] == nil {
		at.fail("no test named %q", name)
	}
}

// test applies a test to v. The call has the other arguments.
func (in *interp) test(name string, v any, c *call) any {
	defer in.enter(c.at)()
	in.set.scan(c.at, v)
	checkTest(c.at, name)
	return tests()[name](&call{in: in, at: c.at, args: append([]any{v}, c.args...), kwargs: c.kwargs})
}

// isNameIn reports whether the operand is a name in a table.
func (c *call) isNameIn(all map[string]builtin) bool {
	name, ok := hash(c.at, c.params("value")[0]).(string)
	return ok && all[name] != nil
}

// modulo returns v modulo n.
func (c *call) modulo(v, n any) any {
	if _, isText := text(v); isText {
		c.at.fail("strings cannot be divided")
	}
	return c.in.binary(c.at, "%", v, n)
}

func testSequence(c *call) any {
	switch v := c.params("value")[0].(type) {
	case string, markup, *list, *tuple, *dict, rangeValue:
		return true
	case *undefined:
		return c.in.set.allowUndefined || v.allowUndefined
	}
	return false
}

func testIterable(c *call) any {
	switch v := c.params("value")[0].(type) {
	case string, markup, *list, *tuple, *dict, rangeValue, view, *iterator, *loopObject:
		return true
	case *undefined:
		c.in.checkUndefined(v)
		return true
	}
	return false
}

// testSameAs is Python's "is". For numbers and text its result depends on Python's implementation.
func testSameAs(c *call) any {
	p := c.params("value", "other")
	if number(p[0]) != nil || number(p[1]) != nil {
		a, isBool := p[0].(bool)
		b, alsoBool := p[1].(bool)
		if isBool || alsoBool {
			return isBool && alsoBool && a == b
		}
	}
	switch p[0].(type) {
	case int64, float64, string, markup, *tuple, rangeValue, view, *undefined:
		if typeName(p[0]) == typeName(p[1]) {
			c.at.unsupported("the test sameas of two values of type %q", typeName(p[0]))
		}
		return false
	}
	return p[0] == p[1]
}
