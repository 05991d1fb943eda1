package pack

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// pmfpFile is .pmfp_template.json as JSON writes it. The fields that pmfp does not know stand only where they say something.
type pmfpFile struct {
	Language            string                   `json:"language,omitempty"`
	MiniLanguageVersion string                   `json:"mini_language_version,omitempty"`
	Description         string                   `json:"description,omitempty"`
	Author              string                   `json:"author,omitempty"`
	Type                string                   `json:"template_type"`
	Env                 string                   `json:"env,omitempty"`
	Requires            []string                 `json:"requires,omitempty"`
	TestRequires        []string                 `json:"test_requires,omitempty"`
	SetupRequires       []string                 `json:"setup_requires,omitempty"`
	ExtrasRequires      []string                 `json:"extras_requires,omitempty"`
	Command             string                   `json:"command,omitempty"`
	Test                *pmfpTest                `json:"test,omitempty"`
	Components          map[string]pmfpComponent `json:"components"`
	Keys                pmfpKeys                 `json:"template_keys"`
}

type pmfpTest struct {
	Source      string `json:"source"`
	DefaultPath string `json:"default_path"`
}

type pmfpComponent struct {
	Source      string   `json:"source"`
	DefaultPath string   `json:"default_path"`
	Description string   `json:"description"`
	Include     []string `json:"include,omitempty"`
	Exclude     []string `json:"exclude,omitempty"`
	Requires    []string `json:"requires,omitempty"`
	Depends     []string `json:"depends,omitempty"`
}

type pmfpKey struct {
	Default     string   `json:"default"`
	Description string   `json:"description"`
	Ask         bool     `json:"ask"`
	Choices     []string `json:"choices,omitempty"`
	Pattern     string   `json:"pattern,omitempty"`
}

// pmfpKeys keeps the order of the keys, in which pmfp asks for them.
type pmfpKeys []Key

// MarshalJSON writes the keys as one object.
func (keys pmfpKeys) MarshalJSON() ([]byte, error) {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, k := range keys {
		if i > 0 {
			b.WriteByte(',')
		}
		name, err := marshal(k.Name)
		if err != nil {
			return nil, err
		}
		value, err := marshal(pmfpKey{k.Default, k.Description, k.Ask, k.Choices, k.Pattern})
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

// JSON returns the .pmfp_template.json of the same content, for pmfp to read. Load reads it back as it was.
func (p *Pack) JSON() ([]byte, error) {
	f := pmfpFile{
		Language: p.Language, MiniLanguageVersion: p.MiniLanguageVersion, Description: p.Description, Author: p.Author,
		Type: p.Type, Env: p.Env, Command: p.Command,
		Requires: p.Requires, TestRequires: p.TestRequires, SetupRequires: p.SetupRequires, ExtrasRequires: p.ExtrasRequires,
		Test: (*pmfpTest)(p.Test), Components: make(map[string]pmfpComponent, len(p.Components)), Keys: p.Keys,
	}
	for name, c := range p.Components {
		f.Components[name] = pmfpComponent{c.Source, c.DefaultPath, c.Description, c.Include, c.Exclude, c.Requires, c.Depends}
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

// marshal writes v without the escapes that are only of use inside HTML.
func marshal(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), err
}
