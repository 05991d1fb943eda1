package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math"
	"strconv"
	"strings"
)

// A decoder decodes JSON field by field and keeps the first error, with the path of its field.
type decoder struct{ err error }

// An object is a JSON object. A field with the value null counts as missing.
type object struct {
	decoder *decoder
	path    string
	names   []string // in the order of the text
	fields  map[string]json.RawMessage
	lines   map[string]int // on which the values of the fields begin
}

func (d *decoder) fail(path, format string, args ...any) {
	if d.err == nil && path == "" {
		d.err = fmt.Errorf(format, args...)
	} else if d.err == nil {
		d.err = fmt.Errorf("field %q: %w", path, fmt.Errorf(format, args...))
	}
}

// object decodes data, which must be one object. It begins on the given line.
func (d *decoder) object(path string, line int, data []byte) object {
	o := object{decoder: d, path: path, fields: map[string]json.RawMessage{}, lines: map[string]int{}}
	if !json.Valid(data) {
		var v any
		d.fail(path, "line %d: %w", errorLine(data), json.Unmarshal(data, &v))
		return o
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		d.fail(path, "it must be an object, not %s", typeOf(data))
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
		name := t.(string) // the JSON is valid, so that each value in an object has a name
		if _, twice := o.fields[name]; twice {
			d.fail(o.at(name), "it is set twice")
		}
		o.fields[name] = value
		o.lines[name] = line + bytes.Count(data[:dec.InputOffset()-int64(len(value))], []byte("\n"))
		if typeOf(value) != "null" {
			o.names = append(o.names, name)
		}
	}
	return o
}

// errorLine returns the line of the first syntax error.
func errorLine(data []byte) int {
	var v any
	if err, ok := json.Unmarshal(data, &v).(*json.SyntaxError); ok {
		return 1 + bytes.Count(data[:min(int(err.Offset), len(data))], []byte("\n"))
	}
	return 1
}

func (o object) at(name string) string { return strings.TrimPrefix(o.path+"."+name, ".") }

// get decodes a field into v, and reports whether it is present and of the given type.
func (o object) get(name, typ string, v any) bool {
	raw := o.fields[name]
	found := typeOf(raw)
	if found == "null" {
		return false
	}
	if found != typ {
		o.decoder.fail(o.at(name), "it must be %s, not %s", typ, found)
		return false
	}
	if err := json.Unmarshal(raw, v); err != nil {
		o.decoder.fail(o.at(name), "it must be %s: %w", typ, err)
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
		if err := json.Unmarshal(r, &s); err != nil || typeOf(r) == "null" {
			o.decoder.fail(fmt.Sprintf("%s[%d]", o.at(name), i), "it must be a string, not %s", typeOf(r))
			return nil
		}
		list = append(list, s)
	}
	return list
}

// sub returns a field that is an object, and whether it is present.
func (o object) sub(name string) (object, bool) {
	raw, ok := o.fields[name]
	if !ok || typeOf(raw) == "null" {
		return object{decoder: o.decoder, path: o.at(name)}, false
	}
	return o.decoder.object(o.at(name), o.lines[name], raw), true
}

// scalar returns a string or a number, in the form of Python's str(), as pmfp renders it.
func (o object) scalar(name string) string {
	raw := o.fields[name]
	switch typeOf(raw) {
	case "null":
		return ""
	case "a number":
		return pythonNumber(string(raw))
	}
	return o.text(name)
}

// pythonNumber formats a JSON number as Python does. A number without a point and exponent is an integer. Others are
// floats, which have an exponent from 1e16 and below 1e-4.
func pythonNumber(literal string) string {
	if !strings.ContainsAny(literal, ".eE") {
		if literal == "-0" {
			return "0"
		}
		return literal
	}
	f, _ := strconv.ParseFloat(literal, 64) // infinite if out of range, as in Python
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

// typeOf returns the name of the type of a JSON value. That of an empty text is null.
func typeOf(raw []byte) string {
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
