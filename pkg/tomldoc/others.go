package tomldoc

import (
	"reflect"
	"strings"

	"github.com/BurntSushi/toml"
)

// others is the tag of a field that gets the tables whose keys are not bare keys of TOML, such as "example.com/team".
// It is a map of structs. A mistyped name of another field is a bare key, and stays an error.
const others = "*"

// isBareKey reports whether a key can be written without quotes.
func isBareKey(key string) bool {
	return !strings.ContainsFunc(key, func(r rune) bool { return !isBare(r) })
}

// hasOthers reports whether a struct, or a struct in it, has a field with the tag others.
func hasOthers(t reflect.Type) bool {
	if t.Kind() != reflect.Struct || t == timeType {
		return false
	}
	for f := range t.Fields() {
		if f.Tag.Get("toml") == others || hasOthers(f.Type) {
			return true
		}
	}
	return false
}

// decodeOthers sets the fields with the tag others of a struct, and of the structs in it. The library has decoded the
// other fields, and the checker has accepted all keys.
func decodeOthers(md toml.MetaData, from toml.Primitive, v reflect.Value) error {
	if !hasOthers(v.Type()) {
		return nil
	}
	var raw map[string]toml.Primitive
	if err := md.PrimitiveDecode(from, &raw); err != nil {
		return err
	}
	var rest reflect.Value
	for i, key := range keysOf(v.Type()) {
		value, ok := raw[key]
		delete(raw, key)
		switch {
		case key == others:
			rest = v.Field(i)
		case ok:
			if err := decodeOthers(md, value, v.Field(i)); err != nil {
				return err
			}
		}
	}
	if !rest.IsValid() || len(raw) == 0 {
		return nil
	}
	rest.Set(reflect.MakeMap(rest.Type()))
	for key, value := range raw {
		item := reflect.New(rest.Type().Elem())
		if err := md.PrimitiveDecode(value, item.Interface()); err != nil {
			return err
		}
		rest.SetMapIndex(reflect.ValueOf(key), item.Elem())
	}
	return nil
}
