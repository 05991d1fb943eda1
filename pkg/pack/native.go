package pack

import (
	"bytes"
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// A nativeFile is the schema of a pack's ppm.toml. A pack can be a project, too: package manifest reads the other
// tables.
type nativeFile struct {
	Pack       nativePack `toml:"pack"`
	Project    any        `toml:"project"`
	Components any        `toml:"component"`
	Sources    any        `toml:"sources"`
	Packs      any        `toml:"packs"`
	Keys       any        `toml:"keys"`
	Workspace  any        `toml:"workspace"`
	Merging    any        `toml:"merge"`
	Policy     any        `toml:"policy"`
}

// A nativePack is the schema of [pack]. TOML writes the fields of this and the following structs in their order.
type nativePack struct {
	Language            string                     `toml:"language"`
	Type                string                     `toml:"type"`
	Description         string                     `toml:"description"`
	Author              string                     `toml:"author"`
	License             string                     `toml:"license"`
	LicenseFiles        []string                   `toml:"license_files"`
	Deprecated          string                     `toml:"deprecated"`
	MiniLanguageVersion string                     `toml:"mini_language_version"`
	Env                 string                     `toml:"env"`
	Command             string                     `toml:"command"`
	Requires            []string                   `toml:"requires"`
	TestRequires        []string                   `toml:"test_requires"`
	SetupRequires       []string                   `toml:"setup_requires"`
	ExtrasRequires      []string                   `toml:"extras_requires"`
	Test                *nativeTest                `toml:"test"`
	Retract             []nativeRetraction         `toml:"retract"`
	Keys                map[string]nativeKey       `toml:"keys"`
	Components          map[string]nativeComponent `toml:"components"`
}

type nativeTest struct {
	Source      string `toml:"source"`
	DefaultPath string `toml:"default_path"`
}

type nativeRetraction struct {
	Versions string `toml:"versions"`
	Reason   string `toml:"reason"`
}

type nativeComponent struct {
	Source      string `toml:"source"`
	DefaultPath string `toml:"default_path"`
	Description string `toml:"description"`
	License     string `toml:"license"`
	// nil means those of the pack
	LicenseFiles []string `toml:"license_files"`
	Deprecated   string   `toml:"deprecated"`
	Include      []string `toml:"include"`
	Exclude      []string `toml:"exclude"`
	Requires     []string `toml:"requires"`
	Depends      []string `toml:"depends"`
	RenamedFrom  []string `toml:"renamed_from"`
}

type nativeKey struct {
	Description string   `toml:"description"`
	Default     any      `toml:"default"` // a string or a bool
	Ask         bool     `toml:"ask"`
	Choices     []string `toml:"choices"`
	Pattern     string   `toml:"pattern"`
	RenamedFrom []string `toml:"renamed_from"`
}

// decodeNative decodes ppm.toml. Without a [pack] table it returns no pack.
func decodeNative(name string, data []byte) (source, error) {
	var tables map[string]any
	if _, err := tomldoc.Decode(name, data, &tables); err != nil {
		return source{}, err
	}
	if tables["pack"] == nil {
		return source{}, nil
	}
	var f nativeFile
	doc, err := tomldoc.Decode(name, data, &f)
	if err != nil {
		return source{}, err
	}
	p := f.Pack.pack()
	if p.Retract, err = f.Pack.retractions(doc); err != nil {
		return source{}, err
	}
	for i := range p.Keys {
		if err := p.Keys[i].setDefault(doc, f.Pack.Keys[p.Keys[i].Name].Default); err != nil {
			return source{}, err
		}
	}
	if p.Components == nil && doc.Line("pack.components") > 0 { // an empty table
		p.Components = map[string]Component{}
	}
	slices.SortFunc(p.Keys, func(a, b Key) int {
		lineA, lineB := doc.Line("pack.keys."+a.Name), doc.Line("pack.keys."+b.Name)
		return cmp.Or(cmp.Compare(lineA, lineB), cmp.Compare(a.Name, b.Name))
	})
	return source{p, func(field, format string, args ...any) *failure.Error {
		return doc.Errorf("pack."+field, format, args...)
	}}, nil
}

// retractions returns the retracted versions. Each needs a reason, for the users who have it installed.
func (n nativePack) retractions(doc *tomldoc.Document) ([]Retraction, error) {
	var out []Retraction
	for i, r := range n.Retract {
		at := fmt.Sprintf("pack.retract[%d]", i)
		if oneLine(r.Versions) == "" || oneLine(r.Reason) == "" {
			return nil, doc.Errorf(at, "a [[pack.retract]] needs versions and a reason").
				WithHint("write versions = \"v1.0.1\", or a range such as \">=1.0 <1.2\", and say what is wrong")
		}
		v, err := parseRetracted(r.Versions)
		if err != nil {
			return nil, doc.Errorf(at+".versions", "%w", err).WithHint("%s", failure.Hint(err))
		}
		out = append(out, Retraction{v, r.Reason})
	}
	return out, nil
}

// setDefault sets the fields of the key that its default decides.
func (k *Key) setDefault(doc *tomldoc.Document, value any) error {
	at := "pack.keys." + k.Name
	k.Line = cmp.Or(doc.Line(at+".default"), doc.Line(at))
	switch value := value.(type) {
	case nil:
		k.NoDefault = true
	case string:
		k.Default = value
	case bool:
		k.Default, k.Bool = strconv.FormatBool(value), true
	default:
		return doc.Errorf(at+".default", "field %q must be a string, true or false", at+".default").
			WithHint("write it in quotes")
	}
	return nil
}

// pack returns the pack, with its keys in any order and without their defaults.
func (n nativePack) pack() *Pack {
	p := &Pack{
		Type: n.Type, Language: n.Language, MiniLanguageVersion: n.MiniLanguageVersion, Env: n.Env,
		Description: n.Description, Author: n.Author, License: n.License, LicenseFiles: n.LicenseFiles,
		Deprecated: n.Deprecated, Command: n.Command, Requires: n.Requires,
		TestRequires: n.TestRequires, SetupRequires: n.SetupRequires, ExtrasRequires: n.ExtrasRequires,
		Test: (*Test)(n.Test),
	}
	if len(n.Components) > 0 {
		p.Components = make(map[string]Component, len(n.Components))
	}
	for name, c := range n.Components {
		p.Components[name] = Component{
			Name: name, Source: c.Source, DefaultPath: c.DefaultPath, Description: c.Description,
			License: c.License, LicenseFiles: c.LicenseFiles, Deprecated: c.Deprecated,
			Include: c.Include, Exclude: c.Exclude, Requires: c.Requires, Depends: c.Depends,
			RenamedFrom: c.RenamedFrom,
		}
	}
	for name, k := range n.Keys {
		p.Keys = append(p.Keys, Key{
			Name: name, Description: k.Description, Ask: k.Ask, Choices: k.Choices, Pattern: k.Pattern,
			RenamedFrom: k.RenamedFrom,
		})
	}
	return p
}

// native returns the fields of [pack] without those of its subtables.
func (p *Pack) native() nativePack {
	return nativePack{
		Type: p.Type, Language: p.Language, MiniLanguageVersion: p.MiniLanguageVersion, Env: p.Env,
		Description: p.Description, Author: p.Author, License: p.License, LicenseFiles: p.LicenseFiles,
		Deprecated: p.Deprecated, Command: p.Command, Requires: p.Requires,
		TestRequires: p.TestRequires, SetupRequires: p.SetupRequires, ExtrasRequires: p.ExtrasRequires,
	}
}

func (c Component) native() nativeComponent {
	return nativeComponent{
		c.Source, c.DefaultPath, c.Description, c.License, c.LicenseFiles, c.Deprecated, c.Include, c.Exclude,
		c.Requires, c.Depends, c.RenamedFrom,
	}
}

func (k Key) native() nativeKey {
	n := nativeKey{k.Description, k.Default, k.Ask, k.Choices, k.Pattern, k.RenamedFrom}
	switch {
	case k.NoDefault:
		n.Default = nil
	case k.Bool:
		n.Default = k.Default == "true"
	}
	return n
}

// TOML returns the pack as ppm.toml. Load reads it back. All strings must be valid UTF-8.
func (p *Pack) TOML() []byte {
	var b bytes.Buffer
	writeTable(&b, "pack", new(p.native()))
	if p.Test != nil {
		b.WriteByte('\n')
		writeTable(&b, "pack.test", (*nativeTest)(p.Test))
	}
	for _, r := range p.Retract {
		b.WriteByte('\n')
		writeTable(&b, "[pack.retract]", &nativeRetraction{r.Versions.String(), r.Reason})
	}
	for _, k := range p.Keys {
		b.WriteByte('\n')
		writeTable(&b, "pack.keys."+tomldoc.Key(k.Name), new(k.native()))
	}
	for _, name := range p.Names() {
		b.WriteByte('\n')
		c := p.Components[name]
		writeTable(&b, "pack.components."+tomldoc.Key(name), new(c.native()))
		if c.LicenseFiles != nil && len(c.LicenseFiles) == 0 { // not those of the pack
			b.WriteString("license_files = []\n")
		}
	}
	if len(p.Components) == 0 && p.Components != nil {
		b.WriteString("\n[pack.components]\n")
	}
	return b.Bytes()
}

func writeTable(b *bytes.Buffer, header string, fields any) {
	fmt.Fprintf(b, "[%s]\n", header)
	for key, value := range tomldoc.Fields(fields) {
		if value != "" {
			fmt.Fprintf(b, "%s = %s\n", key, value)
		}
	}
}
