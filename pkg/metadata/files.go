package metadata

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"gopkg.in/ini.v1"

	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// words are the keywords of a project: a list, or one string that holds several.
type words []string

// UnmarshalJSON reads either form.
func (w *words) UnmarshalJSON(data []byte) error {
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

// split cuts a list that is written as one string: at commas, else at line ends or blanks.
func split(s string) []string {
	cut := strings.Fields
	if strings.Contains(s, ",") {
		cut = func(s string) []string { return strings.Split(s, ",") }
	} else if strings.Contains(strings.TrimSpace(s), "\n") {
		cut = func(s string) []string { return strings.Split(s, "\n") }
	}
	var out []string
	for _, w := range cut(s) {
		if w = strings.TrimSpace(w); w != "" {
			out = append(out, w)
		}
	}
	return out
}

func readJSON(data []byte, into any) error {
	err := json.Unmarshal(data, into)
	var wrong *json.UnmarshalTypeError
	if errors.As(err, &wrong) {
		return fmt.Errorf("field %q cannot be a JSON %s", wrong.Field, wrong.Value)
	}
	return err
}

func readPmfp(data []byte) (manifest.Project, error) {
	var f struct {
		Name        string `json:"project_name"`
		Version     string `json:"version"`
		Description string `json:"description"`
		Author      string `json:"author"`
		AuthorEmail string `json:"author_email"`
		Language    string `json:"language"`
		Env         string `json:"env"`
		Keywords    words  `json:"keywords"`
	}
	err := readJSON(data, &f)
	return manifest.Project{
		Name: f.Name, Version: f.Version, Description: f.Description, Author: f.Author, AuthorEmail: f.AuthorEmail,
		Language: f.Language, Env: f.Env, Keywords: f.Keywords,
	}, err
}

// readSetupCfg reads setup.cfg as Python's configparser does. One without [metadata] only configures tools.
func readSetupCfg(data []byte) (p manifest.Project, err error) {
	cfg, err := ini.LoadSources(ini.LoadOptions{
		InsensitiveKeys: true, IgnoreInlineComment: true, AllowPythonMultilineValues: true, PreserveSurroundedQuote: true, AllowBooleanKeys: true,
	}, data)
	if err != nil {
		return p, err
	}
	meta, err := cfg.GetSection("metadata")
	if err != nil {
		return p, nil
	}
	stated := func(key string) string {
		value := strings.TrimSpace(meta.Key(key).Value())
		if strings.HasPrefix(value, "attr:") || strings.HasPrefix(value, "file:") {
			return "" // to be computed by setuptools
		}
		return value
	}
	p = manifest.Project{
		Name: stated("name"), Version: stated("version"), Description: stated("description"), Author: stated("author"),
		AuthorEmail: stated("author_email"), Keywords: split(stated("keywords")), Language: "py",
	}
	if needsCython(strings.Split(cfg.Section("options").Key("setup_requires").Value(), "\n")) {
		p.Language = "cython"
	}
	return p, nil
}

var cython = regexp.MustCompile(`(?i)^\s*cython\s*($|[^\w.-])`)

// needsCython reports whether Cython is among the requirements.
func needsCython(requires []string) bool {
	return slices.ContainsFunc(requires, func(r string) bool {
		return slices.ContainsFunc(strings.Split(r, ";"), cython.MatchString)
	})
}

// readPyproject reads the [project] table of pyproject.toml. One without it only configures tools.
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
	for _, author := range slices.Backward(tables(project["authors"])) { // the first who states it
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

// tables returns the tables of an array, in either form that it can be written in.
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

// texts returns the strings of a list.
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
	cmakeComment = regexp.MustCompile(`"(?:[^"\\]|\\.)*"|#[^\n]*`)
	cmakeProject = regexp.MustCompile(`(?i)(?:^|[\s)])project\s*\(((?:"(?:[^"\\]|\\.)*"|[^")])*)\)`)
	cmakeWord    = regexp.MustCompile(`"((?:[^"\\]|\\.)*)"|[^\s"]+`)
	cmakeEscape  = regexp.MustCompile(`\\(.)`)
)

// readCMake reads the first project(NAME [VERSION v] [DESCRIPTION d] [LANGUAGES l…]), or project(NAME l…).
// What is given by a variable is not stated.
func readCMake(data []byte) (p manifest.Project, err error) {
	text := cmakeComment.ReplaceAllFunc(data, func(m []byte) []byte {
		if m[0] == '#' {
			return nil
		}
		return m
	})
	call := cmakeProject.FindSubmatch(text)
	if call == nil {
		return p, nil
	}
	option := "NAME"
	var languages []string
	for _, m := range cmakeWord.FindAllSubmatch(call[1], -1) {
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
	for _, l := range []string{"C", "CXX"} { // C++ may have parts in C
		if slices.Contains(languages, l) {
			p.Language = l
		}
	}
	return p, nil
}

// person is an author in package.json: an object, or "NAME <EMAIL> (URL)".
type person struct {
	Name  string `json:"name"`
	Email string `json:"email"`
}

var personURL = regexp.MustCompile(`\s*\([^)]*\)\s*$`)

// UnmarshalJSON reads either form.
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
		Name        string `json:"name"`
		Version     string `json:"version"`
		Description string `json:"description"`
		Author      person `json:"author"`
		Keywords    words  `json:"keywords"`
	}
	err := readJSON(data, &f)
	return manifest.Project{
		Name: f.Name, Version: f.Version, Description: f.Description, Author: f.Author.Name, AuthorEmail: f.Author.Email,
		Keywords: f.Keywords, Language: "js",
	}, err
}
