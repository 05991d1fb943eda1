package project

import (
	"context"

	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// PolicyResult lists the rules of the policy.
type PolicyResult struct {
	Rules []policy.Rule `json:"rules"` // of the machine, the user and the project, in this order
}

// Policy lists the rules that apply in this project.
func (p *Project) Policy() *PolicyResult {
	return &PolicyResult{Rules: append([]policy.Rule{}, p.packs.Policy().Rules()...)}
}

// ExplainResult says whether the policy allows a reference, and why.
type ExplainResult struct {
	Reference string          `json:"reference"`
	Allowed   bool            `json:"allowed"` // nothing that is known forbids it
	Packs     []ExplainedPack `json:"packs"`   // from the one that the reference names to the one with the files
}

// An ExplainedPack is what the policy says about one pack.
type ExplainedPack struct {
	Reference string            `json:"reference"`
	URL       string            `json:"url"`
	Places    []string          `json:"places"` // where its files come from, and then what else it is known by
	Decisions []policy.Decision `json:"decisions"`
	Unread    string            `json:"unread,omitempty"` // why not all is known
}

// ExplainPolicy says which rules allow or forbid a reference.
func (p *Project) ExplainPolicy(ctx context.Context, r ref.Ref) (*ExplainResult, error) {
	packs, err := p.packs.Explain(ctx, r)
	if err != nil {
		return nil, err
	}
	result := &ExplainResult{Reference: r.String(), Allowed: true}
	for _, e := range packs {
		result.Allowed = result.Allowed && e.IsAllowed()
		result.Packs = append(result.Packs, explained(e))
	}
	return result, nil
}

func explained(e install.Explanation) ExplainedPack {
	out := ExplainedPack{Reference: e.Ref.String(), URL: e.URL, Decisions: e.Decisions}
	for _, at := range e.Places {
		out.Places = append(out.Places, at.String())
	}
	if e.Unread != nil {
		out.Unread = e.Unread.Error()
	}
	return out
}
