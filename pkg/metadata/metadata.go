// Package info owns what a project says about itself: the names that templates can use
// without a pack declaring them as keys.
//
// Many tools keep such facts in files of their own. They are read in pmfp's order, a
// later file over an earlier one, and ppm's own [project] over all of them. A file of
// another tool that cannot be read is passed over with a warning: it is not ppm's to judge.
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

// Info holds the facts by pmfp's names: project_name, version, author, author_email, description, keywords,
// language and env. All are there. A value is a string, but keywords, when there are any, is a []string.
type Info map[string]any

// Sources says where to look.
type Sources struct {
	User    []byte                            // ~/.pmfprc/pmfprc.json; nil when there is none
	Folder  string                            // of the project: its last element names a project that states no name
	Project manifest.Project                  // ppm.toml's [project]
	Read    func(name string) ([]byte, error) // reads a file of the project; nil bytes or fs.ErrNotExist when there is none
}

// files are the files of other tools, in the order in which they are read.
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

// Read collects the facts. The warnings name the files that were passed over and say why; the error is Sources.Read's.
func Read(s Sources) (told Info, warnings []string, err error) {
	told = Info{
		"project_name": filepath.Base(s.Folder), "version": "0.0.0", "author": "", "author_email": "",
		"description": "", "keywords": "", "language": "", "env": "",
	}
	take := func(name string, data []byte, read func([]byte) (manifest.Project, error)) {
		p, err := read(bytes.TrimPrefix(data, []byte("\ufeff")))
		if err != nil {
			warnings = append(warnings, fmt.Sprintf("%s is passed over: %v", name, err))
			return
		}
		told.add(p)
	}
	if s.User != nil {
		take("~/.pmfprc/pmfprc.json", s.User, readPmfp)
	}
	for _, f := range files {
		data, err := s.Read(f.name)
		if errors.Is(err, fs.ErrNotExist) || err == nil && data == nil {
			continue
		}
		if err != nil {
			return nil, nil, fmt.Errorf("reading what the project says about itself: %w", err)
		}
		take(f.name, data, f.read)
	}
	told.add(s.Project)
	return told, warnings, nil
}

// add puts what p states over what is there.
func (told Info) add(p manifest.Project) {
	for name, value := range map[string]string{
		"project_name": p.Name, "version": p.Version, "author": p.Author, "author_email": p.AuthorEmail,
		"description": p.Description, "language": p.Language, "env": p.Env,
	} {
		if value != "" {
			told[name] = strings.ToValidUTF8(value, "\ufffd") // a lock, which may keep it, is UTF-8
		}
	}
	if len(p.Keywords) > 0 {
		keywords := slices.Clone(p.Keywords)
		for i, k := range keywords {
			keywords[i] = strings.ToValidUTF8(k, "\ufffd")
		}
		told["keywords"] = keywords
	}
}
