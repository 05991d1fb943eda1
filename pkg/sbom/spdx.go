package sbom

import (
	"crypto/sha1" // SPDX identifies files by it
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/jsondoc"
)

const noAssertion = "NOASSERTION"

// SPDX returns an inventory as a document of SPDX 2.3.
func SPDX(i Inventory) ([]byte, error) {
	w := spdxWriter{files: map[string]bool{}, refs: map[string]string{}, document: spdxDocument{
		Version: "SPDX-2.3", DataLicense: "CC0-1.0", ID: "SPDXRef-DOCUMENT", Name: i.Name,
		Creation: spdxCreation{i.date(), []string{"Tool: ppm-" + i.Tool}},
		Packages: []spdxPackage{}, Relationships: []spdxRelationship{},
	}}
	i = i.sorted()
	for _, p := range i.Projects {
		w.addProject(p)
	}
	for _, name := range slices.Sorted(maps.Keys(w.refs)) {
		w.document.Licenses = append(w.document.Licenses, spdxLicense{
			name, "The pack states the license " + w.refs[name] + ", which is not in SPDX's list of licenses.",
		})
	}
	// The namespace has to be unique for each document: it has the digest of everything else.
	content, err := json.Marshal(w.document)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(content)
	w.document.Namespace = "https://github.com/Project-Manager-With-Git/ppm/spdx/" + hex.EncodeToString(sum[:])
	return jsondoc.Format(w.document)
}

// A spdxWriter collects the elements of a document.
type spdxWriter struct {
	document spdxDocument
	files    map[string]bool   // the ids of the files so far: installs can share a file
	refs     map[string]string // licenses that are not in SPDX's list, by the name that they get
}

func (w *spdxWriter) addProject(p Project) {
	project := spdxPackage{
		ID: id("SPDXRef-Project", p.Folder, p.Name), Name: p.Name, Version: p.Version, Download: noAssertion,
		Concluded: noAssertion, Declared: noAssertion, Copyright: noAssertion, Purpose: "APPLICATION",
	}
	w.document.Packages = append(w.document.Packages, project)
	w.relate("SPDXRef-DOCUMENT", "DESCRIBES", project.ID)
	for _, in := range p.Installs {
		install := w.addInstall(p, in)
		w.relate(project.ID, "CONTAINS", install)
	}
}

func (w *spdxWriter) relate(from, kind, to string) {
	w.document.Relationships = append(w.document.Relationships, spdxRelationship{from, kind, to})
}

func (w *spdxWriter) addInstall(p Project, in Install) string {
	out := spdxPackage{
		ID: id("SPDXRef-Install", p.Folder, in.Path), Name: in.name(), Version: in.version(),
		Download: in.downloadLocation(), Source: in.origin(), Concluded: noAssertion, Declared: noAssertion,
		Copyright: noAssertion, Purpose: "SOURCE",
		Refs: []spdxExternalRef{{"PACKAGE-MANAGER", "purl", in.packageURL()}},
	}
	declared, refs := in.License.Standard()
	if text := declared.String(); text != "" {
		out.Declared = text
	}
	maps.Copy(w.refs, refs)
	var sums, notes []string
	var files []string
	for _, f := range in.Files {
		if change := f.change(); change != "" {
			notes = append(notes, f.Path+" is "+change)
		}
		if !f.IsOnDisk() {
			continue
		}
		sums = append(sums, f.SHA1)
		files = append(files, w.addFile(p, f))
	}
	if len(files) > 0 {
		slices.Sort(sums)
		sum := sha1.Sum([]byte(strings.Join(sums, "")))
		out.FilesAnalyzed = true
		out.Verification = &spdxVerification{hex.EncodeToString(sum[:])}
		out.FromFiles = []string{noAssertion}
	}
	if len(notes) > 0 {
		out.Comment = strings.Join(notes, "\n")
	}
	w.document.Packages = append(w.document.Packages, out)
	for _, f := range files {
		w.relate(out.ID, "CONTAINS", f)
	}
	return out.ID
}

// addFile adds a file unless another install has it, too, and returns its id.
func (w *spdxWriter) addFile(p Project, f File) string {
	name := path.Join(p.Folder, f.Path)
	file := spdxFile{
		ID: id("SPDXRef-File", name), Name: "./" + name, Concluded: noAssertion, InFile: []string{noAssertion},
		Copyright: noAssertion, Comment: f.note(),
		Checksums: []spdxChecksum{{"SHA1", f.SHA1}, {"SHA256", f.SHA256}},
	}
	if !w.files[file.ID] {
		w.files[file.ID] = true
		w.document.Files = append(w.document.Files, file)
	}
	return file.ID
}

type spdxDocument struct {
	Version       string             `json:"spdxVersion"`
	DataLicense   string             `json:"dataLicense"`
	ID            string             `json:"SPDXID"`
	Name          string             `json:"name"`
	Namespace     string             `json:"documentNamespace"`
	Creation      spdxCreation       `json:"creationInfo"`
	Packages      []spdxPackage      `json:"packages"`
	Files         []spdxFile         `json:"files,omitempty"`
	Licenses      []spdxLicense      `json:"hasExtractedLicensingInfos,omitempty"`
	Relationships []spdxRelationship `json:"relationships"`
}

type spdxCreation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

type spdxPackage struct {
	ID            string            `json:"SPDXID"`
	Name          string            `json:"name"`
	Version       string            `json:"versionInfo,omitempty"`
	Download      string            `json:"downloadLocation"`
	FilesAnalyzed bool              `json:"filesAnalyzed"`
	Verification  *spdxVerification `json:"packageVerificationCode,omitempty"`
	Source        string            `json:"sourceInfo,omitempty"`
	Concluded     string            `json:"licenseConcluded"`
	FromFiles     []string          `json:"licenseInfoFromFiles,omitempty"`
	Declared      string            `json:"licenseDeclared"`
	Copyright     string            `json:"copyrightText"`
	Purpose       string            `json:"primaryPackagePurpose"`
	Refs          []spdxExternalRef `json:"externalRefs,omitempty"`
	Comment       string            `json:"comment,omitempty"`
}

type spdxVerification struct {
	Value string `json:"packageVerificationCodeValue"`
}

type spdxExternalRef struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

type spdxFile struct {
	ID        string         `json:"SPDXID"`
	Name      string         `json:"fileName"`
	Checksums []spdxChecksum `json:"checksums"`
	Concluded string         `json:"licenseConcluded"`
	InFile    []string       `json:"licenseInfoInFiles"`
	Copyright string         `json:"copyrightText"`
	Comment   string         `json:"comment,omitempty"`
}

type spdxChecksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

type spdxLicense struct {
	ID   string `json:"licenseId"`
	Text string `json:"extractedText"`
}

type spdxRelationship struct {
	From string `json:"spdxElementId"`
	Kind string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}
