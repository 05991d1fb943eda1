// Package requirement owns what installed code needs of its language's packages: how the
// needs of many installs become one list, and which of them no version can meet.
//
// A need is one line in its language's own form: a pip requirement, "MODULE@VERSION" of
// Go, "PACKAGE@RANGE" of npm. A union has one line for each package where that is
// possible. A conflict is a package of which no version meets all needs. A line that is in
// none of these forms is kept as it is: it is the installer's to judge.
package langdeps

import (
	"cmp"
	"slices"
	"strings"
)

// A Need is one line that installs ask for.
type Need struct {
	Text string   `json:"requirement"`
	By   []string `json:"by"` // the installs, by their path
}

// A Conflict is a package of which no version meets all these needs.
type Conflict struct {
	Package string `json:"package"`
	Needs   []Need `json:"needs"`
}

// A Union is what many needs come to. Lines of a package in conflict are not simplified.
type Union struct {
	Lines     []string   // sorted; never nil
	Conflicts []Conflict // by package
}

// A family is a set of languages that have their packages in common.
type family struct {
	name      string
	languages []string
	install   string // the command that the lines are arguments of; empty when there is none
	union     func(name string, needs []Need) (lines []string, met bool)
	about     func(text string) string // the package that a line is about; empty when it names none
}

var families = []family{
	{"py", []string{"py", "cython"}, "pip install", unionPython, pythonName},
	{"go", []string{"go"}, "go get", unionGo, goName},
	{"js", []string{"js"}, "npm install", unionNode, nodeName},
}

func familyOf(language string) family {
	for _, f := range families {
		if slices.Contains(f.languages, language) {
			return f
		}
	}
	return family{name: language}
}

// Family returns the language under which the needs of a language are merged: cython's are py's.
func Family(language string) string { return familyOf(language).name }

// Installer returns the command that takes the lines of a language as its arguments, or "".
func Installer(language string) string { return familyOf(language).install }

// Merge returns the union of the needs of one language.
func Merge(language string, needs []Need) Union {
	f := familyOf(language)
	byName := map[string][]Need{}
	u := Union{Lines: []string{}}
	for _, n := range distinct(needs) {
		name := ""
		if f.about != nil {
			name = f.about(n.Text)
		}
		if name == "" {
			u.Lines = append(u.Lines, n.Text)
			continue
		}
		byName[name] = append(byName[name], n)
	}
	for name, needs := range byName {
		lines, met := f.union(name, needs)
		u.Lines = append(u.Lines, lines...)
		if !met {
			u.Conflicts = append(u.Conflicts, Conflict{name, needs})
		}
	}
	slices.Sort(u.Lines)
	u.Lines = slices.Compact(u.Lines)
	slices.SortFunc(u.Conflicts, func(a, b Conflict) int { return cmp.Compare(a.Package, b.Package) })
	return u
}

// distinct returns the needs sorted by text, each text once with all who ask for it.
func distinct(needs []Need) []Need {
	by := map[string][]string{}
	for _, n := range needs {
		if text := strings.Join(strings.Fields(n.Text), " "); text != "" {
			by[text] = append(by[text], n.By...)
		}
	}
	var out []Need
	for text, installs := range by {
		slices.Sort(installs)
		out = append(out, Need{text, slices.Compact(installs)})
	}
	slices.SortFunc(out, func(a, b Need) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// most bounds how many conditions on one package are looked at: a pack's author cannot make ppm busy. More are left to the installer.
const most = 64

// settle returns the clauses that are left when those are dropped that the others imply, and whether
// a version can meet all. It tries the witnesses: versions at and next to every bound that a
// clause names, between which no clause changes its mind.
func settle[C, V any](clauses []C, witnesses []V, accepts func(C, V) bool) (kept []C, met bool) {
	if len(clauses) > most {
		return clauses, true
	}
	all := func(clauses []C, v V) bool {
		return !slices.ContainsFunc(clauses, func(c C) bool { return !accepts(c, v) })
	}
	if !slices.ContainsFunc(witnesses, func(v V) bool { return all(clauses, v) }) {
		return clauses, false
	}
	kept = slices.Clone(clauses)
	for i := 0; i < len(kept); {
		others := slices.Delete(slices.Clone(kept), i, i+1)
		needed := slices.ContainsFunc(witnesses, func(v V) bool { return all(others, v) && !accepts(kept[i], v) })
		if needed {
			i++
		} else {
			kept = others
		}
	}
	return kept, true
}
