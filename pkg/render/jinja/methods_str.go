package jinja

import (
	"strings"
	"unicode/utf8"
)

func strMethods() map[string]func(v any, c *call) any {
	all := map[string]func(v any, c *call) any{
		"split":      func(v any, c *call) any { return c.split(v.(string), false) },
		"rsplit":     func(v any, c *call) any { return c.split(v.(string), true) },
		"splitlines": strSplitLines,
		"join":       strJoin,
		"replace":    strReplace,
		"startswith": func(v any, c *call) any { return c.affix(v.(string), strings.HasPrefix) },
		"endswith":   func(v any, c *call) any { return c.affix(v.(string), strings.HasSuffix) },
		"find":       func(v any, c *call) any { return int64(c.search(v.(string), strings.Index)) },
		"rfind":      func(v any, c *call) any { return int64(c.search(v.(string), strings.LastIndex)) },
		"index":      func(v any, c *call) any { return c.mustFind(c.search(v.(string), strings.Index)) },
		"rindex":     func(v any, c *call) any { return c.mustFind(c.search(v.(string), strings.LastIndex)) },
		"count":      strCount,
		"center":     func(v any, c *call) any { return c.pad(v.(string), nil) },
		"ljust":      func(v any, c *call) any { return c.pad(v.(string), padRight) },
		"rjust":      func(v any, c *call) any { return c.pad(v.(string), padLeft) },
		"zfill":      strZFill,
		"strip":      func(v any, c *call) any { return c.strip(v.(string), true, true) },
		"lstrip":     func(v any, c *call) any { return c.strip(v.(string), true, false) },
		"rstrip":     func(v any, c *call) any { return c.strip(v.(string), false, true) },
		"partition":  func(v any, c *call) any { return c.partition(v.(string), false) },
		"rpartition": func(v any, c *call) any { return c.partition(v.(string), true) },
		"removeprefix": func(v any, c *call) any {
			return strings.TrimPrefix(v.(string), c.mustStr(c.positional("prefix")[0]))
		},
		"removesuffix": func(v any, c *call) any {
			return strings.TrimSuffix(v.(string), c.mustStr(c.positional("suffix")[0]))
		},
		"expandtabs": strExpandTabs,
		"format":     func(v any, c *call) any { return c.format(v.(string)) },
	}
	for name, f := range map[string]func(c *call, s string) string{
		"upper": upper, "lower": lower, "title": title, "capitalize": capitalize, "swapcase": swapCase,
		"casefold": foldCase,
	} {
		all[name] = func(v any, c *call) any {
			c.params()
			c.in.set.reserve(c.at, 3*len(v.(string)))
			return f(c, v.(string))
		}
	}
	for name, f := range strTests {
		all[name] = func(v any, c *call) any { c.params(); return f(v.(string)) }
	}
	for _, name := range []string{"isdigit", "isdecimal", "isnumeric"} {
		all[name] = func(v any, c *call) any { c.params(); return c.isNumeric(name, v.(string)) }
	}
	return all
}

// split is Python's str.split and str.rsplit.
func (c *call) split(s string, fromRight bool) any {
	p := c.params("sep?", "maxsplit?")
	n := c.intOr(p[1], -1)
	var parts []string
	switch {
	case orNone(p[0]) == nil:
		parts = splitSpace(s, n, fromRight)
	case c.mustStr(p[0]) == "":
		c.at.fail("the separator cannot be empty")
	case fromRight:
		parts = splitRight(s, p[0].(string), n)
	case n < 0:
		parts = strings.Split(s, p[0].(string))
	default:
		parts = strings.SplitN(s, p[0].(string), n+1)
	}
	return c.listOf(parts)
}

func (c *call) listOf(parts []string) *list {
	c.in.set.reserve(c.at, 32*len(parts))
	c.in.set.step(c.at, len(parts))
	l := &list{items: make([]any, len(parts))}
	for i, part := range parts {
		l.items[i] = part
	}
	return l
}

func splitSpace(s string, n int, fromRight bool) []string {
	fields := strings.FieldsFunc(s, isSpace)
	if n < 0 || len(fields) <= n {
		return fields
	}
	if fromRight {
		rest := strings.TrimRightFunc(s, isSpace)
		for range n {
			rest = rest[:strings.LastIndexFunc(rest, isSpace)]
			rest = strings.TrimRightFunc(rest, isSpace)
		}
		return append([]string{rest}, fields[len(fields)-n:]...)
	}
	rest := strings.TrimLeftFunc(s, isSpace)
	for range n {
		rest = rest[strings.IndexFunc(rest, isSpace):]
		rest = strings.TrimLeftFunc(rest, isSpace)
	}
	return append(fields[:n:n], rest)
}

func splitRight(s, sep string, n int) []string {
	parts := strings.Split(s, sep)
	if n < 0 || len(parts) <= n+1 {
		return parts
	}
	first := len(parts) - n
	return append([]string{strings.Join(parts[:first], sep)}, parts[first:]...)
}

func strSplitLines(v any, c *call) any {
	return c.listOf(splitLines(v.(string), c.boolOr(c.params("keepends?")[0], false)))
}

// splitLines is Python's str.splitlines.
func splitLines(s string, keep bool) []string {
	var lines []string
	start := 0
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		end := i
		i += size
		switch {
		case r == '\r' && i < len(s) && s[i] == '\n':
			i++
		case r == '\n' || r == '\r' || r == '\v' || r == '\f' || 0x1c <= r && r <= 0x1e || r == 0x85 || r == 0x2028 ||
			r == 0x2029:
		default:
			continue
		}
		if keep {
			end = i
		}
		lines = append(lines, s[start:end])
		start = i
	}
	if start < len(s) {
		lines = append(lines, s[start:])
	}
	return lines
}

func strJoin(v any, c *call) any {
	items := c.in.items(c.at, c.positional("iterable")[0])
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = c.mustStr(item)
	}
	return c.joinAll(parts, v.(string))
}

func (c *call) joinAll(parts []string, sep string) string {
	size := len(sep) * len(parts)
	for _, part := range parts {
		size += len(part)
	}
	c.in.set.reserve(c.at, size)
	return strings.Join(parts, sep)
}

func strReplace(v any, c *call) any {
	p := c.positional("old", "new", "count?")
	return c.replace(v.(string), c.mustStr(p[0]), c.mustStr(p[1]), c.intOr(p[2], -1))
}

func (c *call) replace(s, old, with string, n int) string {
	count := strings.Count(s, old)
	if n >= 0 {
		count = min(count, n)
	}
	if len(with) > 0 && count > (1<<31)/len(with) {
		c.in.set.reserve(c.at, -1)
	}
	c.in.set.reserve(c.at, len(s)+count*len(with))
	return strings.Replace(s, old, with, n)
}

func (c *call) affix(s string, has func(s, affix string) bool) any {
	p := c.positional("affix", "start?", "end?")
	s, _, ok := c.window(s, p[1], p[2])
	affixes := []any{p[0]}
	if t, ok := p[0].(*tuple); ok {
		affixes = t.items
	}
	found := false
	for _, a := range affixes {
		found = has(s, c.mustStr(a)) && ok || found
	}
	return found
}

// window returns s[start:end] and the number of characters before it. It returns false if start is after the end of s.
func (c *call) window(s string, start, end any) (string, int, bool) {
	if orNone(start) == nil && orNone(end) == nil {
		return s, 0, true
	}
	runes := []rune(s)
	c.in.set.reserve(c.at, 4*len(runes))
	first, last, _ := sliceBounds(c.at, len(runes), orNone(start), orNone(end), nil)
	if n, ok := number(start).(int64); ok && n > int64(len(runes)) {
		return "", 0, false
	}
	if first > last {
		return "", first, false
	}
	return string(runes[first:last]), first, true
}

// search returns the index of a substring in characters, or -1.
func (c *call) search(s string, index func(s, sub string) int) int {
	p := c.positional("sub", "start?", "end?")
	sub := c.mustStr(p[0])
	s, before, ok := c.window(s, p[1], p[2])
	i := index(s, sub)
	if i < 0 || !ok {
		return -1
	}
	return before + utf8.RuneCountInString(s[:i])
}

func (c *call) mustFind(i int) any {
	if i < 0 {
		c.at.fail("substring not found")
	}
	return int64(i)
}

func strCount(v any, c *call) any {
	p := c.positional("sub", "start?", "end?")
	sub := c.mustStr(p[0])
	s, _, ok := c.window(v.(string), p[1], p[2])
	if !ok {
		return int64(0)
	}
	return int64(strings.Count(s, sub))
}

func padLeft(n int) (left, right int)  { return n, 0 }
func padRight(n int) (left, right int) { return 0, n }

// pad pads s to a width, on the given sides, or centered if sides is nil.
func (c *call) pad(s string, sides func(n int) (left, right int)) any {
	p := c.positional("width", "fillchar?")
	fill := c.strOr(p[1], " ")
	if utf8.RuneCountInString(fill) != 1 {
		c.at.fail("the fill must be one character")
	}
	if sides == nil {
		return c.center(s, c.int(p[0]), fill)
	}
	return c.padTo(s, c.int(p[0]), fill, sides)
}

func (c *call) padTo(s string, width int, fill string, sides func(n int) (left, right int)) string {
	n := max(0, width-utf8.RuneCountInString(s))
	if n > 1<<30 {
		n = 1 << 30 // exceeds every limit
	}
	c.in.set.reserve(c.at, len(s)+n*len(fill))
	left, right := sides(n)
	return strings.Repeat(fill, left) + s + strings.Repeat(fill, right)
}

// center is Python's str.center, which rounds an odd number of fill characters depending on the width.
func (c *call) center(s string, width int, fill string) string {
	return c.padTo(s, width, fill, func(n int) (int, int) {
		left := n/2 + n&width&1
		return left, n - left
	})
}

func strZFill(v any, c *call) any {
	s, width := v.(string), c.int(c.positional("width")[0])
	sign := ""
	if s != "" && (s[0] == '-' || s[0] == '+') {
		sign, s = s[:1], s[1:]
	}
	return sign + c.padTo(s, width-len(sign), "0", padLeft)
}

func (c *call) strip(s string, left, right bool) string {
	chars := orNone(c.positional("chars?")[0])
	cut := isSpace
	if chars != nil {
		set := c.mustStr(chars)
		cut = func(r rune) bool { return strings.ContainsRune(set, r) }
	}
	if left {
		s = strings.TrimLeftFunc(s, cut)
	}
	if right {
		s = strings.TrimRightFunc(s, cut)
	}
	return s
}

func (c *call) partition(s string, fromRight bool) any {
	sep := c.mustStr(c.positional("sep")[0])
	if sep == "" {
		c.at.fail("the separator cannot be empty")
	}
	i := strings.Index(s, sep)
	if fromRight {
		i = strings.LastIndex(s, sep)
	}
	switch {
	case i >= 0:
		return &tuple{items: []any{s[:i], sep, s[i+len(sep):]}}
	case fromRight:
		return &tuple{items: []any{"", "", s}}
	}
	return &tuple{items: []any{s, "", ""}}
}

func strExpandTabs(v any, c *call) any {
	size := c.intOr(c.params("tabsize?")[0], 8)
	if size > 1<<20 {
		c.at.limitExceeded("a tab wider than %d", 1<<20)
	}
	c.in.set.reserve(c.at, len(v.(string)))
	var b strings.Builder
	col := 0
	for _, r := range v.(string) {
		switch r {
		case '\t':
			if size > 0 {
				n := size - col%size
				c.in.set.reserve(c.at, n)
				b.WriteString(strings.Repeat(" ", n))
				col += n
			}
		case '\n', '\r':
			b.WriteRune(r)
			col = 0
		default:
			b.WriteRune(r)
			col++
		}
	}
	return b.String()
}
