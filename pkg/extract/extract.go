// Package extract creates a pack from the files of a project.
//
// Each file or folder at the top of the project becomes a component. A replacement turns a text into a key: in files
// and file names, the text is replaced by an expression that renders to it.
package extract

import (
	"cmp"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
)

// A Replacement replaces a text in a project's files and file names by a key.
type Replacement struct {
	Text       string
	Key        string
	Default    string // of the key, a template; used if HasDefault is set, else the text is the default
	HasDefault bool
}

// ParseReplacement reads TEXT::KEY or TEXT::KEY::DEFAULT. The default may contain "::".
func ParseReplacement(s string) (Replacement, error) {
	parts := strings.SplitN(s, "::", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" || strings.ContainsAny(parts[0], "\r\n") {
		return Replacement{}, failure.Errorf(failure.Usage, "reading the replacement %q: it is not a text, "+
			"\"::\" and a key",
			s).
			WithHint("write it as TEXT::KEY or TEXT::KEY::DEFAULT, with a text of one line")
	}
	r := Replacement{Text: parts[0], Key: parts[1]}
	if len(parts) == 3 {
		r.Default, r.HasDefault = parts[2], true
	}
	return r, nil
}

// A Source is the project that a pack is created from.
type Source struct {
	Name     string // of the pack
	Type     string // one of pack.Types
	Metadata metadata.Values
	Files    fileset.Set
	// What is installed in the project needs, by the language of the packages.
	Needs map[string][]langdeps.Requirement
}

// A Result is a pack.
type Result struct {
	Pack      *pack.Pack
	Manifest  []byte      // the text of its ppm.toml
	Files     fileset.Set // all other files
	Conflicts []langdeps.Conflict
	Ignored   []string // lines of requirements.txt that a pack cannot require, such as options of pip
}

// Pack creates a pack. It checks that the manifests can be read back.
func Pack(src Source, replacements []Replacement) (*Result, error) {
	p := &pack.Pack{Name: src.Name, Type: src.Type, Components: map[string]pack.Component{}}
	for field, name := range map[*string]string{
		&p.Language: "language", &p.Env: "env", &p.Description: "description", &p.Author: "author",
	} {
		*field, _ = src.Metadata[name].(string)
	}
	if _, ok := src.Files.Lookup(pipFile); ok && p.Language == "" {
		p.Language = "py"
	}
	inverse, err := addKeys(p, replacements)
	if err != nil {
		return nil, err
	}
	union, ignored, err := src.requirements(p.Language)
	if err != nil {
		return nil, err
	}
	p.Requires = union.Lines
	var content []fileset.File
	for _, top := range topNames(src.Files) {
		c, files, err := component(top, src.Files, inverse)
		if err != nil {
			return nil, err
		}
		c.Name = unusedName(p.Components, top)
		p.Components[c.Name] = c
		content = append(content, files...)
	}
	if len(content) == 0 {
		return nil, failure.Errorf(failure.Usage, "creating a pack of %q: it has no files", src.Name).
			WithHint("files that .gitignore excludes do not count")
	}
	manifest, err := p.JSON()
	if err != nil {
		return nil, err
	}
	result := &Result{Pack: p, Manifest: p.TOML(), Conflicts: union.Conflicts, Ignored: ignored}
	manifests := map[string][]byte{pack.Native: result.Manifest, pack.Pmfp: manifest}
	if err := checkManifests(p.Name, manifests); err != nil {
		return nil, err
	}
	content = append(content, fileset.File{Path: pack.Pmfp, Mode: fileset.Regular, Data: manifest})
	result.Files, err = fileset.New(content)
	return result, err
}

// checkManifests returns an error about a manifest that cannot be read.
func checkManifests(name string, manifests map[string][]byte) error {
	for file, text := range manifests {
		_, err := pack.Load(name, func(asked string) ([]byte, error) {
			if asked != file {
				return nil, fs.ErrNotExist
			}
			return text, nil
		})
		if err != nil {
			return fmt.Errorf("creating a pack: %w", err)
		}
	}
	return nil
}

// requirements returns what requirements.txt and the installed components require, merged, and the lines of
// requirements.txt that are not requirements of a pack.
func (s Source) requirements(language string) (u langdeps.Union, ignored []string, err error) {
	needs := s.Needs[langdeps.Ecosystem(language)]
	if f, ok := s.Files.Lookup(pipFile); ok && langdeps.Ecosystem(language) == "py" {
		for _, text := range readPipFile(f.Data) {
			r := langdeps.Requirement{Text: text, By: []string{pipFile}, From: pipFile}
			if langdeps.Check(language, r) != nil {
				ignored = append(ignored, text)
				continue
			}
			needs = append(slices.Clip(needs), r)
		}
	}
	u, err = langdeps.Merge(language, needs)
	return u, ignored, err
}

// componentsDir is the folder of the components in the pack, so that they are separate from files like README.md.
const componentsDir = "parts"

// topNames returns the names of the files and folders at the top of the project.
func topNames(files fileset.Set) []string {
	var out []string
	for _, f := range files {
		top, _, _ := strings.Cut(f.Path, "/")
		out = append(out, top)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// addKeys declares the keys of the replacements. The metadata that every project has, such as project_name, needs no
// declaration: it has the value of the project that the pack is added to.
func addKeys(p *pack.Pack, replacements []Replacement) (*render.Inverse, error) {
	texts := map[string]string{}
	for _, r := range replacements {
		if text, twice := texts[r.Key]; twice && text != r.Text {
			return nil, failure.Errorf(failure.Usage, "key %q replaces both %q and %q", r.Key, text, r.Text).
				WithHint("use a different key for each text")
		}
		texts[r.Key] = r.Text
	}
	inverse, err := render.NewInverse(texts)
	if err != nil {
		return nil, err
	}
	plain, err := render.NewInverse(nil)
	if err != nil {
		return nil, err
	}
	for _, r := range replacements {
		declared := slices.ContainsFunc(p.Keys, func(k pack.Key) bool { return k.Name == r.Key })
		if declared || metadata.IsCommon(r.Key) && !r.HasDefault {
			continue
		}
		k := pack.Key{Name: r.Key, Description: fmt.Sprintf("takes the place of %q", r.Text), Default: r.Default}
		if !r.HasDefault {
			k.Default = plain.Text(r.Text) // a default is a template
		}
		p.Keys = append(p.Keys, k)
	}
	return inverse, nil
}

// pipFile is the file in which Python projects list their requirements.
const pipFile = "requirements.txt"

// readPipFile returns the lines of a requirements.txt without comments and without the hashes of files, which belong
// to the project's versions: https://pip.pypa.io/en/stable/reference/requirements-file-format/.
func readPipFile(data []byte) []string {
	var out []string
	text := strings.ReplaceAll(strings.ToValidUTF8(string(data), "\ufffd"), "\r\n", "\n")
	for line := range strings.Lines(strings.ReplaceAll(text, "\\\n", " ")) {
		line, _, _ = strings.Cut(" "+line, " #")
		if text, option, _ := strings.Cut(line, " -"); strings.HasPrefix(option, "-hash=") {
			line = text
		}
		if line = strings.TrimSpace(line); line != "" {
			out = append(out, line)
		}
	}
	return out
}

// component creates a component from the file or folder top. Its files have paths relative to the pack.
func component(top string, files fileset.Set, inverse *render.Inverse) (pack.Component, []fileset.File, error) {
	var own []fileset.File
	dir := true
	for _, f := range files {
		if f.Path == top {
			own, dir = []fileset.File{f}, false
		} else if rest, ok := strings.CutPrefix(f.Path, top+"/"); ok {
			f.Path = rest
			own = append(own, f)
		}
	}
	set, err := fileset.New(own)
	if err != nil {
		return pack.Component{}, nil, err
	}
	made, err := inverse.Component(set, dir)
	if err != nil {
		return pack.Component{}, nil, fmt.Errorf("making a component of %q: %w", top, err)
	}
	root := componentsDir
	c := pack.Component{Source: path.Join(componentsDir, made[0].Path), DefaultPath: inverse.Text(top)}
	if dir {
		root = path.Join(componentsDir, top)
		c.Source = root
	}
	for i := range made {
		made[i].Path = path.Join(root, made[i].Path)
	}
	return c, made, nil
}

// unusedName returns an unused name for the component of the file or folder top.
func unusedName(taken map[string]pack.Component, top string) string {
	name := strings.TrimLeft(strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, top), ".-")
	name = cmp.Or(name, "part")
	free := name
	for i := 2; ; i++ {
		if _, used := taken[free]; !used {
			return free
		}
		free = fmt.Sprintf("%s-%d", name, i)
	}
}
