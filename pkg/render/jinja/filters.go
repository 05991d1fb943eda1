package jinja

import (
	"strings"
	"sync"
)

// filters returns the filters by name. Their first argument is the operand.
func filters() map[string]builtin { return filterTable.get(newFilters) }

var filterTable table

// A table is initialized on first use.
type table struct {
	once sync.Once
	all  map[string]builtin
}

func (t *table) get(fill func() map[string]builtin) map[string]builtin {
	t.once.Do(func() { t.all = fill() })
	return t.all
}

func newFilters() map[string]builtin {
	all := map[string]builtin{
		"abs": filterAbs, "attr": filterAttr, "batch": filterBatch, "capitalize": keepMarkup(capitalize),
		"center": filterCenter, "count": filterLength, "d": filterDefault, "default": filterDefault,
		"dictsort": filterDictSort, "e": filterEscape, "escape": filterEscape, "filesizeformat": filterFileSize,
		"first": filterFirst, "float": filterFloat, "forceescape": filterForceEscape,
		"format": filterFormat, "groupby": filterGroupBy, "indent": filterIndent, "int": filterInt,
		"items": filterItems, "join": filterJoin, "last": filterLast, "length": filterLength,
		"list": filterList, "lower": keepMarkup(lower), "map": filterMap, "max": filterMax, "min": filterMin,
		"reject": selector(false, false), "rejectattr": selector(false, true), "replace": filterReplace,
		"reverse": filterReverse, "round": filterRound, "safe": filterSafe, "select": selector(true, false),
		"selectattr": selector(true, true), "slice": filterSlice, "sort": filterSort, "string": filterString,
		"sum": filterSum, "title": filterTitle, "tojson": filterToJSON, "trim": filterTrim,
		"truncate": filterTruncate, "unique": filterUnique, "upper": keepMarkup(upper),
		"urlencode": filterURLEncode, "wordcount": filterWordCount, "wordwrap": filterWordWrap,
		"xmlattr": filterXMLAttr,
	}
	for name, why := range map[string]string{
		"random":    "random, whose result is random,",
		"pprint":    "pprint",
		"striptags": "striptags",
		"urlize":    "urlize",
	} {
		all[name] = func(c *call) any {
			c.at.unsupported("the filter %s", why)
			return nil
		}
	}
	return all
}

// checkFilter fails if there is no such filter.
func checkFilter(at pos, name string) {
	if filters()[name] == nil {
		at.fail("no filter named %q", name)
	}
}

// filter applies a filter to v. The call has the other arguments.
func (in *interp) filter(name string, v any, c *call) any {
	defer in.enter(c.at)()
	checkFilter(c.at, name)
	in.set.scan(c.at, v)
	if s, ok := text(v); ok {
		in.set.reserve(c.at, len(s)) // most filters copy
	}
	result := filters()[name](&call{in: in, at: c.at, args: append([]any{v}, c.args...), kwargs: c.kwargs})
	return in.tracer.recordFilter(c.at, v, result)
}

// keepMarkup returns a filter that changes text. Escaped text stays escaped.
func keepMarkup(change func(c *call, s string) string) builtin {
	return func(c *call) any {
		v := c.params("s")[0]
		if m, ok := v.(markup); ok {
			return markup(change(c, string(m)))
		}
		return change(c, c.str(v))
	}
}

func filterTitle(c *call) any {
	s := c.str(c.params("s")[0])
	c.rejectSigma(s)
	var b strings.Builder
	begins := true
	for _, r := range s {
		breaks := isSpace(r) || strings.ContainsRune("-({[<", r)
		switch {
		case breaks:
			b.WriteRune(r)
		case begins:
			b.WriteString(upper(c, string(r)))
		default:
			b.WriteString(lower(c, string(r)))
		}
		begins = breaks
	}
	return b.String()
}

func filterCenter(c *call) any {
	p := c.params("value", "width?")
	return c.center(c.str(p[0]), c.intOr(p[1], 80), " ")
}

func filterTrim(c *call) any {
	p := c.params("value", "chars?")
	trim := func(s string) string {
		return (&call{in: c.in, at: c.at, args: []any{orNone(p[1])}}).strip(s, true, true)
	}
	if m, ok := p[0].(markup); ok {
		return markup(trim(string(m)))
	}
	return trim(c.str(p[0]))
}

func filterIndent(c *call) any {
	p := c.params("s", "width?", "first?", "blank?")
	if u, ok := p[0].(*undefined); ok {
		u.fail()
	}
	s, ok := text(p[0])
	if !ok {
		c.at.fail("indent requires a string, not %q", typeName(p[0]))
	}
	indention, ok := p[1].(string)
	if !ok {
		indention = c.padTo("", c.intOr(p[1], 4), " ", padRight)
	}
	lines := splitLines(s+"\n", false)
	c.in.set.reserve(c.at, len(s)+len(lines)*(len(indention)+1))
	first, blank := c.boolOr(p[2], false), c.boolOr(p[3], false)
	for i, line := range lines {
		if i == 0 && first || i > 0 && (blank || line != "") {
			lines[i] = indention + line
		}
	}
	result := strings.Join(lines, "\n")
	if isMarkup(p[0]) {
		return markup(result)
	}
	return result
}

func filterTruncate(c *call) any {
	p := c.params("s", "length?", "killwords?", "end?", "leeway?")
	s := ""
	if u, ok := p[0].(*undefined); ok {
		c.in.checkUndefined(u)
	} else {
		s = c.mustStr(p[0])
	}
	length, end, leeway := c.intOr(p[1], 255), c.strOr(p[3], "..."), 5
	if orNone(p[4]) != nil {
		leeway = c.int(p[4])
	}
	runes, tail := []rune(s), len([]rune(end))
	switch {
	case length < tail:
		c.at.fail("the length %d is less than the length of the end %q", length, end)
	case leeway < 0:
		c.at.fail("the leeway cannot be negative")
	case len(runes) <= length+leeway:
		return p[0]
	}
	kept := string(runes[:length-tail])
	if i := strings.LastIndexByte(kept, ' '); i >= 0 && !c.boolOr(p[2], false) {
		kept = kept[:i]
	}
	return kept + end
}

func filterReplace(c *call) any {
	p := c.params("s", "old", "new", "count?")
	n := -1
	if orNone(p[3]) != nil {
		n = c.int(p[3])
	}
	str := func(v any) string { return c.in.str(c.at, v) }
	return c.replace(str(p[0]), str(p[1]), str(p[2]), n)
}

func filterString(c *call) any {
	v := c.params("object")[0]
	if isMarkup(v) {
		return v
	}
	return c.str(v)
}

func filterFormat(c *call) any {
	if len(c.args) > 1 && len(c.kwargs) > 0 {
		c.at.fail("format takes positional or keyword arguments, not both")
	}
	var values any = &tuple{items: c.args[1:]}
	if len(c.kwargs) > 0 {
		d := newDict()
		for _, n := range c.kwargs {
			d.set(c.at, n.name, n.value)
		}
		values = d
	}
	return c.in.printf(c.at, c.str(c.args[0]), values)
}

func filterWordCount(c *call) any {
	s := c.str(c.params("s")[0])
	n := len(strings.FieldsFunc(s, func(r rune) bool { return r != '_' && !strTests["isalnum"](string(r)) }))
	return int64(n)
}

func filterDefault(c *call) any {
	p := c.params("value", "default_value?", "boolean?")
	useDefault := isUndefined(p[0])
	if !useDefault && c.boolOr(p[2], false) {
		useDefault = !c.in.truth(p[0])
	}
	switch {
	case !useDefault:
		return p[0]
	case p[1] == missing:
		return ""
	}
	return p[1]
}

func filterAttr(c *call) any {
	p := c.params("obj", "name")
	if u, ok := p[0].(*undefined); ok {
		u.fail()
	}
	name := c.mustStr(p[1])
	if v, ok := c.in.attrOf(c.at, p[0], name); ok {
		return v
	}
	return c.in.undefinedItem(c.at, p[0], name)
}

func filterLength(c *call) any {
	v := c.positional("obj")[0]
	if u, ok := v.(*undefined); ok {
		c.in.checkUndefined(u)
		return int64(0)
	}
	if l, ok := v.(*loopObject); ok {
		return int64(l.length())
	}
	n, ok := length(v)
	if !ok {
		c.at.fail("a value of type %q has no length", typeName(v))
	}
	return int64(n)
}
