package project

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/adopt"
	"github.com/Project-Manager-With-Git/ppm/pkg/apply"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/plan"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// PmfpName is the file in which pmfp records what it added to a project.
const PmfpName = "pmfprc.json"

// AdoptOptions say what to adopt.
type AdoptOptions struct {
	Ref           ref.Ref  // of the component at Path; the zero value takes what pmfprc.json lists
	Path          string   // a file or folder of the project
	Keys          []ref.KV // values that are known
	MinSimilarity int      // percent: what is less similar is not a copy
	AcceptMoved   []string // tags that may name another commit than the lockfile says
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
	b, err := p.newBuilder(o.Keys, p.Manifest.Project)
	if err != nil {
		return nil, nil, err
	}
	b.Keys.Ask, b.AllowUndefined, b.AcceptMoved = nil, true, o.AcceptMoved // pmfp renders an undefined name as nothing
	finder := &adopt.Finder{
		Packs: p.packs, Builder: b, Tree: p.tree, MinSimilarity: o.MinSimilarity, Notify: p.setup.Notify, Progress: p.progress,
	}
	r := request{command: "adopt", adopt: true}
	for _, target := range targets {
		found, adopted, err := finder.Find(ctx, target)
		if ctx.Err() != nil || err != nil && o.Path != "" {
			return nil, nil, err
		}
		if err != nil {
			problems = append(problems, fmt.Errorf("%q: %w", target.Path, err))
			continue
		}
		r.coming = append(r.coming, found)
		result.Adopted = append(result.Adopted, *adopted)
		r.command += " " + target.Path
	}
	if len(problems) > 0 {
		return nil, nil, joinProblems(problems, len(r.coming))
	}
	if len(r.coming) == 0 {
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

// joinProblems makes one error of what keeps entries of pmfprc.json from being adopted.
func joinProblems(problems []error, adoptable int) error {
	var texts []string
	for _, p := range problems {
		texts = append(texts, p.Error())
	}
	hint := "nothing was recorded; to take over the others, run ppm project adopt --ref REFERENCE PATH for each"
	if adoptable == 0 {
		hint = failure.Hint(problems[0])
	}
	return failure.Errorf(failure.KindOf(problems[0]), "adopting what %s lists: %s", PmfpName, strings.Join(texts, "; ")).
		WithHint("%s", hint)
}

// adoptTargets returns what is to be adopted. The problems are entries of pmfprc.json that cannot be read.
func (p *Project) adoptTargets(ctx context.Context, o AdoptOptions, result *AdoptResult) (targets []adopt.Target, problems []error, err error) {
	if o.Path != "" {
		target := adopt.Target{Ref: o.Ref}
		if target.Path, err = install.Placement(strings.TrimSuffix(o.Path, "/"), true, ""); err != nil {
			return nil, nil, err
		}
		if _, installed := p.Lock.Component(target.Path); installed {
			return nil, nil, failure.Errorf(failure.Refused, "adopting %q: it is an install of ppm already", target.Path).
				WithHint("change its version or keys with ppm project upgrade %s", shellQuote(target.Path))
		}
		return []adopt.Target{target}, nil, nil
	}
	added, err := p.readPmfp()
	if err != nil {
		return nil, nil, err
	}
	seen := map[string]bool{}
	for _, source := range slices.Sorted(maps.Keys(added)) {
		target, err := pmfpTarget(source, added[source], seen)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		seen[target.Path] = true
		reason, err := p.skipReason(ctx, target.Path)
		if err != nil {
			return nil, nil, err
		}
		if reason != "" {
			result.Skipped = append(result.Skipped, Skipped{Path: target.Path, Source: source, Reason: reason})
			continue
		}
		targets = append(targets, target)
	}
	return targets, problems, nil
}

// pmfpTarget returns the target of an entry of pmfprc.json, whose path is none of those seen.
func pmfpTarget(source, path string, seen map[string]bool) (adopt.Target, error) {
	path = strings.TrimSuffix(strings.ReplaceAll(path, `\`, "/"), "/") // pmfp writes paths as the system does
	target := adopt.Target{Hint: true}
	var err error
	if target.Ref, err = ref.Parse(source); err == nil {
		target.Path, err = install.Placement(path, true, "")
	}
	switch {
	case path == "":
		return target, failure.Errorf(failure.Usage, "%q: %s has no path for it", source, PmfpName).WithHint("take the entry out")
	case err != nil:
		return target, err
	case seen[target.Path]:
		return target, failure.Errorf(failure.Usage, "%q: %s lists it twice", target.Path, PmfpName).WithHint("take one entry out")
	}
	return target, nil
}

// readPmfp returns what pmfp recorded: paths by reference.
func (p *Project) readPmfp() (map[string]string, error) {
	data, err := p.tree.ReadOptional(PmfpName)
	if err != nil {
		return nil, err
	}
	if data == nil {
		return nil, failure.Errorf(failure.Usage, "adopting what pmfp installed: there is no %s", PmfpName).
			WithHint("to take over one path, run ppm project adopt --ref REFERENCE PATH")
	}
	var file struct {
		Added map[string]string `json:"added_components"`
	}
	err = json.Unmarshal(bytes.TrimPrefix(data, []byte("\ufeff")), &file)
	if wrong := new(json.UnmarshalTypeError); errors.As(err, &wrong) {
		err = fmt.Errorf("it has a JSON %s where it should not", wrong.Value)
	}
	if err != nil {
		return nil, failure.Errorf(failure.Usage, "reading %q: %w", PmfpName, err).
			WithHint("it holds paths by reference, as in \"added_components\": {\"pack@v1//part\": \"app/part\"}")
	}
	return file.Added, nil
}

// skipReason says why an entry of pmfprc.json is skipped, or "".
func (p *Project) skipReason(ctx context.Context, path string) (string, error) {
	if _, installed := p.Lock.Component(path); installed {
		return "it is an install of ppm already", nil
	}
	kind, err := p.tree.Kind(ctx, path)
	if err == nil && kind == plan.Absent {
		return "nothing is there any more", nil
	}
	return "", err
}
