package jinja

import (
	"cmp"
	"fmt"
	"math"
	"math/big"
	"unicode/utf8"
)

// A value is nil (Python's None), a bool, int64, float64 or string, or one of these types.
type (
	markup string // text that is safe in HTML, as returned by the filters escape, safe and tojson
	list   struct{ items []any }
	tuple  struct {
		items   []any
		grouped bool // returned by the filter groupby: has attributes grouper and list
	}
	rangeValue struct{ start, stop, step int64 }
	// view is the result of a dict's methods keys, values and items.
	view struct {
		of    *dict
		which string
	}
	// nextFunc returns the next item, or false at the end.
	nextFunc func() (any, bool)
	// iterator yields its items once and lazily, like Python's generators.
	iterator struct{ next nextFunc }
	// undefined is the value of an undefined name, attribute or item.
	undefined struct {
		at             pos
		problem        string
		name           string // the undefined name; "" for an attribute or item
		allowUndefined bool   // never an error: a conditional expression without else
	}
	// missingValue is the type of missing, for arguments that are not given and variables that are not assigned yet.
	missingValue struct{}
)

var missing = missingValue{}

func boolToInt(b bool) int64 {
	if b {
		return 1
	}
	return 0
}

// fromGo converts the value of a key from Go.
func fromGo(v any) (any, error) {
	switch v := v.(type) {
	case nil, bool, int64, float64:
		return v, nil
	case int:
		return int64(v), nil
	case string:
		if !utf8.ValidString(v) {
			return nil, fmt.Errorf("its value is not UTF-8 text")
		}
		return v, nil
	case []string:
		l := &list{}
		for _, s := range v {
			item, err := fromGo(s)
			if err != nil {
				return nil, err
			}
			l.items = append(l.items, item)
		}
		return l, nil
	}
	return nil, fmt.Errorf("a value of Go type %T", v)
}

// typeName returns the Python name of v's type.
func typeName(v any) string {
	switch v := v.(type) {
	case nil:
		return "NoneType"
	case bool:
		return "bool"
	case int64:
		return "int"
	case float64:
		return "float"
	case string:
		return "str"
	case markup:
		return "Markup"
	case *list:
		return "list"
	case *tuple:
		return "tuple"
	case *dict:
		return "dict"
	case rangeValue:
		return "range"
	case view:
		return "dict_" + v.which
	case *iterator:
		return "generator"
	case *undefined:
		return "Undefined"
	case object:
		return v.typeName()
	}
	return fmt.Sprintf("%T", v)
}

// truth reports whether v is true in a condition.
func (in *interp) truth(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case int64:
		return v != 0
	case float64:
		return v != 0
	case string:
		return v != ""
	case markup:
		return v != ""
	case *list:
		return len(v.items) > 0
	case *tuple:
		return len(v.items) > 0
	case *dict:
		return len(v.keys) > 0
	case rangeValue:
		return v.len() > 0
	case view:
		return len(v.of.keys) > 0
	case *undefined:
		in.checkUndefined(v)
		return false
	}
	return true
}

// checkUndefined fails at an undefined value, unless undefined values are allowed.
func (in *interp) checkUndefined(u *undefined) {
	if !in.set.allowUndefined && !u.allowUndefined {
		u.fail()
	}
}

func isUndefined(v any) bool {
	_, ok := v.(*undefined)
	return ok
}

// checkUndefinedAll calls checkUndefined for the undefined values in values.
func (in *interp) checkUndefinedAll(values ...any) {
	for _, v := range values {
		if u, ok := v.(*undefined); ok {
			in.checkUndefined(u)
		}
	}
}

// fail ends the rendering at an operation that undefined values never support.
func (u *undefined) fail() {
	err := u.at.error("%s", u.problem)
	err.Undefined = u.name
	panic(err)
}

func (r rangeValue) len() int64 {
	switch {
	case r.step > 0 && r.start < r.stop:
		return (r.stop-r.start-1)/r.step + 1
	case r.step < 0 && r.start > r.stop:
		return (r.start-r.stop-1)/-r.step + 1
	}
	return 0
}

// length is Python's len. It returns false if v has no length.
func length(v any) (int, bool) {
	switch v := v.(type) {
	case string:
		return utf8.RuneCountInString(v), true
	case markup:
		return utf8.RuneCountInString(string(v)), true
	case *list:
		return len(v.items), true
	case *tuple:
		return len(v.items), true
	case *dict:
		return len(v.keys), true
	case view:
		return len(v.of.keys), true
	case rangeValue:
		return int(v.len()), true
	}
	return 0, false
}

func (v view) items(at pos) []any {
	var all []any
	for i := range v.of.keys {
		key, value := v.of.at(at, i)
		switch v.which {
		case "keys":
			all = append(all, key)
		case "values":
			all = append(all, value)
		default:
			all = append(all, &tuple{items: []any{key, value}})
		}
	}
	return all
}

// number returns v as an int64 or a float64, or nil if it is not a number.
func number(v any) any {
	switch v := v.(type) {
	case bool:
		return boolToInt(v)
	case int64, float64:
		return v
	}
	return nil
}

func text(v any) (string, bool) {
	switch v := v.(type) {
	case string:
		return v, true
	case markup:
		return string(v), true
	}
	return "", false
}

// compareNumbers compares numbers exactly, as Python does.
func compareNumbers(a, b any) int {
	switch a := a.(type) {
	case int64:
		switch b := b.(type) {
		case int64:
			return cmp.Compare(a, b)
		case float64:
			return -compareFloatInt(b, a)
		}
	case float64:
		switch b := b.(type) {
		case int64:
			return compareFloatInt(a, b)
		case float64:
			return cmp.Compare(a, b)
		}
	}
	return 0
}

func compareFloatInt(f float64, i int64) int {
	if math.IsInf(f, 0) || math.IsNaN(f) {
		return cmp.Compare(f, 0)
	}
	return new(big.Float).SetFloat64(f).Cmp(new(big.Float).SetInt64(i))
}

func isNaN(v any) bool {
	f, ok := v.(float64)
	return ok && math.IsNaN(f)
}
