// Package langdeps merges the requirements of installed components on packages of their language, and
// detects conflicts between them.
//
// A requirement is one line in the form of its language: a requirement specifier of pip, MODULE@VERSION
// of Go, PACKAGE@RANGE of npm. Merging yields one line per package if possible. Requirements on a package
// conflict if no version satisfies all of them. Lines in other forms are kept for the installer.
package langdeps

import (
	"cmp"
	"slices"
	"strings"
)

// A Requirement is one line that installs require.
type Requirement struct {
	Text string   `json:"requirement"`
	By   []string `json:"by"` // paths of the installs
}

// A Conflict is a package with requirements that no version satisfies.
type Conflict struct {
	Package      string        `json:"package"`
	Requirements []Requirement `json:"needs"`
}

// A Union is the result of Merge. Lines of a package with a conflict are not simplified.
type Union struct {
	Lines     []string   // sorted; never nil
	Conflicts []Conflict // sorted by package
}

// An ecosystem is a set of languages that share their packages.
type ecosystem struct {
	name      string
	languages []string
	installer string                   // the command that takes lines as arguments; "" if there is none
	pkg       func(text string) string // returns the package of a line, or ""
	merge     func(pkg string, requirements []Requirement) (lines []string, ok bool)
}

var ecosystems = []ecosystem{
	{"py", []string{"py", "cython"}, "pip install", pythonPackage, mergePython},
	{"go", []string{"go"}, "go get", goModule, mergeGo},
	{"js", []string{"js"}, "npm install", nodePackage, mergeNode},
}

func ecosystemOf(language string) ecosystem {
	for _, e := range ecosystems {
		if slices.Contains(e.languages, language) {
			return e
		}
	}
	return ecosystem{name: language}
}

// Ecosystem returns the language whose packages a language uses: py for cython, else the language itself.
func Ecosystem(language string) string { return ecosystemOf(language).name }

// Merge merges the requirements of one language.
func Merge(language string, requirements []Requirement) Union {
	e := ecosystemOf(language)
	byPackage := map[string][]Requirement{}
	u := Union{Lines: []string{}}
	for _, r := range distinct(requirements) {
		pkg := ""
		if e.pkg != nil {
			pkg = e.pkg(r.Text)
		}
		if pkg == "" {
			u.Lines = append(u.Lines, r.Text)
			continue
		}
		byPackage[pkg] = append(byPackage[pkg], r)
	}
	for pkg, requirements := range byPackage {
		lines, ok := e.merge(pkg, requirements)
		u.Lines = append(u.Lines, lines...)
		if !ok {
			u.Conflicts = append(u.Conflicts, Conflict{pkg, requirements})
		}
	}
	slices.Sort(u.Lines)
	u.Lines = slices.Compact(u.Lines)
	slices.SortFunc(u.Conflicts, func(a, b Conflict) int { return cmp.Compare(a.Package, b.Package) })
	return u
}

// distinct returns the requirements sorted by text. Equal texts become one requirement of all their installs.
func distinct(requirements []Requirement) []Requirement {
	by := map[string][]string{}
	for _, r := range requirements {
		if text := strings.Join(strings.Fields(r.Text), " "); text != "" {
			by[text] = append(by[text], r.By...)
		}
	}
	var out []Requirement
	for text, installs := range by {
		slices.Sort(installs)
		out = append(out, Requirement{text, slices.Compact(installs)})
	}
	slices.SortFunc(out, func(a, b Requirement) int { return cmp.Compare(a.Text, b.Text) })
	return out
}

// maxConstraints is the maximum number of constraints on one package that are simplified, which bounds the time that a
// pack's manifest can take. More are left to the installer.
const maxConstraints = 64

// simplify removes the constraints that others imply, and reports whether a version can satisfy all of them. It
// decides by the samples: versions at and next to each bound of the constraints, between which no constraint changes
// its result.
func simplify[C, V any](constraints []C, samples []V, accepts func(C, V) bool) (kept []C, ok bool) {
	if len(constraints) > maxConstraints {
		return constraints, true
	}
	all := func(constraints []C, v V) bool {
		return !slices.ContainsFunc(constraints, func(c C) bool { return !accepts(c, v) })
	}
	if !slices.ContainsFunc(samples, func(v V) bool { return all(constraints, v) }) {
		return constraints, false
	}
	kept = slices.Clone(constraints)
	for i := 0; i < len(kept); {
		others := slices.Delete(slices.Clone(kept), i, i+1)
		needed := slices.ContainsFunc(samples, func(v V) bool { return all(others, v) && !accepts(kept[i], v) })
		if needed {
			i++
		} else {
			kept = others
		}
	}
	return kept, true
}
