package main

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/configfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// configFlag returns the flag that names a file with other flags, as every command of pmfp has it.
func configFlag() flag {
	return flag{
		name: "config", aliases: []string{"c"}, kind: stringFlag,
		usage: "read flags that are not given from the JSON `FILE`, such as {\"kv\": [\"name::value\"]}",
	}
}

// A flagFile has the flags of a command line, and for those that are not given the values of a file.
type flagFile struct {
	flagValues
	values map[string][]string // by the name of the flag
}

// withFlagFile adds to the flags of a command line those of the file that --config names.
func (in *invocation) withFlagFile(declared []flag, given flagValues) (flagValues, error) {
	if f, _ := findFlag(declared, "config"); f.name == "" || !given.IsSet("config") {
		return given, nil
	}
	in.options.cwd = given.String("cwd")
	name := in.options.path(given.String("config"))
	data, err := configfile.Read(name)
	if err != nil {
		return nil, err
	}
	fields := map[string]any{}
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.UseNumber()
	if err := decoder.Decode(&fields); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading flags from %q: %w", name, err).
			WithHint("write one JSON object, with a field for each flag")
	}
	file := flagFile{given, map[string][]string{}}
	for field, value := range fields {
		f, known := findFlag(declared, strings.ReplaceAll(field, "_", "-"))
		if !known || f.name == "config" {
			return nil, errNoFlag(declared, name, field)
		}
		texts, ok := f.texts(value)
		if !ok {
			return nil, failure.Errorf(failure.Usage, "reading flags from %q: the value of %q is not %s",
				name, field, f.valueInJSON()).WithHint("see --%s in the help of the command", f.name)
		}
		file.values[f.name] = texts
	}
	return file, nil
}

func errNoFlag(declared []flag, file, field string) error {
	var known []string
	for _, f := range declared {
		for _, name := range []string{f.name, f.pmfp} {
			if name != "" && name != "config" {
				known = append(known, strings.ReplaceAll(name, "-", "_"))
			}
		}
	}
	return failure.Errorf(failure.Usage, "reading flags from %q: no flag %q", file, field).
		WithHint("%s", suggest.Hint("field", field, known))
}

// valueInJSON describes the values of a flag in a flag file.
func (f flag) valueInJSON() string {
	switch f.kind {
	case boolFlag:
		return "true or false"
	case intFlag:
		return "a number"
	case listFlag:
		return "a list of non-empty strings"
	case textFlag:
		return "a string"
	}
	return "a non-empty string"
}

// texts returns a value of a flag file as it would be typed; a flag can be repeated.
func (f flag) texts(value any) (texts []string, ok bool) {
	switch v := value.(type) {
	case bool:
		return []string{strconv.FormatBool(v)}, f.kind == boolFlag
	case json.Number:
		_, err := strconv.Atoi(v.String())
		return []string{v.String()}, f.kind == intFlag && err == nil
	case string:
		return []string{v}, f.kind != boolFlag && f.kind != intFlag && (v != "" || f.mayBeEmpty())
	case []any:
		for _, item := range v {
			text, ok := item.(string)
			if !ok || text == "" {
				return nil, false
			}
			texts = append(texts, text)
		}
		return texts, f.kind == listFlag
	}
	return nil, false
}

// fromFile reports whether the value of a flag is that of the file.
func (f flagFile) fromFile(name string) bool {
	return f.values[name] != nil && !f.flagValues.IsSet(name)
}

// IsSet implements flagValues.
func (f flagFile) IsSet(name string) bool { return f.values[name] != nil || f.flagValues.IsSet(name) }

// Bool implements flagValues.
func (f flagFile) Bool(name string) bool {
	if f.fromFile(name) {
		return f.values[name][0] == "true"
	}
	return f.flagValues.Bool(name)
}

// Int implements flagValues.
func (f flagFile) Int(name string) int {
	if f.fromFile(name) {
		n, _ := strconv.Atoi(f.values[name][0]) // texts has checked it
		return n
	}
	return f.flagValues.Int(name)
}

// String implements flagValues.
func (f flagFile) String(name string) string {
	if f.fromFile(name) {
		return f.values[name][0]
	}
	return f.flagValues.String(name)
}

// StringSlice implements flagValues.
func (f flagFile) StringSlice(name string) []string {
	if f.fromFile(name) {
		return slices.Clone(f.values[name])
	}
	return f.flagValues.StringSlice(name)
}
