package pack_test

import (
	"errors"
	"reflect"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
)

func TestKeyValue(t *testing.T) {
	boolean, text := pack.Key{Name: "docker", Bool: true}, pack.Key{Name: "docker"}
	for _, c := range []struct {
		key   pack.Key
		given any
		want  any // nil for an error
	}{
		{boolean, true, true}, {boolean, false, false},
		{boolean, "true", true}, {boolean, "Yes", true}, {boolean, "ON", true}, {boolean, "y", true},
		{boolean, "1", true},
		{boolean, "false", false}, {boolean, "No", false}, {boolean, "off", false}, {boolean, "N", false},
		{boolean, "0", false}, {boolean, "False", false}, // as Jinja prints it
		{boolean, "", nil}, {boolean, "2", nil}, {boolean, " true", nil}, {boolean, "{{ x }}", nil},
		{boolean, "t", nil},
		{text, "no", "no"}, {text, "", ""}, {text, true, "true"}, {text, false, "false"},
		{pack.Key{Choices: []string{"true"}}, true, "true"}, {pack.Key{Choices: []string{"a"}}, true, nil},
	} {
		got, err := c.key.Value(c.given)
		if c.want == nil {
			if !errors.Is(err, failure.Usage) || failure.Hint(err) == "" {
				t.Errorf("%+v.Value(%v) = %v, %v, want a usage error", c.key, c.given, got, err)
			}
		} else if err != nil || got != c.want {
			t.Errorf("%+v.Value(%v) = %v, %v, want %v", c.key, c.given, got, err, c.want)
		}
	}
}

// A boolean default makes the key a boolean in both formats, and each key knows the line of its default.
func TestKeyDefaults(t *testing.T) {
	const keys = `{"template_type": "module", "components": {}, "template_keys": {
"on": {"default": true},
"off": {
  "default":
    false},
"text": {"default": "false"}, "none": {"ask": true}}}`
	const toml = `[pack]
type = "module"
[pack.components]
[pack.keys]
on = { default = true }
[pack.keys.off]
ask = false
default = false
[pack.keys.text]
default = "false"
[pack.keys.none]
ask = true
`
	for format, c := range map[string]struct {
		text  string
		lines []int
	}{pack.Pmfp: {keys, []int{2, 5, 6, 6}}, pack.Native: {toml, []int{5, 8, 10, 11}}} {
		p, err := pack.Load("p", files{format: c.text}.read)
		if err != nil {
			t.Fatal(err)
		}
		want := []pack.Key{
			{Name: "on", Default: "true", Bool: true}, {Name: "off", Default: "false", Bool: true},
			{Name: "text", Default: "false"}, {Name: "none", NoDefault: true, Ask: true},
		}
		for i := range want {
			want[i].Line = c.lines[i]
		}
		if !reflect.DeepEqual(p.Keys, want) {
			t.Errorf("%s: %+v, want %+v", format, p.Keys, want)
		}
	}
}
