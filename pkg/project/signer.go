package project

import (
	"context"
	"fmt"

	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

// A Signature is what was found out about the signature of an installed version.
type Signature struct {
	State     string `json:"state"`               // trusted, untrusted, unverified, unsigned, invalid or builtin
	Signer    string `json:"signer"`              // as the lockfile records signers
	Principal string `json:"principal,omitempty"` // the name of the signer in the trusted keys
}

// verifySigner verifies the signature of the locked version of an install. An error of kind Integrity says that it is
// not the one that the lockfile records, or not enough. Without a connection, nil is returned with a note when the
// signature could prove nothing that somebody relies on.
func (p *Project) verifySigner(ctx context.Context, c lockfile.Component) (*Signature, error) {
	r, err := p.packs.LockedSigner(ctx, c)
	if err == nil {
		err = r.CheckRule()
	}
	if failure.KindOf(err) == failure.Network && !signers.IsVerified(c.Signer) {
		required, ruleErr := p.packs.RequiresSigner(c.URL)
		if ruleErr == nil && !required {
			p.setup.Notify(fmt.Sprintf("%s: its signature was not checked: %v", c.Path, err))
			return nil, nil
		}
	}
	if err != nil {
		return nil, err
	}
	return &Signature{string(r.State), r.Signer, r.Principal}, nil
}

// checkPlannedSigners returns an error when a plan installs a version that somebody must have signed and did not.
// Who signed the other versions was decided when the plan was made.
func (p *Project) checkPlannedSigners(ctx context.Context, lock *lockfile.Lock) error {
	for _, c := range lock.Components {
		old, _ := p.Lock.Component(c.Path)
		if pinOf(old) == pinOf(c) && old.Signer == c.Signer {
			continue
		}
		required, err := p.packs.RequiresSigner(c.URL)
		if err != nil {
			return err
		}
		if !required {
			continue
		}
		if _, err = p.verifySigner(ctx, c); err == nil {
			_, err = p.restorable(ctx, c)
		}
		if err != nil {
			return fmt.Errorf("applying the plan: %w", err)
		}
	}
	return nil
}

func pinOf(c lockfile.Component) ref.Pin {
	return ref.Pin{URL: c.URL, Ref: c.Ref, Object: c.Object, Commit: c.Commit}
}
