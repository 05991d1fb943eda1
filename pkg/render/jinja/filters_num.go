package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
)

func filterAbs(c *call) any {
	v := c.positional("x")[0]
	if u, ok := v.(*undefined); ok {
		u.fail()
	}
	switch n := number(v).(type) {
	case int64:
		if n < 0 {
			return arithInt(c.at, "-", 0, n)
		}
		return n
	case float64:
		return math.Abs(n)
	}
	c.at.fail("a value of type %q has no absolute value", typeName(v))
	return nil
}

func filterInt(c *call) any {
	p := c.params("value", "default?", "base?")
	base := c.intOr(p[2], 10)
	var defaultValue any = int64(0)
	if p[1] != missing {
		defaultValue = p[1]
	}
	switch v := p[0].(type) {
	case *undefined:
		v.fail()
	case string, markup:
		s, _ := text(v)
		return c.parseInt(s, base, defaultValue)
	case float64:
		if math.IsNaN(v) || math.IsInf(v, 0) {
			return defaultValue
		}
		return c.truncate(v)
	}
	if n := number(p[0]); n != nil {
		return n
	}
	return defaultValue
}

// truncate returns the integral part of f.
func (c *call) truncate(f float64) int64 {
	if f >= 1<<63 || f < -1<<63 {
		c.at.unsupported("an integer beyond 64 bits")
	}
	return int64(f)
}

// parseInt is Python's int(s, base), or else int(float(s)), or else the default.
func (c *call) parseInt(s string, base int, defaultValue any) any {
	if !isASCII(strings.TrimFunc(s, isSpace)) {
		c.at.unsupported("a number with non-ASCII characters")
	}
	digits := strings.ToLower(strings.TrimFunc(s, isSpace))
	negative := strings.HasPrefix(digits, "-")
	if negative || strings.HasPrefix(digits, "+") {
		digits = digits[1:]
	}
	for prefix, b := range map[string]int{"0b": 2, "0o": 8, "0x": 16} {
		if rest, ok := strings.CutPrefix(digits, prefix); ok && (base == b || base == 0) {
			digits, base = strings.TrimPrefix(rest, "_"), b
		}
	}
	if base == 0 {
		base = 10
		if len(digits) > 1 && digits[0] == '0' && strings.Trim(digits, "0_") != "" {
			digits = "" // Python rejects leading zeros without a base
		}
	}
	validBase := 2 <= base && base <= 36
	if plain, ok := withoutUnderscores(digits); ok && validBase && plain != "" && plain[0] != '-' && plain[0] != '+' {
		if n, ok := new(big.Int).SetString(plain, base); ok {
			if negative {
				n.Neg(n)
			}
			if !n.IsInt64() {
				c.at.unsupported("an integer beyond 64 bits")
			}
			return n.Int64()
		}
	}
	if f, ok := parseFloat(s); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
		return c.truncate(f)
	}
	return defaultValue
}

// withoutUnderscores removes underscores between digits, and reports whether there are no others.
func withoutUnderscores(s string) (string, bool) {
	for i := range len(s) {
		if s[i] != '_' {
			continue
		}
		isDigit := func(i int) bool {
			return i >= 0 && i < len(s) && (s[i] >= '0' && s[i] <= '9' || s[i] >= 'a' && s[i] <= 'z')
		}
		if !isDigit(i-1) || !isDigit(i+1) {
			return "", false
		}
	}
	return strings.ReplaceAll(s, "_", ""), true
}

// parseFloat is Python's float(s).
func parseFloat(s string) (float64, bool) {
	s = strings.ToLower(strings.TrimFunc(s, isSpace))
	bare := strings.TrimLeft(s, "+-")
	if len(s)-len(bare) > 1 || strings.HasPrefix(bare, "0x") {
		return 0, false
	}
	switch bare {
	case "inf", "infinity", "nan":
	default:
		if strings.Trim(bare, "0123456789._e+-") != "" {
			return 0, false
		}
	}
	plain, ok := withoutUnderscores(s)
	if !ok {
		return 0, false
	}
	f, err := strconv.ParseFloat(plain, 64)
	return f, err == nil || math.IsInf(f, 0)
}

func filterFloat(c *call) any {
	p := c.params("value", "default?")
	var defaultValue any = 0.0
	if p[1] != missing {
		defaultValue = p[1]
	}
	if u, ok := p[0].(*undefined); ok {
		u.fail()
	}
	if n := number(p[0]); n != nil {
		return toFloat(n)
	}
	if s, ok := text(p[0]); ok {
		if !isASCII(strings.TrimFunc(s, isSpace)) {
			c.at.unsupported("a number with non-ASCII characters")
		}
		if f, ok := parseFloat(s); ok {
			return f
		}
	}
	return defaultValue
}

func filterRound(c *call) any {
	p := c.params("value", "precision?", "method?")
	precision, method := c.intOr(p[1], 0), c.strOr(p[2], "common")
	if u, ok := p[0].(*undefined); ok {
		u.fail()
	}
	n := number(p[0])
	if n == nil {
		c.at.fail("a value of type %q cannot be rounded", typeName(p[0]))
	}
	if precision > 300 || precision < -300 {
		c.at.unsupported("the precision %d", precision)
	}
	switch method {
	case "common":
		return c.roundHalfEven(n, precision)
	case "ceil", "floor":
	default:
		c.at.fail(`the method of round must be "common", "ceil" or "floor"`)
	}
	scale := arith(c.at, "**", int64(10), int64(precision))
	scaled := arith(c.at, "*", n, scale)
	f, isFloat := scaled.(float64)
	if !isFloat {
		return arith(c.at, "/", scaled, scale)
	}
	if math.IsNaN(f) || math.IsInf(f, 0) {
		c.at.fail("the number is not finite")
	}
	if method == "ceil" {
		f = math.Ceil(f)
	} else {
		f = math.Floor(f)
	}
	return arith(c.at, "/", c.truncate(f), scale)
}

func arith(at pos, op string, a, b any) any {
	i, isInt := a.(int64)
	j, alsoInt := b.(int64)
	if isInt && alsoInt {
		return arithInt(at, op, i, j)
	}
	return arithFloat(at, op, toFloat(a), toFloat(b))
}

// roundHalfEven is Python's round(n, precision): exact, with ties rounded to even.
func (c *call) roundHalfEven(n any, precision int) any {
	f, isFloat := n.(float64)
	if isFloat && (math.IsNaN(f) || math.IsInf(f, 0)) {
		return f
	}
	if !isFloat && precision >= 0 {
		return n
	}
	if isFloat && precision >= 0 {
		r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', precision, 64), 64)
		if err != nil {
			c.at.fail("the result is out of range")
		}
		return r
	}
	exact := new(big.Rat)
	if isFloat {
		exact.SetFloat64(f)
	} else {
		exact.SetInt64(n.(int64))
	}
	unit := new(big.Rat).SetInt(new(big.Int).Exp(big.NewInt(10), big.NewInt(int64(-precision)), nil))
	exact.Quo(exact, unit)
	whole, _ := new(big.Int).SetString(exact.FloatString(0), 10) // rounds halves away from zero
	if diff := new(big.Rat).Sub(exact, new(big.Rat).SetInt(whole)); new(big.Rat).Abs(diff).
		Cmp(big.NewRat(1, 2)) == 0 && whole.Bit(0) == 1 {
		whole.Sub(whole, big.NewInt(int64(whole.Sign())))
	}
	exact.Mul(new(big.Rat).SetInt(whole), unit)
	if isFloat {
		r, _ := exact.Float64()
		return math.Copysign(r, f)
	}
	if !exact.Num().IsInt64() {
		c.at.unsupported("an integer beyond 64 bits")
	}
	return exact.Num().Int64()
}

func filterFileSize(c *call) any {
	p := c.params("value", "binary?")
	v := filterFloat(&call{in: c.in, at: c.at, args: []any{p[0], nil}})
	bytes, ok := v.(float64)
	if !ok || math.IsNaN(bytes) || math.IsInf(bytes, 0) {
		c.at.fail("a value of type %q is not a size", typeName(p[0]))
	}
	base, prefixes := 1000.0, "kMGTPEZY"
	unitName := "B"
	if c.boolOr(p[1], false) {
		base, prefixes, unitName = 1024, "KMGTPEZY", "iB"
	}
	switch {
	case bytes == 1:
		return "1 Byte"
	case bytes < base:
		return fmt.Sprintf("%d Bytes", c.truncate(bytes))
	}
	// Python compares with the exact unit: the float 1e24 is less than 1000**8.
	unit := big.NewInt(int64(base))
	size := new(big.Float).SetFloat64(bytes)
	for i := 0; ; i++ {
		unit.Mul(unit, big.NewInt(int64(base)))
		if size.Cmp(new(big.Float).SetInt(unit)) < 0 || i == len(prefixes)-1 {
			f, _ := new(big.Float).SetInt(unit).Float64()
			return fmt.Sprintf("%.1f %c%s", base*bytes/f, prefixes[i], unitName)
		}
	}
}
