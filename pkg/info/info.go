// Package info owns what a project says about itself: the names that templates can use
// without a pack declaring them as keys.
//
// Many tools keep such facts in files of their own. They are read in the order of
// pmfp, later over earlier; ppm's own [project] comes last.
package info

import (
	"path/filepath"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
)

// Info holds the facts by pmfp's names. Values are strings, and lists of strings for keywords.
type Info map[string]any

// Sources says where to look.
type Sources struct {
	User    []byte                            // ~/.pmfprc/pmfprc.json; nil when there is none
	Folder  string                            // of the project: its last element is the name of a project that states none
	Project manifest.Project                  // ppm.toml's [project]
	Read    func(name string) ([]byte, error) // reads a file of the project; nil bytes or fs.ErrNotExist when there is none
}

// Read collects the facts.
func Read(s Sources) (Info, []string, error) {
	return Info{"project_name": filepath.Base(s.Folder)}, nil, nil
}
