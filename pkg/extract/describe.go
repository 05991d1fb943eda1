package extract

import (
	"github.com/Project-Manager-With-Git/ppm/pkg/catalog"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

// A Description describes a pack, and how to publish and use it.
type Description struct {
	Folder     string              `json:"folder"`
	Type       string              `json:"type"`
	Language   string              `json:"language"`
	Components []catalog.Component `json:"components"`
	Keys       []catalog.Key       `json:"keys"`
	Requires   []string            `json:"requires"`
	Next       []string            `json:"next"` // commands that publish and use the pack
}

// firstTag is the tag in the suggested commands.
const firstTag = "v0.1.0"

// Describe describes the pack in the folder dir.
func (r *Result) Describe(dir string) Description {
	p := r.Pack
	d := Description{
		Folder: dir, Type: p.Type, Language: p.Language, Requires: p.Requires,
		Components: []catalog.Component{}, Keys: catalog.Keys(p.Keys),
	}
	for _, name := range p.Names() {
		c := p.Components[name]
		d.Components = append(d.Components, catalog.Component{
			Name: name, Reference: dir + "@" + firstTag + "//" + name,
			Description: c.Description, DefaultPath: c.DefaultPath, Source: c.Source,
		})
	}
	git := "git -C " + shell.Quote(dir) + " "
	d.Next = []string{
		git + "init", git + "add .", git + "commit -m " + shell.Quote("First version"), git + "tag " + firstTag,
		"ppm project add " + shell.Quote(d.Components[0].Reference),
	}
	if p.IsTemplate() {
		d.Next = append(d.Next, "ppm project new -t "+shell.Quote(dir+"@"+firstTag))
	}
	return d
}
