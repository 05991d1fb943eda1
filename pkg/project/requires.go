package project

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
)

// RequiresOptions say whose needs are asked for.
type RequiresOptions struct {
	Language string // that of the packages; empty takes all
	Tests    bool   // what the packs' tests need, too
}

// RequiresResult is what the installed components need, by language.
type RequiresResult struct {
	Languages []LanguageRequires `json:"languages"`
	Failed    []Failed           `json:"failed"` // installs of which nothing is known; see FailedError
}

// LanguageRequires is what the components of one language need.
type LanguageRequires struct {
	Language  string              `json:"language"`
	Requires  []string            `json:"requires"`        // merged and sorted, in the language's own form
	Setup     string              `json:"setup,omitempty"` // the command that installs Requires
	Conflicts []langdeps.Conflict `json:"conflicts,omitempty"`
}

// Lines returns what is required in the form in which the language's tools take it: Python's are the
// lines of a requirements.txt, Go's and npm's, which have no such file, one command each.
func (l LanguageRequires) Lines() []string {
	if l.Language == "py" {
		return l.Requires
	}
	var out []string
	for _, line := range l.Requires {
		out = append(out, cmp.Or(langdeps.InstallCommand(l.Language, []string{line}), line))
	}
	return out
}

// Requires returns the union of what the installed components need, as their packs say at the locked
// commits. When no version of a package meets all needs, the error of kind Differs names it and who
// needs what, and the result is there all the same.
func (p *Project) Requires(ctx context.Context, o RequiresOptions) (*RequiresResult, error) {
	var failures Failures
	needs, err := p.needs(ctx, o.Tests, &failures)
	if err == nil {
		err = failures.only(len(p.Lock.Components))
	}
	if err != nil {
		return nil, err
	}
	result := &RequiresResult{Languages: []LanguageRequires{}, Failed: failures.all()}
	var unions []langdeps.Union
	for language, needs := range needs {
		if len(needs) == 0 || o.Language != "" && language != langdeps.Ecosystem(o.Language) {
			continue
		}
		u, err := langdeps.Merge(language, needs)
		if err != nil {
			return nil, err
		}
		unions = append(unions, u)
		result.Languages = append(result.Languages, LanguageRequires{
			Language: language, Requires: u.Lines, Setup: langdeps.InstallCommand(language, u.Lines),
			Conflicts: u.Conflicts,
		})
	}
	slices.SortFunc(result.Languages, func(a, b LanguageRequires) int { return cmp.Compare(a.Language, b.Language) })
	return result, langdeps.CheckConflicts(unions...)
}

// NewRequires are the packages that the next version of an install requires and the installed one does not.
type NewRequires struct {
	Added   []string `json:"added"`   // new or changed, in the language's own form
	Removed []string `json:"removed"` // no longer required by this install
	Setup   string   `json:"setup,omitempty"`
}

// newRequires returns how the requirements of an install change, or nil when they do not. next is what it becomes, and
// then what that depends on. That the requirements of the installed version cannot be read is a note.
func (p *Project) newRequires(
	ctx context.Context, old lockfile.Component, next []install.Component,
) (*NewRequires, error) {
	chain, err := p.packs.Retrace(ctx, old)
	if err != nil {
		if failure.KindOf(err) == failure.Interrupted {
			return nil, err
		}
		p.setup.Notify(fmt.Sprintf("%s: cannot read what the installed version requires: %v", old.Path, err))
		return nil, nil
	}
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	own, _ := info.Values["language"].(string)
	var needs []langdeps.Requirement
	for _, c := range next {
		needs = append(needs, c.Needs...)
	}
	language := cmp.Or(next[0].Language, own)
	out := &NewRequires{Added: []string{}, Removed: []string{}}
	before := chain.Requirements(old.Path, false)
	if err := langdeps.Check(language, before...); err != nil {
		p.setup.Notify(fmt.Sprintf("%s: cannot read what the installed version requires: %v", old.Path, err))
		return nil, nil
	}
	added, removed, err := langdeps.Diff(language, before, needs)
	if err != nil {
		return nil, err
	}
	if len(added)+len(removed) == 0 {
		return nil, nil
	}
	out.Added, out.Removed = append(out.Added, added...), append(out.Removed, removed...)
	out.Setup = langdeps.InstallCommand(language, added)
	return out, nil
}

// needs returns what the installs need, by the language of the packages. It records the installs of which it cannot be
// read in failures.
func (p *Project) needs(
	ctx context.Context, tests bool, failures *Failures,
) (map[string][]langdeps.Requirement, error) {
	info, err := p.metadata(p.Manifest.Project)
	if err != nil {
		return nil, err
	}
	own, _ := info.Values["language"].(string)
	out := map[string][]langdeps.Requirement{}
	for _, c := range p.Lock.Components {
		var chain install.Chain
		ok, err := failures.of(c, c.Typed().String(), func() (err error) {
			if chain, err = p.packs.Retrace(ctx, c); err != nil {
				err = fmt.Errorf("reading what %q needs: %w", c.Path, err)
			}
			return err
		})
		if err != nil {
			return nil, err
		}
		if !ok {
			continue
		}
		language := langdeps.Ecosystem(cmp.Or(chain.Language(), own))
		out[language] = append(out[language], chain.Requirements(c.Path, tests)...)
	}
	return out, nil
}
