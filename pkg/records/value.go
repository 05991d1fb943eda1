package records

import (
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// mergeValue merges the versions of a value, "" for one that does not exist. Tables on one line are merged key by key
// and lists item by item, as far as they have strings, integers and true or false. It reports whether there is no
// conflict. The result is "" for a table without keys.
func mergeValue(b, o, t string) (string, bool) {
	if text, ok := pick(b, o, t); ok {
		return text, true
	}
	base, ours, theirs := decode(b), decode(o), decode(t)
	switch { // one value in several spellings
	case ours == nil || theirs == nil:
		return "", false
	case reflect.DeepEqual(ours, theirs), reflect.DeepEqual(theirs, base):
		return o, true
	case reflect.DeepEqual(ours, base):
		return t, true
	case strings.Contains(o+t, "#"): // perhaps a comment, which would be lost
		return "", false
	}
	merged, ok := mergeAny(base, ours, theirs)
	if table, isTable := merged.(map[string]any); !ok || isTable && len(table) == 0 {
		return "", ok
	}
	return write(merged, strings.Contains(o, "\n") || strings.Contains(t, "\n")), true
}

// decode returns the value that a text means, or nil.
func decode(text string) any {
	var doc struct {
		V any `toml:"v"`
	}
	if _, err := tomldoc.Decode("value", []byte("v = "+text+"\n"), &doc); err != nil {
		return nil
	}
	return doc.V
}

// write returns the TOML of a value, with each item of a list on a line of its own if it has several lines.
func write(value any, severalLines bool) string {
	doc := struct {
		V any `toml:"v"`
	}{value}
	list, isList := value.([]any)
	if isList && severalLines {
		text := "[\n"
		for _, item := range list {
			text += "    " + write(item, false) + ",\n"
		}
		return text + "]"
	}
	for _, text := range tomldoc.Fields(&doc) {
		return text
	}
	return ""
}

// mergeAny merges values of which both sides changed theirs.
func mergeAny(b, o, t any) (any, bool) {
	switch ours := o.(type) {
	case map[string]any:
		theirs, ok := t.(map[string]any)
		base, _ := b.(map[string]any)
		if !ok {
			return nil, false
		}
		return mergeTables(base, ours, theirs)
	case []any:
		theirs, ok := t.([]any)
		base, _ := b.([]any)
		if !ok || !isPlain(ours) || !isPlain(theirs) {
			return nil, false
		}
		return mergeLists(base, ours, theirs)
	}
	return nil, false
}

// mergeTables merges tables key by key.
func mergeTables(base, ours, theirs map[string]any) (any, bool) {
	out := map[string]any{}
	keys := slices.Concat(slices.Collect(maps.Keys(ours)), slices.Collect(maps.Keys(theirs)))
	for _, key := range keys {
		b, o, t := base[key], ours[key], theirs[key] // nil for one that does not exist
		merged, ok := o, true
		switch {
		case reflect.DeepEqual(o, t), reflect.DeepEqual(t, b):
		case reflect.DeepEqual(o, b):
			merged = t
		default:
			merged, ok = mergeAny(b, o, t)
		}
		if !ok || !isWritable(merged) {
			return nil, false
		}
		if merged != nil {
			out[key] = merged
		}
	}
	return out, true
}

// mergeLists merges lists item by item. It fails if both sides removed an item and did not add the same ones: they may
// have replaced it by different ones.
func mergeLists(base, ours, theirs []any) (any, bool) {
	removed := false // by both
	for _, item := range base {
		removed = removed || !slices.Contains(ours, item) && !slices.Contains(theirs, item)
	}
	addedByOurs, addedByTheirs := without(ours, base), without(theirs, base)
	if removed && !reflect.DeepEqual(addedByOurs, addedByTheirs) {
		return nil, false
	}
	units := func(list []any) []unit {
		var out []unit
		for _, item := range list {
			out = append(out, unit{id: write(item, false)})
		}
		return out
	}
	out := []any{}
	for _, id := range order(units(base), units(ours), units(theirs)) {
		has := func(list []any) bool {
			return slices.ContainsFunc(list, func(item any) bool { return write(item, false) == id })
		}
		b, o, t := has(base), has(ours), has(theirs)
		if o && t || o && !b || t && !b {
			out = append(out, decode(id))
		}
	}
	return out, true
}

// without returns the items of a that b does not have.
func without(a, b []any) []any {
	return slices.DeleteFunc(slices.Clone(a), func(item any) bool { return slices.Contains(b, item) })
}

// isPlain reports whether a list has only strings, integers and true or false, each once.
func isPlain(list []any) bool {
	for i, item := range list {
		if !isScalar(item) || slices.Contains(list[:i], item) {
			return false
		}
	}
	return true
}

func isScalar(value any) bool {
	switch value.(type) {
	case string, int64, bool:
		return true
	}
	return false
}

// isWritable reports whether write can write a value.
func isWritable(value any) bool {
	switch v := value.(type) {
	case nil:
		return true
	case []any:
		return !slices.ContainsFunc(v, func(item any) bool { return !isWritable(item) })
	case map[string]any:
		for _, item := range v {
			if !isWritable(item) {
				return false
			}
		}
		return true
	}
	return isScalar(value)
}
