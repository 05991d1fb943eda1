package projectfiles

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"regexp"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/mod/module"
	"golang.org/x/mod/semver"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// The minimum versions of languages for templates that state none.
const (
	goVersion     = "1.25"
	pythonVersion = "3.9"
)

// goMod returns a go.mod. The path of the module is the project's name, as in pmfp, so that templates can import their
// own packages by it. The go command adds the requirements.
func goMod(p Project) ([]byte, error) {
	name := p.text("project_name")
	if err := module.CheckImportPath(name); err != nil {
		return nil, failure.Errorf(failure.Usage,
			"making go.mod: the project's name %q is not the path of a Go module", name).
			WithHint("pass another name with -n, such as example.com/tool")
	}
	version := goVersion
	if modfile.GoVersionRE.MatchString(p.LanguageVersion) {
		version = p.LanguageVersion
	}
	return []byte("module " + modfile.AutoQuote(name) + "\n\ngo " + version + "\n"), nil
}

// clean returns a name with each run of other characters than letters, digits and those in more replaced by "-".
func clean(name, more string) string {
	words := strings.FieldsFunc(name, func(r rune) bool {
		return (r < 'a' || r > 'z') && (r < 'A' || r > 'Z') && (r < '0' || r > '9') && !strings.ContainsRune(more, r)
	})
	return cmp.Or(strings.Trim(strings.Join(words, "-"), more+"-"), "project")
}

func packageJSON(p Project) ([]byte, error) {
	type person struct {
		Name  string `json:"name,omitempty"`
		Email string `json:"email,omitempty"`
	}
	f := struct {
		Name        string   `json:"name"`
		Version     string   `json:"version,omitempty"`
		Description string   `json:"description,omitempty"`
		Keywords    []string `json:"keywords,omitempty"`
		Author      *person  `json:"author,omitempty"`
	}{Name: packageName(p.text("project_name")), Description: p.text("description"), Keywords: p.keywords()}
	version := "v" + p.text("version")
	if version == semver.Canonical(version)+semver.Build(version) { // npm reads no other versions
		f.Version = version[1:]
	}
	if author := (person{p.text("author"), p.text("author_email")}); author != (person{}) {
		f.Author = &author
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	err := e.Encode(f)
	return out.Bytes(), err
}

// packageName returns the name of an npm package, which can have a scope: @SCOPE/NAME.
func packageName(name string) string {
	name = strings.ToLower(name)
	if scope, rest, ok := strings.Cut(name, "/"); ok && strings.HasPrefix(scope, "@") {
		return "@" + clean(scope, "._") + "/" + clean(rest, "._")
	}
	return clean(name, "._")
}

// The patterns of versions.
const (
	pythonRelease = `([0-9]+!)?[0-9]+(\.[0-9]+)*((a|b|rc)[0-9]+)?(\.post[0-9]+)?(\.dev[0-9]+)?` + // PEP 440
		`(\+[a-z0-9]+(\.[a-z0-9]+)*)?`
	pythonMinimum = `3(\.[0-9]+){1,2}`
	cmakeVersion  = `[0-9]+(\.[0-9]+){0,3}`
)

// matches reports whether a pattern matches all of s.
func matches(pattern, s string) bool {
	return regexp.MustCompile(`^(?:` + pattern + `)$`).MatchString(s)
}

// pyproject returns a pyproject.toml, instead of pmfp's setup.py, setup.cfg and MANIFEST.in.
func pyproject(p Project) ([]byte, error) {
	name, version := p.text("project_name"), p.text("version")
	if !matches(pythonRelease, version) {
		version = "0.0.0"
	}
	minimum := pythonVersion
	if matches(pythonMinimum, p.LanguageVersion) {
		minimum = p.LanguageVersion
	}
	build := []string{"setuptools>=68"}
	if p.Language == "cython" {
		build = append(build, "cython>=3")
	}
	var b strings.Builder
	fmt.Fprintf(&b, "[build-system]\nrequires = %s\nbuild-backend = \"setuptools.build_meta\"\n\n", list(build))
	fmt.Fprintf(&b, "[project]\nname = %s\nversion = %s\n", tomldoc.Quote(clean(name, "._")), tomldoc.Quote(version))
	if description := p.text("description"); description != "" {
		fmt.Fprintf(&b, "description = %s\n", tomldoc.Quote(description))
	}
	fmt.Fprintf(&b, "requires-python = %s\n", tomldoc.Quote(">="+minimum))
	var author []string
	for _, field := range []struct{ key, name string }{{"name", "author"}, {"email", "author_email"}} {
		if value := p.text(field.name); value != "" {
			author = append(author, field.key+" = "+tomldoc.Quote(value))
		}
	}
	if len(author) > 0 {
		fmt.Fprintf(&b, "authors = [{ %s }]\n", strings.Join(author, ", "))
	}
	if keywords := p.keywords(); len(keywords) > 0 {
		fmt.Fprintf(&b, "keywords = %s\n", list(keywords))
	}
	fmt.Fprintf(&b, "dependencies = %s\n\n", list(p.Requires))
	fmt.Fprintf(&b, "[tool.setuptools]\npackages.find.include = %s\n", list([]string{name, name + ".*"}))
	return []byte(b.String()), nil
}

// list returns an array of strings in TOML.
func list(texts []string) string {
	quoted := make([]string, len(texts))
	for i, t := range texts {
		quoted[i] = tomldoc.Quote(t)
	}
	return "[" + strings.Join(quoted, ", ") + "]"
}

// cmakeLists returns a CMakeLists.txt that builds a program of the files in src and include, where pmfp's template has
// the parts.
func cmakeLists(p Project) ([]byte, error) {
	name, suffix := clean(p.text("project_name"), "_+."), "c"
	if p.Language == "CXX" {
		suffix = "cc src/*.cpp src/*.cxx"
	}
	var b strings.Builder
	fmt.Fprintf(&b, "cmake_minimum_required(VERSION 3.21)\n\nproject(%s\n", name)
	if version := p.text("version"); matches(cmakeVersion, version) {
		fmt.Fprintf(&b, "  VERSION %s\n", version)
	}
	if description := p.text("description"); description != "" {
		quoted := strings.NewReplacer(`\`, `\\`, `"`, `\"`, "$", `\$`).Replace(description)
		fmt.Fprintf(&b, "  DESCRIPTION \"%s\"\n", quoted)
	}
	fmt.Fprintf(&b, "  LANGUAGES %s)\n\n", p.Language)
	fmt.Fprintf(&b, "file(GLOB_RECURSE sources CONFIGURE_DEPENDS src/*.%s)\nif(sources)\n", suffix)
	fmt.Fprintf(&b, "  add_executable(%[1]s ${sources})\n", name)
	fmt.Fprintf(&b, "  target_include_directories(%[1]s PRIVATE include src)\nendif()\n", name)
	return []byte(b.String()), nil
}
