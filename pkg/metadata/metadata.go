// Package metadata collects the metadata of a project, such as its name and authors, which templates can use without a
// pack declaring them as keys.
//
// It reads the files of other tools in pmfp's order. Later files override earlier ones, and [project] in ppm.toml
// overrides all of them. An invalid file of another tool is skipped with a warning.
package metadata

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// Values holds the metadata by the names that templates use: pmfp's project_name, version, author, author_email,
// description, keywords, language and env, which are always set, and those that the project or the user added. Values
// are strings, except that keywords is a []string if there are any.
type Values map[string]any

// Metadata is the metadata of a project, and where each value comes from.
type Metadata struct {
	Values Values
	From   map[string]string // by name: FromUser, FromFolder or the file of the project; "" if nothing sets the value
}

// Origins of values that are not the file of another tool.
const (
	FromManifest = "ppm.toml"
	FromUser     = "~/.pmfprc/pmfprc.json"
	FromFolder   = "the name of the folder"
)

// IsCommon reports whether every project has a value of that name.
func IsCommon(name string) bool {
	switch name {
	case "project_name", "version", "author", "author_email", "description", "keywords", "language", "env":
		return true
	}
	return false
}

// Sources are the inputs of Read.
type Sources struct {
	User    []byte           // content of ~/.pmfprc/pmfprc.json, or nil
	Folder  string           // path of the project's folder, whose last element is the default name
	Project manifest.Project // [project] in ppm.toml

	// Read reads a file of the project. If the file does not exist, it returns nil or fs.ErrNotExist.
	Read func(name string) ([]byte, error)
}

// files are the files of other tools, in the order of reading.
var files = []struct {
	name string
	read func(data []byte) (manifest.Project, error)
}{
	{"pmfprc.json", readPmfp},
	{"setup.cfg", readSetupCfg},
	{"pyproject.toml", readPyproject},
	{"go.mod", readGoMod},
	{"CMakeLists.txt", readCMake},
	{"package.json", readPackageJSON},
}

// Read collects the metadata. The warnings name the files that were skipped and the reason. The error is that of
// s.Read.
func Read(s Sources) (m Metadata, warnings []string, err error) {
	m = Metadata{
		Values: Values{
			"project_name": filepath.Base(s.Folder), "version": "0.0.0", "author": "", "author_email": "",
			"description": "", "keywords": "", "language": "", "env": "",
		},
		From: map[string]string{"project_name": FromFolder},
	}
	addFile := func(name string, data []byte, read func([]byte) (manifest.Project, error)) {
		p, err := read(bytes.TrimPrefix(data, []byte("\ufeff")))
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("skipping %s: %v", name, err))
			return
		}
		m.add(name, p)
	}
	if s.User != nil {
		addFile(FromUser, s.User, readPmfp)
	}
	for _, f := range files {
		data, err := s.Read(f.name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && data == nil {
			continue
		}
		if err != nil {
			return Metadata{}, nil, fmt.Errorf("reading the project's metadata: %w", err)
		}
		addFile(f.name, data, f.read)
	}
	m.add(FromManifest, s.Project)
	return m, warnings, nil
}

// add sets the values that are not empty in p.
func (m Metadata) add(from string, p manifest.Project) {
	set := func(name string, value any) { m.Values[name], m.From[name] = value, from }
	for name, value := range map[string]string{
		"project_name": p.Name, "version": p.Version, "author": p.Author, "author_email": p.AuthorEmail,
		"description": p.Description, "language": p.Language, "env": p.Env,
	} {
		if value != "" {
			set(name, strings.ToValidUTF8(value, "\ufffd")) // a lock, which may store it, is UTF-8
		}
	}
	if len(p.Keywords) > 0 {
		keywords := slices.Clone(p.Keywords)
		for i, k := range keywords {
			keywords[i] = strings.ToValidUTF8(k, "\ufffd")
		}
		set("keywords", keywords)
	}
	for name, value := range p.Extra {
		set(name, strings.ToValidUTF8(value, "\ufffd"))
	}
}
