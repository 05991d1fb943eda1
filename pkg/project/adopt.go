package project

import (
	"context"
	"fmt"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/adopt"
	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
)

// AdoptOptions say what to adopt.
type AdoptOptions struct {
	Ref           ref.Ref  // of the component at Path; the zero value takes what pmfprc.json lists
	Path          string   // a file or folder of the project
	Keys          []ref.KV // values that are known
	MinSimilarity int      // percent: what is less similar is not a copy
}

// AdoptResult is what Adopt records.
type AdoptResult struct {
	Adopted []adopt.Adopted `json:"adopted"`
	Skipped []Skipped       `json:"skipped"` // entries of pmfprc.json with nothing to adopt
	Changes []Change        `json:"changes"`
	DryRun  bool            `json:"dry_run"`
}

// A Skipped is an entry of pmfprc.json that was skipped.
type Skipped struct {
	Path   string `json:"path"`
	Source string `json:"source"`
	Reason string `json:"reason"`
}

// Adopt records copies of components that ppm did not install as installs. For each it finds the version and the
// values of the keys whose rendering is the most similar to what is on disk, and records that as the base, so that all
// else counts as the user's edits. It writes the manifest and the lockfile, and no other file.
func (p *Project) Adopt(ctx context.Context, o AdoptOptions) (*AdoptResult, *Transaction, error) {
	if err := checkUnresolved(p.Lock); err != nil {
		return nil, nil, err
	}
	result := &AdoptResult{Adopted: []adopt.Adopted{}, Skipped: []Skipped{}, Changes: []Change{}}
	targets, problems, err := p.adoptTargets(ctx, o, result)
	if err != nil {
		return nil, nil, err
	}
	if o.Keys, err = p.typedKeys(o.Keys); err != nil {
		return nil, nil, err
	}
	b, err := p.newBuilder(o.Keys, p.Manifest.Project)
	if err != nil {
		return nil, nil, err
	}
	b.Keys.Ask = nil
	b.Keys.AllowUndefined = true // pmfp renders an undefined name as nothing
	tree := p.tree
	if tree.View, err = p.secrets.among(b.Keys.Given); err != nil {
		return nil, nil, err
	}
	finder := &adopt.Finder{
		Packs: p.packs, Builder: b, Tree: tree, MinSimilarity: o.MinSimilarity,
		Notify: p.setup.Notify, Progress: p.progress,
	}
	r := request{command: "adopt", adopt: true}
	for _, target := range targets {
		found, adopted, err := finder.Find(ctx, target)
		if ctx.Err() != nil || err != nil && o.Path != "" {
			return nil, nil, err
		}
		if err != nil {
			problems = append(problems, p.errTarget(ctx, target, err))
			continue
		}
		r.components = append(r.components, found)
		result.Adopted = append(result.Adopted, *adopted)
		r.command += " " + target.Path
	}
	if len(problems) > 0 {
		return nil, nil, joinProblems(problems, len(r.components))
	}
	if len(r.components) == 0 {
		return result, newTransaction(plan.Plan{}, apply.Meta{Command: r.command}, p.Lock), nil
	}
	t, err := p.propose(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	result.Changes = t.Changes
	return result, t, nil
}

func (p *Project) progress(text string) {
	if p.setup.Progress != nil {
		p.setup.Progress(text)
	}
}

// errTarget returns the error about an entry of pmfprc.json. Its hint names the built-in component of the same name,
// if there is one.
func (p *Project) errTarget(ctx context.Context, target adopt.Target, err error) error {
	if target.BuiltIn == (ref.Ref{}) {
		return fmt.Errorf("%q: %w", target.Path, err)
	}
	if _, missing := p.packs.Follow(ctx, target.BuiltIn); missing != nil {
		return fmt.Errorf("%q: %w", target.Path, err)
	}
	return failure.Errorf(failure.KindOf(err), "%q: %w", target.Path, err).
		WithHint("%s; if it was made from the built-in pack of that name, run ppm project adopt --ref %s %s",
			failure.Hint(err), shell.Quote(target.BuiltIn.String()), shell.Quote(target.Path))
}

// joinProblems makes one error of what keeps entries of pmfprc.json from being adopted.
func joinProblems(problems []error, adoptable int) error {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	hint := failure.Hint(problems[0])
	if adoptable > 0 {
		hint += "; nothing was recorded: to adopt the others, run ppm project adopt --ref REFERENCE PATH for each"
	}
	return failure.Errorf(failure.KindOf(problems[0]), "adopting what %s lists: %s",
		adopt.PmfpName, strings.Join(texts, "; ")).
		WithHint("%s", hint)
}

// adoptTargets returns what is to be adopted. The problems are entries of pmfprc.json that cannot be read.
func (p *Project) adoptTargets(
	ctx context.Context, o AdoptOptions, result *AdoptResult,
) (targets []adopt.Target, problems []error, err error) {
	if o.Path != "" {
		target := adopt.Target{Ref: o.Ref}
		if target.Path, err = install.Placement(p.adoptedPath(o.Path), true, ""); err != nil {
			return nil, nil, err
		}
		if _, installed := p.Lock.Component(target.Path); installed {
			return nil, nil, failure.Errorf(failure.Refused, "adopting %q: it is already installed", target.Path).
				WithHint("change its version or keys with ppm project upgrade %s", p.Quote(target.Path))
		}
		return []adopt.Target{target}, nil, nil
	}
	data, err := p.tree.ReadOptional(adopt.PmfpName)
	if err != nil {
		return nil, nil, err
	}
	listed, problems, err := adopt.ParsePmfp(data)
	if err != nil {
		return nil, nil, err
	}
	for _, target := range listed {
		reason, err := p.skipReason(ctx, target.Path)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			result.Skipped = append(result.Skipped, Skipped{Path: target.Path, Source: target.Listed, Reason: reason})
			continue
		}
		if origin, builtIn := p.packs.Registry().Published(target.Ref.Origin); builtIn {
			target.BuiltIn, target.Ref.Origin = target.Ref, origin
		}
		targets = append(targets, target)
	}
	return targets, problems, nil
}

// adoptedPath returns a typed path relative to the project; one that leads out of it stays as it was typed.
func (p *Project) adoptedPath(typed string) string {
	if at, err := p.Location.Path(typed); err == nil {
		return at
	}
	return typed
}

// skipReason says why an entry of pmfprc.json is skipped, or "".
func (p *Project) skipReason(ctx context.Context, path string) (string, error) {
	if _, installed := p.Lock.Component(path); installed {
		return "it is already installed", nil
	}
	kind, err := p.tree.Kind(ctx, path)
	if err == nil && kind == plan.Absent {
		return "it no longer exists", nil
	}
	return "", err
}
