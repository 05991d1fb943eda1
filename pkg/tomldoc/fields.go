package tomldoc

import (
	"cmp"
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// keys caches the keys of struct types: reflect.Type → []string.
var keys sync.Map

// keysOf returns the keys of the fields of a struct type, in the order of the fields.
func keysOf(t reflect.Type) []string {
	if known, ok := keys.Load(t); ok {
		return known.([]string)
	}
	var list []string
	for f := range t.Fields() {
		list = append(list, f.Tag.Get("toml"))
	}
	keys.Store(t, list)
	return list
}

// Fields returns the keys and values of the struct that v points to, in the order of its fields. The key is the tag
// "toml" of a field, as in Decode. The value is its TOML on one line, or "" if it is empty: nil, "", 0, false, or a
// list or map without elements. Structs, and lists and maps of structs, are left out. Strings must be valid UTF-8.
func Fields(v any) iter.Seq2[string, string] {
	return func(yield func(key, value string) bool) {
		s := reflect.ValueOf(v).Elem()
		for i, key := range keysOf(s.Type()) {
			f := s.Field(i)
			if hasStructs(f.Type()) {
				continue
			}
			value := ""
			if !isEmpty(f) {
				value = format(f)
			}
			if !yield(key, value) {
				return
			}
		}
	}
}

func hasStructs(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map:
		return hasStructs(t.Elem())
	}
	return t.Kind() == reflect.Struct
}

func isEmpty(v reflect.Value) bool {
	if k := v.Kind(); k == reflect.Slice || k == reflect.Map {
		return v.Len() == 0
	}
	return v.IsZero()
}

// format returns a value as TOML on one line.
func format(v reflect.Value) string {
	switch v.Kind() {
	case reflect.String:
		return Quote(v.String())
	case reflect.Int:
		return strconv.FormatInt(v.Int(), 10)
	case reflect.Bool:
		return strconv.FormatBool(v.Bool())
	case reflect.Pointer, reflect.Interface:
		return format(v.Elem())
	case reflect.Slice:
		items := make([]string, v.Len())
		for i := range items {
			items[i] = format(v.Index(i))
		}
		return "[" + strings.Join(items, ", ") + "]"
	case reflect.Map:
		if v.Len() == 0 {
			return "{}"
		}
		sorted := slices.SortedFunc(slices.Values(v.MapKeys()), func(a, b reflect.Value) int {
			return cmp.Compare(a.String(), b.String())
		})
		fields := make([]string, len(sorted))
		for i, key := range sorted {
			fields[i] = Key(key.String()) + " = " + format(v.MapIndex(key))
		}
		return "{ " + strings.Join(fields, ", ") + " }"
	}
	panic(fmt.Sprintf("writing a field of type %s", v.Type()))
}

// DecodeField decodes one line "key = value" into the struct that into points to. It is a faster Decode for numbers
// and strings without escapes in the form that Fields returns, in which it does not check for forbidden characters:
// the caller must compare the line with what Fields returns for the result.
func DecodeField(line string, into any) error {
	key, value, _ := strings.Cut(line, " = ")
	s := reflect.ValueOf(into).Elem()
	if i := slices.Index(keysOf(s.Type()), key); i >= 0 && setPlain(s.Field(i), value) {
		return nil
	}
	_, err := Decode("line", []byte(line), into)
	return err
}

// setPlain sets a field to true, a number or a string without escapes, and reports whether the value is one of these.
func setPlain(field reflect.Value, value string) bool {
	switch field.Kind() {
	case reflect.Pointer:
		p := reflect.New(field.Type().Elem())
		if !setPlain(p.Elem(), value) {
			return false
		}
		field.Set(p)
		return true
	case reflect.String:
		if len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"' {
			return false
		}
		text := value[1 : len(value)-1]
		if strings.ContainsAny(text, `"\`) {
			return false
		}
		field.SetString(text)
		return true
	case reflect.Bool:
		if value != "true" {
			return false
		}
		field.SetBool(true)
		return true
	case reflect.Int:
		n, err := strconv.Atoi(value)
		if err != nil {
			return false
		}
		field.SetInt(int64(n))
		return true
	}
	return false
}
