package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/metadata"
	"github.com/Project-Manager-With-Git/ppm/pkg/pack"
	"github.com/Project-Manager-With-Git/ppm/pkg/render"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
)

// A Replacement makes a key of a text that stands in a project's files and names.
type Replacement struct {
	Text       string
	Key        string
	Default    string // of the key, a template; when it is not stated, the text
	HasDefault bool
}

// ParseReplacement reads TEXT::KEY or TEXT::KEY::DEFAULT. The default may contain "::".
func ParseReplacement(s string) (Replacement, error) {
	parts := strings.SplitN(s, "::", 3)
	if len(parts) < 2 || parts[0] == "" || parts[1] == "" || strings.ContainsAny(parts[0], "\r\n") {
		return Replacement{}, failure.Errorf(failure.Usage, "reading the replacement %q: it is not a text, \"::\" and a key", s).
			WithHint("write it as TEXT::KEY or TEXT::KEY::DEFAULT, with a text of one line")
	}
	r := Replacement{Text: parts[0], Key: parts[1]}
	if len(parts) == 3 {
		r.Default, r.HasDefault = parts[2], true
	}
	return r, nil
}

// AsTemplateOptions say what pack to make of a project.
type AsTemplateOptions struct {
	Type         string // one of pack.Types
	Replacements []Replacement
	Dir          string // where the pack goes, from the project's folder; empty takes a new folder beside the project
	DryRun       bool
}

// AsTemplateResult is the pack that AsTemplate made, or with DryRun would make.
type AsTemplateResult struct {
	Folder     string          `json:"folder"`
	Type       string          `json:"type"`
	Language   string          `json:"language"`
	Components []ComponentView `json:"components"`
	Keys       []KeyView       `json:"keys"`
	Requires   []string        `json:"requires"`
	Changes    []Change        `json:"changes"` // every file of the pack, from its folder
	Next       []string        `json:"next"`    // commands that publish the pack and use it
	DryRun     bool            `json:"dry_run"`
}

// partsDir is the folder of a pack with its components, which keeps them apart from what the pack's repository needs itself.
const partsDir = "parts"

// AsTemplate writes a pack whose components are the files and folders at the top of the project. The
// project stays as it is. Nothing is written over a file that stands in the pack's folder already.
func (s *Session) AsTemplate(ctx context.Context, o AsTemplateOptions) (result *AsTemplateResult, err error) {
	if !slices.Contains(pack.Types, o.Type) {
		return nil, failure.Errorf(failure.Usage, "%q is not a type of pack", o.Type).
			WithHint("%s", suggest.Hint("type", o.Type, pack.Types))
	}
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	folder, inside, err := s.packFolder(o.Dir)
	if err != nil {
		return nil, err
	}
	files, err := s.gather(ctx, inside)
	if err != nil {
		return nil, err
	}
	p, content, err := s.makePack(ctx, o, files)
	if err != nil {
		return nil, err
	}
	changes, err := s.writePack(ctx, folder, p, content, o)
	if err != nil {
		return nil, err
	}
	return describePack(p, folder, changes, o.DryRun), nil
}

// packFolder returns the absolute path of the pack's folder, and its path from the project's when it lies in there.
func (s *Session) packFolder(dir string) (folder, inside string, err error) {
	if folder = dir; dir == "" {
		folder = filepath.Join("..", filepath.Base(s.setup.Dir)+"-pack")
	}
	if !filepath.IsAbs(folder) {
		folder = filepath.Join(s.setup.Dir, folder)
	}
	folder = filepath.Clean(folder)
	inside, err = filepath.Rel(s.setup.Dir, folder)
	switch {
	case err != nil || inside == ".." || strings.HasPrefix(inside, ".."+string(filepath.Separator)):
		inside = ""
	case inside == ".":
		return "", "", failure.Errorf(failure.Refused, "making a pack in %q: that is the project itself", folder).
			WithHint("name another folder with -t")
	}
	if dir != "" {
		return folder, filepath.ToSlash(inside), nil
	}
	switch entries, err := os.ReadDir(folder); {
	case err == nil && len(entries) > 0:
		return "", "", failure.Errorf(failure.Refused, "making a pack in %q: the folder is not empty", folder).
			WithHint("name the folder with -t: no file in it is overwritten")
	case err != nil && !errors.Is(err, fs.ErrNotExist):
		return "", "", failure.Errorf(failure.LocalIO, "making a pack: %w", err).WithHint("name another folder with -t")
	}
	return folder, filepath.ToSlash(inside), nil
}

// makePack makes the manifest and the components of a project.
func (s *Session) makePack(ctx context.Context, o AsTemplateOptions, files fileset.Set) (*pack.Pack, fileset.Set, error) {
	told, err := s.information()
	if err != nil {
		return nil, nil, err
	}
	p := &pack.Pack{Name: filepath.Base(s.setup.Dir), Type: o.Type, Components: map[string]pack.Component{}}
	for field, name := range map[*string]string{&p.Language: "language", &p.Env: "env", &p.Description: "description", &p.Author: "author"} {
		*field, _ = told[name].(string)
	}
	if _, ok := files.Lookup(pipFile); ok && p.Language == "" {
		p.Language = "py"
	}
	inverse, err := keysOf(p, told, o.Replacements)
	if err != nil {
		return nil, nil, err
	}
	if p.Requires, err = s.ownRequires(ctx, p.Language, files); err != nil {
		return nil, nil, err
	}
	var content []fileset.File
	for _, top := range tops(files) {
		c, parts, err := component(top, files, inverse)
		if err != nil {
			return nil, nil, err
		}
		c.Name = unusedName(p.Components, top)
		p.Components[c.Name] = c
		content = append(content, parts...)
	}
	if len(content) == 0 {
		return nil, nil, failure.Errorf(failure.Usage, "making a pack of %q: it has no files", s.setup.Dir).
			WithHint("what .gitignore names is left out")
	}
	set, err := fileset.New(content)
	return p, set, err
}

// keysOf declares the keys of the replacements. What a project says about itself, such as its name, needs no
// declaration: in the project that the pack is added to, it has the value of that project.
func keysOf(p *pack.Pack, told metadata.Info, replacements []Replacement) (*render.Inverse, error) {
	texts := map[string]string{}
	for _, r := range replacements {
		if text, twice := texts[r.Key]; twice && text != r.Text {
			return nil, failure.Errorf(failure.Usage, "key %q stands for both %q and %q", r.Key, text, r.Text).
				WithHint("give each text a key of its own")
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
		_, known := told[r.Key]
		declared := slices.ContainsFunc(p.Keys, func(k pack.Key) bool { return k.Name == r.Key })
		if declared || known && !r.HasDefault {
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

// ownRequires returns what the project needs: what its requirements.txt says, and what is installed in it.
func (s *Session) ownRequires(ctx context.Context, language string, files fileset.Set) ([]string, error) {
	byLanguage, err := s.needs(ctx, false)
	if err != nil {
		return nil, err
	}
	needs := byLanguage[langdeps.Family(language)]
	if f, ok := files.Lookup(pipFile); ok && langdeps.Family(language) == "py" {
		needs = append(needs, readPipFile(f.Data)...)
	}
	u := langdeps.Merge(language, needs)
	if err := conflicts(u); err != nil {
		s.setup.Notify(err.Error())
	}
	return u.Lines, nil
}

// pipFile is where Python projects write down what they need.
const pipFile = "requirements.txt"

// readPipFile returns the requirements in a requirements.txt. Options of pip, which name other files or places, are none.
func readPipFile(data []byte) []langdeps.Need {
	var out []langdeps.Need
	for line := range strings.Lines(strings.ToValidUTF8(string(data), "\ufffd")) {
		text, _, _ := strings.Cut(" "+line, " #") // a comment
		if text = strings.TrimSpace(text); text != "" && !strings.HasPrefix(text, "-") {
			out = append(out, langdeps.Need{Text: text, By: []string{pipFile}})
		}
	}
	return out
}

// component makes a component of what stands at the top of a project under one name. Its files are relative to the pack.
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
	root := partsDir
	c := pack.Component{Source: path.Join(partsDir, made[0].Path), DefaultPath: inverse.Text(top)}
	if dir {
		root = path.Join(partsDir, top)
		c.Source = root
	}
	for i := range made {
		made[i].Path = path.Join(root, made[i].Path)
	}
	return c, made, nil
}

// unusedName returns the name of the component for what stands at the top of the project under that name.
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

// describePack says what was made and how to go on.
func describePack(p *pack.Pack, folder string, changes []Change, dryRun bool) *AsTemplateResult {
	r := &AsTemplateResult{Folder: folder, Type: p.Type, Language: p.Language, Components: []ComponentView{}, Keys: viewKeys(p.Keys), Requires: p.Requires, Changes: changes, DryRun: dryRun}
	const tag = "v0.1.0"
	for _, name := range p.Names() {
		c := p.Components[name]
		r.Components = append(r.Components, ComponentView{
			Name: name, Reference: folder + "@" + tag + "//" + name, Description: c.Description, DefaultPath: c.DefaultPath, Source: c.Source,
		})
	}
	git := "git -C " + shellQuote(folder) + " "
	r.Next = []string{git + "init", git + "add .", git + "commit -m " + shellQuote("First version"), git + "tag " + tag,
		"ppm project add " + shellQuote(r.Components[0].Reference)}
	if p.IsTemplate() {
		r.Next = append(r.Next, "ppm project new -t "+shellQuote(folder+"@"+tag))
	}
	return r
}
