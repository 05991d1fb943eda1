package jinja

import (
	"math"
	"math/big"
	"math/bits"
	"strings"
)

// binary evaluates an arithmetic operator.
func (in *interp) binary(at pos, op string, a, b any) any {
	if s, ok := a.(string); ok && op == "%" {
		return in.printf(at, s, b)
	}
	for _, v := range []any{a, b} {
		if u, ok := v.(*undefined); ok {
			u.fail()
		}
	}
	if x, y := number(a), number(b); x != nil && y != nil {
		i, isInt := x.(int64)
		j, alsoInt := y.(int64)
		if isInt && alsoInt {
			return arithInt(at, op, i, j)
		}
		return arithFloat(at, op, toFloat(x), toFloat(y))
	}
	switch op {
	case "+":
		if v := in.join(at, a, b); v != nil {
			return v
		}
	case "*":
		if n, ok := number(b).(int64); ok {
			if v := in.repeat(at, a, n); v != nil {
				return v
			}
		}
		if n, ok := number(a).(int64); ok {
			if v := in.repeat(at, b, n); v != nil {
				return v
			}
		}
	}
	if isMarkup(a) || isMarkup(b) {
		at.unsupported("the operator %q on escaped text", op)
	}
	at.fail("the operator %q does not support %q and %q", op, typeName(a), typeName(b))
	return nil
}

func isMarkup(v any) bool {
	_, ok := v.(markup)
	return ok
}

func (in *interp) join(at pos, a, b any) any {
	switch a := a.(type) {
	case string:
		if b, ok := b.(string); ok {
			in.set.reserve(at, len(a)+len(b))
			return a + b
		}
	case *list:
		if b, ok := b.(*list); ok {
			return &list{items: in.joinItems(at, a.items, b.items)}
		}
	case *tuple:
		if b, ok := b.(*tuple); ok {
			return &tuple{items: in.joinItems(at, a.items, b.items)}
		}
	}
	return nil
}

func (in *interp) joinItems(at pos, a, b []any) []any {
	in.set.step(at, len(a)+len(b))
	in.set.reserve(at, 16*(len(a)+len(b)))
	return append(append(make([]any, 0, len(a)+len(b)), a...), b...)
}

func (in *interp) repeat(at pos, v any, n int64) any {
	n = max(n, 0)
	size := func(unit int) int {
		hi, lo := bits.Mul64(uint64(unit), uint64(n))
		if hi != 0 || lo > math.MaxInt32 {
			return -1
		}
		return int(lo)
	}
	items := func(list []any) []any {
		in.set.reserve(at, size(16*len(list)))
		in.set.step(at, size(len(list)))
		var all []any
		for range n {
			if len(list) == 0 {
				break
			}
			all = append(all, list...)
		}
		return all
	}
	switch v := v.(type) {
	case string:
		in.set.reserve(at, size(len(v)))
		if v == "" {
			return v
		}
		return strings.Repeat(v, int(n))
	case *list:
		return &list{items: items(v.items)}
	case *tuple:
		return &tuple{items: items(v.items)}
	}
	return nil
}

func arithInt(at pos, op string, a, b int64) any {
	switch op {
	case "+":
		if sum := a + b; (sum > a) == (b > 0) {
			return sum
		}
	case "-":
		if diff := a - b; (diff < a) == (b > 0) {
			return diff
		}
	case "*":
		if product := new(big.Int).Mul(big.NewInt(a), big.NewInt(b)); product.IsInt64() {
			return product.Int64()
		}
	case "/":
		if b == 0 {
			at.fail("division by zero")
		}
		if a == 0 {
			return math.Copysign(0, float64(b)) // negative zero, as in Python
		}
		f, _ := new(big.Rat).SetFrac64(a, b).Float64()
		return f
	case "//", "%":
		if b == 0 {
			at.fail("division by zero")
		}
		if b == -1 && op == "%" {
			return int64(0)
		}
		if b == -1 && a == math.MinInt64 {
			break
		}
		quotient, remainder := a/b, a%b
		if remainder != 0 && (remainder < 0) != (b < 0) {
			quotient--
			remainder += b
		}
		if op == "%" {
			return remainder
		}
		return quotient
	case "**":
		return powerInt(at, a, b)
	}
	at.unsupported("an integer beyond 64 bits")
	return nil
}

func powerInt(at pos, a, b int64) any {
	if b < 0 {
		return arithFloat(at, "**", float64(a), float64(b))
	}
	if a == 0 || a == 1 {
		if b == 0 {
			return int64(1)
		}
		return a
	}
	if a == -1 {
		return 1 - 2*(b&1)
	}
	if b <= 64 {
		if p := new(big.Int).Exp(big.NewInt(a), big.NewInt(b), nil); p.IsInt64() {
			return p.Int64()
		}
	}
	at.unsupported("an integer beyond 64 bits")
	return nil
}

func toFloat(n any) float64 {
	if i, ok := n.(int64); ok {
		return float64(i)
	}
	return n.(float64)
}

func arithFloat(at pos, op string, a, b float64) any {
	if b == 0 && (op == "/" || op == "//" || op == "%") {
		at.fail("division by zero")
	}
	switch op {
	case "+":
		return a + b
	case "-":
		return a - b
	case "*":
		return a * b
	case "/":
		return a / b
	case "**":
		return powerFloat(at, a, b)
	}
	// Python's floor division: the remainder has the sign of b, and determines the quotient.
	remainder := math.Mod(a, b)
	quotient := (a - remainder) / b
	if remainder != 0 && (remainder < 0) != (b < 0) {
		remainder += b
		quotient--
	} else if remainder == 0 {
		remainder = math.Copysign(0, b)
	}
	if op == "%" {
		return remainder
	}
	if quotient == 0 {
		return math.Copysign(0, a/b)
	}
	floor := math.Floor(quotient)
	if quotient-floor > 0.5 {
		floor++
	}
	return floor
}

// powerFloat computes the exact power and rounds it once, as the C library does for Python with integer exponents.
func powerFloat(at pos, a, b float64) any {
	switch {
	case b == 0:
		return 1.0
	case a == 0 && b < 0:
		at.fail("zero cannot be raised to a negative power")
	case b == 0.5 && a >= 0:
		return math.Sqrt(a)
	case b != math.Trunc(b) || math.Abs(b) > 1100 || math.IsNaN(a) || math.IsInf(a, 0):
		at.unsupported("the power %s of a float", formatFloat(b))
	}
	exact := new(big.Rat).SetInt64(1)
	base := new(big.Rat).SetFloat64(a)
	if b < 0 {
		base.Inv(base)
	}
	for n := int(math.Abs(b)); n > 0; n >>= 1 {
		if n&1 == 1 {
			exact.Mul(exact, base)
		}
		if n > 1 {
			base.Mul(base, base)
		}
	}
	f, _ := exact.Float64()
	if math.IsInf(f, 0) {
		at.fail("the result is out of range")
	}
	return f
}
