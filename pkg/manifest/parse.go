package manifest

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/url"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/bmatcuk/doublestar/v4"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/suggest"
	"github.com/Project-Manager-With-Git/ppm/pkg/tomldoc"
)

// file is the schema of ppm.toml.
type file struct {
	Project    Project           `toml:"project"`
	Components []component       `toml:"component"`
	Sources    Sources           `toml:"sources"`
	Packs      map[string]Pack   `toml:"packs"`
	Keys       map[string]string `toml:"keys"`
	Workspace  *Workspace        `toml:"workspace"`
	Pack       any               `toml:"pack"` // a pack may be a project as well; package pack owns this table
}

// component is the schema of a [[component]].
type component struct {
	Source   string            `toml:"source"`
	Path     string            `toml:"path"`
	Keys     map[string]string `toml:"keys"`
	Strategy Strategy          `toml:"strategy"`
	Own      map[string]Own    `toml:"own"`
	Moved    map[string]string `toml:"moved"`
}

// Parse reads one layer. name is that of the file, for messages. It is strict: an unknown field, a wrong
// type, a section that does not belong to the layer, and a value that cannot be right are failures of
// kind Usage that name the file and the line.
func Parse(name string, data []byte, layer Layer) (*Manifest, error) {
	m, _, err := parse(name, data, layer)
	return m, err
}

func parse(name string, data []byte, layer Layer) (*Manifest, *tomldoc.Document, error) {
	var f file
	doc, err := tomldoc.Decode(name, data, &f)
	if err != nil {
		return nil, nil, err
	}
	if err := checkLayer(doc, f, layer); err != nil {
		return nil, nil, err
	}
	m := &Manifest{Project: f.Project, Sources: f.Sources, Packs: f.Packs, Keys: f.Keys, Workspace: f.Workspace}
	if m.Components, err = readComponents(doc, f.Components); err != nil {
		return nil, nil, err
	}
	for _, check := range []func(*tomldoc.Document, *Manifest, Layer) error{checkSources, checkPacks, checkWorkspace} {
		if err := check(doc, m, layer); err != nil {
			return nil, nil, err
		}
	}
	return m, doc, nil
}

// checkLayer refuses the sections that mean nothing, or too much, in a layer.
func checkLayer(doc *tomldoc.Document, m file, layer Layer) error {
	owner := map[Layer]string{BuiltIn: "the built-in ppm.toml", User: "a user's ppm.toml", ProjectLayer: "a project's ppm.toml"}
	misplaced := func(at, what string, home Layer) error {
		return doc.Errorf(at, "%s does not belong in %s", what, owner[layer]).WithHint("write it in %s", owner[home])
	}
	if layer != ProjectLayer {
		if len(m.Components) > 0 {
			return misplaced("component[0]", "[[component]]", ProjectLayer)
		}
		if !m.Project.isZero() {
			return misplaced("project", "[project]", ProjectLayer)
		}
		if m.Workspace != nil {
			return misplaced("workspace", "[workspace]", ProjectLayer)
		}
	}
	if layer != User { // a project comes from somebody else, and does not decide what the user's machine talks to
		if len(m.Sources.AllowHosts) > 0 {
			return misplaced("sources.allow_hosts", "allow_hosts", User)
		}
		if len(m.Sources.AllowHTTP) > 0 {
			return misplaced("sources.allow_http", "allow_http", User)
		}
	}
	return nil
}

func (p Project) isZero() bool {
	return p.Name == "" && p.Version == "" && p.Description == "" && p.Author == "" &&
		p.AuthorEmail == "" && p.Language == "" && p.Env == "" && len(p.Keywords) == 0
}

// readComponents returns the components in normal form. No two have the same path.
func readComponents(doc *tomldoc.Document, blocks []component) ([]Component, error) {
	var out []Component
	seen := make(map[string]bool)
	for i, b := range blocks {
		at := fmt.Sprintf("component[%d]", i)
		c, field, err := b.read()
		if err != nil {
			return nil, doc.Errorf(at+"."+field, "component %q: %w", b.Path, err)
		}
		if seen[c.Path] {
			return nil, doc.Errorf(at+".path", "two components at one path %q", c.Path).
				WithHint("remove one of them, or give it another path")
		}
		seen[c.Path] = true
		out = append(out, c)
	}
	return out, nil
}

// read returns the component in normal form, or the name of the field that is wrong.
func (b component) read() (c Component, field string, err error) {
	c = Component{Path: b.Path, Keys: b.Keys, Strategy: b.Strategy, Own: b.Own, Moved: b.Moved}
	if b.Source != "" {
		if c.Source, err = ref.Parse(b.Source); err != nil {
			return c, "source", err
		}
	}
	return c.normal()
}

// normal returns c with a clean path and no empty keys, or the name of the field that is wrong.
func (c Component) normal() (_ Component, field string, err error) {
	if c.Source == (ref.Ref{}) {
		return c, "source", failure.Errorf(failure.Usage, "it has no source").WithHint("add a line such as source = \"PACK@TAG//COMPONENT\"")
	}
	if c.Path == "" {
		return c, "path", failure.Errorf(failure.Usage, "it has no path").WithHint("add a line such as path = \"src/name.py\"")
	}
	if c.Path, err = CleanPath(c.Path); err != nil {
		return c, "path", err
	}
	if len(c.Keys) == 0 {
		c.Keys = nil
	}
	return c.normalFiles()
}

// normalFiles returns c with what it says of its files and their merging checked, in the form in which it is compared.
func (c Component) normalFiles() (_ Component, field string, err error) {
	if c.Strategy != "" && !slices.Contains(Strategies, c.Strategy) {
		return c, "strategy", noSuch("strategy", c.Strategy, Strategies)
	}
	if c.Strategy == MergeBoth {
		c.Strategy = ""
	}
	own := map[string]Own{}
	for name, o := range c.Own {
		if err := fileset.CheckPath(name); err != nil {
			return c, "own", err
		}
		if !slices.Contains(Owns, o) {
			return c, "own", noSuch("ownership", o, Owns)
		}
		if o != Merged {
			own[name] = o
		}
	}
	if c.Own = own; len(own) == 0 {
		c.Own = nil
	}
	if len(c.Moved) == 0 {
		c.Moved = nil
	}
	places := map[string]string{}
	for _, from := range slices.Sorted(maps.Keys(c.Moved)) {
		to := c.Moved[from]
		if err := cmp.Or(fileset.CheckPath(from), fileset.CheckPath(to)); err != nil {
			return c, "moved", err
		}
		if other, twice := places[to]; twice {
			return c, "moved", failure.Errorf(failure.Usage, "both %q and %q were moved to %q", other, from, to).WithHint("give each a path of its own")
		}
		places[to] = from
	}
	return c, "", nil
}

func noSuch[T ~string](what string, value T, known []T) error {
	names := make([]string, len(known))
	for i, k := range known {
		names[i] = string(k)
	}
	return failure.Errorf(failure.Usage, "no %s %q", what, string(value)).WithHint("%s", suggest.Hint(what, string(value), names))
}

// CleanPath returns a component's path in the form in which paths are compared: slash-separated, relative, with no
// needless "." or "/"; "." is the project's folder itself. It fails on a path that is absolute, leaves the project,
// or is not portable.
func CleanPath(p string) (string, error) {
	clean := path.Clean(p)
	if clean == "." && p != "" {
		return clean, nil
	}
	return clean, fileset.CheckPath(clean)
}

// checkWorkspace checks the patterns. What they match is looked at when they are used.
func checkWorkspace(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	if m.Workspace == nil {
		return nil
	}
	if len(m.Workspace.Members) == 0 {
		return doc.Errorf("workspace", "the workspace has no members").WithHint("add a line such as members = [\"services/*\"]")
	}
	for _, list := range []struct {
		field    string
		patterns []string
	}{{"members", m.Workspace.Members}, {"exclude", m.Workspace.Exclude}} {
		for _, p := range list.patterns {
			if p == "" || path.IsAbs(p) || slices.Contains(strings.Split(p, "/"), "..") || !doublestar.ValidatePattern(p) {
				return doc.Errorf("workspace."+list.field, "%q is not a pattern of folders in the workspace", p).
					WithHint("write it as in \"services/*\" or \"**\", from the folder of this file and with no ..")
			}
		}
	}
	return nil
}

// isCloneURL reports whether s is a location with nothing behind it. Package ref refuses passwords and tokens in one.
func isCloneURL(s string) bool {
	r, err := ref.Parse(s)
	return err == nil && r.Origin.URL != "" && r.Version == ref.Version{} && r.Component == ""
}

// hasUser reports whether a URL names a user, which could be a token; that of ssh is none.
func hasUser(s string) bool {
	u, err := url.Parse(s)
	return err == nil && u.User != nil && u.Scheme != "ssh"
}

var (
	hostName = regexp.MustCompile(`^([A-Za-z0-9][A-Za-z0-9.-]*|\[[0-9A-Fa-f:.]+\])(:[0-9]+)?$`)
	repoPath = regexp.MustCompile(`^[A-Za-z0-9_~][A-Za-z0-9._~-]*(/[A-Za-z0-9_~][A-Za-z0-9._~-]*)*$`)
	packName = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]*$`)
	treeID   = regexp.MustCompile(`^([0-9a-f]{40}|[0-9a-f]{64})$`)
)

func checkSources(doc *tomldoc.Document, m *Manifest, _ Layer) error {
	s := m.Sources
	if s.Host != "" && !hostName.MatchString(s.Host) {
		return doc.Errorf("sources.host", "%q is not the name of a host", s.Host).WithHint("write a name such as github.com, with no scheme and no path")
	}
	if s.Namespace != "" && !repoPath.MatchString(s.Namespace) {
		return doc.Errorf("sources.namespace", "%q is not a namespace", s.Namespace).WithHint("write the name of a user or group, such as Project-Manager-With-Git")
	}
	if s.TemplateConfigName != "" {
		if err := fileset.CheckPath(s.TemplateConfigName); err != nil {
			return doc.Errorf("sources.template_config_name", "%w", err).WithHint("name a file at the root of a pack")
		}
	}
	for _, from := range slices.Sorted(maps.Keys(s.Mirrors)) {
		if hasUser(from) || hasUser(s.Mirrors[from]) {
			return doc.Errorf("sources.mirrors", "a mirror's URL names a user or a token").WithHint("remove it, and keep credentials in .netrc or git's credential helper")
		}
	}
	return nil
}

func checkPacks(doc *tomldoc.Document, m *Manifest, layer Layer) error {
	for _, name := range slices.Sorted(maps.Keys(m.Packs)) {
		p, at := m.Packs[name], "packs."+name
		switch {
		case !packName.MatchString(name):
			return doc.Errorf(at, "%q is not the name of a pack", name).WithHint("use letters, digits, '.', '_' and '-'")
		case layer != BuiltIn && len(p.Releases) > 0:
			return doc.Errorf(at+".release[0]", "pack %q: releases belong to the built-in packs alone", name).WithHint("give its url instead")
		case layer != BuiltIn && p.URL == "":
			return doc.Errorf(at, "pack %q has no url", name).WithHint("add a line such as url = \"https://example.com/team/%s.git\"", name)
		case p.URL != "" && !isCloneURL(p.URL):
			return doc.Errorf(at+".url", "pack %q: %q is not the URL of a repository", name, p.URL).
				WithHint("write it as https://HOST/PATH.git, with no version and no password")
		}
		for i, r := range p.Releases {
			if err := r.check(); err != nil {
				return doc.Errorf(fmt.Sprintf("%s.release[%d]", at, i), "pack %q, release %q: %w", name, r.Tag, err).
					WithHint("state tag, branch, date and dir; dir and executable are paths, and tree the id of a git tree")
			}
		}
	}
	return nil
}

func (r Release) check() error {
	switch {
	case r.Tag == "" || r.Branch == "" || r.Dir == "" || r.Date.IsZero():
		return fmt.Errorf("tag, branch, dir and date must be stated")
	case r.Tree != "" && !treeID.MatchString(r.Tree):
		return fmt.Errorf("%q is not the id of a git tree", r.Tree)
	}
	for _, p := range append([]string{r.Dir}, r.Executable...) {
		if err := fileset.CheckPath(p); err != nil {
			return err
		}
	}
	return nil
}

// FromPmfp reads ~/.pmfprc/config.json, in which pmfp keeps its defaults, as a layer below the user's.
// pmfp keeps other settings there, too; they are left alone.
func FromPmfp(data []byte) (*Manifest, error) {
	const name = "~/.pmfprc/config.json"
	var c struct {
		Host       string `json:"default_template_host"`
		Namespace  string `json:"default_template_namespace"`
		ConfigName string `json:"template_config_name"`
	}
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &c); err != nil {
		return nil, failure.Errorf(failure.Usage, "reading %q: %w", name, err).WithHint("correct the file, or delete it: ppm works without it")
	}
	m := &Manifest{Sources: Sources{Host: c.Host, Namespace: c.Namespace, TemplateConfigName: c.ConfigName}}
	if err := checkSources(&tomldoc.Document{Name: name}, m, User); err != nil {
		return nil, err
	}
	return m, nil
}
