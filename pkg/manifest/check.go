package manifest

import (
	"errors"
	"fmt"
	"maps"
	"path"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/lazyregexp"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/secreturl"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// checkLayer refuses the tables and fields that a layer cannot have.
func checkLayer(doc *tomldoc.Document, f file, layer Layer) error {
	owners := map[Layer]string{
		BuiltIn: "the built-in ppm.toml", Machine: "the machine's ppm.toml", User: "a user's ppm.toml",
		ProjectLayer: "a project's ppm.toml",
	}
	for _, c := range []struct {
		path, what string
		isSet      bool
		home       Layer
	}{
		{"component[0]", "[[component]]", len(f.Components) > 0, ProjectLayer},
		{"project", "[project]", !f.Project.isZero(), ProjectLayer},
		{"workspace", "[workspace]", f.Workspace != nil, ProjectLayer},
		{"policy", "[policy]", layer == BuiltIn && !reflect.ValueOf(f.Policy).IsZero(), User},
		// Projects come from other people, who must not decide which hosts the user's machine connects to.
		{"policy.allow_http", "allow_http", f.Policy.AllowHTTP != nil, User},
		{"policy.allow_redirects", "allow_redirects", f.Policy.AllowRedirects != nil, User},
		{"limits", "[limits]", f.Limits != Limits{}, User},
		{"secrets", "[secrets]", f.Secrets.Allow != nil, User},
	} {
		belongs := layer == c.home || layer == Machine && c.home == User
		if c.isSet && !belongs {
			return doc.Errorf(c.path, "%s does not belong in %s", c.what, owners[layer]).
				WithHint("write it in %s", owners[c.home])
		}
	}
	return nil
}

func (p Project) isZero() bool {
	for _, value := range tomldoc.Fields(&p) {
		if value != "" {
			return false
		}
	}
	return true
}

// projectNames are the names that templates use for the fields of [project], by the name of the field.
var projectNames = map[string]string{
	"project_name": "name", "version": "version", "description": "description", "author": "author",
	"author_email": "author_email", "language": "language", "env": "env", "keywords": "keywords",
}

// checkExtra checks the names in [project.extra].
func checkExtra(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	for _, name := range slices.Sorted(maps.Keys(m.Project.Extra)) {
		at := "project.extra." + name
		if field, known := projectNames[name]; known {
			return doc.Errorf(at, "%q is the name of a field of [project]", name).
				WithHint("set it as %s in [project]", field)
		}
		if !isName(name) {
			return doc.Errorf(at, "templates cannot use the name %q", name).
				WithHint("use letters, digits and '_', and a letter or '_' at the start")
		}
	}
	return nil
}

// isName reports whether s is a name in a template.
func isName(s string) bool {
	for i, r := range s {
		if r != '_' && !unicode.IsLetter(r) && (i == 0 || !unicode.IsDigit(r)) {
			return false
		}
	}
	return s != ""
}

// checkWorkspace checks the syntax of the patterns.
func checkWorkspace(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	if m.Workspace == nil {
		return nil
	}
	if len(m.Workspace.Members) == 0 {
		return doc.Errorf("workspace", "the workspace has no members").
			WithHint("add a line such as members = [\"services/*\"]")
	}
	for _, list := range []struct {
		field    string
		patterns []string
	}{{"members", m.Workspace.Members}, {"exclude", m.Workspace.Exclude}} {
		for _, p := range list.patterns {
			if !isPattern(p) {
				return doc.Errorf("workspace."+list.field,
					"%q is not a valid pattern for folders of the workspace", p).
					WithHint("write a relative pattern without .., such as \"services/*\" or \"**\"")
			}
		}
	}
	return nil
}

// checkMerging checks the syntax of the patterns.
func checkMerging(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	for _, p := range m.Merging.IgnoreSpaceChange {
		if !isPattern(p) {
			return doc.Errorf("merge.ignore_space_change", "%q is not a valid pattern for files of the project", p).
				WithHint("write a relative pattern without .., such as \"*.json\" or \"docs/**\"")
		}
	}
	return nil
}

// isPattern reports whether p is a valid pattern for paths of the project.
func isPattern(p string) bool {
	return p != "" && !path.IsAbs(p) && !slices.Contains(strings.Split(p, "/"), "..") && doublestar.ValidatePattern(p)
}

// checkCloneURL checks that s is the URL or path of a repository, without version and component. Package ref refuses
// passwords and tokens, and does not repeat them.
func checkCloneURL(s string) error {
	r, err := ref.Parse(s)
	var syntax *ref.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%q is not the URL of a repository: %s", syntax.Input, syntax.Problem)
	case err != nil:
		return err
	case r.Origin.URL == "" || r.Version != ref.Version{} || r.Component != "":
		return fmt.Errorf("%q is not the URL of a repository", secreturl.Clean(s))
	}
	return nil
}

var (
	hostName = lazyregexp.New(`^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)
	repoPath = lazyregexp.New(`^[A-Za-z0-9_~][A-Za-z0-9._~-]*(/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*$`)
	packName = lazyregexp.New(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	treeID   = lazyregexp.New(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

func checkSources(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	s := m.Sources
	if s.Host != "" {
		found := hostName.FindStringSubmatch(s.Host)
		if found == nil {
			return doc.Errorf("sources.host", "%q is not a valid host name", secreturl.CleanHost(s.Host)).
				WithHint("write a name such as git.example.com, without scheme and path")
		}
		port, hasPort := strings.CutPrefix(found[2], ":")
		if n, err := strconv.ParseUint(port, 10, 16); hasPort && (err != nil || n == 0) {
			return doc.Errorf("sources.host", "the port of %q is not a number from 1 to 65535", s.Host).
				WithHint("correct the port, or leave it out")
		}
	}
	if s.Namespace != "" && !repoPath.MatchString(s.Namespace) {
		return doc.Errorf("sources.namespace", "%q is not a namespace", secreturl.Clean(s.Namespace)).
			WithHint("write the name of a user or group, such as my-team")
	}
	if s.TemplateConfigName != "" {
		if err := fileset.CheckPath(s.TemplateConfigName); err != nil {
			return doc.Errorf("sources.template_config_name", "%w", err).WithHint("name a file at the root of a pack")
		}
	}
	for _, from := range slices.Sorted(maps.Keys(s.Mirrors)) {
		if secreturl.Has(from) || secreturl.Has(s.Mirrors[from]) {
			return doc.Errorf("sources.mirrors", "the URL of a mirror contains a user name, a token or a query").
				WithHint("remove it, and keep credentials in .netrc or git's credential helper")
		}
	}
	return nil
}

func checkPacks(doc *tomldoc.Document, m *Manifest, layer Layer) error {
	for _, name := range slices.Sorted(maps.Keys(m.Packs)) {
		p, at := m.Packs[name], "packs."+name
		var badURL error
		if p.URL != "" {
			badURL = checkCloneURL(p.URL)
		}
		switch {
		case !packName.MatchString(name):
			return doc.Errorf(at, "%q is not a valid name for a pack", secreturl.Clean(name)).
				WithHint("use letters, digits, '.', '_' and '-'")
		case layer != BuiltIn && len(p.Releases) > 0:
			return doc.Errorf(at+".release[0]", "pack %q: only built-in packs have releases", name).
				WithHint("set its url instead")
		case layer != BuiltIn && p.URL == "":
			return doc.Errorf(at, "pack %q has no url", name).
				WithHint("add a line such as url = \"https://example.com/team/%s.git\"", name)
		case badURL != nil:
			return doc.Errorf(at+".url", "pack %q: %w", name, badURL).
				WithHint("write it as https://HOST/PATH.git, with no version and no password")
		}
		for i, r := range p.Releases {
			if err := r.check(); err != nil {
				return doc.Errorf(fmt.Sprintf("%s.release[%d]", at, i), "pack %q, release %q: %w", name, r.Tag, err).
					WithHint("set tag, branch, date and dir; " +
						"dir and executable are paths, and tree the id of a git tree")
			}
		}
	}
	return nil
}

func (r Release) check() error {
	switch {
	case r.Tag == "" || r.Branch == "" || r.Dir == "" || r.Date.IsZero():
		return fmt.Errorf("tag, branch, dir and date must be set")
	case r.Tree != "" && !treeID.MatchString(r.Tree):
		return fmt.Errorf("%q is not the full id of a git tree", r.Tree)
	}
	for _, p := range append([]string{r.Dir}, r.Executable...) {
		if err := fileset.CheckPath(p); err != nil {
			return err
		}
	}
	return nil
}
