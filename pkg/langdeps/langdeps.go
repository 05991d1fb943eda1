// Package langdeps parses and merges the requirements of installed components on packages of their language, and
// detects conflicts between them.
//
// A requirement is one line in the form of its language: a dependency specifier of Python (PEP 508), MODULE@QUERY of
// Go, PACKAGE@RANGE of npm. Installers take such lines as arguments, where other text can be an option, or name a
// local file or another server: everything that is not a requirement is refused. Merging yields one line per package
// if possible. Requirements on a package conflict if no version satisfies all of them.
package langdeps

import (
	"cmp"
	"errors"
	"slices"
	"strings"
	"unicode"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
)

// A Requirement is one line that installs require.
type Requirement struct {
	Text string   `json:"requirement"`
	By   []string `json:"by"` // paths of the installs
	From string   `json:"-"`  // the pack or component that states it, for messages, such as `pack "demo@v1"`
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
	installer string // the command that takes lines as arguments; "" if there is none
	// pkg returns the package of a line; "" if the language has no packages. An error says what is wrong.
	pkg   func(text string) (pkg string, err error)
	merge func(pkg string, requirements []Requirement) (lines []string, ok bool)
}

var ecosystems = []ecosystem{
	{"py", []string{"py", "cython"}, "pip install --", pythonPackage, mergePython},
	{"go", []string{"go"}, "go get --", goModule, mergeGo},
	{"js", []string{"js"}, "npm install --", nodePackage, mergeNode},
}

func ecosystemOf(language string) ecosystem {
	for _, e := range ecosystems {
		if slices.Contains(e.languages, language) {
			return e
		}
	}
	return ecosystem{name: language, pkg: anyPackage}
}

// Ecosystem returns the language whose packages a language uses: py for cython, else the language itself.
func Ecosystem(language string) string { return ecosystemOf(language).name }

// maxLength is the maximum length of a requirement in bytes.
const maxLength = 64 << 10

// Check returns an error of kind Refused if a text is not a requirement of the language.
func Check(language string, requirements ...Requirement) error {
	e := ecosystemOf(language)
	for _, r := range distinct(requirements) {
		if _, err := e.packageOf(r); err != nil {
			return err
		}
	}
	return nil
}

// packageOf returns the package of a requirement; "" if the language has no packages. Errors are of kind Refused.
func (e ecosystem) packageOf(r Requirement) (string, error) {
	var pkg string
	var err error
	switch {
	case len(r.Text) > maxLength:
		err = failure.Errorf(failure.Refused, "it has more than %d bytes", maxLength)
		r.Text = r.Text[:80] + "…"
	case strings.HasPrefix(r.Text, "-"):
		err = errOption
	case e.merge != nil && strings.ContainsFunc(r.Text, func(c rune) bool { return c < ' ' || c > '~' }):
		err = errSyntax
	default:
		pkg, err = e.pkg(r.Text)
	}
	if err == nil {
		return pkg, nil
	}
	from := cmp.Or(r.From, strings.Join(r.By, ", "))
	return "", failure.Errorf(failure.Refused, "requirement %q of %s is not a package of language %q: %w",
		r.Text, from, e.name, err).
		WithHint("a requirement is the name of a package with its versions; report this to the authors of the pack")
}

// The reasons why a text is not a requirement.
var (
	errOption = errors.New("it is an option of an installer")
	errSyntax = errors.New("it has another form")
)

// anyPackage accepts a line of a language whose packages ppm does not know: printable text.
func anyPackage(text string) (string, error) {
	for word := range strings.FieldsSeq(text) {
		if strings.HasPrefix(word, "-") {
			return "", errOption
		}
	}
	if strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", errors.New("it has a character that is not printable")
	}
	return "", nil
}

// Merge merges the requirements of one language. An error is of kind Refused: a text is not a requirement.
func Merge(language string, requirements []Requirement) (Union, error) {
	e := ecosystemOf(language)
	byPackage := map[string][]Requirement{}
	u := Union{Lines: []string{}}
	for _, r := range distinct(requirements) {
		pkg, err := e.packageOf(r)
		if err != nil {
			return Union{}, err
		}
		if e.merge == nil {
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
	return u, nil
}

// distinct returns the requirements sorted by text. Equal texts become one requirement of all their installs.
func distinct(requirements []Requirement) []Requirement {
	byText := map[string]Requirement{}
	for _, r := range requirements {
		text := strings.Join(strings.Fields(r.Text), " ")
		if text == "" {
			continue
		}
		all := byText[text]
		all.Text, all.By, all.From = text, append(slices.Clip(all.By), r.By...), cmp.Or(all.From, r.From)
		byText[text] = all
	}
	var out []Requirement
	for _, r := range byText {
		slices.Sort(r.By)
		r.By = slices.Compact(r.By)
		out = append(out, r)
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
