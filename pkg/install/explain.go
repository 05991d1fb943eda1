package install

import (
	"context"
	"errors"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
)

// An Explanation is what the policy says about one pack on the way from a reference to its files.
type Explanation struct {
	Ref       ref.Ref
	URL       string         // the clone URL, of which there may be a mirror
	Places    []policy.Place // where its files come from, and then what else it is known by
	Decisions []policy.Decision
	Unread    error // why not all is known; nil if it is
}

// IsAllowed reports whether no decision forbids the pack.
func (e Explanation) IsAllowed() bool { return policy.Check(e.Decisions...) == nil }

// Explain asks the policy about each pack on the way from a reference to its files, as far as the policy lets it go.
// What the cache does not have is fetched, except offline. A pack that cannot be read is not an error. The result is
// not empty.
func (p *Packs) Explain(ctx context.Context, r ref.Ref) ([]Explanation, error) {
	first, err := p.explain(r, p.URL(p.Portable(r.Origin)))
	if err != nil || !first.IsAllowed() {
		return []Explanation{first}, err
	}
	h, err := p.Open(ctx, r)
	if err != nil {
		return []Explanation{first.unread(err)}, nil
	}
	chain := Chain{h}
	if r.Component != "" {
		chain, err = p.FollowFrom(ctx, h)
	}
	var out []Explanation
	for _, h := range chain {
		e, failed := p.explain(h.Ref, h.Pin.URL)
		if failed != nil {
			return nil, failed
		}
		e.Decisions = append(e.Decisions, p.License(h))
		d, err := p.signerDecision(ctx, h)
		if err != nil {
			e.Unread = err
		}
		if err == nil || failure.KindOf(err) == failure.Integrity && !d.Allowed {
			e.Decisions = append(e.Decisions, d)
		}
		out = append(out, e)
	}
	if err == nil {
		return out, nil
	}
	if next, isForbidden := errors.AsType[*forbiddenError](err); isForbidden {
		e, failed := p.explain(next.ref, p.URL(p.Portable(next.ref.Origin)))
		return append(out, e.unread(err)), failed
	}
	out[len(out)-1].Unread = err
	return out, nil
}

// explain asks the policy about the repository of a reference at a clone URL.
func (p *Packs) explain(r ref.Ref, url string) (Explanation, error) {
	places, decisions, err := p.Decisions(url)
	return Explanation{Ref: r, URL: url, Places: places, Decisions: decisions}, err
}

// unread adds an error because of which the pack could not be read. A decision in it is new when a server redirects to
// a place that is forbidden.
func (e Explanation) unread(err error) Explanation {
	if forbidden, ok := errors.AsType[*policy.Error](err); ok && e.IsAllowed() {
		e.Decisions = append(e.Decisions, forbidden.Decision)
	}
	if e.IsAllowed() {
		e.Unread = err
	}
	return e
}
