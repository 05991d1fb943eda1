package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A decoder reads JSON field by field and keeps the first thing that is wrong, with the path of its field.
type decoder struct{ err error }

// An object is a JSON object. A field that is null is as good as absent.
type object struct {
	decoder *decoder
	path    string
	names   []string // in the order of the text
	fields  map[string]json.RawMessage
}

func (d *decoder) fail(path, format string, args ...any) {
	if d.err == nil && path == "" {
		d.err = fmt.Errorf(format, args...)
	} else if d.err == nil {
		d.err = fmt.Errorf("field %q: %w", path, fmt.Errorf(format, args...))
	}
}

// object reads data, which must hold one object and nothing else.
func (d *decoder) object(path string, data []byte) object {
	o := object{decoder: d, path: path, fields: make(map[string]json.RawMessage)}
	if !json.Valid(data) {
		var v any
		d.fail(path, "line %d: %w", errorLine(data), json.Unmarshal(data, &v))
		return o
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		d.fail(path, "it must be an object, not %s", kindOf(data))
		return o
	}
	for dec.More() {
		t, err := dec.Token()
		var value json.RawMessage
		if err == nil {
			err = dec.Decode(&value)
		}
		if err != nil {
			d.fail(path, "%w", err)
			return o
		}
		name := t.(string) // the text is valid, and in an object a name comes before every value
		if _, twice := o.fields[name]; twice {
			d.fail(o.at(name), "it stands twice")
		}
		o.fields[name] = value
		if kindOf(value) != "null" {
			o.names = append(o.names, name)
		}
	}
	return o
}

// errorLine returns the line on which data stops being JSON.
func errorLine(data []byte) int {
	var v any
	if err, ok := json.Unmarshal(data, &v).(*json.SyntaxError); ok {
		return 1 + bytes.Count(data[:min(int(err.Offset), len(data))], []byte("\n"))
	}
	return 1
}

func (o object) at(name string) string { return strings.TrimPrefix(o.path+"."+name, ".") }

// get decodes a field into v, and reports whether it is there and of the kind that is wanted.
func (o object) get(name, kind string, v any) bool {
	raw := o.fields[name]
	found := kindOf(raw)
	if found == "null" {
		return false
	}
	if found != kind {
		o.decoder.fail(o.at(name), "it must be %s, not %s", kind, found)
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		o.decoder.fail(o.at(name), "it must be %s: %w", kind, err)
		return false
	}
	return true
}

func (o object) text(name string) (s string) {
	o.get(name, "a string", &s)
	return s
}

func (o object) flag(name string) (b bool) {
	o.get(name, "a boolean", &b)
	return b
}

func (o object) texts(name string) (list []string) {
	var raw []json.RawMessage
	if !o.get(name, "a list", &raw) {
		return nil
	}
	for i, r := range raw {
		var s string
		if err := json.Unmarshal(r, &s); err != nil || kindOf(r) == "null" {
			o.decoder.fail(fmt.Sprintf("%s[%d]", o.at(name), i), "it must be a string, not %s", kindOf(r))
			return nil
		}
		list = append(list, s)
	}
	return list
}

// sub returns a field that is an object, and whether it is there.
func (o object) sub(name string) (object, bool) {
	raw, ok := o.fields[name]
	if !ok || kindOf(raw) == "null" {
		return object{decoder: o.decoder, path: o.at(name)}, false
	}
	return o.decoder.object(o.at(name), raw), true
}

// scalar returns a string, number or boolean as Python's str() writes it, because that is what pmfp puts into files.
func (o object) scalar(name string) string {
	raw := o.fields[name]
	switch kindOf(raw) {
	case "null":
		return ""
	case "a boolean":
		if string(raw) == "true" {
			return "True"
		}
		return "False"
	case "a number":
		return pythonNumber(string(raw))
	}
	return o.text(name)
}

// pythonNumber writes a JSON number as Python does: digits without point or exponent are an integer,
// all others a float, with an exponent from 1e16 on and below 1e-4.
func pythonNumber(literal string) string {
	if !strings.ContainsAny(literal, ".eE") {
		if literal == "-0" {
			return "0"
		}
		return literal
	}
	f, _ := strconv.ParseFloat(literal, 64) // out of range is infinite, in Python too
	switch abs := math.Abs(f); {
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	case abs != 0 && (abs < 1e-4 || abs >= 1e16):
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}

// kindOf names the kind of a JSON value. Nothing at all is null.
func kindOf(raw []byte) string {
	raw = bytes.TrimLeft(raw, " \t\r\n")
	if len(raw) == 0 {
		return "null"
	}
	switch raw[0] {
	case 'n':
		return "null"
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f':
		return "a boolean"
	}
	return "a number"
}
