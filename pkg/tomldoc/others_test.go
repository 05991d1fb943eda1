package tomldoc_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

type withOthers struct {
	Top struct {
		Name  string            `toml:"name"`
		Words map[string]string `toml:"words"`
		Rest  map[string]sub    `toml:"*"`
	} `toml:"top"`
}

func TestDecodeOthers(t *testing.T) {
	const text = "[top]\nname = \"x\"\nwords = { b = \"1\" }\n[top.\"a.b/c\"]\na = \"1\"\n[top]\n"
	var got withOthers
	d, err := tomldoc.Decode("f", []byte(strings.TrimSuffix(text, "[top]\n")), &got)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]sub{"a.b/c": {A: "1"}}
	if got.Top.Name != "x" || len(got.Top.Words) != 1 || !reflect.DeepEqual(got.Top.Rest, want) {
		t.Errorf("%+v", got)
	}
	if line := d.Line(`top.a.b/c.a`); line != 5 {
		t.Errorf("line %d", line)
	}
	var none withOthers
	if _, err := tomldoc.Decode("f", []byte("[top]\nname = \"x\"\n"), &none); err != nil || none.Top.Rest != nil {
		t.Errorf("%+v, %v", none, err)
	}
}

func TestDecodeOthersRefuses(t *testing.T) {
	for text, want := range map[string]string{
		"[top]\nnam = \"x\"\n":              `unknown field "top.nam"`,
		"[top.nam]\na = \"x\"\n":            `unknown field "top.nam"`,
		"[top.\"a/b\"]\nb = 1\n":            `unknown field "top.a/b.b"`,
		"[top.\"a/b\"]\na = 1\n":            "must be a string",
		"[top]\n\"a/b\" = \"x\"\n":          "must be a table",
		"[[top.\"a/b\"]]\na = \"x\"\n":      "must be a table",
		"[top]\n\"a/b\".c.d = \"x\"\n":      `unknown field "top.a/b.c"`,
		"[top.\"*\"]\nname = \"x\"\n":       `unknown field "top.*.name"`,
		"[top]\n\"a/b\" = { a = [\"x\"] }":  "must be a string",
		"[\"a/b\"]\na = \"x\"\n":            `unknown field "a/b"`,
		"[top.\"a/b\"]\n[top.\"a/b\"]\n":    "line 2",
		"[top]\n\"a/b\".a = 1979-05-27\n":   "must be a string",
		"[top]\n\"\" = { a = \"x\" }\nx=1 ": `unknown field "top."`,
	} {
		var into withOthers
		_, err := tomldoc.Decode("f", []byte(text), &into)
		if failure.KindOf(err) != failure.Usage || !strings.Contains(err.Error(), want) || failure.Hint(err) == "" {
			t.Errorf("%q: %v (hint %q), want %q", text, err, failure.Hint(err), want)
		}
		if strings.Contains(failure.Hint(err), `, "*"`) {
			t.Errorf("%q: hint %q", text, failure.Hint(err))
		}
	}
}
