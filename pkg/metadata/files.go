package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"gopkg.in/ini.v1"

	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// keywords are the keywords of a project in JSON: a list, or one string to be split.
type keywords []string

// UnmarshalJSON accepts both forms.
func (w *keywords) UnmarshalJSON(data []byte) error {
	var list []string
	if json.Unmarshal(data, &list) == nil {
		*w = list
		return nil
	}
	var s string
	err := json.Unmarshal(data, &s)
	*w = split(s)
	return err
}

// split splits a list that is written as one string: at commas, else at line endings, else at spaces.
func split(s string) []string {
	words := strings.Fields(s)
	if strings.Contains(s, ",") {
		words = strings.Split(s, ",")
	} else if strings.Contains(strings.TrimSpace(s), "\n") {
		words = strings.Split(s, "\n")
	}
	var out []string
	for _, w := range words {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func readJSON(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var mismatch *json.UnmarshalTypeError
	if errors.As(err, &mismatch) {
		return fmt.Errorf("field %q cannot be a JSON %s", mismatch.Field, mismatch.Value)
	}
	return err
}

// readPmfp reads a pmfprc.json, the project's or the user's.
func readPmfp(data []byte) (manifest.Project, error) {
	var f struct {
		Name        string   `json:"project_name"`
		Version     string   `json:"version"`
		Description string   `json:"description"`
		Author      string   `json:"author"`
		AuthorEmail string   `json:"author_email"`
		Language    string   `json:"language"`
		Env         string   `json:"env"`
		Keywords    keywords `json:"keywords"`
	}
	var all map[string]any
	err := readJSON(data, &f)
	if err == nil {
		err = readJSON(data, &all)
	}
	return manifest.Project{
		Name: f.Name, Version: f.Version, Description: f.Description, Author: f.Author, AuthorEmail: f.AuthorEmail,
		Language: f.Language, Env: f.Env, Keywords: f.Keywords, Extra: extra(all),
	}, err
}

// extra returns the strings among the fields of pmfp's file that it has no meaning for. As in pmfp, they are names in
// templates, too: ~/.pmfprc/pmfprc.json has golang_version, python_version and cc, for example.
func extra(fields map[string]any) map[string]string {
	out := map[string]string{}
	for name, value := range fields {
		if text, ok := value.(string); ok && !IsCommon(name) {
			out[name] = text
		}
	}
	return out
}

// readSetupCfg reads [metadata] of setup.cfg in the way of Python's configparser. Without it the file only configures
// tools.
func readSetupCfg(data []byte) (p manifest.Project, err error) {
	cfg, err := ini.LoadSources(ini.LoadOptions{
		InsensitiveKeys: true, IgnoreInlineComment: true, AllowPythonMultilineValues: true,
		PreserveSurroundedQuote: true, AllowBooleanKeys: true,
	}, data)
	if err != nil {
		return p, err
	}
	meta, err := cfg.GetSection("metadata")
	if err != nil {
		return p, nil
	}
	get := func(key string) string {
		value := strings.TrimSpace(meta.Key(key).Value())
		if strings.HasPrefix(value, "attr:") || strings.HasPrefix(value, "file:") {
			return "" // computed by setuptools
		}
		return value
	}
	p = manifest.Project{
		Name: get("name"), Version: get("version"), Description: get("description"), Author: get("author"),
		AuthorEmail: get("author_email"), Keywords: split(get("keywords")), Language: "py",
	}
	if needsCython(strings.Split(cfg.Section("options").Key("setup_requires").Value(), "\n")) {
		p.Language = "cython"
	}
	return p, nil
}

var cythonPattern = lazyregexp.New(`(?i)^\s*cython\s*($|[^\w.-])`)

// needsCython reports whether Cython is among the requirements.
func needsCython(requires []string) bool {
	return slices.ContainsFunc(requires, func(r string) bool {
		return slices.ContainsFunc(strings.Split(r, ";"), cythonPattern.MatchString)
	})
}

// readPyproject reads [project] of pyproject.toml. Without it the file only configures tools.
func readPyproject(data []byte) (p manifest.Project, err error) {
	var all map[string]any
	if _, err := tomldoc.Decode("pyproject.toml", data, &all); err != nil {
		return p, err
	}
	project, ok := all["project"].(map[string]any)
	if !ok {
		return p, nil
	}
	p.Name, _ = project["name"].(string)
	p.Version, _ = project["version"].(string)
	p.Description, _ = project["description"].(string)
	p.Keywords = texts(project["keywords"])
	for _, author := range slices.Backward(tables(project["authors"])) { // the first one wins
		if name, ok := author["name"].(string); ok {
			p.Author = name
		}
		if email, ok := author["email"].(string); ok {
			p.AuthorEmail = email
		}
	}
	p.Language = "py"
	build, _ := all["build-system"].(map[string]any)
	if needsCython(texts(build["requires"])) {
		p.Language = "cython"
	}
	return p, nil
}

// tables returns the tables of an array, which is written as [[headers]] or as inline tables.
func tables(array any) []map[string]any {
	list, _ := array.([]map[string]any)
	items, _ := array.([]any)
	for _, item := range items {
		if table, ok := item.(map[string]any); ok {
			list = append(list, table)
		}
	}
	return list
}

// texts returns the strings in a list.
func texts(list any) []string {
	var out []string
	elements, _ := list.([]any)
	for _, e := range elements {
		if s, ok := e.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

func readGoMod(data []byte) (p manifest.Project, err error) {
	f, err := modfile.ParseLax("go.mod", data, nil)
	if err != nil {
		return p, err
	}
	p.Language = "go"
	if f.Module != nil {
		p.Name = f.Module.Mod.Path
	}
	return p, nil
}

var (
	cmakeComment = lazyregexp.New(`"(?:[^"\\]|\\.)*"|#[^\n]*`)
	cmakeProject = lazyregexp.New(`(?i)(?:^|[\s)])project\s*\(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)`)
	cmakeWord    = lazyregexp.New(`"((?:[^"\\]|\\.)*)"|[^\s"]+`)
	cmakeEscape  = lazyregexp.New(`\\(.)`)
)

// readCMake reads the first project(NAME [VERSION v] [DESCRIPTION d] [LANGUAGES l…]) or project(NAME l…). It ignores
// arguments with variables.
func readCMake(data []byte) (p manifest.Project, err error) {
	text := cmakeComment.Get().ReplaceAllFunc(data, func(m []byte) []byte {
		if m[0] == '#' {
			return nil
		}
		return m
	})
	call := cmakeProject.Get().FindSubmatch(text)
	if call == nil {
		return p, nil
	}
	option := "NAME"
	var languages []string
	for _, m := range cmakeWord.Get().FindAllSubmatch(call[1], -1) {
		word, quoted := string(m[0]), m[0][0] == '"'
		if quoted {
			word = cmakeEscape.ReplaceAllString(string(m[1]), "$1")
		} else if slices.Contains([]string{"VERSION", "DESCRIPTION", "HOMEPAGE_URL", "LANGUAGES"}, word) {
			option = word
			continue
		}
		if strings.Contains(word, "${") {
			word = ""
		}
		switch option {
		case "NAME":
			p.Name, option = word, "LANGUAGES"
		case "VERSION":
			p.Version, option = word, ""
		case "DESCRIPTION":
			p.Description, option = word, ""
		case "HOMEPAGE_URL":
			option = ""
		case "LANGUAGES":
			languages = append(languages, word)
		}
	}
	for _, l := range []string{"C", "CXX"} { // a project in both is a C++ project
		if slices.Contains(languages, l) {
			p.Language = l
		}
	}
	return p, nil
}

// A person is an author in package.json: an object, or "NAME <EMAIL> (URL)".
type person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

var personURL = lazyregexp.New(`\s*\([^)]*\)\s*$`)

// UnmarshalJSON accepts both forms.
func (p *person) UnmarshalJSON(data []byte) error {
	var s string
	if json.Unmarshal(data, &s) != nil {
		type plain person
		return json.Unmarshal(data, (*plain)(p))
	}
	s = strings.TrimSpace(personURL.ReplaceAllString(s, ""))
	p.Name = s
	if name, email, ok := strings.Cut(s, "<"); ok {
		p.Name, p.Email = strings.TrimSpace(name), strings.TrimSpace(strings.TrimSuffix(email, ">"))
	}
	return nil
}

func readPackageJSON(data []byte) (manifest.Project, error) {
	var f struct {
		Name        string   `json:"name"`
		Version     string   `json:"version"`
		Description string   `json:"description"`
		Author      person   `json:"author"`
		Keywords    keywords `json:"keywords"`
	}
	err := readJSON(data, &f)
	return manifest.Project{
		Name: f.Name, Version: f.Version, Description: f.Description, Author: f.Author.Name,
		AuthorEmail: f.Author.Email,
		Keywords:    f.Keywords, Language: "js",
	}, err
}
