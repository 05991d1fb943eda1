package sbom

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"path"

	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
)

// CycloneDX returns an inventory as a document of CycloneDX 1.5: every consumer of a later version reads it, and ppm
// has no value for what is new in these.
func CycloneDX(i Inventory) ([]byte, error) {
	i = i.sorted()
	root := cdxComponent{Type: "application", Ref: "workspace", Name: i.Name, Version: i.Version}
	out := cdxDocument{
		Schema: "http://cyclonedx.org/schema/bom-1.5.schema.json", Format: "CycloneDX", Spec: "1.5", Version: 1,
		Components: []cdxComponent{}, Dependencies: []cdxDependency{},
	}
	all := cdxDependency{Ref: root.Ref}
	for _, p := range i.Projects {
		project := cdxComponent{
			Type: "application", Ref: id("project", p.Folder, p.Name), Name: p.Name, Version: p.Version,
		}
		all.On = append(all.On, project.Ref)
		depends := cdxDependency{Ref: project.Ref}
		for _, in := range p.Installs {
			c := in.cycloneDX(p)
			out.Components = append(out.Components, c)
			depends.On = append(depends.On, c.Ref)
		}
		out.Dependencies = append(out.Dependencies, depends)
		if len(i.Projects) == 1 && p.Folder == "." {
			root = project
			continue
		}
		root.Components = append(root.Components, project)
	}
	if root.Ref == "workspace" {
		out.Dependencies = append(out.Dependencies, all)
	}
	tool := cdxComponent{Type: "application", Name: "ppm", Version: i.Tool}
	out.Metadata = cdxMetadata{i.date(), cdxTools{[]cdxComponent{tool}}, root}
	content, err := json.Marshal(out)
	if err != nil {
		return nil, err
	}
	out.Serial = "urn:uuid:" + uuid(content)
	return jsondoc.Format(out)
}

// uuid returns a UUID of version 8 that is made from the digest of a content.
func uuid(content []byte) string {
	sum := sha256.Sum256(content)
	sum[6], sum[8] = sum[6]&0x0f|0x80, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}

func (in Install) cycloneDX(p Project) cdxComponent {
	c := cdxComponent{
		Type: "library", Ref: id("install", p.Folder, in.Path), Name: in.name(), Version: in.version(),
		PURL: in.packageURL(),
		Properties: []cdxProperty{
			{"ppm:path", path.Join(p.Folder, in.Path)}, {"ppm:source", in.Source.String()},
			{"ppm:commit", in.Commit}, {"ppm:digest", in.Digest},
		},
	}
	for _, r := range in.Via {
		c.Properties = append(c.Properties, cdxProperty{"ppm:via", r.String()})
	}
	if in.Signer != "" {
		c.Properties = append(c.Properties, cdxProperty{"ppm:signer", in.Signer})
	}
	if declared, _ := in.License.Standard(); declared.String() != "" {
		c.Licenses = []cdxLicense{{declared.String()}}
	}
	if u := in.repository(); u != "" {
		c.References = []cdxReference{{"vcs", u}}
	}
	for _, f := range in.Files {
		name := path.Join(p.Folder, f.Path)
		file := cdxComponent{
			Type: "file", Ref: id("file", p.Folder, in.Path, name), Name: name,
			Properties: []cdxProperty{{"ppm:state", f.State}},
		}
		if f.IsOnDisk() {
			file.Hashes = []cdxHash{{"SHA-1", f.SHA1}, {"SHA-256", f.SHA256}}
		}
		if f.change() != "" {
			file.Properties = append(file.Properties, cdxProperty{"ppm:installed", f.Installed})
		}
		if f.note() != "" {
			file.Pedigree = &cdxPedigree{f.note()}
		}
		c.Components = append(c.Components, file)
	}
	return c
}

type cdxDocument struct {
	Schema       string          `json:"$schema"`
	Format       string          `json:"bomFormat"`
	Spec         string          `json:"specVersion"`
	Serial       string          `json:"serialNumber,omitempty"`
	Version      int             `json:"version"`
	Metadata     cdxMetadata     `json:"metadata"`
	Components   []cdxComponent  `json:"components"`
	Dependencies []cdxDependency `json:"dependencies"`
}

type cdxMetadata struct {
	Timestamp string       `json:"timestamp"`
	Tools     cdxTools     `json:"tools"`
	Component cdxComponent `json:"component"`
}

type cdxTools struct {
	Components []cdxComponent `json:"components"`
}

type cdxComponent struct {
	Type       string         `json:"type"`
	Ref        string         `json:"bom-ref,omitempty"`
	Name       string         `json:"name"`
	Version    string         `json:"version,omitempty"`
	Hashes     []cdxHash      `json:"hashes,omitempty"`
	Licenses   []cdxLicense   `json:"licenses,omitempty"`
	PURL       string         `json:"purl,omitempty"`
	Pedigree   *cdxPedigree   `json:"pedigree,omitempty"`
	References []cdxReference `json:"externalReferences,omitempty"`
	Components []cdxComponent `json:"components,omitempty"`
	Properties []cdxProperty  `json:"properties,omitempty"`
}

type cdxHash struct {
	Algorithm string `json:"alg"`
	Content   string `json:"content"`
}

type cdxLicense struct {
	Expression string `json:"expression"`
}

type cdxPedigree struct {
	Notes string `json:"notes"`
}

type cdxReference struct {
	Type string `json:"type"`
	URL  string `json:"url"`
}

type cdxProperty struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type cdxDependency struct {
	Ref string   `json:"ref"`
	On  []string `json:"dependsOn,omitempty"`
}
