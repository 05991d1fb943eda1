package pack

import (
	"cmp"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// nativeFile is the schema of a pack's ppm.toml. A pack may be a project as well: the other tables are package manifest's.
type nativeFile struct {
	Pack       nativePack `toml:"pack"`
	Project    any        `toml:"project"`
	Components any        `toml:"component"`
	Sources    any        `toml:"sources"`
	Packs      any        `toml:"packs"`
	Keys       any        `toml:"keys"`
	Workspace  any        `toml:"workspace"`
}

type nativePack struct {
	Type                string                     `toml:"type"`
	Language            string                     `toml:"language"`
	MiniLanguageVersion string                     `toml:"mini_language_version"`
	Env                 string                     `toml:"env"`
	Description         string                     `toml:"description"`
	Author              string                     `toml:"author"`
	Command             string                     `toml:"command"`
	Requires            []string                   `toml:"requires"`
	TestRequires        []string                   `toml:"test_requires"`
	SetupRequires       []string                   `toml:"setup_requires"`
	ExtrasRequires      []string                   `toml:"extras_requires"`
	Test                *nativeTest                `toml:"test"`
	Components          map[string]nativeComponent `toml:"components"`
	Keys                map[string]nativeKey       `toml:"keys"`
}

type nativeTest struct {
	Source      string `toml:"source"`
	DefaultPath string `toml:"default_path"`
}

type nativeComponent struct {
	Source      string   `toml:"source"`
	DefaultPath string   `toml:"default_path"`
	Description string   `toml:"description"`
	Include     []string `toml:"include"`
	Exclude     []string `toml:"exclude"`
	Requires    []string `toml:"requires"`
	Depends     []string `toml:"depends"`
}

type nativeKey struct {
	Description string   `toml:"description"`
	Default     string   `toml:"default"`
	Ask         bool     `toml:"ask"`
	Choices     []string `toml:"choices"`
	Pattern     string   `toml:"pattern"`
}

func decodeNative(name string, data []byte) (source, error) {
	var loose map[string]any
	if _, err := tomldoc.Decode(name, data, &loose); err != nil {
		return source{}, err
	}
	if loose["pack"] == nil {
		return source{}, nil
	}
	var f nativeFile
	doc, err := tomldoc.Decode(name, data, &f)
	if err != nil {
		return source{}, err
	}
	n := f.Pack
	p := &Pack{
		Type: n.Type, Language: n.Language, MiniLanguageVersion: n.MiniLanguageVersion, Env: n.Env,
		Description: n.Description, Author: n.Author, Command: n.Command,
		Requires: n.Requires, TestRequires: n.TestRequires, SetupRequires: n.SetupRequires, ExtrasRequires: n.ExtrasRequires,
		Test: (*Test)(n.Test),
	}
	if len(n.Components) > 0 || doc.Line("pack.components") > 0 { // none at all is another thing than an empty table
		p.Components = make(map[string]Component, len(n.Components))
	}
	for name, c := range n.Components {
		p.Components[name] = Component{
			Name: name, Source: c.Source, DefaultPath: c.DefaultPath, Description: c.Description,
			Include: c.Include, Exclude: c.Exclude, Requires: c.Requires, Depends: c.Depends,
		}
	}
	for name, k := range n.Keys {
		p.Keys = append(p.Keys, Key{
			Name: name, Description: k.Description, Default: k.Default, Ask: k.Ask, Choices: k.Choices, Pattern: k.Pattern,
		})
	}
	slices.SortFunc(p.Keys, func(a, b Key) int {
		return cmp.Or(cmp.Compare(doc.Line("pack.keys."+a.Name), doc.Line("pack.keys."+b.Name)), cmp.Compare(a.Name, b.Name))
	})
	return source{p, func(field, format string, args ...any) *failure.Error {
		return doc.Errorf("pack."+field, format, args...)
	}}, nil
}
