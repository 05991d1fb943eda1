package project

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/fileset"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/config"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/gitdir"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/ignore"
	"github.com/Project-Manager-With-Git/ppm/pkg/git/index"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/secret"
)

// reportIgnored reports the files that a transaction creates or begins to track, and that git ignores: they would not
// be committed with the others. A failure to find out is a note.
func (p *Project) reportIgnored(t *Transaction) {
	paths := p.newFiles(t)
	if len(paths) == 0 || t.dir != "" {
		return
	}
	p.reportOutside(paths)
	ignored, err := p.tree.Ignored(paths, p.setup.excludesFiles())
	if err != nil {
		p.setup.Notify("cannot tell which files git ignores: " + err.Error())
		return
	}
	paths = p.reportSecretFiles(t, paths, ignored)
	if len(ignored) == 0 {
		return
	}
	tracked := index.ReadTracked(p.setup.Dir)
	others := map[ignore.Rule]int{}
	var rules []ignore.Rule
	first := map[ignore.Rule]string{}
	for _, name := range paths {
		rule, ok := ignored[name]
		switch {
		case !ok || tracked.Has(name):
		case first[rule] == "":
			first[rule] = name
			rules = append(rules, rule)
		default:
			others[rule]++
		}
	}
	for _, rule := range rules {
		what, verb := first[rule], "is"
		if n := others[rule]; n > 0 {
			what, verb = fmt.Sprintf("%s and %d more", what, n), "are"
		}
		p.setup.Notify(fmt.Sprintf("%s %s ignored by %s:%d: %s; commit with git add -f, or change the pattern",
			what, verb, rule.File, rule.Line, rule.Pattern))
	}
}

// reportSecretFiles reports the files with secrets that git does not ignore, and returns the other files.
func (p *Project) reportSecretFiles(t *Transaction, paths []string, ignored map[string]ignore.Rule) []string {
	secrets := map[string]bool{}
	for _, c := range t.plan.Changes {
		owner, _, _ := t.lock.Owner(c.Path)
		for name, key := range owner.Keys {
			_, isSecret := key.Secret()
			if isSecret && bytes.Contains(c.Data, []byte(secret.Placeholder(name))) {
				secrets[c.Path] = true
			}
		}
	}
	_, err := gitdir.Locate(p.setup.Dir)
	for _, name := range paths {
		if _, isIgnored := ignored[name]; err == nil && secrets[name] && !isIgnored {
			p.setup.Notify(fmt.Sprintf("%s has a secret, and git does not ignore it; add it to .gitignore", name))
		}
	}
	return slices.DeleteFunc(slices.Clone(paths), func(name string) bool { return secrets[name] })
}

// reportOutside reports the files that a sparse checkout leaves out: git would not add them.
func (p *Project) reportOutside(paths []string) {
	text, below, ok := index.SparsePatterns(p.setup.Dir)
	if !ok {
		return
	}
	patterns := ignore.ParseSparse(text)
	outside := slices.DeleteFunc(slices.Clone(paths), func(name string) bool {
		return patterns.Selects(path.Join(below, name))
	})
	if len(outside) == 0 {
		return
	}
	what, verb := outside[0], "is"
	if n := len(outside) - 1; n > 0 {
		what, verb = fmt.Sprintf("%s and %d more", what, n), "are"
	}
	p.setup.Notify(fmt.Sprintf("%s %s outside of the sparse checkout; commit with git add --sparse, or run git "+
		"sparse-checkout add %s first", what, verb, p.Quote(path.Dir(outside[0]))))
}

// reportModes reports the files whose mode a transaction sets or changes, and git does not record: with core.fileMode
// = false it adds files as not executable, and keeps the modes that it has. Other checkouts would get a wrong mode.
func (p *Project) reportModes(t *Transaction) {
	if _, err := gitdir.Locate(p.setup.Dir); err != nil || t.dir != "" || !p.setup.ignoresModes() {
		return
	}
	before := map[string]string{}
	for _, c := range p.Lock.Components {
		for _, f := range c.Files {
			before[f.Path] = f.Mode
		}
	}
	tracked := index.ReadTracked(p.setup.Dir)
	names := map[string][]string{}
	for _, c := range t.lock.Components {
		for _, f := range c.Files {
			isExecutable := f.Mode == fileset.FormatMode(fileset.Executable)
			switch {
			case before[f.Path] == f.Mode || isExecutable == tracked.IsExecutable(f.Path):
			case isExecutable:
				names["+x"] = append(names["+x"], p.Quote(f.Path))
			default:
				names["-x"] = append(names["-x"], p.Quote(f.Path))
			}
		}
	}
	for _, change := range slices.Sorted(maps.Keys(names)) {
		p.setup.Notify(fmt.Sprintf("core.fileMode is false, so git does not see which files are executable; commit "+
			"with git add --chmod=%s %s", change, strings.Join(names[change], " ")))
	}
}

// newFiles returns the paths of the files that a transaction creates or begins to track.
func (p *Project) newFiles(t *Transaction) []string {
	known := p.State.InstalledFiles()
	isNew := map[string]bool{}
	for _, c := range t.lock.Components {
		for _, f := range c.Files {
			isNew[f.Path] = !known[f.Path]
		}
	}
	for _, c := range t.plan.Changes {
		isNew[c.Path] = c.New.Kind == plan.File && (isNew[c.Path] || c.Action == plan.Create)
	}
	maps.DeleteFunc(isNew, func(_ string, is bool) bool { return !is })
	return slices.Sorted(maps.Keys(isNew))
}

// excludesFiles returns the files with patterns for all work trees of the user, and for this one.
func (s Setup) excludesFiles() []string {
	var out []string
	c, err := config.Read(config.Place{Home: s.Home, Dir: s.Dir, Env: s.Env})
	if err == nil {
		name := c.Get("core", "excludesfile")
		if rest, ok := strings.CutPrefix(name, "~/"); ok {
			name = filepath.Join(s.Home, rest)
		}
		if name == "" && (s.Home != "" || s.Env("XDG_CONFIG_HOME") != "") {
			name = filepath.Join(cmp.Or(s.Env("XDG_CONFIG_HOME"), filepath.Join(s.Home, ".config")), "git", "ignore")
		}
		if filepath.IsAbs(name) {
			out = append(out, name)
		}
	}
	if dirs, err := gitdir.Find(s.Dir); err == nil {
		out = append(out, filepath.Join(dirs.Common, "info", "exclude"))
	}
	return out
}
