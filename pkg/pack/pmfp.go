package pack

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// decodePmfp decodes .pmfp_template.json. It reads the fields of pmfp's schema (TEMPLATE_INFO_SCHEMA in pmfp's
// protocol.py) and ignores all others.
func decodePmfp(name string, data []byte) (source, error) {
	d := &decoder{}
	root := d.object("", 1, bytes.TrimPrefix(data, []byte("\ufeff")))
	p := &Pack{
		Type: root.text("template_type"), Language: root.text("language"),
		MiniLanguageVersion: root.text("mini_language_version"),
		Env:                 root.text("env"), Description: root.text("description"), Author: root.text("author"),
		Command:  root.text("command"),
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
					Name: n, Source: c.text("source"), DefaultPath: c.text("default_path"),
					Description: c.text("description"),
				}
			}
		}
	}
	if keys, ok := root.sub("template_keys"); ok {
		for _, n := range keys.names {
			k, _ := keys.sub(n)
			key := Key{Name: n, Description: k.text("description"), Ask: k.flag("ask"), Line: keys.lines[n]}
			switch typeOf(k.fields["default"]) {
			case "null":
				key.NoDefault = true
			case "a boolean":
				key.Default, key.Bool = strings.TrimSpace(string(k.fields["default"])), true
			default:
				key.Default = k.scalar("default")
			}
			key.Line = cmp.Or(k.lines["default"], key.Line)
			p.Keys = append(p.Keys, key)
		}
	}
	if d.err != nil {
		return source{}, failure.Errorf(failure.Usage, "reading %q: %w", name, d.err).
			WithHint("report it to the authors of the pack, or use another version")
	}
	return source{p, func(field, format string, args ...any) *failure.Error {
		return failure.Errorf(failure.Usage,
			"reading %q: field %q: %w", name, pmfpField(field), fmt.Errorf(format, args...))
	}}, nil
}

// pmfpField returns the path in .pmfp_template.json of a field of [pack].
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

// A pmfpFile is the content of .pmfp_template.json. pmfp refuses a pack whose file has other fields, or a language or
// environment that it does not know.
type pmfpFile struct {
	Language            string     `json:"language,omitempty"`
	MiniLanguageVersion string     `json:"mini_language_version,omitempty"`
	Description         string     `json:"description,omitempty"`
	Author              string     `json:"author,omitempty"`
	Type                string     `json:"template_type"`
	Env                 string     `json:"env,omitempty"`
	Requires            []string   `json:"requires,omitempty"`
	TestRequires        []string   `json:"test_requires,omitempty"`
	SetupRequires       []string   `json:"setup_requires,omitempty"`
	ExtrasRequires      []string   `json:"extras_requires,omitempty"`
	Command             string     `json:"command,omitempty"`
	Test                *pmfpTest  `json:"test,omitempty"`
	Components          pmfpObject `json:"components"`
	Keys                pmfpObject `json:"template_keys"`
}

type pmfpTest struct {
	Source      string `json:"source"`
	DefaultPath string `json:"default_path"`
}

type pmfpComponent struct {
	Source      string `json:"source"`
	DefaultPath string `json:"default_path"`
	Description string `json:"description"`
}

type pmfpKey struct {
	Default     string `json:"default"`
	Description string `json:"description"`
	Ask         bool   `json:"ask"`
}

// pmfpDefault returns the default for pmfp, which has no booleans: a text that is false in a condition only if it is
// empty.
func (k Key) pmfpDefault() string {
	switch {
	case !k.Bool:
		return k.Default
	case k.Default == "true":
		return "True"
	}
	return ""
}

// A pmfpObject is a JSON object whose members have an order: pmfp prompts for the keys, and places the components, in
// that of the file.
type pmfpObject []pmfpMember

type pmfpMember struct {
	name  string
	value any
}

// MarshalJSON returns the members in their order.
func (o pmfpObject) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(f.name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(f.value)
		if err != nil {
			return nil, err
		}
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes(), nil
}

// pmfpComponents returns the components in the order of their default paths. pmfp places no folder at a path that
// exists, so that a folder has to precede what is placed inside it.
func (p *Pack) pmfpComponents() pmfpObject {
	out := pmfpObject{}
	for _, name := range p.Names() {
		c := p.Components[name]
		out = append(out, pmfpMember{name, pmfpComponent{c.Source, c.pmfpPath(), c.Description}})
	}
	slices.SortStableFunc(out, func(a, b pmfpMember) int {
		return cmp.Compare(a.value.(pmfpComponent).DefaultPath, b.value.(pmfpComponent).DefaultPath)
	})
	return out
}

// The values that pmfp knows.
var (
	pmfpLanguages = []string{"py", "cython", "go", "C", "CXX", "js", "md"}
	pmfpEnvs      = []string{"venv", "conda", "pypy", "gomod", "cmake", "node", "webpack", "http"}
)

// known returns value if it is in values, else "".
func known(value string, values []string) string {
	if slices.Contains(values, value) {
		return value
	}
	return ""
}

// JSON returns what pmfp can use of the pack as .pmfp_template.json. Load reads it back.
func (p *Pack) JSON() ([]byte, error) {
	f := pmfpFile{
		Language: known(p.Language, pmfpLanguages), MiniLanguageVersion: p.MiniLanguageVersion,
		Description: p.Description, Author: p.Author, Type: p.Type, Env: known(p.Env, pmfpEnvs), Command: p.Command,
		Requires: p.Requires, TestRequires: p.TestRequires, SetupRequires: p.SetupRequires,
		ExtrasRequires: p.ExtrasRequires, Components: p.pmfpComponents(), Keys: pmfpObject{},
	}
	for _, k := range p.Keys {
		f.Keys = append(f.Keys, pmfpMember{k.Name, pmfpKey{k.pmfpDefault(), k.Description, k.Ask}})
	}
	if p.Test != nil {
		c := Component{Name: TestComponent, Source: p.Test.Source, DefaultPath: p.Test.DefaultPath}
		f.Test = &pmfpTest{c.Source, c.pmfpPath()}
	}
	data, err := marshal(f)
	if err != nil {
		return nil, fmt.Errorf("writing %s of pack %q: %w", Pmfp, p.Name, err)
	}
	var out bytes.Buffer
	if err := json.Indent(&out, data, "", "    "); err != nil {
		return nil, fmt.Errorf("writing %s of pack %q: %w", Pmfp, p.Name, err)
	}
	out.WriteByte('\n')
	return out.Bytes(), nil
}

// marshal marshals v without HTML escapes.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}

// pmfpPath returns the default path for pmfp, which does not install a component at its name if there is none. For a
// link without one, pmfp uses that of the component that it leads to.
func (c Component) pmfpPath() string {
	if _, isLink, _ := c.Link(); isLink {
		return c.DefaultPath
	}
	return cmp.Or(c.DefaultPath, c.Name)
}
