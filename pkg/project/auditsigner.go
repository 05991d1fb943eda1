package project

import (
	"context"
	"strings"

	"github.com/Project-Manager-With-Git/ppm/pkg/audit"
	"github.com/Project-Manager-With-Git/ppm/pkg/failure"
	"github.com/Project-Manager-With-Git/ppm/pkg/install"
	"github.com/Project-Manager-With-Git/ppm/pkg/lockfile"
	"github.com/Project-Manager-With-Git/ppm/pkg/manifest"
	"github.com/Project-Manager-With-Git/ppm/pkg/ref"
	"github.com/Project-Manager-With-Git/ppm/pkg/signers"
)

// auditSigner verifies who signed an install, and compares it with who signed the newest version of the series. That a
// pack does not sign its versions is not a finding unless a ppm.toml has a rule for it.
func (a auditor) auditSigner(ctx context.Context, c lockfile.Component) error {
	if c.Signer == lockfile.Builtin {
		return nil
	}
	rule, err := a.packs.SignerRule(c.URL)
	if err != nil || rule.Verify == manifest.VerifyOff {
		return err
	}
	signed, err := a.verifySigner(ctx, c)
	switch kind := failure.KindOf(err); {
	case err != nil && kind == failure.Integrity:
		a.add(c, audit.Signer, audit.Error, "%v", err)
		return nil
	case err != nil && kind == failure.Network && a.setup.Offline:
		a.addUnchecked(audit.Signer, c.Path, "%v", err)
		return nil
	case err != nil || signed == nil: // there is a note
		return err
	}
	newest, err := a.ownNewest(ctx, c)
	if err != nil {
		return nil // checkVersions says so
	}
	next, err := a.packs.Signer(ctx, newest)
	if err != nil {
		a.addUnchecked(audit.ChangedSigner, c.Path, "%v", err)
		return nil
	}
	version := shownVersion(ref.Ref{}, c)
	switch isSigned := signers.IsVerified(c.Signer); {
	case !isSigned && signers.IsVerified(next.Signer):
		a.add(c, audit.Unsigned, audit.Warning, "%s is %s; %s is signed by %s",
			shortID(version), signed.State, shortID(newestVersion(newest)), next.Describe())
	case !isSigned && rule.Explicit:
		a.add(c, audit.Unsigned, audit.Warning, "%s is %s", shortID(version), signed.State)
	case isSigned && next.Signer != c.Signer:
		a.add(c, audit.ChangedSigner, audit.Warning, "%s is signed by %s; the signer of %s is %s",
			shortID(version), c.Signer, shortID(newestVersion(newest)), next.Describe())
	}
	return nil
}

// newestVersion returns the tag or the commit of the newest version of a pack.
func newestVersion(h install.Hop) string {
	if tag, isTag := strings.CutPrefix(h.Pin.Ref, ref.TagPrefix); isTag {
		return tag
	}
	return h.Pin.Commit
}
