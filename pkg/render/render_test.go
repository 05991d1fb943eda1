package render_test

import (
	"testing"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

func TestComponent(t *testing.T) {
	files, err := fileset.New([]fileset.File{
		{Path: "_ref_source_fer_.py.jinja", Mode: fileset.Regular, Data: []byte("class {{ source }}:\r\n  {%- if x %}\n{% endif %}\n")},
		{Path: "bin/run", Mode: fileset.Executable, Data: []byte("{{ source }}")},
	})
	if err != nil {
		t.Fatal(err)
	}
	got, err := render.Component(files, true, render.Context{"source": "timer", "x": ""}, render.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if f, _ := got.Files.Lookup("timer.py"); string(f.Data) != "class timer:" || got.Source["timer.py"] != "_ref_source_fer_.py.jinja" {
		t.Errorf("timer.py is %q of %q", f.Data, got.Source["timer.py"])
	}
	if f, _ := got.Files.Lookup("bin/run"); string(f.Data) != "{{ source }}" || f.Mode != fileset.Executable {
		t.Errorf("bin/run is %q %v", f.Data, f.Mode)
	}
}
