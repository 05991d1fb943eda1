package project

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/langdeps"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// RequiresOptions say whose needs are asked for.
type RequiresOptions struct {
	Language string // that of the packages; empty takes all
	Tests    bool   // what the packs' tests need, too
}

// RequiresResult is what the installed components need, by language.
type RequiresResult struct {
	Languages []LanguageRequires `json:"languages"`
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
		out = append(out, cmp.Or(setupCommand(l.Language, []string{line}), line))
	}
	return out
}

// Requires returns the union of what the installed components need, as their packs say at the locked
// commits. When no version of a package meets all needs, the error of kind Differs names it and who
// needs what, and the result is there all the same.
func (s *Session) Requires(ctx context.Context, o RequiresOptions) (result *RequiresResult, err error) {
	end, err := s.begin(ctx, false)
	if err != nil {
		return nil, err
	}
	defer closing(end, &err)
	needs, err := s.needs(ctx, o.Tests)
	if err != nil {
		return nil, err
	}
	result = &RequiresResult{Languages: []LanguageRequires{}}
	var unions []langdeps.Union
	for language, needs := range needs {
		if len(needs) == 0 || o.Language != "" && language != langdeps.Family(o.Language) {
			continue
		}
		u := langdeps.Merge(language, needs)
		unions = append(unions, u)
		result.Languages = append(result.Languages, LanguageRequires{
			Language: language, Requires: u.Lines, Setup: setupCommand(language, u.Lines), Conflicts: u.Conflicts,
		})
	}
	slices.SortFunc(result.Languages, func(a, b LanguageRequires) int { return cmp.Compare(a.Language, b.Language) })
	return result, conflicts(unions...)
}

// needs returns what the installs need, by the language of the packages.
func (s *Session) needs(ctx context.Context, tests bool) (map[string][]langdeps.Need, error) {
	told, err := s.information()
	if err != nil {
		return nil, err
	}
	own, _ := told["language"].(string)
	out := map[string][]langdeps.Need{}
	for _, c := range s.lock.Components {
		t, err := s.retrace(ctx, c)
		if err != nil {
			return nil, fmt.Errorf("reading what %q needs: %w", c.Path, err)
		}
		language := langdeps.Family(cmp.Or(t.language(), own))
		out[language] = append(out[language], t.needs(c.Path, tests)...)
	}
	return out, nil
}

// retrace returns the trail of an install: its own pack at the locked commit, and the packs that led there.
func (s *Session) retrace(ctx context.Context, c lockfile.Component) (trail, error) {
	var t trail
	url := ""
	for i, r := range append(slices.Clone(c.Via), c.Source) {
		if len(t.stops) == 0 || !t.last().sameRepository(r.Origin) {
			url = s.registry.URL(r.Origin)
		}
		var at stop
		var err error
		outer := i < len(c.Via)
		if outer {
			at, err = s.open(ctx, r, url)
		} else {
			at, err = s.locked(ctx, c)
		}
		if err == nil {
			at.part, err = at.component(r.Component)
		}
		if outer && errors.Is(err, failure.Usage) { // its branch went on without it: the lock has no commit of the way
			s.setup.Notify(fmt.Sprintf("what %s says of %q is not counted: %v", r, c.Path, err))
			continue
		}
		if err != nil {
			return t, err
		}
		t.stops = append(t.stops, at)
	}
	return t, nil
}

// locked opens the pack of an install at its locked commit, which costs no connection when the cache has it.
func (s *Session) locked(ctx context.Context, c lockfile.Component) (stop, error) {
	repo, err := s.remote.Repo(c.URL)
	if err != nil {
		return stop{}, err
	}
	return s.stopAt(ctx, repo, c.Source, ref.Pin{URL: c.URL, Ref: c.Ref, Object: c.Object, Commit: c.Commit})
}

// language returns the language that the packs on the trail state, the innermost first.
func (t trail) language() string {
	for _, at := range slices.Backward(t.stops) {
		if at.pack.Language != "" {
			return at.pack.Language
		}
	}
	return ""
}

// needs returns what the component at the end of the trail needs: what it says itself, and the packs on the way.
func (t trail) needs(by string, tests bool) []langdeps.Need {
	var out []langdeps.Need
	for _, at := range t.stops {
		lines := slices.Concat(at.pack.Requires, at.part.Requires)
		if tests {
			lines = append(lines, at.pack.TestRequires...)
		}
		for _, line := range lines {
			out = append(out, langdeps.Need{Text: line, By: []string{by}})
		}
	}
	return out
}

// conflicts returns an error that names all conflicts and who needs what, or nil.
func conflicts(unions ...langdeps.Union) error {
	var list []string
	for _, u := range unions {
		for _, c := range u.Conflicts {
			var sides []string
			for _, n := range c.Requirements {
				sides = append(sides, fmt.Sprintf("%s (%s)", n.Text, strings.Join(n.By, ", ")))
			}
			list = append(list, fmt.Sprintf("no version of %q is both %s", c.Package, strings.Join(sides, " and ")))
		}
	}
	if len(list) == 0 {
		return nil
	}
	slices.Sort(list)
	return failure.Errorf(failure.Differs, "merging what is required: %s", strings.Join(list, "; ")).
		WithHint("take versions of these components that agree, or remove one of them")
}
