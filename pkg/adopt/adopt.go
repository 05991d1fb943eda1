package adopt

import (
	"context"
	"fmt"
	"slices"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/worktree"
)

// An Adopted is a copy that becomes an install: its base is the most similar rendering of the component.
type Adopted struct {
	Path   string         `json:"path"`
	Source string         `json:"source"` // as in the manifest
	URL    string         `json:"url"`
	Ref    string         `json:"ref,omitempty"`
	Commit string         `json:"commit"`
	Keys   map[string]any `json:"keys,omitempty"` // each a string, a bool or a []string
	// The percentage of bytes that are in lines of both sides, rounded down.
	Similarity   float64       `json:"similarity"`
	Exact        bool          `json:"exact"` // equal to the rendering, byte for byte
	Files        []File        `json:"files"`
	Alternatives []Alternative `json:"alternatives"` // the next best
}

// A File is a file of the rendering, compared with the one on disk.
type File struct {
	Path       string  `json:"path"`
	Similarity float64 `json:"similarity"`
	Exact      bool    `json:"exact"`
	Missing    bool    `json:"missing,omitempty"`   // there is no file that can be compared
	LineEnds   bool    `json:"line_ends,omitempty"` // only one side has CRLF line endings
}

// An Alternative is another version, or the same version with other keys.
type Alternative struct {
	Source     string            `json:"source"`
	Commit     string            `json:"commit"`
	Keys       map[string]string `json:"keys,omitempty"`
	Similarity float64           `json:"similarity"`
}

// A Finder finds what copies were made from.
type Finder struct {
	Packs         *install.Packs
	Builder       *install.Builder // with the given keys
	Tree          worktree.Tree
	MinSimilarity int          // percentage below which something is not a copy
	Notify        func(string) // reports what is worth knowing and is not an error
	Progress      func(string)
}

// A Target is a path that may become an install.
type Target struct {
	Ref      ref.Ref // without a version, all tags are compared; with a glob or range, the matching ones
	Path     string  // clean
	TryFirst bool    // the version of Ref is compared first, but all others are compared, too

	Listed  string  // the text of Ref in pmfp's file
	BuiltIn ref.Ref // the component of a built-in pack with the name in pmfp's file, which Ref does not mean
}

// Find returns the component whose rendering is the most similar to what is at the target. The error is of kind
// Refused when nothing is similar enough.
func (f *Finder) Find(ctx context.Context, target Target) (install.Component, *Adopted, error) {
	local, err := openCopy(ctx, f.Tree, target.Path)
	if err != nil {
		return install.Component{}, nil, err
	}
	s := &search{Finder: f, Target: target, copy: local}
	candidates, err := s.candidates(ctx)
	if err != nil {
		return install.Component{}, nil, err
	}
	best := candidates[0]
	if err := s.checkSimilar(best); err != nil {
		return install.Component{}, nil, err
	}
	b := *f.Builder
	b.Keys = f.Builder.Keys.With(best.values)
	b.Add(install.Selection{Chain: best.chain, Typed: best.typed, Path: best.root})
	components, err := b.Build(ctx)
	if err != nil {
		return install.Component{}, nil, err
	}
	found := components[0]
	return found, describe(found, candidates), nil
}

// checkSimilar returns an error if the best candidate is not similar enough.
func (s *search) checkSimilar(best candidate) error {
	if best.Common > 0 && best.Percent() >= float64(s.MinSimilarity) {
		return nil
	}
	hint := "name another component with --ref, or the path of its copy"
	if best.Common > 0 {
		hint = fmt.Sprintf("if it is a copy of that, pass --min-similarity %d; else %s", int(best.Percent()), hint)
	}
	return failure.Errorf(failure.Refused, "adopting %q: the most similar component is %s, and it is only %.1f "+
		"%% similar",
		s.Path, best.name(), best.Percent()).WithHint("%s", hint)
}

// describe describes the first of the candidates, and lists some of the others as alternatives.
func describe(found install.Component, candidates []candidate) *Adopted {
	const maxAlternatives = 3
	best, locked := candidates[0], found.Locked
	out := &Adopted{
		Path: locked.Path, Source: found.Want.Source.String(), URL: locked.URL, Ref: locked.Ref, Commit: locked.Commit,
		Keys: locked.Values(), Similarity: best.Percent(), Exact: true, Alternatives: []Alternative{},
	}
	for _, f := range locked.Files {
		compared, ok := best.files[f.Path]
		out.Files = append(out.Files, File{
			Path: f.Path, Similarity: compared.Percent(), Exact: compared.Exact,
			LineEnds: compared.LineEnds, Missing: !ok,
		})
		out.Exact = out.Exact && compared.Exact
	}
	others := slices.Clone(candidates[1:])
	for _, f := range best.runnersUp[:min(len(best.runnersUp), 1)] {
		others = append(others, candidate{chain: best.chain, typed: best.typed, values: f.Values, Score: f.Score})
	}
	slices.SortStableFunc(others, bySimilarity)
	for _, c := range others[:min(len(others), maxAlternatives)] {
		if c.Common > 0 {
			out.Alternatives = append(out.Alternatives, Alternative{
				Source: c.name(), Commit: c.chain.Last().Pin.Commit, Keys: c.values, Similarity: c.Percent(),
			})
		}
	}
	return out
}
