package pack

import (
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// TOML returns the ppm.toml of the same content. Load reads it back as it was. All strings must be valid UTF-8.
func (p *Pack) TOML() []byte {
	w := &tomlWriter{}
	w.WriteString("[pack]\n")
	w.text("language", p.Language)
	w.text("type", p.Type)
	w.text("description", p.Description)
	w.text("author", p.Author)
	w.text("mini_language_version", p.MiniLanguageVersion)
	w.text("env", p.Env)
	w.text("command", p.Command)
	w.texts("requires", p.Requires)
	w.texts("test_requires", p.TestRequires)
	w.texts("setup_requires", p.SetupRequires)
	w.texts("extras_requires", p.ExtrasRequires)
	if p.Test != nil {
		w.WriteString("\n[pack.test]\n")
		w.text("source", p.Test.Source)
		w.text("default_path", p.Test.DefaultPath)
	}
	for _, k := range p.Keys {
		w.table("keys", k.Name)
		w.text("description", k.Description)
		w.text("default", k.Default)
		if k.Ask {
			w.WriteString("ask = true\n")
		}
		w.texts("choices", k.Choices)
		w.text("pattern", k.Pattern)
	}
	for _, name := range p.Names() {
		c := p.Components[name]
		w.table("components", name)
		w.text("source", c.Source)
		w.text("default_path", c.DefaultPath)
		w.text("description", c.Description)
		w.texts("include", c.Include)
		w.texts("exclude", c.Exclude)
		w.texts("requires", c.Requires)
		w.texts("depends", c.Depends)
	}
	if len(p.Components) == 0 && p.Components != nil {
		w.WriteString("\n[pack.components]\n")
	}
	return []byte(w.String())
}

// A tomlWriter writes the tables of a pack. What says nothing is left out.
type tomlWriter struct{ strings.Builder }

func (w *tomlWriter) table(kind, name string) {
	fmt.Fprintf(w, "\n[pack.%s.%s]\n", kind, tomldoc.Key(name))
}

func (w *tomlWriter) text(key, value string) {
	if value != "" {
		fmt.Fprintf(w, "%s = %s\n", key, tomldoc.Quote(value))
	}
}

func (w *tomlWriter) texts(key string, list []string) {
	if len(list) > 0 {
		fmt.Fprintf(w, "%s = %s\n", key, tomldoc.Strings(list))
	}
}
