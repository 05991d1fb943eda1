// Package projectfiles writes the files that a new project needs besides the components of its template: a README, a
// changelog, and the file in which the tools of its language keep the name, the version and the requirements.
//
// pmfp writes them, too. They belong to the user from the start: ppm does not record them. Nothing here reads or
// writes a disk.
package projectfiles

import (
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
)

// A Project is what the files say about a project.
type Project struct {
	Language        string          // as in a pack's manifest
	LanguageVersion string          // its minimum version; may be empty
	Metadata        metadata.Values // of the project
	Requires        []string        // packages, in the form of the language
}

// A file is a file at the top of a project.
type file struct {
	name      string
	languages []string // those that need it; nil means all
	instead   []string // other files that serve the same purpose
	content   func(p Project) ([]byte, error)
}

var files = []file{
	{"README.md", nil, []string{"README", "README.rst", "README.txt"}, readme},
	{"CHANGELOG.md", nil, []string{"CHANGELOG", "CHANGELOG.rst", "CHANGELOG.txt"}, changelog},
	{"go.mod", []string{"go"}, nil, goMod},
	{"package.json", []string{"js"}, nil, packageJSON},
	{"pyproject.toml", []string{"py", "cython"}, []string{"setup.py", "setup.cfg"}, pyproject},
	{"CMakeLists.txt", []string{"C", "CXX"}, nil, cmakeLists},
}

// Names returns the names of all files that decide what Missing returns.
func Names() []string {
	var out []string
	for _, f := range files {
		out = append(append(out, f.name), f.instead...)
	}
	return out
}

// Missing returns the files that the project needs and does not have. has reports whether it has a file of a name.
// Errors are of kind Usage: no file of the language can have the project's name.
func Missing(p Project, has func(name string) bool) (fileset.Set, error) {
	var out []fileset.File
	for _, f := range files {
		if f.languages != nil && !slices.Contains(f.languages, p.Language) || has(f.name) ||
			slices.ContainsFunc(f.instead, has) {
			continue
		}
		data, err := f.content(p)
		if err != nil {
			return nil, err
		}
		out = append(out, fileset.File{Path: f.name, Mode: fileset.Regular, Data: data})
	}
	return fileset.New(out)
}

// text returns a text of the metadata as one line.
func (p Project) text(name string) string {
	text, _ := p.Metadata[name].(string)
	return strings.Join(strings.FieldsFunc(text, func(r rune) bool { return r <= ' ' || r == 0x7f }), " ")
}

func (p Project) keywords() []string {
	list, _ := p.Metadata["keywords"].([]string)
	return list
}

func readme(p Project) ([]byte, error) {
	text := "# " + p.text("project_name") + "\n"
	if description, _ := p.Metadata["description"].(string); description != "" {
		text += "\n" + strings.TrimSpace(description) + "\n"
	}
	return []byte(text), nil
}

func changelog(p Project) ([]byte, error) {
	return []byte("# Changelog\n\n## " + p.text("version") + "\n\n- First version.\n"), nil
}
