package install

import (
	"cmp"
	"context"
	"errors"
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/fetch"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/policy"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/shell"
	"github.com/Project-Manager-With-Git/ppm/pkg/signature"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

// Repo returns the repository of a reference, at a clone URL or at its mirror. The error is of kind Refused when the
// policy forbids the repository; it names the reference.
func (p *Packs) Repo(r ref.Ref, url string) (*fetch.Repo, error) {
	repo, err := p.client.Repo(p.registry.Mirror(url), url)
	return repo, errForbidden(r, err)
}

// Decisions returns what the policy says about the repository of a reference at a clone URL: its places, as of
// fetch.Client, and the decisions. It uses no network.
func (p *Packs) Decisions(url string) ([]policy.Place, []policy.Decision, error) {
	return p.client.Decisions(p.registry.Mirror(url), url)
}

// errForbidden adds the reference to an error of the policy. It returns other errors, and nil, as they are.
func errForbidden(r ref.Ref, err error) error {
	_, isPolicy := errors.AsType[*policy.Error](err)
	if _, isNamed := errors.AsType[*forbiddenError](err); isNamed || !isPolicy {
		return err
	}
	return failure.Errorf(failure.Refused, "%w", &forbiddenError{r, err}).
		WithHint("%s; ppm policy explain %s shows the rules about it", failure.Hint(err), shell.Quote(r.String()))
}

// A forbiddenError is an error of the policy about a reference.
type forbiddenError struct {
	ref ref.Ref
	err error
}

func (e *forbiddenError) Error() string { return fmt.Sprintf("using %q: %v", e.ref, e.err) }

func (e *forbiddenError) Unwrap() error { return e.err }

// CheckInstall returns an error of kind Refused when the policy forbids the repository of an install in a lockfile, or
// of one of the references that led to it. It uses no network, so that it does not know licenses and signers.
func (p *Packs) CheckInstall(c lockfile.Component) error {
	if p.Policy().IsEmpty() {
		return nil
	}
	url, references := "", c.References()
	for i, r := range references {
		if i == len(references)-1 {
			url = c.URL
		} else if url == "" || !isSameRepository(r.Origin, url) {
			url = p.shared.URL(r.Origin)
		}
		_, decisions, err := p.Decisions(url)
		if err != nil {
			return err
		}
		if err := errForbidden(r, policy.Check(decisions...)); err != nil {
			return err
		}
	}
	return nil
}

// CheckContent returns an error of kind Refused when the policy forbids the license or the signer of a pack of the
// chain.
func (p *Packs) CheckContent(ctx context.Context, c Chain) error {
	for _, h := range c {
		if err := p.CheckHop(ctx, h); err != nil {
			return c.wrap(err)
		}
	}
	return nil
}

// CheckHop is CheckContent for one pack of a chain, with its component.
func (p *Packs) CheckHop(ctx context.Context, h Hop) error {
	if err := errForbidden(h.Ref, policy.Check(p.License(h))); err != nil {
		return err
	}
	places, _, err := p.Decisions(h.Pin.URL)
	if err != nil || !p.Policy().NeedsSigner(places...) {
		return err
	}
	d, err := p.signerDecision(ctx, h)
	if err != nil {
		return err
	}
	return errForbidden(h.Ref, policy.Check(d))
}

// signerDecision decides about the signer of the version of a hop. Only a signature that was verified counts, and a
// principal only if the user trusts the key. With an error, the decision is that about a version without a signature.
func (p *Packs) signerDecision(ctx context.Context, h Hop) (policy.Decision, error) {
	places, _, err := p.Decisions(h.Pin.URL)
	if err != nil {
		return policy.Decision{}, err
	}
	r, err := p.Signer(ctx, h)
	if err != nil {
		return p.Policy().Signer(signature.Signer{}, false, places...), err
	}
	var signer signature.Signer
	if r.State == signers.Trusted || r.State == signers.Untrusted {
		if signer, err = signature.ParseSigner(r.Signer); err != nil {
			return policy.Decision{}, err
		}
		signer.Principal = cmp.Or(r.Principal, signer.Principal)
	}
	return p.Policy().Signer(signer, r.State == signers.Trusted, places...), nil
}

// License decides about the license of a pack of a chain, with its component.
func (p *Packs) License(h Hop) policy.Decision {
	_, isBuiltin := ref.BuiltinName(h.Pin.URL)
	return p.o.Layers.Policy.License(h.Pack.LicenseOf(h.Component), isBuiltin)
}

// Policy returns the policy of all layers.
func (p *Packs) Policy() policy.Policy { return p.o.Layers.Policy }
