package pack

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// decodePmfp reads a .pmfp_template.json. Published packs have fields that ppm does not know: they are passed over.
// The fields that only ppm.toml has in pmfp's eyes (include, depends, choices…) are read under the same names.
func decodePmfp(name string, data []byte) (source, error) {
	d := &decoder{}
	root := d.object("", bytes.TrimPrefix(data, []byte("\ufeff")))
	p := &Pack{
		Type: root.text("template_type"), Language: root.text("language"), MiniLanguageVersion: root.text("mini_language_version"),
		Env: root.text("env"), Description: root.text("description"), Author: root.text("author"), Command: root.text("command"),
		Requires: root.texts("requires"), TestRequires: root.texts("test_requires"),
		SetupRequires: root.texts("setup_requires"), ExtrasRequires: root.texts("extras_requires"),
	}
	if test, ok := root.sub("test"); ok {
		p.Test = &Test{Source: test.text("source"), DefaultPath: test.text("default_path")}
	}
	if components, ok := root.sub("components"); ok {
		p.Components = make(map[string]Component)
		for _, n := range components.names {
			if c, ok := components.sub(n); ok {
				p.Components[n] = Component{
					Name: n, Source: c.text("source"), DefaultPath: c.text("default_path"), Description: c.text("description"),
					Include: c.texts("include"), Exclude: c.texts("exclude"), Requires: c.texts("requires"), Depends: c.texts("depends"),
				}
			}
		}
	}
	if keys, ok := root.sub("template_keys"); ok {
		for _, n := range keys.names {
			k, _ := keys.sub(n)
			p.Keys = append(p.Keys, Key{
				Name: n, Description: k.text("description"), Default: k.scalar("default"), Ask: k.flag("ask"),
				Choices: k.texts("choices"), Pattern: k.text("pattern"),
			})
		}
	}
	if d.err != nil {
		return source{}, failure.Errorf(failure.Usage, "reading %q: %w", name, d.err).
			WithHint("tell the authors of the pack, or take another version of it")
	}
	return source{p, func(field, format string, args ...any) *failure.Error {
		return failure.Errorf(failure.Usage, "reading %q: field %q: %w", name, pmfpField(field), fmt.Errorf(format, args...))
	}}, nil
}

// pmfpField turns the path of a field in [pack] into what it is in .pmfp_template.json.
func pmfpField(field string) string {
	first, rest, nested := strings.Cut(field, ".")
	switch first {
	case "type":
		first = "template_type"
	case "keys":
		first = "template_keys"
	}
	if nested {
		first += "." + rest
	}
	return first
}
